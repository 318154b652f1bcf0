;; trap: integer division by zero
;; at: divide
;; at: _start
(module
  (memory (export "memory") 1)
  (func $divide (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func (export "_start")
    (drop (call $divide (i32.const 1) (i32.load (i32.const 0))))))
