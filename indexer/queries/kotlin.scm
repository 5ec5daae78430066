(class_declaration
  name: (identifier) @name
  [(class_body) (enum_class_body)]? @body) @definition.class

(object_declaration
  name: (identifier) @name
  (class_body)? @body) @definition.class

(type_alias
  type: (identifier) @name) @definition.class

(function_declaration
  name: (identifier) @name
  (function_body) @body) @definition.function

(line_comment) @comment
(block_comment) @comment

(import) @import
