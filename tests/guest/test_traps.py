"""How guests end: traps with their reason and call stack, limits, and faults that are not theirs.

Each traps/NAME.wat says in comments what must be printed:
    ;; trap: REASON     the first line says "trapped: REASON…"
    ;; at: FUNCTION     the innermost guest functions, in this order; only at -O0, where none is
                        inlined
    ;; text: TEXT       stands somewhere in the message
and what to change in the module:
    ;; bytes: NAME = BYTES   a name becomes bytes, as many, that WAT has no way to write
"""

import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

from support import SANITIZED, TIMECRAFT, WAT2WASM

TRAPS = pathlib.Path(__file__).with_name("traps")
EXIT_TRAP = 134
MEMORY_ADDRESS = 0x200000000000 if SANITIZED else 0x10000000


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def build(self, wat, level, name="guest"):
        """Translates WAT text to a program, and returns its path."""
        source = self.folder / f"{name}.wat"
        source.write_text(wat, encoding="utf-8")
        module = source.with_suffix(".wasm")
        program = self.folder / name
        subprocess.run([WAT2WASM, "--debug-names", "--enable-all", source, "-o", module], check=True)
        for old, new in re.findall(r"^;; bytes: (\S+) = (.*)$", wat, re.MULTILINE):
            new = new.encode("latin-1").decode("unicode_escape").encode("latin-1")
            self.assertEqual(len(old), len(new))
            module.write_bytes(module.read_bytes().replace(old.encode(), new))
        built = subprocess.run([TIMECRAFT, "build", level, module, "-o", program],
                               capture_output=True, text=True)
        self.assertEqual(built.returncode, 0, built.stderr)
        return program

    def run_program(self, program, options="", **arguments):
        environment = dict(os.environ, TIMECRAFT_OPTIONS=options)
        return subprocess.run([program], env=environment, capture_output=True, text=True,
                              timeout=60, **arguments)

    def check_traps(self, level):
        for path in sorted(TRAPS.glob("*.wat")):
            with self.subTest(path.stem):
                wat = path.read_text(encoding="utf-8")
                expected = {key: re.findall(rf"^;; {key}: (.*)$", wat, re.MULTILINE)
                            for key in ("trap", "at", "text")}
                program = self.build(wat, level, path.stem)
                result = self.run_program(program)
                self.assertEqual(result.returncode, EXIT_TRAP, result.stderr)
                first, *rest = result.stderr.splitlines()
                self.assertTrue(first.startswith(
                    f"timecraft: {path.stem}.wasm trapped: {expected['trap'][0]}"), first)
                for text in expected["text"]:
                    self.assertIn(text, result.stderr)
                if level == "-O0":
                    functions = [line[7:] for line in rest if line.startswith("    at ")]
                    unrepeated = [name for i, name in enumerate(functions)
                                  if functions[:i][-1:] != [name]]
                    count = len(expected["at"])
                    self.assertEqual(unrepeated[:count], expected["at"], result.stderr)


class Traps(Programs):
    def test_unoptimised(self):
        self.check_traps("-O0")

    def test_optimised(self):
        self.check_traps("-O1")


# Grows its memory by a page at a time as far as it can; the exit status is the number of pages.
GROW = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2 100)
  (func (export "_start")
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    ;; the last page can be used
    (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
    (call $exit (memory.size))))"""

ENDLESS = """(module
  (memory (export "memory") 1)
  (func (export "_start") (loop (br 0))))"""

EMPTY = """(module
  (memory (export "memory") 1)
  (func (export "_start")))"""

# Calls itself as often as its memory says (0), each time with a frame of its own.
DEPTH = """(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\\40\\0d\\03\\00")  ;; 200,000
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.load (i32.const 4))))
      (else (i32.const 0))))
  (func (export "_start") (drop (call $down (i32.load (i32.const 0))))))"""


class Limits(Programs):
    def test_memory_grows_to_the_modules_own_limit(self):
        self.assertEqual(self.run_program(self.build(GROW, "-O0")).returncode, 100)

    def test_max_memory_stops_growth(self):
        result = self.run_program(self.build(GROW, "-O0"), "--max-memory=1M")
        self.assertEqual((result.returncode, result.stderr), (16, ""))

    def test_max_memory_below_the_initial_size_is_refused(self):
        result = self.run_program(self.build(GROW, "-O0"), "--max-memory=64K")
        self.assertEqual(result.returncode, 1)
        self.assertIn("guest.wasm needs 128 KiB of memory at the start, more than the 64 KiB that "
                      "--max-memory allows", result.stderr)

    def test_max_memory_holds_in_the_start_function_too(self):
        early = GROW.replace('(func (export "_start")',
                             '(func (export "_start")) (start $early) (func $early')
        program = self.build(early, "-O0")
        self.assertEqual(self.run_program(program, "--max-memory=1M").returncode, 16)

    def test_max_memory_holds_for_memories_that_are_not_exported(self):
        hidden = GROW.replace('(memory (export "memory") 2 100)', "(memory 2 100)")
        program = self.build(hidden, "-O0")
        self.assertEqual(self.run_program(program, "--max-memory=1M").returncode, 16)

    def test_timeout_ends_the_guest(self):
        program = self.build(ENDLESS, "-O0")
        start = time.monotonic()
        result = self.run_program(program, "--timeout=0.3")
        self.assertEqual(result.returncode, 124)
        self.assertIn("guest.wasm ran longer than the 0.3 s that --timeout allows", result.stderr)
        self.assertLess(time.monotonic() - start, 10)

    def test_timeout_does_not_keep_a_guest_that_is_done(self):
        start = time.monotonic()
        result = self.run_program(self.build(EMPTY, "-O0"), "--timeout=50")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertLess(time.monotonic() - start, 20)

    def test_stack_size_decides_how_deep_calls_go(self):
        program = self.build(DEPTH, "-O0")
        self.assertEqual(self.run_program(program, "--stack-size=1M").returncode, EXIT_TRAP)
        self.assertEqual(self.run_program(program, "--stack-size=256M").returncode, 0)

    @unittest.skipIf(SANITIZED, "AddressSanitizer needs terabytes of address space itself")
    def test_too_little_address_space_is_said(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        result = self.run_program(self.build(EMPTY, "-O0"), preexec_fn=limit)
        self.assertEqual(result.returncode, 1)
        self.assertIn("8 GiB of address space cannot be reserved", result.stderr)
        result = self.run_program(self.build(EMPTY, "-O0"), "--stack-size=4G", preexec_fn=limit)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no memory for its call stack of 4096 MiB", result.stderr)

    def test_bad_options_are_refused_in_words(self):
        result = self.run_program(self.build(EMPTY, "-O0"), "--max-memory=lots")
        self.assertEqual(result.returncode, 2)
        self.assertIn("write for example --max-memory=256M", result.stderr)


# Maps a page where the memory of the program that it is loaded into would be.
OBSTACLE = """
#include <sys/mman.h>
__attribute__((constructor)) static void obstruct(void) {
    mmap((void *)0x10001000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
"""


class Addresses(Programs):
    """Where memories are: see rt/guest/memory_address.h."""

    @staticmethod
    def ticks(pid):
        """Of processor time (proc(5), stat), of which a start takes one or two."""
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[13])

    def memory_starts(self, wat, level):
        """Where the memories of a running program begin: what it may write below all else."""
        process = subprocess.Popen([self.build(wat, level)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while self.ticks(process.pid) < 5:  # then it is in its loop, and no more starting
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text(encoding="ascii")
        return [int(start, 16) for start in re.findall(r"^(\w+)-\w+ rw-p 00000000 00:00 0 *$", maps,
                                                       re.MULTILINE)]

    def test_the_only_memory_is_at_the_address_in_the_code(self):
        self.assertIn(MEMORY_ADDRESS, self.memory_starts(ENDLESS, "-O1"))

    def test_unoptimised_code_has_no_address_in_it(self):
        self.assertNotIn(MEMORY_ADDRESS, self.memory_starts(ENDLESS, "-O0"))

    def test_several_memories_are_anywhere(self):
        two = ENDLESS.replace("(module", "(module (memory 1)")
        self.assertNotIn(MEMORY_ADDRESS, self.memory_starts(two, "-O1"))

    @unittest.skipIf(SANITIZED, "AddressSanitizer must be loaded first")
    def test_an_address_that_is_taken_is_said(self):
        obstacle = self.folder / "obstacle.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", obstacle],
                       input=OBSTACLE, text=True, check=True)
        environment = dict(os.environ, LD_PRELOAD=str(obstacle))
        result = subprocess.run([self.build(EMPTY, "-O1")], env=environment, capture_output=True,
                                text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("guest.wasm: its memory cannot be at address 0x10000000, where it was built "
                      "to have it: something else is there; build it with -O0", result.stderr)


class Signals(Programs):
    def start(self):
        program = self.build(ENDLESS, "-O0")
        process = subprocess.Popen([program], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        time.sleep(0.3)
        return process

    def test_terminate_and_interrupt_end_the_program(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            process.send_signal(number)
            self.assertEqual(process.wait(20), -number)

    def test_a_fault_that_is_not_the_guests_is_no_trap(self):
        process = self.start()
        process.send_signal(signal.SIGSEGV)
        status = process.wait(20)
        self.assertNotIn("trapped", process.stderr.read())
        if SANITIZED:
            self.assertNotIn(status, (0, EXIT_TRAP))
        else:
            self.assertEqual(status, -signal.SIGSEGV)


if __name__ == "__main__":
    unittest.main(verbosity=2)
