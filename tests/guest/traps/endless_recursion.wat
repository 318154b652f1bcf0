;; trap: call stack exhausted
;; at: down
;; text: more
;; text: --stack-size
(module
  (memory (export "memory") 1)
  (func $down (param i32) (result i32)
    ;; the load keeps the call from being a tail call
    (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.load (i32.const 0))))
  (func (export "_start")
    (drop (call $down (i32.const 0)))))
