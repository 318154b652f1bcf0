;; trap: out-of-bounds access to memory or a table
;; at: _start
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "_start")
    (drop (ref.is_null (table.get $t (i32.const 1))))))
