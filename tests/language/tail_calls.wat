;; run: --stack-size=1M
;; A million tail calls need no more stack than one: direct, indirect, of one another, with
;; arguments that differ in number, out of blocks.
(memory (export "memory") 1)
(type $step (func (param i64 i64) (result i64)))
(table funcref (elem $sum_indirectly $last))
(func $last (param i64 i64) (result i64) (local.get 1))

(func $sum (param $n i64) (param $sum i64) (result i64)
  (if (i64.eqz (local.get $n)) (then (return (local.get $sum))))
  (return_call $sum (i64.sub (local.get $n) (i64.const 1))
                    (i64.add (local.get $sum) (local.get $n))))

(func $sum_indirectly (type $step)
  (return_call_indirect (type $step)
    (i64.sub (local.get 0) (i64.const 1))
    (i64.add (local.get 1) (local.get 0))
    (i64.eq (local.get 0) (i64.const 1))))

(func $is_even (param i32) (result i32)
  (block $zero
    (br_if $zero (i32.eqz (local.get 0)))
    (return_call $is_odd (i32.sub (local.get 0) (i32.const 1)) (f64.const 1) (i64.const 2)))
  (i32.const 1))
(func $is_odd (param i32 f64 i64) (result i32)
  (if (result i32) (i32.eqz (local.get 0))
    (then (i32.const 0))
    (else (return_call $is_even (i32.sub (local.get 0) (i32.const 1))))))

(func $two (param i32) (result i32 i64)
  (if (local.get 0) (then (return_call $two (i32.sub (local.get 0) (i32.const 1)))))
  (i32.const 5) (i64.const 6))

(func $nothing (param i32)
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (if (local.get 0) (then (return_call $nothing (i32.sub (local.get 0) (i32.const 1))))))
(global $calls (mut i32) (i32.const 0))

(func (export "_start")
  (local i64)
  (call $i64 (call $sum (i64.const 1000000) (i64.const 0)) (i64.const 500000500000))
  (call $i64 (call_indirect (type $step) (i64.const 1000000) (i64.const 0) (i32.const 0))
             (i64.const 500000500000))
  (call $i32 (call $is_even (i32.const 1000000)) (i32.const 1))
  (call $i32 (call $is_even (i32.const 1000001)) (i32.const 0))
  (call $two (i32.const 100000))
  (local.set 0)
  (call $i32 (i32.const 5))
  (call $i64 (local.get 0) (i64.const 6))
  (call $nothing (i32.const 99999))
  (call $i32 (global.get $calls) (i32.const 100000)))
