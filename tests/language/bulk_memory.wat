;; memory.copy, .fill, .init, data.drop and their like for tables; copies that overlap.
(memory (export "memory") 1 4)
(data (i32.const 0) "abcdefgh")
(data $passive "0123456789")
(table $functions 10 20 funcref)
(table $others 5 funcref)
(elem (table $functions) (i32.const 0) func $one $two $three)
(elem $passive_functions func $three $one)
(type $number (func (result i32)))
(func $one (result i32) (i32.const 1))
(func $two (result i32) (i32.const 2))
(func $three (result i32) (i32.const 3))
(func $of_others (param i32) (result i32)
  (call_indirect $others (type $number) (local.get 0)))
(func $of_functions (param i32) (result i32)
  (call_indirect $functions (type $number) (local.get 0)))

(func $copies
  ;; upwards over itself: "ababcdgh" would be wrong
  (memory.copy (i32.const 2) (i32.const 0) (i32.const 4))
  (call $i64 (i64.load (i32.const 0)) (i64.const 0x6867646362616261)) ;; ababcdgh
  ;; downwards over itself
  (memory.copy (i32.const 0) (i32.const 1) (i32.const 7))
  (call $i64 (i64.load (i32.const 0)) (i64.const 0x6868676463626162)) ;; babcdghh
  ;; nothing, at the very end
  (memory.copy (i32.const 65536) (i32.const 65536) (i32.const 0))
  (memory.fill (i32.const 65536) (i32.const 1) (i32.const 0)))

(func $fills
  (memory.fill (i32.const 100) (i32.const 0x1ab) (i32.const 3)) ;; the low byte counts
  (call $i32 (i32.load (i32.const 99)) (i32.const 0xababab00))
  (memory.fill (i32.const 65533) (i32.const 7) (i32.const 3))
  (call $i32 (i32.load (i32.const 65532)) (i32.const 0x07070700)))

(func $initialises
  (memory.init $passive (i32.const 200) (i32.const 3) (i32.const 4))
  (call $i32 (i32.load (i32.const 200)) (i32.const 0x36353433))
  (memory.init $passive (i32.const 65536) (i32.const 10) (i32.const 0))
  (data.drop $passive)
  (data.drop $passive)
  (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 0)))

(func $tables
  (table.init $others $passive_functions (i32.const 1) (i32.const 0) (i32.const 2))
  (call $i32 (call $of_others (i32.const 1)) (i32.const 3))
  (call $i32 (call $of_others (i32.const 2)) (i32.const 1))
  (elem.drop $passive_functions)
  (table.init $others $passive_functions (i32.const 0) (i32.const 0) (i32.const 0))
  (table.copy $others $functions (i32.const 3) (i32.const 1) (i32.const 2))
  (call $i32 (call $of_others (i32.const 3)) (i32.const 2))
  (call $i32 (call $of_others (i32.const 4)) (i32.const 3))
  (table.copy $functions $functions (i32.const 1) (i32.const 0) (i32.const 3)) ;; over itself
  (call $i32 (call $of_functions (i32.const 1)) (i32.const 1))
  (call $i32 (call $of_functions (i32.const 2)) (i32.const 2))
  (call $i32 (call $of_functions (i32.const 3)) (i32.const 3)))

(func (export "_start") (call $copies) (call $fills) (call $initialises) (call $tables))
