;; status: 134
;; stderr-has: unaligned atomic memory access
(memory (export "memory") 1)
(func (export "_start")
  (i64.atomic.store offset=4 (i32.const 8) (i64.const 1)))
