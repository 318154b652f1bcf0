"""What sockets answer is what they answer to the same C program compiled for the host, call by call.

test_against_native.py --seeds FIRST LAST [CALLS] plays more random calls than the test does."""

import os
import shutil
import subprocess
import sys
import unittest

import support

CALLS = 250
SEEDS = range(1, 6)
# What comes over loopback may come late on a machine that does a lot: what differs must do so each
# time, the last time with longer pauses between calls.
ATTEMPTS = 3
SETTLE_US = (200, 2000, 20000)

PATHS = ("a", "b", "missing/c", "full", "nobody", "listener")


def native(name):
    """The program of the host compiled from guests/NAME.c."""
    sources = [support.guest_source(name), support.guest_source("guest")]
    words = [os.environ.get("CC", "cc"), "-O1", "-Wall", "-Wextra", "-Wno-format-truncation",
             *(f"-I{folder}" for folder in support.GUEST_DIRS)]

    def compile_it(path):
        support.run_tool(*words, *sources, "-o", path)

    return support.made_once(name + ".native", sources + support.guest_headers(), words, compile_it)


def played(command):
    """What a program prints, in a folder of its own."""
    folder = support.temporary_folder()
    paths = ",".join("unix:" + path for path in PATHS)
    options = f"{support.ALL_NETWORK} --allow-net={paths} --allow-listen={paths} --dir ."
    try:
        done = subprocess.run(command, cwd=folder, env=support.environment(options), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60 * support.SLOWNESS, preexec_fn=support.die_with_parent)
    finally:
        shutil.rmtree(folder)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout[-500:]}\n"
                             f"{done.stderr[-2000:]}")
    return done.stdout.splitlines()


def difference(name, *arguments):
    """The first line in which the guest and the program of the host differ; None."""
    theirs, ours = (played([program, *map(str, arguments)])
                    for program in (native(name), support.program(name)))
    for number, (their, our) in enumerate(zip(theirs, ours)):
        if their != our:
            before = "\n".join(theirs[:number][-20:])
            return f"{before}\nnative: {their}\nguest:  {our}"
    return None if len(theirs) == len(ours) else f"{len(theirs)} lines, the guest's {len(ours)}"


def lasting_difference(name, *arguments):
    found = None
    for attempt in range(ATTEMPTS):
        pauses = [SETTLE_US[attempt]] if name == "random_calls" else []
        found = difference(name, *arguments, *pauses)
        if not found:
            return None
    return found


class Sockets(unittest.TestCase):
    def check(self, name, *arguments):
        found = lasting_difference(name, *arguments)
        self.assertIsNone(found, f"{name} {' '.join(map(str, arguments))}\n{found}")

    def test_connect_again_after_one_that_was_refused(self):
        self.check("connect_again")

    def test_short_addresses_lengths_of_datagrams_ends_of_associations_and_literals(self):
        self.check("socket_minor")

    def test_every_way_from_state_to_state_over_ipv4(self):
        self.check("connection_states", 4)

    def test_every_way_from_state_to_state_over_ipv6(self):
        self.check("connection_states", 6)

    def test_every_way_from_state_to_state_of_a_path(self):
        self.check("connection_states", "unix")

    def test_random_calls(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check("random_calls", seed, CALLS)


def play_seeds(first, last, calls=CALLS):
    different = 0
    for seed in range(int(first), int(last) + 1):
        found = lasting_difference("random_calls", seed, calls)
        if found:
            different += 1
            print(f"seed {seed}\n{found}", flush=True)
    print(f"{int(last) + 1 - int(first)} seeds of {calls} calls, {different} differ")
    return different != 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--seeds"]:
        sys.exit(play_seeds(*sys.argv[2:]))
    support.main()
