;; Names are the guest's text: what a terminal would obey is shown escaped, the rest as it is.
;; bytes: escape_sequence = \x1b[31mred\x0aline\xc2\x9b
;; bytes: umlauts_and_0x41x = gr\xc3\xb6\xc3\x9fe 0x41 a__b
;; trap: unreachable instruction executed
;; at: core::ptr::drop<T>
;; at: \x1b[31mred\x0aline\xc2\x9b
;; at: größe 0x41 a__b
;; at: _start
(module
  (memory (export "memory") 1)
  (func $core::ptr::drop<T> unreachable)
  (func $escape_sequence (call $core::ptr::drop<T>))
  (func $umlauts_and_0x41x (call $escape_sequence))
  (func (export "_start")
    (call $umlauts_and_0x41x)))
