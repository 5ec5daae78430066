(class_declaration
  declaration_kind: ["class" "struct" "enum" "actor"]
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(class_declaration
  declaration_kind: "extension"
  name: (_) @name
  body: (_) @body) @scope.type

(protocol_declaration
  name: (type_identifier) @name
  body: (_) @body) @definition.class

(typealias_declaration
  name: (type_identifier) @name) @definition.class

(function_declaration
  name: (simple_identifier) @name
  body: (function_body) @body) @definition.function

(init_declaration
  "init" @name
  body: (function_body) @body) @definition.function

(deinit_declaration
  "deinit" @name
  body: (function_body) @body) @definition.function

(comment) @comment
(multiline_comment) @comment

(import_declaration) @import
