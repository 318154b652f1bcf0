#!/usr/bin/python3
"""How much faster vector code is: kernels.c built with WebAssembly's vector instructions, without
them, and natively. All three compute the same. Seconds are the processor's, so that other work on
the machine does not count.

    tests/bench/simd/run.py [ROUNDS]

Environment: TIMECRAFT, the command (build/bin/timecraft); CLANG, the guests' compiler; CC.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMECRAFT = os.environ.get("TIMECRAFT", str(HERE.parents[2] / "build/bin/timecraft"))
CLANG = os.environ.get("CLANG", "clang")
CC = os.environ.get("CC", "cc")


def build_guest(folder, name, *flags, level="-O2"):
    """The kernels as a program that was a guest; its path."""
    module, program = folder / f"{name}.wasm", folder / name
    subprocess.run([CLANG, "--target=wasm32-wasi", "-O3", *flags, HERE / "kernels.c", "-o", module],
                   check=True)
    subprocess.run([TIMECRAFT, "build", "-q", level, module, "-o", program], check=True)
    return program


def run(program, rounds):
    """What the program computed, and seconds by kernel."""
    done = subprocess.run([program, str(rounds)], capture_output=True, text=True, check=True)
    times = dict(line.split() for line in done.stderr.splitlines())
    return done.stdout, {name: float(seconds) for name, seconds in times.items()}


def best_of(program, rounds, times=3):
    results = [run(program, rounds) for _ in range(times)]
    best = {name: min(seconds[name] for _, seconds in results) for name in results[0][1]}
    return results[0][0], best


def main(words):
    rounds = int(words[0]) if words else 20
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        native = folder / "native"
        subprocess.run([CC, "-O3", HERE / "kernels.c", "-o", native], check=True)
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
