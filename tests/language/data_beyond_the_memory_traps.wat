;; status: 134
;; stderr-has: out-of-bounds
;; Addresses are not signed, and the last byte counts.
(memory (export "memory") 1)
(data (i32.const 65535) "a")
(data (i32.const -1) "a")
(func (export "_start"))
