;; The highest address that a module can name: index 2^32-1 with offset 2^32-1, 8 bytes.
;; trap: out-of-bounds memory access
;; at: _start
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (i64.load offset=4294967295 (i32.const -1)))))
