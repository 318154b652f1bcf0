;; trap: out-of-bounds access to memory or a table
;; at: _start
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))))
