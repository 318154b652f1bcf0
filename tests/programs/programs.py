"""Compiles a program that nobody here wrote twice, natively and as a guest, and runs both side by
side: shared by this folder's tests.

TIMECRAFT             the command under test; build/bin/timecraft of this tree by default
TIMECRAFT_TEST_DIR    where sources and programs are kept between runs
TIMECRAFT_TEST_LEVEL  how guests are built; -O0 by default, the quickest
TIMECRAFT_TEST_LINES  if it is set, they are compiled and built with -g
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
import support

CC = os.environ.get("CC", "cc")
CLANGXX = os.environ.get("CLANGXX", "clang++")
CXX = os.environ.get("CXX") or shutil.which("c++") or CLANGXX
LINES = ["-g"] if os.environ.get("TIMECRAFT_TEST_LINES") else []
# The distribution's C++ library for WebAssembly has no exceptions: guests bring their own.
CXX_RUNTIME = HERE / "support/cxx_runtime.h"
CXX_EXCEPTIONS = {
    "guest_flags": ["-fwasm-exceptions", "-fno-inline", f"-I{CXX_RUNTIME.parent}"],
    "guest_sources": [HERE / "cxx_exceptions.cc"],
}
# wasi-libc lacks some of POSIX: that is put in front of the sources, which stay as they are.
POSIX = {
    "guest_flags": [f"-isystem{HERE / 'posix'}", "-include", "posix.h"],
    "guest_link_flags": ["-Wl,--wrap=chmod,--wrap=fchmod,--wrap=fcntl,--wrap=fopen,--wrap=setlocale"],
    "guest_sources": [HERE / "posix/posix.c"],
}


def source(name):
    """The folder with a program's source, which is fetched if it is not there."""
    done = subprocess.run([HERE / "fetch", pathlib.Path(support.KEPT_FOLDER) / "sources", name],
                          capture_output=True, text=True)
    if done.returncode == support.SKIPPED:
        support.skip(done.stderr)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return pathlib.Path(done.stdout.splitlines()[-1])


def need(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        support.skip("not installed:", *missing)


def skip_under_sanitizers():
    """SQLite is the one that is also run with them: it does the most with files."""
    if support.SANITIZED:
        support.skip("done without sanitizers")


class Program:
    """A program from `sources` as `native` and as `guest`, which is built from `module`. `flags` are for both, `native_flags` and
    `guest_flags` for one, `guest_sources` are compiled into the guest too."""

    def __init__(self, name, sources, flags, native_flags=(), guest_flags=(), guest_sources=(),
                 guest_link_flags=()):
        self.name = name
        cxx = pathlib.Path(sources[0]).suffix in (".cc", ".cpp")
        self.native = self._link(
            "native", sources, [CXX if cxx else CC, "-w", *flags, *native_flags], ["-lm"])
        self.module = module = self._link(
            "guest.wasm", [*sources, *guest_sources],
            [CLANGXX if cxx else support.sdk_words("--cc")[0], "-w", *flags, *guest_flags, *LINES,
             *support.sdk_words("--cflags")], [*guest_link_flags, *support.sdk_words("--libs")],
            [*sorted((HERE / "posix").glob("*.h")), CXX_RUNTIME, *support.sdk_files()])

        def build(path):
            support.run_tool(support.TIMECRAFT, "build", "-q", support.LEVEL, *LINES, module, "-o", path)

        self.guest = support.made_once(
            f"{name}-guest", [module, *support.runtime_files()],
            [support.LEVEL, *LINES, support.toolchain_text()], build)

    def _link(self, kind, sources, command, libraries, more_files=()):
        def compile_one(source):
            # The program's headers are not among the files: what was fetched stays as it is.
            return support.made_once(
                f"{pathlib.Path(source).stem}.o", [source, *more_files], [*command],
                lambda path: support.run_tool(*command, "-c", source, "-o", path))

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, map(str, sources)))
        return support.made_once(
            f"{self.name}-{kind}", [*objects, *more_files], [command[0], *libraries],
            lambda path: support.run_tool(command[0], *objects, *libraries, "-o", path))


class SideBySide(unittest.TestCase):
    """Runs `program` natively and as a guest, each in a folder of its own that is all it sees.
    `made` puts into both what the program is to find there."""

    program = None
    options = "--dir=.::. --env=HOME"

    def setUp(self):
        top = pathlib.Path(support.temporary_folder())
        self.folders = {kind: top / kind for kind in ("native", "guest")}
        for folder in self.folders.values():
            folder.mkdir()

    def made(self, name, content):
        for folder in self.folders.values():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (1_600_000_000, 1_600_000_000))
        return name

    def start(self, kind, *arguments):
        environment = {**os.environ, "HOME": "/nowhere", "LC_ALL": "C", "TZ": "UTC",
                       "TIMECRAFT_OPTIONS": self.options}
        return subprocess.Popen([self.program.name, *arguments], cwd=self.folders[kind],
                                executable=getattr(self.program, kind), env=environment,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=support.die_with_parent)

    def run_one(self, kind, *arguments, stdin=b""):
        with self.start(kind, *arguments) as process:
            out, err = process.communicate(stdin, timeout=300 * support.SLOWNESS)
        return process.returncode, out, err

    def run_both(self, *arguments, stdin=b"", status=0):
        """Both must end alike and say the same; that is returned."""
        native = self.run_one("native", *arguments, stdin=stdin)
        guest = self.run_one("guest", *arguments, stdin=stdin)
        self.assertEqual(guest, native, arguments)
        self.assertEqual(native[0], status, (arguments, native))
        return native[1]

    def files(self, kind):
        folder = self.folders[kind]
        return {str(path.relative_to(folder)): path.read_bytes()
                for path in sorted(folder.rglob("*")) if path.is_file()}

    def changed(self, kind, name):
        return (self.folders[kind] / name).stat().st_mtime_ns

    def assert_same_files(self):
        native, guest = self.files("native"), self.files("guest")
        self.assertEqual(list(guest), list(native))
        for name, content in native.items():
            self.assertTrue(guest[name] == content, f"{name} differs")
        return native
