;; trap: indirect call of a missing function or one of another type
;; at: _start
(module
  (memory (export "memory") 1)
  (table funcref (elem $takes_two))
  (func $takes_two (param i32 i32))
  (func (export "_start")
    (call_indirect (param i64) (i64.const 0) (i32.const 0))))
