(class_declaration
  name: (identifier) @name
  body: (class_body) @body) @definition.class

(interface_declaration
  name: (identifier) @name
  body: (interface_body) @body) @definition.class

(enum_declaration
  name: (identifier) @name
  body: (enum_body) @body) @definition.class

(record_declaration
  name: (identifier) @name
  body: (class_body) @body) @definition.class

(annotation_type_declaration
  name: (identifier) @name
  body: (_) @body) @definition.class

(method_declaration
  name: (identifier) @name
  body: (block) @body) @definition.function

(constructor_declaration
  name: (identifier) @name
  body: (constructor_body) @body) @definition.function

(compact_constructor_declaration
  name: (identifier) @name
  body: (block) @body) @definition.function

(line_comment) @comment
(block_comment) @comment

(import_declaration) @import
