;; status: 134
;; stderr-has: unaligned atomic memory access
(memory (export "memory") 1)
(func (export "_start")
  (drop (memory.atomic.wait64 (i32.const 12) (i64.const 1) (i64.const 0))))
