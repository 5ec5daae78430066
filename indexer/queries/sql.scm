(statement (create_table
  (object_reference name: (identifier) @name))) @definition.class

(statement (create_view
  (object_reference name: (identifier) @name))) @definition.class

(statement (create_materialized_view
  (object_reference name: (identifier) @name))) @definition.class

(statement (create_type
  (object_reference name: (identifier) @name))) @definition.class

(statement (create_function
  (object_reference name: (identifier) @name)
  (function_body) @body)) @definition.function

(statement (create_trigger
  (keyword_trigger)
  . (object_reference name: (identifier) @name))) @definition.function

(comment) @comment
(marginalia) @comment
