(struct_item
  name: (type_identifier) @name
  body: (_)? @body) @definition.class

(union_item
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(enum_item
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(trait_item
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(type_item
  name: (type_identifier) @name) @definition.class

(function_item
  name: (identifier) @name
  body: (block) @body) @definition.function

(macro_definition
  name: (identifier) @name
  . (macro_rule) @body) @definition.function

(impl_item
  type: [
    (type_identifier) @name
    (generic_type type: (type_identifier) @name)
    (scoped_type_identifier name: (type_identifier) @name)
    (reference_type type: (type_identifier) @name)
  ]
  body: (declaration_list) @body) @scope.type

(mod_item
  name: (identifier) @name
  body: (declaration_list) @body) @scope

(line_comment) @comment
(block_comment) @comment
(attribute_item) @above

(use_declaration) @import
(extern_crate_declaration) @import
