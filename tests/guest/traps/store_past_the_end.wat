;; trap: out-of-bounds memory access
;; at: poke
;; at: _start
(module
  (memory (export "memory") 1)
  (func $poke (param i32)
    (i64.store offset=8 (local.get 0) (i64.const 1)))
  (func (export "_start")
    (call $poke (i32.const 65528))))
