"""Prints a guest whose functions have 7 to 40 parameters of all kinds, which are called directly, by a
table, and by each other, and give several results back."""
KINDS = ["i32", "i64", "f32", "f64"]
COUNTS = [7, 8, 9, 10, 16, 17, 24, 25, 40]


def kind(number):
    return KINDS[number % 4]


def parameters(count):
    return "(param " + " ".join(map(kind, range(count))) + ")"


def constant(number, count):
    return f"{kind(number)}.const {number + count}"


def arguments(count):
    return " ".join(constant(number, count) for number in range(count))


for count in COUNTS:
    body = " ".join(f"(local.get {number})" for number in (count - 1, 0, count // 2))
    results = f"(result {kind(count - 1)} {kind(0)} {kind(count // 2)})"
    print(f'(func $take_{count} (export "take {count}") {parameters(count)} {results} {body})')
    print(f"(func $pass_{count} {parameters(count)} {results} (call $take_{count}",
          " ".join(f"(local.get {number})" for number in range(count)), "))")
    print(f"(type $of_{count} (func {parameters(count)} {results}))")
print("(table funcref (elem", " ".join(f"$take_{count} $pass_{count}" for count in COUNTS), "))")
print('(memory (export "memory") 1)\n(func (export "_start")')
for index, count in enumerate(COUNTS):
    for call in (f"call $take_{count}", f"call $pass_{count}",
                 f"i32.const {2 * index} call_indirect (type $of_{count})",
                 f"i32.const {2 * index + 1} call_indirect (type $of_{count})"):
        print(arguments(count), call)
        for number in (count // 2, 0, count - 1): # the last result first
            print(f"  {constant(number, count)} call ${kind(number)}")
print(")")
