"""Prints a guest with every atomic operation on a memory that is not shared, and what it should give:
what the threads proposal says, "Atomic Memory Accesses"."""
OLD = 0x8877665544332211
VALUE = 0xf0e1d2c3b4a59687
WIDTHS = [("i32", 8), ("i32", 16), ("i32", 32), ("i64", 8), ("i64", 16), ("i64", 32), ("i64", 64)]
CHANGES = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "and": lambda a, b: a & b,
           "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b, "xchg": lambda a, b: b}


def low(value, bits):
    return value & ((1 << bits) - 1)


def constant(kind, value):
    return f"({kind}.const {low(value, int(kind[1:]))})"


def check(call, kind, wanted, memory_bits, memory):
    """The operation at address 16 gives a result and leaves a memory, of which only its own bits differ."""
    memory = OLD - low(OLD, memory_bits) + low(memory, memory_bits)
    yield f"(i64.store (i32.const 16) {constant('i64', OLD)})"
    yield f"(call ${kind} {call} {constant(kind, wanted)})"
    yield f"(call $i64 (i64.load (i32.const 16)) {constant('i64', memory)})"


def operations():
    for kind, bits in WIDTHS:
        narrow = "" if int(kind[1:]) == bits else str(bits)
        suffix = "_u" if narrow else ""
        at = "(i32.const 8)"
        old = low(OLD, bits)
        yield from check(f"({kind}.atomic.load{narrow}{suffix} offset=8 {at})", kind, old, bits, old)
        store = f"({kind}.atomic.store{narrow} offset=8 {at} {constant(kind, VALUE)})"
        yield from check(f"(block (result {kind}) {store} {constant(kind, 0)})", kind, 0, bits, VALUE)
        rmw = f"{kind}.atomic.rmw{narrow}"
        for name, change in CHANGES.items():
            yield from check(f"({rmw}.{name}{suffix} offset=8 {at} {constant(kind, VALUE)})", kind, old,
                             bits, change(old, VALUE))
        for expected in (old, old + 1, low(OLD, int(kind[1:]))): # of the last only the low bits count
            yield from check(f"({rmw}.cmpxchg{suffix} offset=8 {at} {constant(kind, expected)} "
                             f"{constant(kind, VALUE)})", kind, old, bits,
                             old if expected == old + 1 else VALUE)


print("""(memory (export "memory") 1)
(func (export "_start")
  (atomic.fence)
  (call $i32 (memory.atomic.notify (i32.const 16) (i32.const 7)) (i32.const 0))
  (call $i32 (memory.atomic.notify offset=65532 (i32.const 0) (i32.const -1)) (i32.const 0))""")
for line in operations():
    print(" ", line)
print(")")
