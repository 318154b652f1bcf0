;; status: 134
;; stderr-has: out-of-bounds
;; A segment of no bytes has to begin inside, or at the end.
(memory (export "memory") 1)
(data (i32.const 65536) "")
(data (i32.const 65537) "")
(func (export "_start"))
