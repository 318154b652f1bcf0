;; status: 134
;; stderr-has: uncaught exception
(memory (export "memory") 1)
(tag $number (param i32))
(tag $other)
(func $throws (throw $number (i32.const 1)))
(func (export "_start") (try (do (call $throws)) (catch $other)))
