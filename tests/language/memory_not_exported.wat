;; Imports work on the module's memory also if it is not exported.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory 1)
  (func (export "_start")
    (if (call $random (i32.const 0) (i32.const 16)) (then (call $exit (i32.const 1))))
    (if (i64.eqz (i64.load (i32.const 0))) (then (call $exit (i32.const 2))))
    (if (i32.ne (call $random (i32.const 65530) (i32.const 16)) (i32.const 21)) ;; EFAULT
      (then (call $exit (i32.const 3))))))
