;; run: --dir={tmp}::/
;; setup: printf 'some text' >file; ln file other
;; builds: -O0
;; builds: -O1
;; Modules of preview 1's predecessor, wasi_unstable: other numbers for fd_seek's whence, other
;; layouts of filestat (56 bytes, a 32-bit count of links) and of poll_oneoff's subscriptions.
(module
  (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
  (import "wasi_unstable" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_unstable" "path_filestat_get"
    (func $path_stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "file")
  (data (i32.const 8) "\00\01\00\00\08\00\00\00") ;; a buffer of 8 bytes at 256
  (global $checks (mut i32) (i32.const 0))
  (func $check (param i32)
    (global.set $checks (i32.add (global.get $checks) (i32.const 1)))
    (if (i32.eqz (local.get 0)) (then (call $exit (global.get $checks)))))
  (func $ok (param i32) (call $check (i32.eqz (local.get 0))))

  (func $check_filestat ;; at 65480, the last 56 bytes
    (call $check (i32.eq (i32.load8_u (i32.const 65496)) (i32.const 4))) ;; a regular file
    (call $check (i32.eq (i32.load (i32.const 65500)) (i32.const 2)))    ;; links
    (call $check (i64.eq (i64.load (i32.const 65504)) (i64.const 9)))    ;; size
    (call $check (i64.gt_u (i64.load (i32.const 65520)) (i64.const 1000000000000000000))))

  (func $check_seek (param $file i32)
    ;; 2 is from the start, 0 from here, 1 from the end
    (call $ok (call $seek (local.get $file) (i64.const 5) (i32.const 2) (i32.const 16)))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 5)))
    (call $ok (call $seek (local.get $file) (i64.const -2) (i32.const 0) (i32.const 16)))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 3)))
    (call $ok (call $seek (local.get $file) (i64.const -4) (i32.const 1) (i32.const 16)))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 5)))
    (call $ok (call $read (local.get $file) (i32.const 8) (i32.const 1) (i32.const 24)))
    (call $check (i32.eq (i32.load (i32.const 24)) (i32.const 4)))
    (call $check (i32.eq (i32.load (i32.const 256)) (i32.const 0x74786574))) ;; "text"
    (call $check (i32.eq (call $seek (local.get $file) (i64.const 0) (i32.const 3) (i32.const 16))
                         (i32.const 28)))) ;; EINVAL

  (func $check_poll (param $file i32)
    ;; 512: a clock that is due in 1 ms; 568: one in an hour; 624: the file, to be read
    (i64.store (i32.const 512) (i64.const 11))
    (i64.store (i32.const 528) (i64.const 99)) ;; identifier
    (i32.store (i32.const 536) (i32.const 1))  ;; monotonic
    (i64.store (i32.const 544) (i64.const 1000000))
    (i64.store (i32.const 568) (i64.const 22))
    (i32.store (i32.const 592) (i32.const 1))
    (i64.store (i32.const 600) (i64.const 3600000000000))
    (i64.store (i32.const 624) (i64.const 33))
    (i32.store8 (i32.const 632) (i32.const 1))
    (i32.store (i32.const 640) (local.get $file))
    (call $ok (call $poll (i32.const 512) (i32.const 1024) (i32.const 2) (i32.const 1000)))
    (call $check (i32.eq (i32.load (i32.const 1000)) (i32.const 1)))
    (call $check (i64.eq (i64.load (i32.const 1024)) (i64.const 11)))
    (call $ok (call $poll (i32.const 568) (i32.const 1024) (i32.const 2) (i32.const 1000)))
    (call $check (i32.eq (i32.load (i32.const 1000)) (i32.const 1)))
    (call $check (i64.eq (i64.load (i32.const 1024)) (i64.const 33)))
    (call $check (i32.eq (i32.load8_u (i32.const 1034)) (i32.const 1)))
    (call $check (i32.eq (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                         (i32.const 28)))
    (call $check (i32.eq (call $poll (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0))
                         (i32.const 21)))
    (call $check (i32.eq (call $poll (i32.const 65500) (i32.const 0) (i32.const 1) (i32.const 0))
                         (i32.const 21))))

  (func (export "_start")
    (local $file i32)
    (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)
                          (i64.const 0x8200026) (i64.const 0) (i32.const 0) (i32.const 16)))
    (local.set $file (i32.load (i32.const 16)))
    (call $check_seek (local.get $file))
    (call $ok (call $stat (local.get $file) (i32.const 65480)))
    (call $check_filestat)
    (call $check (i32.eq (call $stat (local.get $file) (i32.const 65481)) (i32.const 21)))
    (call $check (i32.eq (call $stat (i32.const 99) (i32.const 0)) (i32.const 8)))
    (memory.fill (i32.const 65480) (i32.const 0) (i32.const 56))
    (call $ok (call $path_stat (i32.const 3) (i32.const 1) (i32.const 0) (i32.const 4)
                               (i32.const 65480)))
    (call $check_filestat)
    (call $check (i32.eq (call $path_stat (i32.const 3) (i32.const 1) (i32.const 0) (i32.const 3)
                                          (i32.const 65480)) (i32.const 44))) ;; ENOENT
    (call $check (i32.eq (call $path_stat (i32.const 3) (i32.const 1) (i32.const 65535)
                                          (i32.const 2) (i32.const 0)) (i32.const 21)))
    (call $check (i32.eq (call $path_stat (i32.const 3) (i32.const 1) (i32.const 0)
                                          (i32.const 60000) (i32.const 0)) (i32.const 37)))
    (call $check_poll (local.get $file))))
