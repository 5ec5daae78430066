(class_definition
  name: (identifier) @name
  body: (block) @body) @definition.class

(function_definition
  name: (identifier) @name
  body: (block) @body) @definition.function

(block . (comment)* . (expression_statement . (string) @docstring .))

(decorated_definition) @outer

(comment) @comment

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import
