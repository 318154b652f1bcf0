"""What is built does what the module says, at every level and with every option."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import unittest

from support import PREFIX, SANITIZED, TIMECRAFT, sdk_words
from support.command import Case, SEVEN

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

HELLO = """#include <stdio.h>
int main(int argc, char **argv) {
    printf("hello, %s\\n", argc > 1 ? argv[1] : "world");
    return 3;
}
"""


def writing(module, body):
    """A guest in WAT that imports fd_seek and proc_exit from a module, with a body for _start."""
    return f"""(module
        (import "{module}" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
        (import "{module}" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") {body}))"""


class Levels(Case):
    def semantics(self, *options, **more):
        module = self.wat((HERE / "semantics.wat").read_text(), flags=())
        program, _ = self.build(module, *options, **more)
        self.assertEqual(self.execute(program).status, 0, "the check with this number failed")

    def test_semantics_with_tcc(self):
        if not shutil.which("tcc"):
            self.skipTest("no tcc")
        self.semantics("-O0")

    def test_semantics_at_O0(self):
        self.semantics("-O0", "--cc", "cc")

    def test_semantics_at_O1(self):
        self.semantics("-O1")

    def test_semantics_at_O2(self):
        self.semantics("-O2")

    def test_semantics_at_O3(self):
        self.semantics("-O3")

    @unittest.skipIf(SANITIZED, "clang cannot link gcc's sanitizers")
    def test_semantics_with_clang_at_O2(self):
        self.semantics("-O2", "--cc", "clang")

    @unittest.skipIf(SANITIZED, "clang cannot link gcc's sanitizers")
    def test_semantics_with_clang_at_O3(self):
        self.semantics("-O3", "--cc", "clang")

    def test_O0_uses_tcc(self):
        if not shutil.which("tcc"):
            self.skipTest("no tcc")
        tcc, calls = self.logged("tcc")
        program, _ = self.build(self.wat(SEVEN), "-O0",
                                env={"PATH": f"{tcc.parent}:{os.environ['PATH']}"})
        self.assertGreater(len(calls()), 0)
        self.assertEqual(self.execute(program).status, 7)

    def test_with_O0_only_the_binding_is_the_c_compilers(self):
        """Also where a module imports functions of several parameters."""
        if not shutil.which("tcc"):
            self.skipTest("no tcc")
        result = self.build(self.c(HELLO), "-O0", "-v")[1]
        compiled = [line for line in result.err.splitlines() if line.startswith("+ ") and " -c " in line]
        self.assertGreater(len(compiled), 2, result)
        self.assertEqual([" binding.c " in line for line in compiled],
                         ["tcc -w" not in line for line in compiled], result)

    def test_O0_without_tcc_uses_the_c_compiler(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for folder in os.environ["PATH"].split(":"):
            if os.path.isdir(folder):
                for name in os.listdir(folder):
                    if name != "tcc" and not (tools / name).is_symlink():
                        os.symlink(os.path.join(folder, name), tools / name)
        program, _ = self.build(self.wat(SEVEN), "-O0", env={"PATH": str(tools)})
        self.assertEqual(self.execute(program).status, 7)

    def test_what_tcc_cannot_compile_goes_to_the_c_compiler(self):
        tcc, calls = self.logged("tcc", name="tcc", fails=True)
        program, _ = self.build(self.c(HELLO), "-O0",
                                env={"PATH": f"{tcc.parent}:{os.environ['PATH']}"})
        self.assertGreater(len(calls()), 0)
        self.assertEqual(self.execute(program).out, "hello, world\n")

    def test_tcc_compiles_vectors_too(self):
        """All but the binding, which the C compiler gets at every level."""
        if not shutil.which("tcc"):
            self.skipTest("no tcc")
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (global $vector (mut v128) (v128.const i32x4 1 2 3 4))
            (func $sum (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1)))
            (func (export "_start") (call $exit (i32x4.extract_lane 2
                (call $sum (global.get $vector) (v128.const i32x4 10 20 30 40))))))""")
        program, result = self.build(module, "-O0", "-v")
        compiled = [line for line in result.err.splitlines()
                    if line.startswith("+ ") and " -c " in line]
        self.assertGreater(len(compiled), 1, result)
        self.assertEqual([" binding.c " in line for line in compiled],
                         ["tcc -w" not in line for line in compiled], result)
        self.assertEqual(self.execute(program).status, 33)

    @unittest.skipIf(SANITIZED, "a sanitized runtime has its memory elsewhere")
    def test_O1_has_the_memory_at_a_constant_address(self):
        module = self.wat("""(module
            (memory (export "memory") 1)
            (func (export "_start") (i32.store (i32.const 8) (i32.const 0x12345678))))""")
        program, _ = self.build(module, "-O1")
        code = subprocess.run(["objdump", "-d", program], capture_output=True, text=True, check=True)
        self.assertRegex(code.stdout, r"movl +\$0x12345678,0x10000008\b")

    @unittest.skipIf(SANITIZED, "a sanitized runtime has its memory elsewhere")
    @unittest.skipIf(platform.machine() != "x86_64", "looks for an instruction of x86")
    def test_O1_prefetches_what_a_guest_asks_for(self):
        """Also addresses that are none, which are no trap."""
        module = self.c("""int main(int argc, char **argv) {
            (void)argv;
            __builtin_prefetch((void *)(argc * 0x12340));
            __builtin_prefetch((void *)-(unsigned long)argc, 1, 0);
            return argc;
        }""", "guest.wasm", *sdk_words("--cflags"))
        program, _ = self.build(module, "-O1")
        self.assertEqual(self.execute(program).status, 1)
        code = subprocess.run(["objdump", "-d", program], capture_output=True, text=True, check=True)
        self.assertEqual(len(re.findall(r"\tprefetch\w+ +0x10000000\(", code.stdout)), 2)

    @unittest.skipIf(SANITIZED, "a sanitized runtime has its memory elsewhere")
    def test_the_mark_of_a_prefetch_is_a_number_as_others_are(self):
        """What adds it for another reason gets the sum, and what does something else with it that."""
        header = (ROOT / "sdk/c/include/timecraft/prefetch.h").read_text()
        mark = int(re.search(r"#define TIMECRAFT_PREFETCH_MARK (\d+)", header)[1])
        program, _ = self.build(self.wat(f"""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $sum (param i32) (result i32) (i32.add (local.get 0) (i32.const {mark})))
            (func $other (param i64) (result i32)
                (i32.wrap_i64 (i64.add (local.get 0) (i64.const {mark}))))
            (func $below (param i64) (result i32)
                (local.get 0) (i32.const {mark}) (drop) (i32.wrap_i64))
            (func (export "_start") (call $exit (i32.add (i32.add
                (call $sum (i32.const {20 - mark})) (call $other (i64.const {3 - mark})))
                (call $below (i64.const 1))))))"""), "-O1")
        self.assertEqual(self.execute(program).status, 24)

    def test_O0_with_a_chosen_compiler_uses_that_one(self):
        tcc, calls = self.logged("tcc", name="tcc", fails=True)
        self.build(self.wat(SEVEN), "-O0", "--cc", "cc",
                   env={"PATH": f"{tcc.parent}:{os.environ['PATH']}"})
        self.assertEqual(calls(), [])


class Modules(Case):
    def test_c_program_with_arguments_and_status(self):
        program, _ = self.build(self.c(HELLO))
        result = self.execute(program, "you")
        self.assertEqual((result.out, result.status), ("hello, you\n", 3))

    def test_exceptions_tail_calls_and_more(self):
        """Features that wasm2c may leave off by default."""
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                    (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1) (memory $other 1)
            (data (memory $other) (offset (i32.add (i32.const 3) (i32.const 4))) "\\05")
            (tag $problem (param i32))
            (func $throw (param i32) (throw $problem (local.get 0)))
            (func $catch (result i32)
                (try (result i32) (do (call $throw (i32.const 37)) (i32.const 0))
                     (catch $problem)))
            (func $end (param i32) (return_call $exit (local.get 0)))
            (func (export "_start")
                (call $end (i32.add (call $catch) (i32.load8_u $other (i32.const 7))))))""")
        program, _ = self.build(module)
        self.assertEqual(self.execute(program).status, 42)

    def test_reactor(self):
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_initialize") (call $exit (i32.const 9))))""")
        program, _ = self.build(module)
        self.assertEqual(self.execute(program).status, 9)

    def test_module_without_memory(self):
        program, _ = self.build(self.wat('(module (func (export "_start")))'))
        self.assertEqual(self.execute(program).status, 0)

    def test_memory_under_another_name(self):
        """The first exported memory is the one that imports work on."""
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "fd_write"
                    (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "it's mine") 1)
            (data (i32.const 0) "\\08\\00\\00\\00\\03\\00\\00\\00yes")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))""")
        program, _ = self.build(module)
        self.assertEqual(self.execute(program).out, "yes")

    def test_import_that_is_repeated(self):
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $one (param i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $two (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $two (i32.const 5)) (call $one (i32.const 6))))""")
        program, _ = self.build(module)
        self.assertEqual(self.execute(program).status, 5)

    def test_unstable_fd_seek_has_its_own_whence_numbers(self):
        """Seeking a file to its end: 1 there, 2 in preview 1. The status is the position."""
        seek_to_end = """(drop (call $seek (i32.const 0) (i64.const -2) (i32.const {}) (i32.const 8)))
                         (call $exit (i32.load (i32.const 8)))"""
        (self.folder / "ten").write_text("0123456789")
        for name, whence in (("wasi_unstable", 1), ("wasi_snapshot_preview1", 2)):
            program, _ = self.build(self.wat(writing(name, seek_to_end.format(whence))))
            with open(self.folder / "ten") as file:
                result = self.timecraft(command=str(program), stdin=file)
            self.assertEqual(result.status, 8, name)

    def test_many_data_segments_are_loaded_in_order(self):
        """Go's modules have 100,000; a compiler must not see as many statements."""
        segments = "".join(f'(data (i32.const {1000 + i}) "\\{i % 256:02x}\\{(i + 1) % 256:02x}")'
                           for i in range(5000))
        checks = "".join(f"(call $check (i32.const {1000 + i}) (i32.const {i % 256}))"
                         for i in range(0, 5000, 617))
        module = self.wat(f"""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            {segments} (data (i32.const 1000) "\\00")
            (data "passive") (data $empty "") (data (i32.const 0) "")
            (func $check (param i32 i32)
                (if (i32.ne (i32.load8_u (local.get 0)) (local.get 1))
                    (then (call $exit (i32.const 1)))))
            (func (export "_start") {checks} (call $exit (i32.const 4))))""")
        program, _ = self.build(module)
        self.assertEqual(self.execute(program).status, 4)

    def test_data_segment_outside_the_memory_traps(self):
        module = self.wat("""(module (memory (export "memory") 1)
            (data (i32.const 65535) "a") (data (i32.const 65535) "bc")
            (func (export "_start")))""")
        program, _ = self.build(module)
        result = self.execute(program)
        self.assertEqual(result.status, 134, result)
        self.assertIn("out-of-bounds", result.err)

    def test_names_with_any_character(self):
        for name in ("a b.wasm", "quote\".wasm", "back\\slash.wasm", "new\nline.wasm", "%s%n.wasm",
                     "trigraph??=.wasm", "-dash.wasm", "ünï.wasm"):
            module = self.wat(SEVEN)
            module = module.rename(self.folder / name)
            program, _ = self.build(module, program="out " + name)
            self.assertEqual(self.execute(program).status, 7, name)

    def test_module_from_a_pipe(self):
        module = self.wat(SEVEN)
        with subprocess.Popen(["cat", module], stdout=subprocess.PIPE) as cat:
            program, _ = self.build("/dev/stdin", stdin=cat.stdout)
        self.assertEqual(self.execute(program).status, 7)

    def test_simd(self):
        if not os.path.exists("/usr/include/simde/wasm/simd128.h"):
            self.skipTest("no SIMDe (libsimde-dev)")
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $sum (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1)))
            (func (export "_start") (call $exit (i32x4.extract_lane 2
                (call $sum (v128.const i32x4 1 2 3 4) (v128.const i32x4 10 20 30 40))))))""")
        for level in ("-O0", "-O2"):
            program, _ = self.build(module, level)
            self.assertEqual(self.execute(program).status, 33, level)


class Options(Case):
    def test_values_stand_after_an_equals_sign_or_a_space(self):
        module = self.wat(SEVEN)
        for words in (["-o", "a"], ["-oa"], ["--output", "a"], ["--output=a"],
                      ["-o", "a", "-j", "1"], ["-o", "a", "-j2"], ["-o", "a", "--jobs=1"],
                      ["-o", "a", "--cc=cc"], ["-o", "a", "--"]):
            result = self.timecraft("build", *words, module)
            self.assertEqual(result.status, 0, words)
            (self.folder / "a").unlink()

    def test_compiler_by_a_relative_path(self):
        cc, calls = self.logged("cc")
        self.build(self.wat(SEVEN), "--cc", os.path.relpath(cc, self.folder))
        self.assertGreater(len(calls()), 0)

    def test_compiler_of_several_words(self):
        cc, calls = self.logged("env")
        self.build(self.wat(SEVEN), f"--cc={cc} cc -g")
        self.assertGreater(len(calls()), 0)
        self.assertTrue(calls()[0].startswith("cc -g "))

    def test_grants_are_part_of_the_program(self):
        program, _ = self.build(self.c("""#include <stdio.h>
            #include <stdlib.h>
            int main(void) { printf("%s|%s\\n", getenv("ONE"), getenv("TWO")); }"""),
            "--env", "ONE=a 'b' \"c\" \\d ??/", "--env=TWO=\n", "-O1")
        self.assertEqual(self.execute(program).out, "a 'b' \"c\" \\d ??/|\n\n")

    def test_keep_c_keeps_files_that_compile(self):
        kept = self.folder / "new" / "kept"
        kept.mkdir(parents=True)
        (kept / "unit_99.c").write_text("stale")
        (kept / "mine.c").write_text("mine")
        self.build(self.c(HELLO), "--keep-c", kept)
        self.assertFalse((kept / "unit_99.c").exists())
        self.assertEqual((kept / "mine.c").read_text(), "mine")
        (kept / "mine.c").unlink()
        include = PREFIX / "lib/timecraft/include"
        sources = [str(path) for path in kept.glob("*.c")]
        self.assertGreater(len(sources), 2)
        subprocess.run(["cc", "-fsyntax-only", "-w", f"-I{include}", *sources], check=True)

    def test_functions_of_many_parameters_are_in_units_as_others_are(self):
        """Those that are in none are compiled again with each change anywhere."""
        kept = self.folder / "kept"
        functions = "".join(f'(func (export "take{count}") (param {"i64 " * count}) (result i64) '
                            f'(local.get {count - 1}))' for count in (1, 8, 9, 16, 17, 40))
        self.build(self.wat(f'(module (memory (export "memory") 1) {functions} '
                            '(func (export "_start")))'), "--keep-c", kept)
        base = (kept / "base.c").read_text()
        units = "".join(path.read_text() for path in kept.glob("unit_*.c"))
        for count in (1, 8, 9, 16, 17, 40):
            defined = re.compile(rf"^u64 w2c_guest_take{count}\([^;{{}}]*\) {{", re.MULTILINE)
            self.assertNotRegex(base, defined)
            self.assertRegex(units, defined)

    def test_keep_c_keeps_files_whose_objects_are_in_the_cache(self):
        module = self.c(HELLO)
        compiled = self.build(module, "-O0")[1].compiled
        result = self.build(module, "-O0", "--keep-c", self.folder / "kept")[1]
        self.assertEqual((result.compiled, result.cached), (0, compiled))
        self.assertEqual(len(list((self.folder / "kept").glob("*.c"))), compiled)

    def test_jumps_by_a_table_with_a_number_just_set_go_where_it_leads_to(self):
        """Go's compiler makes all jumps so; C compilers leave them through the table."""
        kept = self.folder / "kept"
        self.build(self.wat("""(module (memory (export "memory") 1) (func (export "_start")
            (local $place i32) (local $turns i32)
            (loop $again
              (block $else (block $two (block $one (block $zero
                (br_table $zero $one $two $else (local.get $place)))
                (local.set $place (i32.const 2)) (br $again))
               (local.set $place (i32.const 4294967295)) (br $again))
              (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
              (if (i32.lt_u (local.get $turns) (i32.const 9))
                (then (local.set $place (i32.const 0)) (br $again)))
              (local.set $place (i32.const 1)) (br $again)))))"""), "--keep-c", kept)
        units = "".join(path.read_text() for path in kept.glob("unit_*.c"))
        self.assertIn("switch (", units)
        self.assertNotIn("goto var_L", units)

    def test_functions_that_begin_with_a_table_ask_for_its_first_place_before(self):
        """Where the table goes by the only parameter: Go's, which is 0 for a plain call."""
        kept = self.folder / "kept"
        function = """(func (export "{}") (param i32 {}) (result i32) (local i64)
            (loop $again (block $one (block $zero (br_table $zero $one (local.get {})))
                (local.set {} (i32.const 1)) (br $again)))
            (i32.const 1))"""
        self.build(self.wat(f"""(module (memory (export "memory") 1) (func (export "_start"))
            {function.format("likego", "", 0, 0)} {function.format("oftwo", "i32", 0, 0)}
            {function.format("ofasecond", "i32", 1, 1)})"""), "--keep-c", kept)
        units = "".join(path.read_text() for path in kept.glob("unit_*.c"))
        asked = re.findall(r"^u32 w2c_guest_(\w+)\([^}]*?if \(__builtin_expect\(var_p0 == 0, 1\)\) "
                           r"goto var_B\d+; switch \(", units, re.MULTILINE)
        self.assertEqual([re.sub(r"_0$", "", name) for name in asked], ["likego"])

    def test_keep_c_where_nothing_can_be_kept(self):
        result = self.timecraft("build", "--keep-c", "/dev/null/x", self.wat(SEVEN), "-o", "program")
        self.assertRefused(result, "cannot keep the C files in /dev/null/x")

    def libraries(self, *imports):
        """What a program is linked with whose module has these imports and calls none."""
        words = "".join(f'(import "wasi_snapshot_preview1" "{name}" (func (param {types}) '
                        f'(result i32)))' for name, types in imports)
        program, _ = self.build(self.wat(f'(module {words} (memory (export "memory") 1)'
                                         '(func (export "_start")))'), "-O0")
        self.assertEqual(self.execute(program).status, 0)
        self.program = pathlib.Path(program).read_bytes()
        listed = subprocess.run(["ldd", program], capture_output=True, text=True)
        return {line.split()[0].split(".so")[0] for line in listed.stdout.splitlines()}

    def test_program_that_imports_nothing_of_sockets_is_linked_with_nothing_for_them(self):
        waits = ("poll_oneoff", "i32 i32 i32 i32")
        reads = ("fd_read", "i32 i32 i32 i32")
        without = self.libraries(waits, reads, ("fd_close", "i32"), ("random_get", "i32 i32"))
        self.assertFalse(without & {"libssl", "libcrypto", "liburing"}, without)
        self.assertNotIn(b"NOTIFY_SOCKET", self.program)  # nor with what keeps servers running
        within = self.libraries(waits, reads, ("sock_shutdown", "i32 i32"))
        self.assertLessEqual({"libssl", "libcrypto", "liburing"}, within)
        self.assertIn(b"NOTIFY_SOCKET", self.program)

    def test_static_program_needs_no_openssl_and_no_liburing(self):
        module = self.wat(SEVEN.replace("(memory", '(import "wasi_snapshot_preview1" "sock_shutdown"'
                                        ' (func (param i32 i32) (result i32))) (memory'))
        dynamic, _ = self.build(module)
        static, _ = self.build(module, "--static", program="static")
        needs = [subprocess.run(["ldd", program], capture_output=True, text=True).stdout
                 for program in (dynamic, static)]
        for library in ("libssl", "libcrypto", "liburing"):
            self.assertIn(library, needs[0])
            self.assertNotIn(library, needs[1])
        self.assertIn("libc.so", needs[1])
        self.assertEqual(self.execute(static).status, 7)

    def test_quiet_says_nothing(self):
        self.assertEqual(self.build(self.wat(SEVEN), "-q")[1].err, "")

    def test_verbose_shows_the_commands(self):
        err = self.build(self.wat(SEVEN), "-v")[1].err
        for text in ("--num-outputs", "-O2", "libtimecraft.a"):
            self.assertIn(text, err)

    def test_progress_is_plain_lines_without_a_terminal(self):
        err = self.build(self.wat(SEVEN))[1].err
        self.assertNotIn("\r", err)
        self.assertNotIn("\033", err)
        self.assertRegex(err, r"translating .*\n.*compiling .*\n.*linking .*\n.*built ")

    def test_progress_is_a_bar_on_a_terminal(self):
        module = self.c(HELLO)
        controller, terminal = os.openpty()
        done = subprocess.run([TIMECRAFT, "build", module, "-o", self.folder / "program"],
                              env=dict(self.environment, TERM="xterm"), stderr=terminal)
        os.close(terminal)
        said = os.read(controller, 1 << 16).decode()
        os.close(controller)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(said, r"\[#*\.*\] \d+/\d+")
        self.assertIn("built ", said.split("\r\033[K")[-1])

    def test_inspect_says_what_the_runtime_has(self):
        module = self.wat("""(module
            (import "env" "foo" (func (param i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
            (memory (export "memory") 2 3)
            (func $named (export "_start")))""")
        result = self.timecraft("inspect", module)
        self.assertEqual((result.status, result.err), (0, ""))
        for text in ("env.foo (i32) -> (): not provided",
                     "wasi_snapshot_preview1.fd_close (i32) -> i32: provided",
                     "memory of 2 pages (128 KiB), at most 3", "_start () -> ()", "kind: command",
                     "2 imported, 1 defined, 1 with names"):
            self.assertIn(text, result.out)

    def test_stack_is_not_executable(self):
        for level in ("-O0", "-O2"):
            program, _ = self.build(self.wat(SEVEN), level)
            headers = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True)
            self.assertRegex(headers.stdout, r"GNU_STACK.* RW ")

    def test_names_of_functions_are_in_the_program(self):
        program, _ = self.build(self.c(HELLO))
        symbols = subprocess.run(["nm", program], capture_output=True, text=True).stdout
        self.assertTrue(re.search(r" [tT] w2c_guest_printf$", symbols, re.M))


if __name__ == "__main__":
    unittest.main()
