;; Names are the guest's text: what a terminal would obey is shown escaped, the rest as it is.
;; trap: unreachable instruction executed
;; at: core::ptr::drop<T>
;; at: \x1b[31mred\x0aline
;; at: größe 0x41 __x
;; at: _start
(module
  (memory (export "memory") 1)
  (func $a (export "core::ptr::drop<T>") unreachable)
  (func $b (export "\1b[31mred\0aline") (call $a))
  (func $c (export "größe 0x41 __x") (call $b))
  (func (export "_start")
    (call $c)))
