;; status: 7
;; A function that the runtime provides can be tail-called like any other, with its result or
;; without one.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $time (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (type $two (func (param i32 i32) (result i32)))
  (table funcref (elem $random))
  (func $directly (param i32 i32) (result i32)
    (return_call $random (local.get 0) (local.get 1)))
  (func $indirectly (param i32 i32) (result i32)
    (return_call_indirect (type $two) (local.get 0) (local.get 1) (i32.const 0)))
  (func $now (result i32) (return_call $time (i32.const 1) (i64.const 0) (i32.const 64)))
  (func $end (param i32) (return_call $exit (local.get 0)))
  (func (export "_start")
    (if (call $directly (i32.const 0) (i32.const 16)) (then (call $exit (i32.const 1))))
    (if (i64.eqz (i64.load (i32.const 0))) (then (call $exit (i32.const 2))))
    (if (call $indirectly (i32.const 16) (i32.const 16)) (then (call $exit (i32.const 3))))
    (if (i64.eqz (i64.load (i32.const 16))) (then (call $exit (i32.const 4))))
    (if (i32.ne (call $directly (i32.const -1) (i32.const 16)) (i32.const 21)) ;; EFAULT
      (then (call $exit (i32.const 5))))
    (if (call $now) (then (call $exit (i32.const 6))))
    (if (i64.eqz (i64.load (i32.const 64))) (then (call $exit (i32.const 8))))
    (call $end (i32.const 7))))
