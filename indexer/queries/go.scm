(function_declaration
  name: (identifier) @name
  body: (block) @body) @definition.function

(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @owner
        (pointer_type (type_identifier) @owner)
        (generic_type type: (type_identifier) @owner)
        (pointer_type (generic_type type: (type_identifier) @owner))
      ]))
  name: (field_identifier) @name
  body: (block) @body) @definition.method

(type_declaration
  . (type_spec
    name: (type_identifier) @name
    type: [
      (struct_type (field_declaration_list) @body)
      (interface_type "{" @body)
      (_)
    ]) .) @definition.class

(type_declaration
  . (type_alias name: (type_identifier) @name) .) @definition.class

; type ( ... ): each by itself
(type_declaration
  "("
  (type_spec
    name: (type_identifier) @name) @definition.class)

(comment) @comment

(import_declaration) @import
