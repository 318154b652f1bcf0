;; Loops that begin with a table, to which jumps go with a number just set, as Go's compiler has them.
(memory (export "memory") 1)
(global $trail (mut i64) (i64.const 0))
(func $note (param i64)
  (global.set $trail (i64.add (i64.mul (global.get $trail) (i64.const 10)) (local.get 0))))
(func $noted (param $wanted i64)
  (call $i64 (global.get $trail) (local.get $wanted))
  (global.set $trail (i64.const 0)))

;; forth, back, to itself, and by numbers that the table does not have
(func $walk (param $place i32)
  (local $turns i32)
  (loop $again
    (block $else (block $three (block $two (block $one (block $zero
      (br_table $zero $one $two $three $again $else (local.get $place)))
        (call $note (i64.const 1)) (local.set $place (i32.const 2)) (br $again))
      (call $note (i64.const 2)) (local.set $place (i32.const 3)) (br $again))
    (call $note (i64.const 3)) (local.set $place (i32.const 1)) (br $again))
  (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
  (call $note (i64.const 4))
  (if (i32.lt_u (local.get $turns) (i32.const 3))
    (then (local.set $place (i32.const 0)) (br $again)))
  (if (i32.eq (local.get $turns) (i32.const 3))
    (then (local.set $place (i32.const 5)) (br $again)))
  (if (i32.eq (local.get $turns) (i32.const 5))
    (then (local.set $place (i32.const 4294967295)) (br $again))))
  (call $note (i64.const 5))
  (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
  (if (i32.eq (local.get $turns) (i32.const 4)) (then (local.set $place (i32.const 3)) (br $again)))
  (if (i32.eq (local.get $turns) (i32.const 6)) (then (local.set $place (i32.const 9999)) (br $again)))))

;; what looks alike and goes elsewhere: another local is set, or the number is changed again
(func $another_local (result i32)
  (local $place i32) (local $other i32)
  (loop $again
    (block $one (block $zero (br_table $zero $one (local.get $place)))
      (local.set $place (i32.const 1))
      (if (i32.eqz (local.get $other)) (then (local.set $other (i32.const 0)) (br $again)))))
  (local.get $place))
(func $changed_again (result i32)
  (local $place i32)
  (loop $again
    (block $two (block $one (block $zero (br_table $zero $one $two (local.get $place)))
      (local.set $place (i32.const 1))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br $again))
     (return (i32.const 111)))
   (return (i32.const 222)))
  (i32.const 333))
(func $table_of_a_sum (result i32)
  (local $place i32) (local $turns i32)
  (loop $again
    (block $two (block $one (block $zero
      (br_table $zero $one $two (i32.add (local.get $place) (local.get $turns))))
      (local.set $turns (i32.const 1)) (local.set $place (i32.const 0)) (br $again))
     (local.set $place (i32.const 1)) (br $again)))
  (i32.add (local.get $place) (local.get $turns)))

;; one in the other, on the same number
(func $nested
  (local $place i32)
  (loop $outer
    (block $end (block $inside (block $first
      (br_table $first $inside $end (local.get $place)))
      (call $note (i64.const 1)) (local.set $place (i32.const 1)) (br $outer))
     (loop $inner
       (block $one (block $zero (br_table $one $zero $one (local.get $place)))
         (call $note (i64.const 2)) (local.set $place (i32.const 0)) (br $inner))
       (call $note (i64.const 3)))
     (local.set $place (i32.const 2)) (br $outer))
    (call $note (i64.const 4))))

;; with values on the stack, before the table and for where it leads to
(func $values (param $place i32) (result i32)
  (local $sum i32)
  (i32.const 1000)
  (block $end (result i32)
    (loop $again
      (block $one (result i32) (block $zero (result i32)
        (i32.const 30) (br_table $zero $one $end (local.get $place)))
        (local.set $sum (i32.add (local.get $sum)))
        (local.set $place (i32.const 1)) (br $again))
      (local.set $sum (i32.add (local.get $sum) (i32.const 200)))
      (local.set $place (i32.const 77)) (br $again))
    (unreachable))
  (i32.add) (i32.add (local.get $sum)))

;; out of a try, whose handler must not be there any more
(tag $thrown)
(func $out_of_a_try (result i32)
  (local $place i32) (local $caught i32)
  (try (result i32)
    (do (loop $again
          (block $one (block $zero (br_table $zero $one (local.get $place)))
            (try (do (local.set $place (i32.const 1)) (br $again))
                 (catch $thrown (local.set $caught (i32.const 50)))))
          (throw $thrown))
        (unreachable))
    (catch $thrown (i32.add (local.get $caught) (local.get $place)))))

(func (export "_start")
  (call $walk (i32.const 0)) (call $noted (i64.const 1324132413245455))
  (call $i32 (call $another_local) (i32.const 1))
  (call $i32 (call $changed_again) (i32.const 222))
  (call $i32 (call $table_of_a_sum) (i32.const 2))
  (call $nested) (call $noted (i64.const 1234))
  (call $i32 (call $values (i32.const 0)) (i32.const 1260))
  (call $i32 (call $values (i32.const 1)) (i32.const 1230))
  (call $i32 (call $values (i32.const 2)) (i32.const 1030))
  (call $i32 (call $out_of_a_try) (i32.const 1)))
