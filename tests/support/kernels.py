"""kernels.c, a guest that computes: built with vector instructions or without them, and run.

Environment: CLANG, the guests' compiler.
"""

import os
import pathlib
import subprocess

import support

SOURCE = pathlib.Path(support.HERE, "kernels.c")
CLANG = os.environ.get("CLANG", "clang")


def build_guest(folder, name, *flags, level="-O2"):
    """The kernels as a program that was a guest; its path."""
    module, program = folder / f"{name}.wasm", folder / name
    subprocess.run([CLANG, "--target=wasm32-wasi", "-O3", *flags, SOURCE, "-o", module],
                   check=True)
    subprocess.run([support.TIMECRAFT, "build", "-q", level, module, "-o", program], check=True)
    return program


def run(program, rounds):
    """What the program computed, and seconds by kernel."""
    done = subprocess.run([program, str(rounds)], capture_output=True, text=True, check=True)
    times = dict(line.split() for line in done.stderr.splitlines())
    return done.stdout, {name: float(seconds) for name, seconds in times.items()}
