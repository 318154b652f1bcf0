#!/usr/bin/python3
"""How much faster vector code is: support/kernels.c built with WebAssembly's vector instructions,
without them, and natively. All three compute the same. Seconds are the processor's, so that other work on
the machine does not count.

    tests/bench/simd.py [ROUNDS]

Environment: TIMECRAFT, the command (build/bin/timecraft); CLANG, the guests' compiler; CC.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from support.kernels import SOURCE, build_guest, run

CC = os.environ.get("CC", "cc")


def best_of(program, rounds, times=3):
    results = [run(program, rounds) for _ in range(times)]
    best = {name: min(seconds[name] for _, seconds in results) for name in results[0][1]}
    return results[0][0], best


def main(words):
    rounds = int(words[0]) if words else 20
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        native = folder / "native"
        subprocess.run([CC, "-O3", SOURCE, "-o", native], check=True)
        computed, vectors = best_of(build_guest(folder, "vectors", "-msimd128"), rounds)
        same, scalars = best_of(build_guest(folder, "scalars"), rounds)
        also, natives = best_of(native, rounds)
    if computed != same or computed != also:
        sys.exit(f"the results differ:\n{computed}\n{same}\n{also}")
    print(f"{'kernel':12}{'vectors':>10}{'scalars':>10}{'native':>10}{'speed-up':>10}")
    for name, seconds in vectors.items():
        print(f"{name:12}{seconds:9.3f}s{scalars[name]:9.3f}s{natives[name]:9.3f}s"
              f"{scalars[name] / seconds:9.1f}x")


if __name__ == "__main__":
    main(sys.argv[1:])
