;; A module may leave it to the host to make its memory: env.memory, of the size that it asks for.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 2 5))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (export "memory" (memory 0))
  (data (i32.const 8) "\2a\00\00\00")
  (func $first (i32.store (i32.const 12) (call $random (i32.const 16) (i32.const 16))))
  (start $first)
  (func (export "_start")
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 42)) (then (call $exit (i32.const 1))))
    (if (i32.load (i32.const 12)) (then (call $exit (i32.const 2))))
    (if (i64.eqz (i64.load (i32.const 16))) (then (call $exit (i32.const 3))))
    (if (i32.ne (memory.size) (i32.const 2)) (then (call $exit (i32.const 4))))
    (if (i32.ne (call $random (i32.const 131070) (i32.const 16)) (i32.const 21)) ;; EFAULT
      (then (call $exit (i32.const 5))))
    (if (i32.ne (memory.grow (i32.const 3)) (i32.const 2)) (then (call $exit (i32.const 6))))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (call $exit (i32.const 7))))
    (if (call $random (i32.const 131070) (i32.const 16)) (then (call $exit (i32.const 8))))))
