(function_definition
  declarator: [
    (function_declarator declarator: (_) @name)
    (pointer_declarator (function_declarator declarator: (_) @name))
    (pointer_declarator (pointer_declarator (function_declarator declarator: (_) @name)))
    (reference_declarator (function_declarator declarator: (_) @name))
  ]
  body: (_) @body) @definition.function

; operator bool() const {}
(function_definition
  declarator: (operator_cast) @name
  body: (_) @body) @definition.function

(class_specifier
  name: [(type_identifier) (template_type) (qualified_identifier)] @name
  body: (_) @body) @definition.class

(struct_specifier
  name: [(type_identifier) (template_type) (qualified_identifier)] @name
  body: (_) @body) @definition.class

(union_specifier
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(enum_specifier
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(type_definition
  type: [
    (struct_specifier body: (_) @body)
    (union_specifier body: (_) @body)
    (enum_specifier body: (_) @body)
  ]
  declarator: (type_identifier) @name) @definition.class

(concept_definition
  name: (identifier) @name) @definition.class

(namespace_definition
  name: (_) @name
  body: (declaration_list) @body) @scope

(template_declaration) @outer

(comment) @comment

(preproc_include) @import
