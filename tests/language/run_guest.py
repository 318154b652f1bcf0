#!/usr/bin/python3
"""Builds a guest in each way in which its features could come out differently, and runs each.

    tests/language/run_guest.py GUEST...

A guest is one of
    NAME.wat       a module; without "(module" fields of one, in front of which checks.wat is put
    NAME.wat.py    a program that prints such a text
    NAME.c, .cc    compiled with the SDK's flags
Comment lines at its top are those of support/guest_runner.py, and
    // builds: WORDS    how to build the program, such as "-O1 --cc=clang"; once for each such line,
                        "-O0", "-O1" and "-O1 --cc=clang" if there is none
    // needs: WHAT      "wabt VERSION" or newer, "wasm-exceptions" in the compiler for guests,
                        "libc++"; where it is not there the test is skipped
    ;; wat-flags: WORDS  for wat2wasm
"""
import functools
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import support
from support import guest_runner

HERE = pathlib.Path(__file__).resolve().parent
guest_runner.KEYS.update({"builds", "needs", "wat-flags"})
# Not --enable-all: that also changes how other things are written.
FEATURES = ["--enable-exceptions", "--enable-extended-const", "--enable-multi-memory",
            "--enable-tail-call", "--enable-threads", "--enable-relaxed-simd"]
DEFAULT_BUILDS = ["-O0", "-O1", "-O1 --cc=clang"]
CLANG = os.environ.get("CLANG", "clang")
CLANGXX = os.environ.get("CLANGXX", "clang++")


class Skipped(Exception):
    pass


@functools.cache
def wabt_version():
    said = subprocess.run([support.WAT2WASM, "--version"], capture_output=True, text=True,
                          check=True).stdout
    return tuple(int(number) for number in said.split()[0].split("."))


@functools.cache
def wat_flags():
    """Newer versions have most features on, and no words to turn these on."""
    said = subprocess.run([support.WAT2WASM, "--help"], capture_output=True, text=True,
                          check=True).stdout
    return [flag for flag in FEATURES if flag in said]


def compiles(compiler, text, *flags):
    done = subprocess.run([compiler, "--target=wasm32-wasi", *flags, "-", "-o", "/dev/null"],
                          input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0


def has_wasm_exceptions():
    return compiles(CLANG, "", "-mexception-handling", "-mllvm", "-wasm-enable-sjlj", "-xc",
                    "-c")


def has_libcxx():
    return shutil.which(CLANGXX) and compiles(
        CLANGXX, "#include <string>\nint main() { return (int)std::string().size(); }",
        "-fno-exceptions", "-xc++")


def check_needs(header):
    for need in header.get("needs", []):
        what, _, version = need.partition(" ")
        if what == "wabt" and wabt_version() < tuple(map(int, version.split("."))):
            raise Skipped(f"needs WABT {version}")
        if what == "wasm-exceptions" and not has_wasm_exceptions():
            raise Skipped(f"{CLANG} cannot make exceptions of WebAssembly")
        if what == "libc++" and not has_libcxx():
            raise Skipped(f"{CLANGXX} or its library for WebAssembly is not installed")


def translate_text(text, header, module):
    if "(module" not in text:
        text = (HERE / "checks.wat").read_text() + text
    wat = module.with_suffix(".whole.wat")
    wat.write_text(text)
    words = shlex.split(" ".join(header.get("wat-flags", [])))
    guest_runner.run_tool([support.WAT2WASM, *wat_flags(), *words, "--debug-names", wat, "-o", module])


def make_module(source, header, folder):
    module = folder / (source.stem + ".wasm")
    if source.suffix == ".wat":
        translate_text(source.read_text(), header, module)
    else:
        compiler = [CLANGXX, "-std=c++17"] if source.suffix == ".cc" else [CLANG]
        guest_runner.run_tool([*compiler, "-O2", "-Wall", "-Wextra", "-Werror", f"-I{support.HERE}",
                         *shlex.split(" ".join(header.get("cflags", []))), source,
                         *support.sdk_words("--flags"),
                         "-o", module], cwd=HERE, env={**os.environ, "TMPDIR": str(folder)})
    return module


def generate(source, folder):
    """What NAME.wat.py prints, as a file."""
    made = subprocess.run([sys.executable, source], capture_output=True, text=True, check=True)
    wat = folder / source.name.removesuffix(".py")
    wat.write_text(made.stdout)
    return wat


def test(source, folder):
    if source.name.endswith(".wat.py"):
        source = generate(source, folder)
    header = guest_runner.read_header(source)
    check_needs(header)
    module = make_module(source, header, folder)
    for number, words in enumerate(header.get("builds", DEFAULT_BUILDS)):
        program = folder / f"{module.stem}-{number}"
        tmp = folder / str(number)
        tmp.mkdir()
        try:
            guest_runner.run_tool([support.TIMECRAFT, "build", *words.split(), module,
                                   "-o", program])
            guest_runner.run_program(program, header, tmp, {})
        except guest_runner.Failed as why:
            raise guest_runner.Failed(f"built with {words}: {why}") from why


def main(words):
    status = 0
    for source in map(pathlib.Path, words):
        with tempfile.TemporaryDirectory(prefix="timecraft-language-") as folder:
            try:
                test(source.resolve(), pathlib.Path(folder))
                print(f"ok   {source.name}")
            except Skipped as why:
                print(f"skip {source.name}: {why}")
                status = status or support.SKIPPED
            except guest_runner.Failed as why:
                print(f"FAIL {source.name}: {why}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
