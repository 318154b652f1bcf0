;; status: 134
;; stderr-has: unaligned atomic memory access
(memory (export "memory") 1)
(func (export "_start")
  (drop (memory.atomic.notify offset=1 (i32.const 1) (i32.const 1))))
