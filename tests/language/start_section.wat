;; The start function runs once, after the segments are in place and before _start.
(memory (export "memory") 1)
(data (i32.const 0) "\05\00\00\00")
(global $runs (mut i32) (i32.const 0))
(func $first
  (call $i32 (i32.load (i32.const 0)) (i32.const 5))
  (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
  (i32.store (i32.const 4) (i32.const 77)))
(start $first)
(func (export "_start")
  (call $i32 (global.get $runs) (i32.const 1))
  (call $i32 (i32.load (i32.const 4)) (i32.const 77)))
