#!/usr/bin/python3
"""`timecraft build --profile`: which functions get the level that was asked for, and that nothing else changes."""

import gzip
import pathlib
import re
import shutil
import unittest

from support import SANITIZED
from support.command import Case

HERE = pathlib.Path(__file__).resolve().parent
TCC = shutil.which("tcc")

# _start calls by name and through the table; what has several results is never tcc's.
GUEST = """(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (type $unary (func (param f64) (result f64)))
    (table funcref (elem $cold_half $hot_twice))
    (func $hot_sum (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (call $small (local.get 0))))
              (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.store (i32.const 16) (local.get 1))
        (i32.add (i32.load (i32.const 16)) (call $cold_product (i32.const 3) (f64.const 0.5))))
    (func $small (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $cold_product (param i32 f64) (result i32)
        (i32.store (i32.const 16) (i32.const 7))
        (drop (i32.add (local.get 0) (i32.const 1059887697))) (; a prefetch ;)
        (i32.trunc_f64_s (f64.mul (f64.convert_i32_s (local.get 0))
                                  (call_indirect (type $unary) (local.get 1) (i32.const 1)))))
    (func $cold_half (type $unary) (f64.mul (local.get 0) (f64.const 0.5)))
    (func $hot_twice (type $unary)
        (f64.mul (call_indirect (type $unary) (local.get 0) (i32.const 0)) (f64.const 4)))
    (func $cold_pair (param i32) (result i32 f64) (local.get 0) (f64.const 2.5))
    (func $cold_user (result i32) (local i32)
        (call $cold_pair (i32.const 4)) (i32.trunc_f64_s) (i32.add))
    (func (export "_start")
        (if (i32.ne (call $cold_user) (i32.const 6)) (then unreachable))
        (call $exit (call $hot_sum (i32.const 6)))))"""
STATUS = 2 * 21 + 3  # of what _start asks for

# The cold function is too long to count as a small one that a hot function calls.
TRAPS = """(module (memory (export "memory") 1) (global $depth (mut i32) (i32.const 0))
    (func $hot_inner (param i32)
        (i32.store (i32.const 0) (i32.load (local.get 0))))
    (func $cold_middle (param i32 i32)
        LONG (call $hot_inner (local.get 0)) (i32.store (i32.const 8) (local.get 1)))
    (func $hot_outer (param i32)
        (call $cold_middle (local.get 0) (i32.const 1)) (i32.store (i32.const 4) (i32.const 1)))
    (func $cold_main (param i32)
        (call $hot_outer (local.get 0)) (i32.store (i32.const 4) (i32.const 2)))
    (func (export "_start") (call $cold_main (i32.const -1)) (i32.store (i32.const 4) (i32.const 3))))""".replace(
        "LONG", "(i32.store (i32.const 8) (i32.load (i32.const 12)))" * 30)


def varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7f | 0x80]) + varint(value >> 7)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def pprof(*names, samples=10):
    """A profile whose samples are in these functions, one after the other."""
    out = b""
    for i in range(1, len(names) + 1):
        out += message(2, message(1, varint(i)) + message(2, varint(samples)))
        out += message(4, number(1, i) + message(4, number(1, i)))
        out += message(5, number(1, i) + number(2, i))
    return out + b"".join(message(6, name.encode()) for name in ("", *names))


class Profiles(Case):
    def profile(self, data, name="a.pprof"):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else pprof(*data))
        return path

    def compiled(self, module, profile, *options):
        """What compiled each function, by its C name: a compiler's level, or tcc."""
        kept = self.folder / "c"
        program, result = self.build(module, "-v", "--keep-c", kept, "--profile", profile, *options)
        found = {}
        for line in result.err.splitlines():
            command = re.match(r"\+ (.*) -c (\S+\.c) -o", line)
            if command and command[2] != "binding.c":
                how = "tcc" if "/tcc " in command[1] else re.search(r" (-O\d) ", command[1])[1]
                for name in re.findall(r"^\w[\w ]* w2c_guest_(\w+)\(w2c_guest\*[^;]*?\) \{$",
                                       (kept / command[2]).read_text(), re.MULTILINE):
                    found[re.sub("0x5F", "_", name)] = how
        return program, result, found

    def by_kind(self, found, kind):
        return {how for name, how in found.items() if name.startswith(kind)}

    @unittest.skipUnless(TCC, "no tcc")
    def test_only_functions_in_it_get_the_level(self):
        profile = self.profile(["hot_sum", "hot_twice"])
        program, result, found = self.compiled(self.wat(GUEST), profile, "-O2")
        self.assertEqual(self.by_kind(found, "hot_"), {"-O2"}, found)
        self.assertEqual(found["small"], "-O2", "what a hot function calls, if it is small")
        for name in ("cold_pair", "cold_user"):  # these pass structures
            self.assertEqual(found.pop(name), "-O2")
        self.assertEqual(found["cold_half"], "tcc", found)
        self.assertEqual(self.execute(program).status, STATUS)
        self.assertIn("2 functions, 2 of them are in the module", result.err)

    def test_without_tcc_the_others_get_O1(self):
        """--cc, and -g, are for one compiler."""
        profile = self.profile(["hot_sum", "hot_twice"])
        for options in (("--cc=cc",), ("-g",)):
            program, _, found = self.compiled(self.wat(GUEST), profile, "-O2", *options)
            self.assertEqual(self.by_kind(found, "hot_"), {"-O2"}, found)
            self.assertEqual(found["cold_half"], "-O1", found)
            self.assertEqual(self.execute(program).status, STATUS)

    def test_each_function_may_be_hot_or_not(self):
        names = ["hot_sum", "small", "cold_product", "cold_half", "hot_twice", "_start"]
        for rest in range(1, 2 ** len(names), 21):
            chosen = [name for i, name in enumerate(names) if rest >> i & 1]
            program, _ = self.build(self.wat(GUEST), "-O1", "--profile", self.profile(chosen))
            self.assertEqual(self.execute(program).status, STATUS, chosen)

    def test_semantics_with_half_of_the_functions_hot(self):
        module = self.wat((HERE / "semantics.wat").read_text(), flags=())
        names = re.findall(r"\(func \$(\w+)", (HERE / "semantics.wat").read_text())
        for half in (names[::2], names[1::2]):
            program, _ = self.build(module, "-O2", "--profile", self.profile(half))
            self.assertEqual(self.execute(program).status, 0, "the check with this number failed")

    def test_a_trap_shows_the_whole_stack(self):
        profile = self.profile(["hot_inner", "hot_outer"])
        program, _ = self.build(self.wat(TRAPS), "-O2", "--profile", profile)
        shown = re.findall(r"at (\w+)", self.execute(program).err)
        self.assertEqual(shown[:5], ["hot_inner", "cold_middle", "hot_outer", "cold_main", "_start"])
        self.assertLessEqual(set(shown[5:]), {"_start"})  # the export of this name

    @unittest.skipIf(SANITIZED, "a sanitized program is made otherwise")
    def test_the_program_is_as_position_independent_as_without(self):
        program, _ = self.build(self.wat(GUEST), "-O1", "--profile", self.profile(["hot_sum"]))
        self.assertEqual(program.read_bytes()[16:18], b"\3\0")  # ET_DYN

    def test_a_profile_that_the_command_wrote_is_one(self):
        module = self.wat(GUEST)
        slow = GUEST.replace("(call $exit", "(drop (call $hot_sum (i32.const 20000000))) (call $exit")
        slow = self.wat(slow, "slow.wasm")
        program, _ = self.build(slow, "-O0")
        result = self.timecraft("profile", "-o", self.folder / "taken.pprof", "--", program)
        self.assertEqual(result.status, STATUS, result)
        program, _ = self.build(module, "-O2", "--profile", self.folder / "taken.pprof")
        self.assertEqual(self.execute(program).status, STATUS)

    def test_one_of_another_program_is_told_and_changes_nothing(self):
        program, result, found = self.compiled(self.wat(GUEST), self.profile(["main.main"]), "-O2")
        self.assertIn("no function of", result.err)
        self.assertEqual(set(found.values()), {"-O2"})
        self.assertEqual(self.execute(program).status, STATUS)

    def test_an_old_one_is_told(self):
        profile = self.profile(["hot_sum", "gone", "renamed", "[host] fd_write"])
        _, result = self.build(self.wat(GUEST), "-O2", "--profile", profile)
        self.assertIn("1 of its 3 functions, with 10 of 30 samples", result.err)

    def test_another_profile_is_another_program(self):
        module = self.wat(GUEST)
        said = []
        for names in (["hot_sum"], ["hot_sum"], ["hot_twice"]):
            said.append("nothing has changed" in
                        self.build(module, "-O1", "--profile", self.profile(names))[1].err)
        said.append("nothing has changed" in self.build(module, "-O1")[1].err)
        self.assertEqual(said, [False, True, False, False])

    def test_bad_files_are_refused(self):
        good, module = pprof("hot_sum", "hot_twice"), self.wat(GUEST)
        packed = gzip.compress(good)
        self.profile(packed)
        bad = {"nothing": b"", "text": b"hot_sum 100\n", "no function": pprof(), "cut": good[:-1],
               "a cut archive": packed[:-1], "more behind it": packed + b"x",
               "a bad sum": packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:],
               "an archive of none": gzip.compress(b"\xff" * 9),
               "a long number": good + b"\x08" + b"\xff" * 10 + b"\1",
               "a group": good + b"\x0b", "a length beyond the end": good + b"\x32\x7f",
               "a number as a string": good + number(6, 1),
               "a number as a function": good + number(5, 1),
               "a location that is not there": good + message(2, message(1, varint(99)) + message(2, b"\1")),
               "a function that is not there": good + message(4, number(1, 9) + message(4, number(1, 77)))
               + message(2, number(1, 9) + number(2, 1)),
               "a name that is not there": good + message(5, number(1, 9) + number(2, 1 << 63))
               + message(4, number(1, 9) + message(4, number(1, 9))) + message(2, number(1, 9) + number(2, 1)),
               "two of one number": good + message(5, number(1, 1) + number(2, 1))}
        for what, data in bad.items():
            with self.subTest(what):
                result = self.timecraft("build", "--profile", self.profile(data, "bad"), module, "-o", "program")
                self.assertRefused(result, "bad is no profile of functions in pprof's format")
        result = self.timecraft("build", "--profile", self.folder / "none", module, "-o", "program")
        self.assertRefused(result, "cannot read the profile", "No such file")
        self.assertRefused(self.timecraft("build", "-O0", "--profile", "x", module, "-o", "program"),
                           "-O0 has nothing to choose")

    def test_what_is_cut_anywhere_is_refused_or_one(self):
        good, module = pprof("hot_sum", "gone"), self.wat("(module)")
        for data in [good[:end] for end in range(0, len(good), 3)] + \
                [good[:i] + bytes([good[i] ^ 0x55]) + good[i + 1:] for i in range(0, len(good), 3)]:
            result = self.timecraft("build", "-q", "--profile", self.profile(data), module, "-o", "program")
            self.assertEqual(result.status, 1)  # the module has nothing to run
            self.assertTrue(result.err.startswith("timecraft: "), result)
            self.assertNotIn("Sanitizer", result.err)

    def test_several_results_with_O0_are_the_same(self):
        """tcc and other compilers return them in different registers; the binding is of another."""
        module = self.wat("""(module (func (export "a") (param i32) (result i32 f64) (local.get 0) (f64.const 2.5))
            (func (export "d") (param i32) (result i64 f32) (i64.const 99) (f32.const 7.5)))""")
        for name, expected in (("a", "5 2.5"), ("d", "99 7.5")):
            program, _ = self.build(module, "-O0", f"--invoke={name}")
            self.assertEqual(self.execute(program, "5").out.split(), expected.split())


if __name__ == "__main__":
    unittest.main()
