;; What stands in front of the guests that are only fields of a module: functions that compare, and
;; end the guest with the number of the first check that fails as its exit status.
(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
(global $checks (mut i32) (i32.const 0))
(func $check (param $fine i32)
  (global.set $checks (i32.add (global.get $checks) (i32.const 1)))
  (if (i32.eqz (local.get $fine)) (then (call $exit (global.get $checks)))))
(func $i32 (param $got i32) (param $wanted i32)
  (call $check (i32.eq (local.get $got) (local.get $wanted))))
(func $i64 (param $got i64) (param $wanted i64)
  (call $check (i64.eq (local.get $got) (local.get $wanted))))
(func $f32 (param $got f32) (param $wanted f32) ;; the same bits
  (call $i32 (i32.reinterpret_f32 (local.get $got)) (i32.reinterpret_f32 (local.get $wanted))))
(func $f64 (param $got f64) (param $wanted f64)
  (call $i64 (i64.reinterpret_f64 (local.get $got)) (i64.reinterpret_f64 (local.get $wanted))))
