(class
  name: (_) @name
  body: (_)? @body) @definition.class

(module
  name: (_) @name
  body: (_)? @body) @definition.class

(method
  name: (_) @name
  body: (_)? @body) @definition.function

(singleton_method
  name: (_) @name
  body: (_)? @body) @definition.function

(comment) @comment

(call
  method: (identifier) @_require
  (#any-of? @_require "require" "require_relative" "load" "autoload")) @import
