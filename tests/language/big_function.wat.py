"""Functions with 1,000 locals, 1,000 cases of a br_table, blocks 200 deep, an expression of 3,000
operations, 200 parameters."""

LOCALS, CASES, DEPTH, OPERATIONS, PARAMETERS = 1000, 1000, 200, 3000, 200

print(";; builds: -O0\n;; builds: -O1")

print('(memory (export "memory") 1)')

# Local number i gets i; the sum of all.
print("(func $locals (result i64)", " ".join(f"(local $l{i} i64)" for i in range(LOCALS)))
for i in range(LOCALS):
    print(f"(local.set $l{i} (i64.add (i64.const {i}) (i64.extend_i32_u (i32.load (i32.const 0)))))")
print("(i64.const 0)")
for i in range(LOCALS):
    print(f"(i64.add (local.get $l{i}))")
print(")")

# Case n gives 7n + 1; other numbers 0.
print("(func $cases (param i32) (result i32)", "(block " * CASES)
print("(block $other (br_table", " ".join(map(str, range(1, CASES + 1))), "$other (local.get 0)))")
print("(return (i32.const 0)))")
for n in range(CASES):
    print(f"(return (i32.const {7 * n + 1}))" + (")" if n < CASES - 1 else ""))
print(")")

print("(func $deep (param i32) (result i32)", "(block $out (result i32)")
print("(if (result i32) (i32.lt_u (local.get 0) (i32.const 1000000)) (then "
      "(local.set 0 (i32.add (local.get 0) (i32.const 1)))" * DEPTH)
print("(br $out (local.get 0))", ") (else (i32.const -1)))" * DEPTH, "))")

print("(func $expression (param i32) (result i32) (local.get 0)")
for i in range(OPERATIONS):
    print(("(i32.add (i32.const 3))", "(i32.mul (i32.const 5))", "(i32.xor (i32.const 77))",
           "(i32.rotl (i32.const 7))")[i % 4])
print(")")

print("(func $parameters", " ".join(f"(param $p{i} i32)" for i in range(PARAMETERS)),
      "(result i32) (i32.sub (local.get $p1) (local.get $p0))")
print(f"(i32.mul (local.get $p{PARAMETERS - 1})))")


def expected_expression(value):
    for i in range(OPERATIONS):
        value = (value + 3, value * 5, value ^ 77, value << 7 | value >> 25)[i % 4] & 0xffffffff
    return value


print(f"""(func (export "_start")
  (call $i64 (call $locals) (i64.const {sum(range(LOCALS))}))
  (call $i32 (call $cases (i32.const 0)) (i32.const 1))
  (call $i32 (call $cases (i32.const {CASES // 2})) (i32.const {7 * (CASES // 2) + 1}))
  (call $i32 (call $cases (i32.const {CASES - 1})) (i32.const {7 * (CASES - 1) + 1}))
  (call $i32 (call $cases (i32.const {CASES})) (i32.const 0))
  (call $i32 (call $cases (i32.const -1)) (i32.const 0))
  (call $i32 (call $deep (i32.const 5)) (i32.const {5 + DEPTH}))
  (call $i32 (call $deep (i32.const 1000000)) (i32.const -1))
  (call $i32 (call $expression (i32.const 12345)) (i32.const {expected_expression(12345)}))
  (call $i32 (call $parameters {" ".join(f"(i32.const {i * i + 1})" for i in range(PARAMETERS))})
             (i32.const {(PARAMETERS - 1) ** 2 + 1})))""")
