(function_declaration
  name: (_) @name
  body: (_)? @body) @definition.function

(assignment_statement
  (variable_list . name: (_) @name)
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function

(variable_declaration) @outer

(comment) @comment

(variable_declaration
  (assignment_statement
    (expression_list
      value: (function_call name: (identifier) @_require)))
  (#eq? @_require "require")) @import
