#!/usr/bin/python3
"""Builds guests that say at their top how to run them, and runs them: status 0 is a pass.

    tests/run_guests.py [-j N] [GUEST...]

A guest is a C file, compiled by CLANG, or a WAT file; those of wasi/ unless given. What their comment
lines may say stands in support/guest_runner.py. Guests with a --dir run twice: with the kernel's path
resolution and with our own (TIMECRAFT_FS).
"""
import concurrent.futures
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import support
from support.guest_runner import Failed, read_header, run_program, run_tool

HERE = pathlib.Path(__file__).resolve().parent
CLANG = os.environ.get("CLANG", "clang")


def build(source, header, folder):
    """The program; that of an earlier run if it was made of the same."""
    module = folder / (source.stem + ".wasm")
    if source.suffix == ".wat":
        compiler = [support.WAT2WASM, "--enable-all"]
    else:
        compiler = [CLANG, "--target=wasm32-wasi", "-O1", "-Wall", "-Wextra", "-Werror",
                    "-I", source.parent, *shlex.split(" ".join(header.get("cflags", [])))]

    def make(path):
        run_tool([*compiler, source, "-o", module])
        run_tool([support.TIMECRAFT, "build", "-O0", module, "-o", path])

    made_of = [source, *sorted(source.parent.glob("*.h")), *support.runtime_files(),
               *support.sdk_files()]
    words = [*map(str, compiler), support.toolchain_text()]
    return support.made_once(source.stem, made_of, words, make)


def test(source):
    """None, or why the guest failed."""
    header = read_header(source)
    ways = [{}]
    if any("--dir" in line for line in header.get("run", [])):
        ways.append({"TIMECRAFT_FS": "walk"})
    folder = pathlib.Path(tempfile.mkdtemp(prefix="timecraft-guest-"))
    try:
        program = build(source, header, folder)
        for number, way in enumerate(ways):
            try:
                (folder / str(number)).mkdir()
                run_program(program, header, folder / str(number), way)
            except Failed as why:
                if way:
                    raise Failed(f"with {way}: {why}") from why
                raise
    except Failed as why:
        return str(why)
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", folder], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)
    return None


def main(words):
    jobs = os.cpu_count()
    if words[:1] == ["-j"]:
        jobs, words = int(words[1]), words[2:]
    sources = [pathlib.Path(word).resolve() for word in words] or sorted(
        path for path in (HERE / "wasi").iterdir() if path.suffix in (".c", ".wat"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for source, why in zip(sources, pool.map(test, sources)):
            print(("FAIL " if why else "ok   ") + source.stem, flush=True)
            if why:
                failed += 1
                print("     " + why.rstrip().replace("\n", "\n     "), flush=True)
    if len(sources) > 1:
        print(f"{len(sources) - failed} of {len(sources)} guests passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
