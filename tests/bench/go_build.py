#!/usr/bin/python3
"""How long it takes to build a Go program with net/http: -O0 and -O2, with an empty cache and a full one.

    tests/bench/go_build.py [--rounds N] [--levels="-O0 -O2"] [--profile=FILE] [FOLDER]

The program is examples/go/document unless another folder with a main package is given. Each build
has a cache of its own. Printed are seconds by the clock and of the processor, medians over the
rounds; for the first build of each level also how it reported its progress. With a profile of the
program in FILE (`timecraft profile -o FILE`), levels but -O0 are for what that names. This is no test: nothing
fails for being slow. Give it the machine for itself.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import time

import support
from support import gotools

gotools.need()


def timed(command, env, cwd=None):
    """Seconds by the clock and of the processor, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(command, env=env, cwd=cwd, stderr=subprocess.PIPE, text=True, check=True)
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            done.stderr)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--levels", default="-O0 -O2")
    options.add_argument("--profile", metavar="FILE")
    options.add_argument("folder", nargs="?",
                         default=os.path.join(gotools.TREE, "examples", "go", "document"))
    options = options.parse_args()
    wasm = os.path.join(support.FOLDER, "guest.wasm")
    compile_guest = [gotools.GO, "build", "-o", wasm, "."]
    for what in ("go build, what there was", "go build, its cache full"):
        took = timed(compile_guest, gotools.go_environment(), options.folder)
        print(f"{what:28} {took[0]:7.1f} s, {took[1]:7.1f} s of the processor", flush=True)
    print(f"the module has {os.path.getsize(wasm) / 1e6:.1f} MB", flush=True)
    for level in options.levels.split():
        words = [f"--profile={options.profile}"] if options.profile and level != "-O0" else []
        figures = {"nothing in the cache": [], "all in the cache": []}
        for _ in range(options.rounds):
            cache = os.path.join(support.FOLDER, "cache")
            shutil.rmtree(cache, ignore_errors=True)
            for what, taken in figures.items():
                program = os.path.join(support.FOLDER, "program")
                taken.append(timed([support.TIMECRAFT, "build", level, *words, wasm, "-o", program],
                                   {**os.environ, "XDG_CACHE_HOME": cache}))
        said = figures["nothing in the cache"][0][2]
        print("\n".join("    " + line for line in said.splitlines()))
        for what, taken in figures.items():
            clock, processor = (statistics.median(one[i] for one in taken) for i in (0, 1))
            print(f"timecraft build {' '.join([level, *words])}, {what:21} {clock:7.1f} s, {processor:7.1f} s of the processor",
                  flush=True)


if __name__ == "__main__":
    main()
