;; status: 134
;; stderr-has: out-of-bounds
(memory (export "memory") 1)
(func (export "_start")
  (drop (i32.atomic.rmw16.xchg_u offset=65536 (i32.const 0) (i32.const 1))))
