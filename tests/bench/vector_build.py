#!/usr/bin/python3
"""What vector instructions cost an -O0 build, which tcc compiles, and what it would cost without tcc.

    tests/bench/vector_build.py [--functions N] [MODULE.wasm]

The module is a C program of many functions with loops that clang makes vectors of, unless another is
given. Printed are seconds of the processor for building it at -O0, for the same with the C compiler
(--cc=cc), and for the program compiled without vectors; and their ratios to the first. Nothing is
taken from a cache. This is no test: nothing fails for being slow.
"""

import argparse
import os
import resource
import subprocess
import sys

sys.dont_write_bytecode = True

import support  # noqa: E402

FUNCTION = """
void add_{0}(int *a, const int *b, int n) {{ for (int i = 0; i < n; i++) a[i] += b[i] * {0} + (a[i] >> 3); }}
float dot_{0}(const float *a, const float *b) {{
    float sum[4] = {{0}};
    for (int i = 0; i < 64; i++) sum[i & 3] += a[i] * b[i] - {0};
    return sum[0] + sum[1] + sum[2] + sum[3];
}}
unsigned plain_{0}(unsigned a) {{ for (int i = 0; i < 9; i++) a = (a ^ {0}u) * 2654435761u >> 1; return a; }}
"""
CALL = "    add_{0}(a, b, n); x[{0} % 64] += dot_{0}(x, y); n = plain_{0}(n) & 255;\n"
FLAGS = ["--target=wasm32-wasi", "-O2", "-fno-inline"]


def source(functions):
    numbers = range(1, functions + 1)
    return ("static int a[256], b[256];\nstatic float x[64], y[64];\n"
            + "".join(FUNCTION.format(number) for number in numbers)
            + "int main(int n, char **v) {\n    (void)v;\n"
            + "".join(CALL.format(number) for number in numbers) + "    return a[0] & 1;\n}\n")


def compiled(functions, *flags):
    path = os.path.join(support.FOLDER, f"guest{''.join(flags)}.wasm")
    subprocess.run(["clang", *FLAGS, *flags, "-x", "c", "-", "-o", path], input=source(functions), text=True,
                   check=True)
    return path


def seconds(module, *options):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([support.TIMECRAFT, "build", "-q", "--no-cache", "-O0", *options, module, "-o",
                    os.path.join(support.FOLDER, "program")], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--functions", type=int, default=2000)
    options.add_argument("module", nargs="?")
    options = options.parse_args()
    module = options.module or compiled(options.functions, "-msimd128")
    rows = [("-O0", seconds(module)), ("-O0 --cc=cc", seconds(module, "--cc=cc"))]
    if not options.module:
        rows.append(("-O0, the program without vectors", seconds(compiled(options.functions))))
    print(f"the module has {os.path.getsize(module) / 1e6:.1f} MB")
    for what, took in rows:
        print(f"{what:34} {took:7.2f} s of the processor, {took / rows[0][1]:5.2f}")


if __name__ == "__main__":
    main()
