(function_definition
  name: (word) @name
  body: (_) @body) @definition.function

(comment) @comment

(command
  name: (command_name) @_source
  (#any-of? @_source "source" ".")) @import
