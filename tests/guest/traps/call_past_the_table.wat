;; trap: indirect call of a missing function or one of another type
;; at: _start
(module
  (memory (export "memory") 1)
  (table 2 funcref)
  (func (export "_start")
    (call_indirect (i32.const -1))))
