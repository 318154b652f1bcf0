"""Guests with debugging information, and the lines of their sources."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import support
from support import command

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"
FLAGS = subprocess.run([os.path.join(os.path.dirname(support.TIMECRAFT), "timecraft-config"),
                        "--flags"], capture_output=True, text=True, check=True).stdout.split()

# Each level of each C compiler, of which the lowest and the highest are not like the others.
WAYS = [("-O0", "gcc"), ("-O2", "gcc"), ("-O0", "clang"), ("-O2", "clang")]


def line_of(source, text):
    """The number of the one line of a guest's source that contains the text."""
    lines = (GUESTS / source).read_text().splitlines()
    [number] = [i + 1 for i, line in enumerate(lines) if text in line]
    return number


def rust_target():
    """The name that rustc has for WASI preview 1, if it has its library."""
    if not shutil.which("rustc"):
        return None
    for target in ("wasm32-wasip1", "wasm32-wasi"):
        done = subprocess.run(["rustc", "--print", "target-libdir", "--target", target],
                              capture_output=True, text=True)
        if done.returncode == 0 and list(pathlib.Path(done.stdout.strip()).glob("libstd-*.rlib")):
            return target
    return None


class Case(command.Case):
    def setUp(self):
        super().setUp()
        # The C library's functions are compiled once, for all tests.
        self.environment["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(self.cache))

    def compile(self, source, *options, name="guest.wasm"):
        """Compiles a guest of guests/ with -g, in its folder, as make would."""
        module = self.folder / name
        if source.endswith(".rs"):
            target = rust_target()
            if not target:
                raise unittest.SkipTest("rustc has no library for WASI: rustup target add "
                                        "wasm32-wasip1, or apt install libstd-rust-dev-wasm32")
            words = ["rustc", "--target", target, "-g", "-Cpanic=abort"]
        elif source.endswith(".cc"):
            words = ["clang++", *FLAGS, "-g", "-fno-exceptions"]
        else:
            words = ["clang", *FLAGS, "-g"]
        subprocess.run([*words, *options, source, "-o", module], check=True, cwd=GUESTS)
        return module

    def assertTrapped(self, result, *frames):
        """The innermost frames of a trap's message."""
        self.assertEqual(result.status, 134, result)
        shown = re.findall(r"^    at (.*)$", result.err, re.MULTILINE)
        self.assertEqual(shown[:len(frames)], list(frames), result)
