;; A load just past the end of the memory.
;; trap: out-of-bounds memory access
;; at: load_past_the_end
;; at: _start
(module
  (memory (export "memory") 1)
  (func $load_past_the_end (param i32) (result i32)
    (i32.load (local.get 0)))
  (func (export "_start")
    (drop (call $load_past_the_end (i32.const 65533)))))
