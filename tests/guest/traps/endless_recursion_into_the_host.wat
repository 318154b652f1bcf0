;; Each level calls an import, which must not run off the end of the stack either.
;; trap: call stack exhausted
;; at: down
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $down (param i32) (result i32)
    (i32.add
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 16))
      (call $down (i32.add (local.get 0) (i32.const 1)))))
  (func (export "_start")
    (drop (call $down (i32.const 0)))))
