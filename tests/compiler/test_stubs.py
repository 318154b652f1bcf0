"""Modules that import functions nobody provides: refused by default, built when the person says that
they are never called, and a call then does what was said.
"""

import unittest

from support.command import Case

# Calls the import that its argument count chooses: none, one, two … words.
GUEST = r"""(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $count (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "env" "number" (func $number (param i32) (result i32)))
    (import "env" "float" (func $float (result f64)))
    (import "other" "nothing" (func $nothing))
    (import "wasi_snapshot_preview1" "sock_of_tomorrow" (func $tomorrow (param i64) (result i32)))
    (import "o*/dd" "na\\me'\0a \22" (func $odd (param i32 f64 i64 f32) (result i32 i64)))
    (memory (export "memory") 1)
    (table funcref (elem $number))
    (type $number (func (param i32) (result i32)))
    (func $words (result i32)
        (drop (call $count (i32.const 0) (i32.const 4)))
        (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
    (func (export "_start")
        (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
            (br_table $0 $1 $2 $3 $4 $5 (call $words)))
            (call $exit (i32.const 7)))
            (call $exit (call_indirect (type $number) (i32.const 3) (i32.const 0))))
            (drop (call $float)) (call $exit (i32.const 8)))
            (call $nothing) (call $exit (i32.const 9)))
            (call $exit (call $tomorrow (i64.const 0))))
        (call $odd (i32.const 1) (f64.const 2) (i64.const 3) (f32.const 4))
        drop drop (call $exit (i32.const 10))))"""

TRAP = 134
ENOSYS = 52


class Stubs(Case):
    def ends(self, program, words, status, text=""):
        result = self.execute(program, *["word"] * words)
        self.assertEqual(result.status, status, result)
        self.assertIn(text, result.err)
        self.assertNotIn("Sanitizer", result.err)

    def traps(self, program, words, name, function="_start"):
        self.ends(program, words, TRAP, f"guest.wasm trapped: call of {name}, an import that "
                                        f"nobody provides\n    at {function}\n")

    def test_refusal_names_the_options(self):
        result = self.timecraft("build", self.wat(GUEST), "-o", self.folder / "program")
        self.assertRefused(result, "imports 5 things", "--unknown-imports=trap", "=enosys",
                           "--stub=NAME")

    def test_trap_names_the_import_that_was_called(self):
        for level in ("-O0", "-O1"):
            program, _ = self.build(self.wat(GUEST), level, "--unknown-imports=trap")
            self.ends(program, 0, 7)
            self.traps(program, 1, "env.number")
            self.traps(program, 2, "env.float")
            self.traps(program, 3, "other.nothing")
            self.traps(program, 4, "wasi_snapshot_preview1.sock_of_tomorrow")
            self.traps(program, 5, r"""o*/dd.na\me'\0a\20" """.strip())

    def test_enosys_is_returned_where_the_only_result_is_an_i32(self):
        program, _ = self.build(self.wat(GUEST), "-O0", "--unknown-imports=enosys")
        self.ends(program, 0, 7)
        self.ends(program, 1, ENOSYS)
        self.traps(program, 2, "env.float")
        self.traps(program, 3, "other.nothing")
        self.ends(program, 4, ENOSYS)
        self.traps(program, 5, r"""o*/dd.na\me'\0a\20" """.strip())

    def test_single_functions_by_name_as_messages_show_it(self):
        program, _ = self.build(
            self.wat(GUEST), "-O0", "--stub=env.*", "--stub", "env.number=enosys",
            "--stub=other.nothing=trap", "--stub=wasi_snapshot_preview1.sock_of_tomorrow=enosys",
            r"""--stub=o*/dd.na\me'\0a\20" """.strip())
        self.ends(program, 1, ENOSYS)
        self.traps(program, 2, "env.float")
        self.traps(program, 3, "other.nothing")
        self.ends(program, 4, ENOSYS)
        self.traps(program, 5, r"""o*/dd.na\me'\0a\20" """.strip())

    def test_name_decides_before_the_rule_for_all(self):
        program, _ = self.build(self.wat(GUEST), "-O0", "--unknown-imports=enosys",
                                "--stub=env.number=trap")
        self.traps(program, 1, "env.number")
        self.ends(program, 4, ENOSYS)

    def test_function_that_the_runtime_has_can_be_taken_away(self):
        program, _ = self.build(self.wat(GUEST), "-O0", "--unknown-imports=trap",
                                "--stub=wasi_snapshot_preview1.args_sizes_get")
        self.traps(program, 0, "wasi_snapshot_preview1.args_sizes_get", "words")

    def test_those_that_have_no_stub_are_still_named(self):
        result = self.timecraft("build", self.wat(GUEST), "-o", self.folder / "program",
                                "--stub=env.*", "--stub=o*/dd.*")
        self.assertRefused(result, "imports 2 things", "other.nothing", "sock_of_tomorrow")
        self.assertNotIn("env.", result.err)

    def test_only_functions_can_be_left_out(self):
        module = self.wat("""(module
            (import "env" "base" (global i32)) (import "env" "table" (table 1 funcref))
            (import "env" "other" (memory 1)) (import "env" "tag" (tag))
            (import "env" "call" (func))
            (func (export "_start")))""")
        result = self.timecraft("build", module, "-o", self.folder / "program",
                                "--unknown-imports=trap")
        self.assertRefused(result, "imports 4 things", "env.base global i32", "env.table",
                           "env.other", "env.tag")
        self.assertNotIn("--unknown-imports", result.err)
        result = self.timecraft("build", module, "-o", self.folder / "program")
        self.assertRefused(result, "imports 5 things", "only functions can be left out")

    def test_vectors_and_references_as_parameters(self):
        module = self.wat("""(module
            (import "env" "f" (func $f (param v128 externref funcref) (result v128)))
            (memory (export "memory") 1)
            (func (export "_start")
                (drop (call $f (v128.const i64x2 1 2) (ref.null extern) (ref.null func)))))""")
        program, _ = self.build(module, "--unknown-imports=enosys")
        self.traps(program, 0, "env.f")

    def test_names_that_wasm2c_announces_alike(self):
        module = self.wat(r"""(module
            (import "env" "/" (func $a (result i32))) (import "env" "\\2F" (func $b (result f32)))
            (memory (export "memory") 1)
            (func (export "_start") (drop (call $a)) (drop (call $b))))""")
        result = self.timecraft("build", module, "-o", self.folder / "program",
                                "--unknown-imports=trap")
        self.assertRefused(result, "wasm2c", "import \\2F")

    def test_run_keeps_a_program_for_each_choice(self):
        module = self.wat(GUEST)
        self.assertEqual(self.timecraft("run", "-O0", module).status, 1)
        for word, status in (("trap", TRAP), ("enosys", ENOSYS), ("trap", TRAP)):
            for option in (f"--unknown-imports={word}", f"--stub=env.number={word}"):
                result = self.timecraft("run", "-O0", "--unknown-imports=enosys", option, module,
                                        "word")
                self.assertEqual(result.status, status, result)

    def test_words_that_say_nothing(self):
        module = self.wat(GUEST)
        for option in ("--unknown-imports=ignore", "--stub=name", "--stub="):
            self.assertRefused(self.timecraft("build", option, module, "-o", "program"),
                               option.split("=")[0], status=2)


if __name__ == "__main__":
    unittest.main()
