;; status: 134
;; stderr-has: out-of-bounds
(memory (export "memory") 1)
(func (export "_start")
  (drop (memory.atomic.notify (i32.const 65536) (i32.const 1))))
