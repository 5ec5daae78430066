(class_declaration
  name: (identifier) @name
  body: (class_body) @body) @definition.class

(variable_declarator
  name: (identifier) @name
  value: (class body: (class_body) @body)) @definition.class

(function_declaration
  name: (identifier) @name
  body: (statement_block) @body) @definition.function

(generator_function_declaration
  name: (identifier) @name
  body: (statement_block) @body) @definition.function

(method_definition
  name: [(property_identifier) (private_property_identifier)] @name
  body: (statement_block) @body) @definition.function

(field_definition
  property: [(property_identifier) (private_property_identifier)] @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.function

(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function

(pair
  key: (property_identifier) @name
  value: [
    (arrow_function body: (statement_block) @body)
    (function_expression body: (_) @body)
  ]) @definition.function

(assignment_expression
  left: (identifier) @name
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.function

; exports.load = function () {}
(assignment_expression
  left: (member_expression
    object: [(identifier) (this) (member_expression object: (identifier) property: (_) @_exports)]
    property: (property_identifier) @name)
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]
  (#not-eq? @_exports "prototype")) @definition.function

; Route.prototype.match = function () {}
(assignment_expression
  left: (member_expression
    object: (member_expression
      object: (identifier) @owner
      property: (property_identifier) @_prototype)
    property: (property_identifier) @name)
  right: (function_expression body: (_) @body)
  (#eq? @_prototype "prototype")) @definition.method

; const helpers = { join() {} }
(variable_declarator
  name: (identifier) @name
  value: (object) @body) @scope

(export_statement) @outer
(lexical_declaration) @outer
(variable_declaration) @outer
(expression_statement) @outer

(comment) @comment
(decorator) @above

(import_statement) @import

; const path = require("path");
(_
  (variable_declarator value: [
    (call_expression function: (identifier) @_require)
    (member_expression object: (call_expression function: (identifier) @_require))
  ])
  (#eq? @_require "require")) @import
