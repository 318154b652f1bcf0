;; status: 134
;; stderr-has: out-of-bounds
;; An address and its offset do not wrap around at 4 GiB.
(memory (export "memory") 1)
(func (export "_start")
  (call $i32 (memory.grow (i32.const 65535)) (i32.const 1))
  (drop (i32.load8_u offset=0xffffffff (i32.load (i32.const 0)))) ;; the last byte
  (i32.store (i32.const 0) (i32.const 1))
  (drop (i32.load8_u offset=0xffffffff (i32.load (i32.const 0)))))
