"""Calls the `timecraft` command and makes modules for it."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import TIMECRAFT, WAT2WASM

# A guest whose exit status is 7.
SEVEN = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7))))"""


class Result:
    """How a command ended."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __repr__(self):
        return f"status {self.status}\n{self.out}{self.err}"

    @property
    def compiled(self):
        """How many files the build says it compiled."""
        return int(re.search(r"(\d+) files compiled", self.err)[1])

    @property
    def cached(self):
        return int(re.search(r"(\d+) from the cache", self.err)[1])


class Case(unittest.TestCase):
    """A test with a folder and caches of its own, both gone when it ends."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="timecraft-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.cache = self.folder / "cache"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.cache),
            "TMPDIR": str(self.temporary),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
        }

    def timecraft(self, *words, command=TIMECRAFT, env=None, **options):
        environment = dict(self.environment, **(env or {}))
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("timeout", 300)
        return Result(subprocess.run([command, *map(str, words)], env=environment, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     errors="surrogateescape", cwd=self.folder, **options))

    def execute(self, program, *arguments, env=None):
        return self.timecraft(*arguments, command=str(program), env=env)

    def build(self, module, *options, program="program", **more):
        """Builds a module that must build; returns the program and what the command said."""
        result = self.timecraft("build", *options, module, "-o", self.folder / program, **more)
        self.assertEqual(result.status, 0, result)
        return self.folder / program, result

    def forget_programs(self):
        """Leaves the cache with objects only: the next build links them again."""
        shutil.rmtree(self.cache / "timecraft/programs", ignore_errors=True)

    def wat(self, text, name="guest.wasm", flags=("--enable-all",)):
        source = self.folder / "guest.wat"
        source.write_text(text)
        module = self.folder / name
        subprocess.run([WAT2WASM, *flags, "--debug-names", source, "-o", module], check=True)
        return module

    def c(self, text, name="guest.wasm", *flags):
        source = self.folder / "guest.c"
        source.write_text(text)
        module = self.folder / name
        subprocess.run(["clang", "--target=wasm32-wasi", "-O1", *flags, source, "-o", module],
                       check=True)
        return module

    def logged(self, program, name=None, fails=False):
        """A program that notes each of its calls in a file, then becomes `program` or fails."""
        folder = self.folder / "logged"
        folder.mkdir(exist_ok=True)
        script = folder / (name or program)
        log = folder / f"{script.name}.log"
        then = "exit 1" if fails else f'exec {shutil.which(program)} "$@"'
        script.write_text(f'#!/bin/sh\necho "$@" >>{log}\n{then}\n')
        script.chmod(0o755)
        log.touch()
        self.environment["TIMECRAFT_OPTIONS"] = "--no-confinement"  # the file is no tool's to write
        return script, lambda: log.read_text().splitlines()

    def assertRefused(self, result, *texts, status=1):
        """A clear refusal: the status, the texts, and nothing left behind."""
        self.assertEqual(result.status, status, result)
        for text in texts:
            self.assertIn(text, result.err)
        self.assertTrue(result.err.startswith("timecraft: "), result)
        self.assertNotIn("Sanitizer", result.err)
        self.assertLeftNothing()

    def assertLeftNothing(self):
        self.assertEqual(list(self.temporary.iterdir()), [])
        left = [entry.name for entry in self.folder.iterdir()]
        self.assertNotIn("program", left)
        self.assertEqual([name for name in left if name.startswith(".")], [])
