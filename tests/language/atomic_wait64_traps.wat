;; status: 134
;; stderr-has: atomic wait on a memory that is not shared
(memory (export "memory") 1)
(func $waits (param i64) (result i32)
  (block (result i32)
    (if (result i32) (i64.eqz (local.get 0))
      (then (i32.const 1))
      (else (memory.atomic.wait64 offset=8 (i32.const 16) (local.get 0) (i64.const -1))))))
(func (export "_start")
  (call $i32 (call $waits (i64.const 0)) (i32.const 1))
  (drop (call $waits (i64.const 1))))
