#!/usr/bin/python3
"""What Python programs cost in timecraft-python: beside the machine's own interpreter of the same
version, and beside the same python.wasm in V8 (node), where that is installed.

    tests/bench/python/compare.py [--rounds N] [--build BUILD-DIR] [PROGRAM...]

Each round runs all interpreters one after the other; ratios are taken within a round, and their
median is shown. What counts is CPU time, so that other work on the machine does little harm: of a
process that runs a program several times, less that of one that runs it once. What an interpreter
does once, starting and V8's compiling, is then not in it; start-up is shown by itself. This is no
test: nothing fails for being slow.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from programs import PROGRAMS

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
NATIVE = "/usr/bin/python3"  # the one whose source python.wasm is made of
SCRIPT = os.path.join(HERE, "programs.py")
REPETITIONS = 15


def interpreters(build, folder):
    """Command lines by name; the first is what the others are compared with."""
    found = {"native": [NATIVE], "timecraft": [os.path.join(build, "bin", "timecraft-python")]}
    if not os.path.exists(found["timecraft"][0]):
        sys.exit(f"{build} has no timecraft-python; make it: sdk/python/build {build}")
    node = shutil.which("node")
    if node:
        shutil.copy(os.path.join(build, "python", "library.zip"),
                    os.path.join(folder, "timecraft-python.zip"))
        found["v8"] = [node, "--no-warnings", os.path.join(HERE, "v8.mjs"), os.path.join(
            build, "share", "timecraft", "sdk", "python", "python.wasm"), folder, HERE]
    return found


def cpu_seconds(command):
    # With the same hashes in each run: with chance ones, a set costs now more, now less.
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit status {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime


def start_up(command):
    return cpu_seconds([*command, "-c", "pass"])


def program(name):
    def measure(command):
        several, once = (cpu_seconds([*command, SCRIPT, name, str(count)])
                         for count in (1 + REPETITIONS, 1))
        return (several - once) / REPETITIONS
    return measure


def compare(label, commands, measure, rounds):
    """Prints a line of the table, and returns the medians of the ratios to the first."""
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(measure(command))
    first, *others = times
    ratios = {name: statistics.median(one / own for one, own in zip(times[name], times[first]))
              for name in others}
    print(f"{label:12}" + "".join(f"{statistics.median(times[name]) * 1000:9.1f} ms" for name in times) +
          "".join(f"{ratio:11.2f}" for ratio in ratios.values()), flush=True)
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default=os.path.join(TREE, "build"))
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = interpreters(arguments.build, folder)
        names = list(commands)
        print(" " * 12 + "".join(f"{name:>12}" for name in names) +
              "".join(f"{name[:5] + '/native':>11}" for name in names[1:]))
        ratios = [compare(name, commands, program(name), arguments.rounds)
                  for name in arguments.programs or PROGRAMS]
        means = {name: statistics.geometric_mean(one[name] for one in ratios) for name in names[1:]}
        print(f"{'mean':12}" + " " * 12 * len(names) +
              "".join(f"{mean:11.2f}" for mean in means.values()))
        compare("start-up", commands, start_up, arguments.rounds * 2)


main()
