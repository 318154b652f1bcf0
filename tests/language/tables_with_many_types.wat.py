"""A table with functions of 300 types, each called with its own type and refused with another: the
last call is one of a wrong type, and a trap."""
import itertools

TYPES = 300
KINDS = ("i32", "i64", "f32", "f64")

signatures = list(itertools.islice(
    ((parameters, result) for length in range(6) for result in KINDS
     for parameters in itertools.product(KINDS, repeat=length)), TYPES))

print(";; status: 134\n"
      ";; stderr-has: indirect call of a missing function or one of another type")
print('(memory (export "memory") 1)')
for number, (parameters, result) in enumerate(signatures):
    print(f"(type $t{number} (func {' '.join(f'(param {p})' for p in parameters)}"
          f" (result {result})))")
    print(f"(func $given_{number} (type $t{number}) ({result}.const {number}))")
print("(table funcref (elem", " ".join(f"$given_{number}" for number in range(TYPES)), "))")
print('(func (export "_start")')
for number, (parameters, result) in enumerate(signatures):
    arguments = " ".join(f"({p}.const 1)" for p in parameters)
    print(f"(call ${result} (call_indirect (type $t{number}) {arguments} (i32.const {number}))"
          f" ({result}.const {number}))")
print("(drop (call_indirect (type $t0) (i32.const 1))))")
