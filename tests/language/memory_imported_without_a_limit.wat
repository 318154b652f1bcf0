;; run: --max-memory=256K
;; builds: -O0
;; builds: -O1
;; --max-memory holds for a memory that the module imports too.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 1))
  (func (export "_start")
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (if (i32.ne (memory.size) (i32.const 4)) (then (call $exit (i32.const 1))))))
