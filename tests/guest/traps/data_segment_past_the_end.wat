;; A module that cannot even be instantiated.
;; trap: out-of-bounds access to memory or a table
(module
  (memory (export "memory") 1)
  (data (i32.const 65530) "too long")
  (func (export "_start")))
