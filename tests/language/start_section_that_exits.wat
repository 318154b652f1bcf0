;; status: 9
;; A start function may end the program before there is a _start to run.
(memory (export "memory") 1)
(func $first (call $exit (i32.const 9)))
(start $first)
(func (export "_start") (call $exit (i32.const 1)))
