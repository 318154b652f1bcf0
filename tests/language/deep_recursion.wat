;; run: --stack-size=512M
;; A million nested calls, with results that are needed on the way back.
(memory (export "memory") 1)
(func $depth (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add (call $depth (i32.sub (local.get 0) (i32.const 1)))
                   (i32.load (i32.const 0))))
    (else (i32.const 0))))
(func (export "_start")
  (i32.store (i32.const 0) (i32.const 3))
  (call $i32 (call $depth (i32.const 1000000)) (i32.const 3000000)))
