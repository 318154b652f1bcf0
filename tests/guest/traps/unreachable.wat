;; What abort() and failed assertions of guests come down to.
;; trap: unreachable instruction executed
;; at: abort
;; at: _start
(module
  (memory (export "memory") 1)
  (func $abort unreachable)
  (func (export "_start")
    (call $abort)))
