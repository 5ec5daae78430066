(class_definition
  name: (identifier) @name
  body: (_)? @body) @definition.class

(object_definition
  name: (identifier) @name
  body: (_)? @body) @definition.class

(trait_definition
  name: (identifier) @name
  body: (_)? @body) @definition.class

(enum_definition
  name: (identifier) @name
  body: (_) @body) @definition.class

(type_definition
  name: (type_identifier) @name) @definition.class

(function_definition
  name: (_) @name
  body: (_) @body) @definition.function

(given_definition
  name: (_) @name
  body: (_) @body) @definition.class

(comment) @comment
(block_comment) @comment

(import_declaration) @import
