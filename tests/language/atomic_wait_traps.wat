;; status: 134
;; stderr-has: atomic wait on a memory that is not shared
(memory (export "memory") 1)
(func (export "_start")
  (drop (memory.atomic.wait32 (i32.const 16) (i32.const 1) (i64.const 0))))
