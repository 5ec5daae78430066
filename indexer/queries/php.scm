(class_declaration
  name: (name) @name
  body: (declaration_list) @body) @definition.class

(interface_declaration
  name: (name) @name
  body: (declaration_list) @body) @definition.class

(trait_declaration
  name: (name) @name
  body: (declaration_list) @body) @definition.class

(enum_declaration
  name: (name) @name
  body: (_) @body) @definition.class

(function_definition
  name: (name) @name
  body: (compound_statement) @body) @definition.function

(method_declaration
  name: (name) @name
  body: (compound_statement) @body) @definition.function

(namespace_definition
  name: (namespace_name) @name
  body: (compound_statement) @body) @scope

(comment) @comment

(namespace_use_declaration) @import
(expression_statement [
  (require_once_expression)
  (require_expression)
  (include_expression)
  (include_once_expression)
]) @import
