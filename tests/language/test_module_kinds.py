"""Commands, reactors and libraries: what runs, and calling one function with --invoke.

Environment: CLANG, the guests' compiler.
"""
import os
import pathlib
import subprocess
import unittest

import support
from support import TIMECRAFT, WAT2WASM

CLANG = os.environ.get("CLANG", "clang")
EXIT_TRAP = 134

LIBRARY = r"""(module
  (memory 1)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "triple") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
  (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
  (func (export "root") (param f64) (result f64) (f64.sqrt (local.get 0)))
  (func (export "all") (param f32 f64 i32 i64) (result i64 i32 f64 f32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "nothing"))
  (func (export "traps") (unreachable))
  (func (export "a name/with \22odd\22 things: \c3\a4 %s") (result i32) (i32.const 7))
  (func (export "reference") (param funcref)))"""

REACTOR = """#include <stdio.h>
#include <stdlib.h>
static int prepared;
__attribute__((constructor)) static void prepare(void) { prepared = 40; }
__attribute__((export_name("sum"))) int sum(int a) { return prepared + a; }
__attribute__((export_name("greet"))) double greet(float x) { puts("hello"); return x / 3; }
__attribute__((export_name("leave"))) void leave(int status) { exit(status); }
"""

COMMAND = """#include <stdio.h>
__attribute__((export_name("answer"))) int answer(void) { return 42; }
int main(void) { puts("main ran"); return 3; }
"""


class Modules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(support.temporary_folder())

    def translate(self, wat, name):
        source = self.folder / f"{name}.wat"
        source.write_text(wat, encoding="utf-8")
        subprocess.run([WAT2WASM, source, "-o", source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm")

    def compile(self, text, name, *flags):
        source = self.folder / f"{name}.c"
        source.write_text(text)
        subprocess.run([CLANG, "--target=wasm32-wasi", "-O1", *flags, source, "-o",
                        source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm")

    def run_module(self, module, *words, options=(), environment=""):
        """(exit status, output, messages) of timecraft run."""
        done = subprocess.run([TIMECRAFT, "run", "-q", "-O0", *options, module, *words],
                              capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, TIMECRAFT_OPTIONS=environment))
        return done.returncode, done.stdout, done.stderr

    def invoke(self, module, function, *words):
        return self.run_module(module, *words, options=["--invoke", function])

    def check(self, function, words, *lines):
        status, output, messages = self.invoke(self.library, function, *words)
        self.assertEqual((status, output.splitlines(), messages), (0, list(lines), ""))

    def refused(self, result, *texts):
        status, output, messages = result
        self.assertEqual((status, output), (2, ""), messages)
        for text in texts:
            self.assertIn(text, messages)


class Library(Modules):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.library = cls.translate(cls, LIBRARY, "library")

    def test_integers(self):
        self.check("add", ["2", "3"], "5")
        self.check("add", ["-2147483648", "-1"], "2147483647")
        self.check("add", ["4294967295", "0"], "-1")
        self.check("add", ["0xffffffff", "+0x10"], "15")
        self.check("triple", ["-7"], "-21")
        self.check("triple", ["0x8000000000000000"], "-9223372036854775808")

    def test_floating_point_numbers(self):
        self.check("half", ["0.2"], "0.1")
        self.check("half", ["1e-45"], "0")
        self.check("half", ["-inf"], "-inf")
        self.check("root", ["2"], "1.4142135623730951")
        self.check("root", ["0x1p4"], "4")
        self.check("root", ["-1"], "nan")
        self.check("root", ["1e300"], "1e+150")

    def test_several_results_and_none(self):
        self.check("all", ["0.1", "-0.3", "-5", "6"], "6", "-5", "-0.3", "0.1")
        self.check("nothing", [])

    def test_a_name_of_any_characters(self):
        self.check('a name/with "odd" things: ä %s', [], "7")

    def test_wrong_arguments_are_refused_in_words(self):
        self.refused(self.invoke(self.library, "add", "1"), "add takes 2 arguments, not 1")
        self.refused(self.invoke(self.library, "nothing", "1"), "nothing takes 0 arguments, not 1")
        for word in ("", " 1", "1x", "1.5", "4294967296", "-2147483649", "0x", "--1", "ten"):
            self.refused(self.invoke(self.library, "add", "1", word),
                         f'argument 2 of add is an i32, and "{word}" is not')
        self.refused(self.invoke(self.library, "triple", "18446744073709551616"), "is an i64")
        self.refused(self.invoke(self.library, "half", "one"), "is an f32")
        self.refused(self.invoke(self.library, "root", ""), "is an f64")

    def test_functions_that_cannot_be_called_are_refused_in_words(self):
        messages = self.invoke(self.library, "subtract")
        self.refused(messages, "exports no function subtract", "    add\n", "    triple\n")
        self.refused(self.invoke(self.library, "reference"), "exports no function reference that")

    def test_a_trap_is_one(self):
        status, _, messages = self.invoke(self.library, "traps")
        self.assertEqual(status, EXIT_TRAP)
        self.assertIn("unreachable", messages)

    def test_a_library_does_not_run_by_itself(self):
        self.invoke(self.library, "nothing") # it is in the cache now
        status, _, messages = self.run_module(self.library)
        self.assertEqual(status, 2)
        self.assertIn("--invoke=NAME", messages)

    def test_the_function_is_chosen_at_build_time_or_later(self):
        program = self.folder / "program"
        subprocess.run([TIMECRAFT, "build", "-q", "-O0", "--invoke=add", self.library, "-o",
                        program], check=True)
        def run(options, *words):
            return subprocess.run([program, *words], capture_output=True, text=True,
                                  env=dict(os.environ, TIMECRAFT_OPTIONS=options)).stdout
        self.assertEqual(run("", "20", "22"), "42\n")
        self.assertEqual(run("--invoke=triple", "5"), "15\n")

    def test_build_refuses_what_cannot_be_called(self):
        def build(*options):
            done = subprocess.run([TIMECRAFT, "build", "-q", *options, self.library, "-o",
                                   self.folder / "none"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            return done.stderr
        self.assertIn("exports neither _start nor _initialize", build())
        self.assertIn("exports no function subtract", build("--invoke=subtract"))
        self.assertIn("exports reference with type (funcref) -> ()", build("--invoke=reference"))


class Reactor(Modules):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reactor = cls.compile(cls, REACTOR, "reactor", "-mexec-model=reactor")

    def test_it_is_initialised_before_a_function_is_called(self):
        self.assertEqual(self.invoke(self.reactor, "sum", "2"), (0, "42\n", ""))

    def test_its_own_output_comes_first(self):
        self.assertEqual(self.invoke(self.reactor, "greet", "3"), (0, "hello\n1\n", ""))

    def test_it_may_end_the_program(self):
        self.assertEqual(self.invoke(self.reactor, "leave", "9"), (9, "", ""))

    def test_without_a_function_it_is_only_initialised(self):
        self.assertEqual(self.run_module(self.reactor), (0, "", ""))


class Command(Modules):
    def test_invoke_takes_the_place_of_start(self):
        command = self.compile(COMMAND, "command")
        self.assertEqual(self.run_module(command), (3, "main ran\n", ""))
        self.assertEqual(self.invoke(command, "answer"), (0, "42\n", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
