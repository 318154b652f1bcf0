"""What cannot be built is refused with a clear message, the right exit status, and nothing left."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from support import PREFIX, TIMECRAFT
from support.command import Case, SEVEN


class Modules(Case):
    def refuse(self, module, *texts, options=()):
        result = self.timecraft("build", *options, module, "-o", self.folder / "program")
        self.assertRefused(result, os.path.basename(module), *texts)
        return result

    def refuse_bytes(self, data, *texts):
        module = self.folder / "bad.wasm"
        module.write_bytes(data)
        return self.refuse(module, *texts)

    def test_missing_file(self):
        self.refuse(self.folder / "nothing.wasm", "No such file")

    def test_directory(self):
        result = self.timecraft("build", self.temporary, "-o", self.folder / "program")
        self.assertRefused(result, "Is a directory")

    def test_empty_file(self):
        self.refuse_bytes(b"", "is empty")

    def test_file_that_is_no_module(self):
        self.refuse_bytes(b"#!/bin/sh\necho hello\n", "is not a WebAssembly module")

    def test_text_format(self):
        self.refuse_bytes(b"(module)", "text", "wat2wasm")

    def test_component(self):
        self.refuse_bytes(b"\0asm\x0d\0\1\0", "component", "preview 1")

    def test_unknown_version(self):
        self.refuse_bytes(b"\0asm\2\0\0\0", "version 2")

    def test_end_within_the_preamble(self):
        self.refuse_bytes(b"\0asm\1", "first 8 bytes")

    def test_section_longer_than_the_file(self):
        self.refuse_bytes(b"\0asm\1\0\0\0\1\x7f\0", "type section", "byte 10")

    def test_more_entries_than_fit(self):
        self.refuse_bytes(b"\0asm\1\0\0\0\2\5\xff\xff\xff\xff\x0f", "import section", "4294967295")

    def test_number_without_end(self):
        self.refuse_bytes(b"\0asm\1\0\0\0\1\6\xff\xff\xff\xff\xff\1", "type section", "too long")

    def test_function_of_an_unknown_type(self):
        self.refuse_bytes(b"\0asm\1\0\0\0\3\2\1\5", "function section", "type 5")

    def test_garbage_collected_types(self):
        self.refuse_bytes(b"\0asm\1\0\0\0\1\3\1\x5f\0", "garbage-collected types")

    def test_code_that_is_not_valid_shows_what_wasm2c_says(self):
        module = self.wat('(module (func (export "_start") (drop (i32.add (i32.const 1)))))',
                          flags=("--no-check",))
        self.refuse(module, "wasm2c", "type mismatch")

    def test_constants_name_immutable_globals_that_stand_before(self):
        for kind, first, second in (("i32", 1, 1), ("(mut i32)", 0, 0)):
            with self.subTest(kind):
                module = self.wat(f"""(module
                    (global {kind} (i32.const 0))
                    (global i32 (global.get {first}))
                    (memory 1)
                    (data (global.get {second}) "x")
                    (func (export "_start")))""", flags=("--no-check",))
                self.refuse(module, "wasm2c", "initializer expression")

    def test_constants_that_double_each_time_are_not_written_out(self):
        globals_ = "".join(f"(global i32 (i32.add (global.get {at}) (global.get {at})))"
                           for at in range(64))
        module = self.wat(f"""(module (global i32 (i32.const 1)) {globals_}
            (func (export "_start")))""", flags=("--enable-all", "--no-check"))
        self.refuse(module, "wasm2c", "initializer expression")

    def test_every_import_that_is_missing_is_named_with_its_type(self):
        module = self.wat("""(module
            (import "env" "foo" (func (param i32 i64) (result f64)))
            (import "env" "bar" (func))
            (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))
            (import "wasi_snapshot_preview1" "fd_open" (func (param v128) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                    (func (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sock_accept" (func (param f32)))
            (import "env" "memory" (memory 1))
            (import "env" "table" (table 1 funcref))
            (import "env" "global" (global (mut i32)))
            (import "env" "\\1b[31m" (func))
            (func (export "_start")))""")
        result = self.refuse(
            module, "8 things",
            "env.foo (i32, i64) -> f64: the runtime has no such module",
            "env.bar () -> ()",
            "wasi_snapshot_preview1.fd_close (i64) -> i32: the runtime has it as (i32) -> i32",
            "wasi_snapshot_preview1.fd_open (v128) -> i32: the runtime has no such function",
            "sock_accept (f32) -> (): the runtime has it as (i32, i32, i32) -> i32 or "
            "(i32, i32) -> i32",
            "env.table table of funcref", "env.global mutable global i32", "env.\\1b[31m")
        self.assertNotIn("fd_read", result.err)
        self.assertNotIn("env.memory", result.err)

    def test_import_with_two_types(self):
        module = self.wat("""(module
            (import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32 i32) (result i32)))
            (func (export "_start")))""")
        self.refuse(module, "sock_accept (i32, i32, i32) -> i32", "second time")

    def test_nothing_to_run(self):
        self.refuse(self.wat('(module (func (export "main")))'), "neither _start nor _initialize")

    def test_start_with_parameters(self):
        self.refuse(self.wat('(module (func (export "_start") (param i32)))'), "(i32) -> ()")

    def test_every_prefix_of_a_module_is_read_without_a_crash(self):
        data = self.wat(SEVEN).read_bytes()
        module = self.folder / "prefix.wasm"
        for length in range(len(data)):
            module.write_bytes(data[:length])
            self.assertIn(self.timecraft("inspect", module).status, (0, 1), length)

    def test_damaged_modules_are_read_without_a_crash(self):
        data = self.wat("""(module (import "a" "b" (func (param i32 i64 f32 f64) (result i32)))
            (import "a" "c" (global i32)) (memory (export "memory") 1 2) (table 1 funcref)
            (global (mut i32) (i32.const 0)) (tag (param i32))
            (func $named (export "_start") nop))""").read_bytes()
        module = self.folder / "damaged.wasm"
        for seed in range(300):
            chance = random.Random(seed)
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 4)):
                damaged[chance.randrange(8, len(damaged))] = chance.choice(
                    [0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)])
            module.write_bytes(damaged)
            result = self.timecraft("inspect", module)
            self.assertIn(result.status, (0, 1), f"seed {seed}: {result}")


class Hints(Case):
    """What a person is told before a guest's own words would mislead."""

    HINT = "--dir=.::/ shows it the same folder as /"

    def module(self, is_go):
        module = self.wat(SEVEN)
        if is_go:  # a custom section as Go's linker writes it
            name = b"go:buildid"
            section = bytes([len(name)]) + name + b"id"
            module.write_bytes(module.read_bytes() + bytes([0, len(section)]) + section)
        return module

    def said(self, *words, is_go=True, command="run", **more):
        words = [*words, self.module(is_go)]
        if command == "build":
            words += ["-o", self.folder / "program"]
        return self.timecraft(command, "-O0", *words, **more).err

    def test_a_folder_with_a_relative_name_is_of_no_use_to_go(self):
        for command in "run", "build":
            self.assertIn(self.HINT, self.said("--dir=.", command=command))
        self.assertIn(self.HINT, self.said("--dir=.::."))
        self.assertIn("--dir=data::/", self.said("--dir=data", "--dir=.::/"))
        self.assertIn(self.HINT, self.said(env={"TIMECRAFT_OPTIONS": "--dir=."}))

    def test_no_hint_where_it_would_not_help(self):
        for words in ("--dir=.::/",), ("--dir=/tmp",), (), ("--dir=.", "--no-grants"), ("-q", "--dir=."):
            self.assertNotIn("hint", self.said(*words), words)
        self.assertNotIn("hint", self.said("--dir=.", is_go=False))


class Outputs(Case):
    def setUp(self):
        super().setUp()
        self.module = self.wat(SEVEN)

    def test_directory_that_does_not_exist(self):
        result = self.timecraft("build", self.module, "-o", "nowhere/program")
        self.assertRefused(result, "cannot write nowhere/program", "No such file")

    def test_output_is_a_directory(self):
        result = self.timecraft("build", self.module, "-o", self.temporary)
        self.assertRefused(result, "it is a directory")

    def test_output_is_a_device(self):
        result = self.timecraft("build", self.module, "-o", "/dev/null")
        self.assertRefused(result, "not a regular file")

    def test_output_beneath_a_file(self):
        result = self.timecraft("build", self.module, "-o", self.module / "program")
        self.assertRefused(result, "Not a directory")

    def test_output_is_the_module(self):
        result = self.timecraft("build", self.module, "-o", self.module)
        self.assertRefused(result, "its own module")

    def test_failed_build_keeps_the_program_that_was_there(self):
        (self.folder / "old").write_text("old")
        failing, _ = self.logged("cc", name="failing-cc", fails=True)
        result = self.timecraft("build", "--cc", failing, self.module, "-o", "old")
        self.assertRefused(result, "cannot compile")
        self.assertEqual((self.folder / "old").read_text(), "old")

    def test_interrupted_build_leaves_nothing(self):
        slow = self.folder / "slow-cc"
        slow.write_text("#!/bin/sh\necho started >&2\nexec sleep 100\n")
        slow.chmod(0o755)
        process = subprocess.Popen(
            [TIMECRAFT, "build", "--cc", slow, "-v", self.module, "-o", self.folder / "program"],
            env=self.environment, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "slow-cc" in line:
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), -signal.SIGTERM)
        process.stderr.close()
        self.assertLeftNothing()


class Toolchain(Case):
    """Each test has an installation of its own, with another toolchain.conf."""

    def install(self, conf, without=()):
        prefix = self.folder / "prefix"
        (prefix / "bin").mkdir(parents=True)
        (prefix / "lib/timecraft").mkdir(parents=True)
        shutil.copy(TIMECRAFT, prefix / "bin/timecraft")
        for name in ("include", "libtimecraft.a"):
            if name not in without:
                os.symlink(PREFIX / "lib/timecraft" / name, prefix / "lib/timecraft" / name)
        (prefix / "lib/timecraft/toolchain.conf").write_text(conf)
        return str(prefix / "bin/timecraft")

    def refuse(self, command, *texts, path=""):
        module = self.wat(SEVEN)
        result = self.timecraft("build", module, "-o", self.folder / "program", command=command,
                                env={"PATH": path})
        self.assertRefused(result, *texts)

    def real_wasm2c(self):
        lines = (PREFIX / "lib/timecraft/toolchain.conf").read_text().splitlines()
        value = next(line.split("=", 1)[1] for line in lines if line.startswith("wasm2c="))
        return PREFIX / "lib/timecraft" / value

    def test_missing_wasm2c(self):
        self.refuse(self.install("cc=/bin/sh\n"), "wasm2c was not found", "wabt")

    def test_old_wasm2c(self):
        old = self.folder / "wasm2c"
        old.write_text("#!/bin/sh\necho 1.0.32\n")
        old.chmod(0o755)
        self.refuse(self.install(f"wasm2c={old}\ncc=/bin/sh\n"), "1.0.32", "1.0.36")

    def test_wasm2c_of_another_version_than_the_runtime(self):
        other = self.folder / "wasm2c"
        other.write_text("#!/bin/sh\necho 99.0.1\n")
        other.chmod(0o755)
        self.refuse(self.install(f"wasm2c={other}\ncc=/bin/sh\n"), "99.0.1", "was built for")

    def test_broken_wasm2c(self):
        broken = self.folder / "wasm2c"
        broken.write_text("#!/bin/sh\necho libstrange.so.1 is missing\nexit 127\n")
        broken.chmod(0o755)
        self.refuse(self.install(f"wasm2c={broken}\ncc=/bin/sh\n"), "does not work", "libstrange")

    def test_missing_c_compiler(self):
        self.refuse(self.install(f"wasm2c={self.real_wasm2c()}\n"), "no C compiler", "apt install")

    def test_missing_runtime(self):
        self.refuse(self.install(f"wasm2c={self.real_wasm2c()}\n", without=["libtimecraft.a"]),
                    "the runtime is missing", "libtimecraft.a")

    def test_missing_c_compiler_that_was_asked_for(self):
        module = self.wat(SEVEN)
        result = self.timecraft("build", "--cc", "no-such-cc", module, "-o", "program")
        self.assertRefused(result, "--cc was not found")

    def test_c_compiler_that_does_not_link(self):
        script = self.folder / "cc-without-linker"
        script.write_text('#!/bin/sh\ncase " $* " in *" -c "*) exec cc "$@";; esac\n'
                          "echo no linker here; exit 1\n")
        script.chmod(0o755)
        result = self.timecraft("build", "--cc", script, self.wat(SEVEN), "-o", "program")
        self.assertRefused(result, "cannot link", "no linker here")

    def test_doctor_finds_this_toolchain(self):
        result = self.timecraft("doctor")
        self.assertEqual(result.status, 0, result)
        self.assertIn("Ready to build.", result.out)

    def test_doctor_says_what_is_missing(self):
        result = self.timecraft("doctor", command=self.install(""), env={"PATH": ""})
        self.assertEqual(result.status, 1, result)
        for text in ("MISSING wasm2c", "MISSING C compiler", "apt install gcc", "Not ready"):
            self.assertIn(text, result.out)


class Usage(Case):
    def refuse(self, *words, text):
        self.assertRefused(self.timecraft(*words), text, status=2)

    def test_no_command(self):
        result = self.timecraft()
        self.assertEqual(result.status, 2)
        self.assertIn("timecraft build", result.err)

    def test_unknown_command(self):
        self.refuse("frobnicate", text="no command frobnicate")

    def test_unknown_option(self):
        self.refuse("build", "--frobnicate", "x.wasm", "-o", "y", text="--frobnicate")

    def test_no_module(self):
        self.refuse("build", "-o", "y", text="which module?")
        self.refuse("run", text="which module?")

    def test_two_modules(self):
        self.refuse("build", "a.wasm", "b.wasm", "-o", "y", text="one module only")

    def test_a_value_that_is_no_part_of_its_option(self):
        for command in (["build"], ["run"], ["build", "-o", "y"]):
            self.refuse(*command, "--allow-net", "example.com:443", "guest.wasm",
                        text="--allow-net takes its value in the same word: "
                             "--allow-net=example.com:443")
        for before in (["--allow-net=a:1"], ["--allow-net", "--"], ["--dir", "--allow-net=a:1"]):
            result = self.timecraft("run", *before, "absent.wasm")
            self.assertNotIn("same word", result.err)

    def test_no_output(self):
        self.refuse("build", "a.wasm", text="-o PROGRAM")

    def test_output_for_run(self):
        self.refuse("run", "-o", "x", "a.wasm", text="timecraft build")
        self.refuse("run", "--keep-c", "x", "a.wasm", text="timecraft build")

    def test_option_without_its_value(self):
        for option in ("-o", "--output", "-j", "--cc", "--keep-c"):
            self.refuse("build", "a.wasm", option, text="needs a value")

    def test_bad_number_of_jobs(self):
        for jobs in ("0", "-1", "x", "1x", ""):
            self.refuse("build", "a.wasm", "-o", "y", f"--jobs={jobs}", text="--jobs cannot be")

    def test_bad_level(self):
        self.refuse("build", "a.wasm", "-o", "y", "-O4", text="-O4")

    def test_bad_grant(self):
        self.refuse("build", "a.wasm", "-o", "y", "--allow-net=[::1", text="--allow-net")

    def test_inspect_takes_one_module(self):
        self.refuse("inspect", text="one module")
        self.refuse("inspect", "a", "b", text="one module")

    def test_help_and_version(self):
        for words in (["help"], ["help", "build"], ["help", "run"], ["help", "inspect"],
                      ["help", "doctor"], ["build", "--help"], ["run", "-h"], ["--help"]):
            result = self.timecraft(*words)
            self.assertEqual((result.status, result.err), (0, ""))
            self.assertIn("timecraft", result.out)
        self.assertIn("--allow-net", self.timecraft("help", "build").out)
        self.assertRegex(self.timecraft("version").out, r"^timecraft \d+\.\d+\.\d+\n$")
        self.assertEqual(self.timecraft("--version").out, self.timecraft("version").out)

    def test_help_on_an_unknown_command(self):
        self.refuse("help", "frobnicate", text="frobnicate")

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TIMECRAFT, "help"], stdout=full, stderr=subprocess.PIPE,
                                  text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
