"""The message of a trap names the function, the file and the line: also of functions that either
compiler has inlined, at each level of both.
"""

import subprocess
import unittest

from lines import Case, WAYS, line_of

class Traps(Case):
    def trap_everywhere(self, module, *frames):
        for level, cc in WAYS:
            with self.subTest(level=level, cc=cc):
                program, built = self.build(module, "-g", level, "--cc", cc)
                self.assertNotIn("without", built.err)
                self.assertTrapped(self.execute(program), *frames)

    def divided(self):
        """The frames of divide.c."""
        return (f"divide (divide.c:{line_of('divide.c', 'a / b')})",
                f"twice (divide.c:{line_of('divide.c', 'divide(a, b);')})",
                f"main (divide.c:{line_of('divide.c', 'twice(argc')})")

    def test_c_with_inlined_functions(self):
        self.trap_everywhere(self.compile("divide.c", "-O1"), *self.divided())

    def test_c_where_only_the_host_compiler_inlines(self):
        program = self.build(self.compile("divide.c", "-O0"), "-g")[0]
        self.assertTrapped(self.execute(program), *self.divided())

    def test_dwarf_5(self):
        program = self.build(self.compile("divide.c", "-O1", "-gdwarf-5"), "-g", "-O1")[0]
        self.assertTrapped(self.execute(program), *self.divided())

    def test_cxx_names_are_demangled(self):
        self.trap_everywhere(
            self.compile("basket.cc", "-O0"),
            f"shop::Basket<int>::share(int) const (basket.cc:{line_of('basket.cc', 'sum / people')})",
            f"main (basket.cc:{line_of('basket.cc', 'basket.share(people)')})")

    def assertTrappedInRust(self, program):
        err = self.execute(program).err
        self.assertRegex(
            err, r"    at (ring::Ring::at|<ring::Ring>::at) "
                 rf"\(ring\.rs:{line_of('ring.rs', 'self.slots[inside + 1]')}\)\n"
                 rf"    at ring::sum \(ring\.rs:{line_of('ring.rs', 'ring.at(i)')}\)\n"
                 rf"    at ring::main \(ring\.rs:{line_of('ring.rs', 'sum(&ring')}\)\n")

    def test_rust(self):
        module = self.compile("ring.rs")
        for level, cc in WAYS:
            with self.subTest(level=level, cc=cc):
                self.assertTrappedInRust(self.build(module, "-g", level, "--cc", cc)[0])

    def test_rust_optimised_with_the_newer_mangling(self):
        module = self.compile("ring.rs", "-O", "-Csymbol-mangling-version=v0")
        self.assertTrappedInRust(self.build(module, "-g", "-O1")[0])

    def test_place_in_the_module_without_debugging_information(self):
        module = self.wat('(module (memory (export "memory") 1)\n'
                          ' (func $inner unreachable)\n'
                          ' (func (export "_start") (call $inner)))')
        data = module.read_bytes()
        for level, cc in WAYS:
            program, built = self.build(module, "-g", level, "--cc", cc)
            self.assertIn("guest.wasm has no debugging information (DWARF); compile it with -g",
                          built.err)
            code = data.index(b"\x03\x00\x00\x0b\x04\x00\x10\x00\x0b")
            self.assertTrapped(self.execute(program), f"inner (guest.wasm+{code + 2:#x})",
                               f"_start (guest.wasm+{code + 6:#x})")

    def test_also_in_a_stripped_program(self):
        program = self.build(self.compile("divide.c", "-O1"), "-g", "-O1")[0]
        subprocess.run(["strip", program], check=True)
        self.assertTrapped(self.execute(program), *self.divided())

    def test_also_by_run(self):
        module = self.compile("divide.c", "-O1")
        for _ in range(2):
            self.assertTrapped(self.timecraft("run", "-g", "-O1", module), *self.divided())
        without = self.timecraft("run", "-O1", module)
        self.assertTrapped(without, "main")

    def test_also_in_a_trace_a_record_and_a_replay(self):
        program = self.build(self.compile("divide.c", "-O1"), "-g", "-O1")[0]
        record = self.folder / "run.rec"
        place = self.divided()[0]
        self.assertTrapped(self.execute(program, env={"TIMECRAFT_OPTIONS": f"--record={record}"}),
                           place)
        self.assertIn(place, self.timecraft("trace", "calls", "-v", record).out)
        self.assertTrapped(self.timecraft("replay", record), place)


if __name__ == "__main__":
    unittest.main()
