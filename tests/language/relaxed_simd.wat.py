"""Prints a guest with every relaxed vector instruction, with operands for which all results that the
relaxed-simd proposal allows are the same one, unless that is the deterministic profile's."""
import struct


def vector(form, *values):
    count, letter = {"i8x16": (16, "b"), "i16x8": (8, "h"), "i32x4": (4, "i"), "i64x2": (2, "q"),
                     "f32x4": (4, "f"), "f64x2": (2, "d")}[form]
    values = (values * count)[:count]
    lanes = struct.unpack("<4I", struct.pack(f"<{count}{letter}", *values))
    return "(v128.const i32x4 " + " ".join(f"0x{lane:08x}" for lane in lanes) + ")"


BYTES = tuple(range(-100, -84))
SMALL = tuple(range(0, 127, 8))[:16]


def dot(left, right):
    return [left[i] * right[i] + left[i + 1] * right[i + 1] for i in range(0, 16, 2)]


def checks():
    f, d = ("f32x4", 1.5, -2.0, 0.25, 1e30), ("f64x2", 1.5, -3e200)
    g, e = ("f32x4", 4.0, 8.0, -2.0, 0.5), ("f64x2", 2.0, 0.5)
    h, c = ("f32x4", 1.0, -0.5, 0.0, 1e20), ("f64x2", 0.5, 8.0)
    yield "i8x16.relaxed_swizzle", ("i8x16", *range(50, 66)), ("i8x16", *range(15, -1, -1)), \
        ("i8x16", *range(65, 49, -1))
    yield "i32x4.relaxed_trunc_f32x4_s", ("f32x4", 1.9, -2.9, 0.0, 1e9), ("i32x4", 1, -2, 0, 10**9)
    yield "i32x4.relaxed_trunc_f32x4_u", ("f32x4", 1.9, 2.9, 0.0, 2.0**31), ("i32x4", 1, 2, 0, -2**31)
    yield "i32x4.relaxed_trunc_f64x2_s_zero", ("f64x2", 1.9, -2.9), ("i32x4", 1, -2, 0, 0)
    yield "i32x4.relaxed_trunc_f64x2_u_zero", ("f64x2", 1.9, 3e9), ("i32x4", 1, 3 * 10**9 - 2**32, 0, 0)
    yield "f32x4.relaxed_madd", f, g, h, ("f32x4", 7.0, -16.5, -0.5, 5e29 + 1e20)
    yield "f32x4.relaxed_nmadd", f, g, h, ("f32x4", -5.0, 15.5, 0.5, -5e29 + 1e20)
    yield "f64x2.relaxed_madd", d, e, c, ("f64x2", 3.5, -1.5e200)
    yield "f64x2.relaxed_nmadd", d, e, c, ("f64x2", -2.5, 1.5e200)
    for form in ("i8x16", "i16x8", "i32x4", "i64x2"):
        yield f"{form}.relaxed_laneselect", ("i8x16", 1), ("i8x16", 2), (form, -1, 0), \
            ("i64x2", *(struct.unpack("<2q", struct.pack("<16b", *[
                1 if (i * 8 // int(form[1:form.index("x")])) % 2 == 0 else 2 for i in range(16)]))))
    yield "f32x4.relaxed_min", f, g, ("f32x4", 1.5, -2.0, -2.0, 0.5)
    yield "f32x4.relaxed_max", f, g, ("f32x4", 4.0, 8.0, 0.25, 1e30)
    yield "f64x2.relaxed_min", d, e, ("f64x2", 1.5, -3e200)
    yield "f64x2.relaxed_max", d, e, ("f64x2", 2.0, 0.5)
    yield "i16x8.relaxed_q15mulr_s", ("i16x8", 16384, -16384), ("i16x8", 16384), ("i16x8", 8192, -8192)
    yield "i16x8.relaxed_dot_i8x16_i7x16_s", ("i8x16", *BYTES), ("i8x16", *SMALL), \
        ("i16x8", *dot(BYTES, SMALL))
    sums = dot(BYTES, SMALL)
    yield "i32x4.relaxed_dot_i8x16_i7x16_add_s", ("i8x16", *BYTES), ("i8x16", *SMALL), \
        ("i32x4", 1000, -1000), ("i32x4", *[sums[i] + sums[i + 1] + (1000 if i % 4 == 0 else -1000)
                                            for i in range(0, 8, 2)])


print("""(memory (export "memory") 1)
(func $same (param v128 v128)
  (call $check (i8x16.all_true (i8x16.eq (local.get 0) (local.get 1)))))""")
lines = list(checks())
for number, (name, *operands, wanted) in enumerate(lines):
    parameters = " ".join(["v128"] * len(operands))
    # Locals of its own before those that the translation may add.
    print(f"""(func $f{number} (param {parameters}) (result v128) (local i32 f64)
  (local.set {len(operands)} (i32.const 1))
  ({name} {" ".join(f"(local.get {i})" for i in range(len(operands)))}))""")
print('(func (export "_start")')
for number, (name, *operands, wanted) in enumerate(lines):
    print(f"  (call $same (call $f{number} {' '.join(vector(*each) for each in operands)}) "
          f"{vector(*wanted)})")
print(")")
