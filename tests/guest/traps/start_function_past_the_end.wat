;; A fault before the exports are there: in the module's start function.
;; trap: out-of-bounds memory access
;; at: early
(module
  (memory (export "memory") 1)
  (start $early)
  (func $early
    (i32.store8 (i32.const 65536) (i32.const 1)))
  (func (export "_start")))
