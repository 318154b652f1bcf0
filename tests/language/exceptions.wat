;; Exceptions in the first encoding (try, catch, rethrow, delegate), which clang and others emit.
(memory (export "memory") 1)
(tag $number (param i32))
(tag $pair (param i64 f64))
(tag $empty)
(global $trail (mut i32) (i32.const 0))
(type $number_type (func (param i32)))
(table funcref (elem $throw_number))
(func $note (param i32)
  (global.set $trail (i32.add (i32.mul (global.get $trail) (i32.const 10)) (local.get 0))))
(func $throw_number (param i32) (throw $number (local.get 0)))
(func $throw_pair (param i64 f64) (throw $pair (local.get 0) (local.get 1)))

(func $catch_number (param i32) (result i32)
  (try (result i32)
    (do (call $throw_number (local.get 0)) (i32.const -1))
    (catch $pair (drop) (drop) (i32.const -2))
    (catch $number)))

(func $catch_pair (result i64 f64)
  (try (result i64 f64)
    (do (call $throw_pair (i64.const 0x123456789abcdef0) (f64.const -2.5)) (unreachable))
    (catch $number (drop) (unreachable))
    (catch $pair)))

;; through frames that have handlers for something else, and cleanups that throw it again
(func $through (param $depth i32)
  (if (i32.eqz (local.get $depth)) (then (call $throw_number (i32.const 5))))
  (try
    (do (call $through (i32.sub (local.get $depth) (i32.const 1))))
    (catch $pair (drop) (drop) (call $note (i32.const 9)))
    (catch_all (call $note (i32.const 1)) (rethrow 0))))

;; locals keep what was written to them before the throw, here and in a function called
(func $throw_empty_if (param i32) (if (local.get 0) (then (throw $empty))))
(func $locals (param $value i32) (param $here i32) (result i32)
  (local $other i32)
  (local.set $other (i32.const 1000))
  (try
    (do (local.set $value (i32.add (local.get $value) (i32.const 1)))
        (local.set $other (i32.mul (local.get $value) (i32.const 3000)))
        (if (local.get $here) (then (throw $empty)))
        (call $throw_empty_if (i32.eqz (local.get $here)))
        (local.set $other (i32.const 0)))
    (catch_all (local.set $value (i32.add (local.get $value) (i32.const 10)))))
  (i32.add (local.get $value) (local.get $other)))

(func $delegates (result i32)
  (try $outer (result i32)
    (do
      (try (result i32)
        (do
          (try (result i32)
            (do (throw $number (i32.const 3)))
            (delegate $outer))) ;; past the catch_all
        (catch_all (i32.const -1))))
    (catch $number)))

(func $nested (result i32)
  (try (result i32)
    (do (throw $number (i32.const 1)))
    (catch $number
      (drop)
      (try (result i32)
        (do (throw $number (i32.const 2)))
        (catch_all (rethrow 1)))))) ;; the first one

(func $catch_nested (result i32)
  (try (result i32) (do (call $nested)) (catch $number)))

(func $branches (result i32)
  (local i32)
  (loop $again
    (try
      (do
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get 0) (i32.const 1000))) ;; out of the try
        (throw $empty))
      (catch $empty (br_if $again (i32.lt_u (local.get 0) (i32.const 2000))))))
  (local.get 0))

(func (export "_start")
  (local i32 i64)
  (call $i32 (call $catch_number (i32.const 42)) (i32.const 42))
  (call $catch_pair)
  (call $f64 (f64.const -2.5))
  (local.set 1)
  (call $i64 (local.get 1) (i64.const 0x123456789abcdef0))
  (try
    (do (call $through (i32.const 3)) (call $check (i32.const 0)))
    (catch $number (call $i32 (i32.const 5))))
  (call $i32 (global.get $trail) (i32.const 111))
  (call $i32 (call $locals (i32.const 100) (i32.const 1)) (i32.const 303111))
  (call $i32 (call $locals (i32.const 100) (i32.const 0)) (i32.const 303111))
  (call $i32 (call $delegates) (i32.const 3))
  (call $i32 (call $catch_nested) (i32.const 1))
  (call $i32 (call $branches) (i32.const 2000))
  (try
    (do (call_indirect (type $number_type) (i32.const 8) (i32.const 0)))
    (catch $number (local.set 0)))
  (call $i32 (local.get 0) (i32.const 8))
  (loop $again ;; handlers are given back
    (local.set 0 (i32.add (call $catch_number (local.get 0)) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get 0) (i32.const 100000)))))
