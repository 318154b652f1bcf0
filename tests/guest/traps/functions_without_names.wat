;; trap: unreachable instruction executed
;; at: f0
;; at: _start
(module
  (memory (export "memory") 1)
  (func unreachable)
  (func (export "_start")
    (call 0)))
