(class_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(interface_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(struct_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(record_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(enum_declaration
  name: (identifier) @name
  body: (_)? @body) @definition.class

(delegate_declaration
  name: (identifier) @name) @definition.class

(method_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(constructor_declaration
  name: (identifier) @name
  body: (_) @body) @definition.function

(local_function_statement
  name: (identifier) @name
  body: (_) @body) @definition.function

(namespace_declaration
  name: (_) @name
  body: (declaration_list) @body) @scope

(comment) @comment

(using_directive) @import
