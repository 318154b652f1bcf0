#!/usr/bin/python3
"""How much memory `timecraft build` needs, by the module's size: of the process that needs most, which
is wasm2c or the command itself. Modules of 1 to 70 MB are made here, of functions that load, add,
store and branch; or a module is given.

    TIMECRAFT=build/bin/timecraft tests/bench/build_memory.py [MODULE.wasm...]

Nothing is compiled: the compiler given is `false`. Memory does not depend on how busy a machine is.
"""
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

from support.modules import leb, section

TIMECRAFT = os.environ.get("TIMECRAFT", "build/bin/timecraft")
SIZES = (1, 4, 16, 35, 70) # MB


def function(chance):
    """About 1.5 KB."""
    steps = b"".join(
        b"\x20\0\x28\2" + leb(chance.randrange(1 << 14)) + b"\x20\1\x6a\x21\1"
        b"\x20\1\x45\x04\x40\x20\0\x20\1\x36\2" + leb(chance.randrange(1 << 14)) + b"\x0b"
        for _ in range(60))
    code = b"\1\1\x7f" + steps + b"\x20\1\x0b"
    return leb(len(code)) + code


def make(size):
    chance = random.Random(size)
    bodies = [b"\2\0\x0b"]
    length = 0
    while length < size << 20:
        bodies.append(function(chance))
        length += len(bodies[-1])
    return (b"\0asm\1\0\0\0" + section(1, b"\x60\0\0", b"\x60\1\x7f\1\x7f") +
            section(3, b"\0", *[b"\1"] * (len(bodies) - 1)) + section(5, b"\0\1") +
            section(7, b"\6_start\0\0") + section(10, *bodies))


def measure(module, folder):
    """Megabytes. The measuring process waits for no other children."""
    child = os.fork()
    if child == 0:
        subprocess.run([TIMECRAFT, "build", "-q", "--cc=false", module, "-o", folder / "program"],
                       env={**os.environ, "TMPDIR": str(folder), "TIMECRAFT_CACHE": "off"},
                       stderr=subprocess.DEVNULL, check=False)
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        (folder / "most").write_text(str(most))
        os._exit(0)
    os.waitpid(child, 0)
    return int((folder / "most").read_text()) / 1024


def main(modules):
    print(f"{'module':>24} {'MB':>6} {'memory, MB':>11}")
    with tempfile.TemporaryDirectory(prefix="timecraft-bench-") as name:
        folder = pathlib.Path(name)
        for each in modules or SIZES:
            path = pathlib.Path(each) if modules else folder / f"made-{each}.wasm"
            if not modules:
                path.write_bytes(make(each))
            size = path.stat().st_size / (1 << 20)
            print(f"{path.name:>24} {size:6.1f} {measure(path.resolve(), folder):11.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
