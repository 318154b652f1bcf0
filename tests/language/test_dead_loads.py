"""A load of which nothing or only a part is used traps out of bounds all the same, whichever compiler
and level: each load instruction, its last byte and all of it behind the memory's end.
"""
import pathlib
import subprocess
import unittest

import run_guest
import support

EXIT_TRAP = 134
BUILDS = ["-O0", "-O2", "-O2 --cc=clang"]
SIZE = 65536

# name, type, bytes
SCALARS = [(f"{kind}.load", kind, int(kind[1:]) // 8) for kind in ("i32", "i64", "f32", "f64")]
SCALARS += [(f"{kind}.load{bits}_{sign}", kind, bits // 8) for kind in ("i32", "i64")
            for bits in (8, 16, 32) for sign in "su" if bits < int(kind[1:])]
ATOMICS = [(f"{kind}.atomic.load{bits}", kind, size) for kind, bits, size in (
    ("i32", "", 4), ("i64", "", 8), ("i32", "8_u", 1), ("i32", "16_u", 2), ("i64", "8_u", 1),
    ("i64", "16_u", 2), ("i64", "32_u", 4))]
VECTORS = [("v128.load", "v128", 16)]
VECTORS += [(f"v128.load{shape}_{sign}", "v128", 8) for shape in ("8x8", "16x4", "32x2") for sign in "su"]
VECTORS += [(f"v128.load{bits}_splat", "v128", bits // 8) for bits in (8, 16, 32, 64)]
VECTORS += [(f"v128.load{bits}_zero", "v128", bits // 8) for bits in (32, 64)]
LANES = [(f"v128.load{bits}_lane", "v128", bits // 8) for bits in (8, 16, 32, 64)]
# What of a value is used, by its type: as few bits as there are.
PARTS = {"i32": "(i32.and {} (i32.const 1))", "i64": "(i32.and (i32.wrap_i64 {}) (i32.const 1))",
         "f32": "(i32.and (i32.reinterpret_f32 {}) (i32.const 1))",
         "f64": "(i32.and (i32.wrap_i64 (i64.reinterpret_f64 {})) (i32.const 1))",
         "v128": "(i8x16.extract_lane_u 0 {})"}


def loads():
    """name, type, bytes, the instruction with its operands"""
    for name, kind, size in SCALARS + ATOMICS + VECTORS:
        yield name, kind, size, f"({name} (local.get 0))"
    for name, kind, size in LANES:
        yield name, kind, size, f"({name} 1 (local.get 0) (v128.const i32x4 1 2 3 4))"


def module():
    yield '(module (memory (export "memory") 1) (func (export "_start"))'
    for name, kind, _, load in loads():
        yield f'(func (export "{name} dead") (param i32) (drop {load}))'
        yield f'(func (export "{name} part") (param i32) (result i32) {PARTS[kind].format(load)})'
    yield ")"


class DeadLoads(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(support.temporary_folder())

    def call(self, program, function, address):
        done = subprocess.run([program, str(address)], capture_output=True, text=True, timeout=60,
                              env={"TIMECRAFT_OPTIONS": f"--invoke='{function}'"})
        return done.returncode, done.stderr

    def check(self, module, words):
        program = self.folder / f"program{words.replace(' ', '')}"
        support.run_tool(support.TIMECRAFT, "build", "-q", *words.split(), module, "-o", program)
        for name, _, size, _ in loads():
            for use in ("dead", "part"):
                function = f"{name} {use}"
                with self.subTest(words, function=function):
                    status, said = self.call(program, function, SIZE - size)
                    self.assertEqual((status, said), (0, ""))
                    # Atomic ones have to be aligned.
                    for address in {SIZE if "atomic" in name else SIZE - size + 1, SIZE}:
                        status, said = self.call(program, function, address)
                        self.assertEqual(status, EXIT_TRAP)
                        self.assertIn("out-of-bounds", said)

    def test_all(self):
        text = self.folder / "loads.wat"
        text.write_text("\n".join(module()))
        support.run_tool(support.WAT2WASM, *run_guest.wat_flags(), text, "-o",
                         text.with_suffix(".wasm"))
        for words in BUILDS:
            self.check(text.with_suffix(".wasm"), words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
