;; status: 134
;; stderr-has: integer division by zero
(memory (export "memory") 1)
(func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
(func (export "_start")
  (try (do (drop (call $divide (i32.load (i32.const 0))))) (catch_all)))
