;; trap: integer division by zero
;; at: _start
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (i64.rem_u (i64.const 1) (i64.load (i32.const 0))))))
