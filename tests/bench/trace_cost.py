#!/usr/bin/python3
"""What watching a guest costs: --record at each detail, --trace, and the branch that asks whether
either is on; and what a replay costs.

    tests/bench/trace_cost.py [--rounds N] [--gigabytes N] [--requests N] [--folder DIR]

The guest keep_fetching fetches from one nginx over one connection with TLS; the same program runs
without any option, with each kind of record, and as it would be without the branch in its binding
(TC_TRACE_NEVER, see rt/trace/trace.h). "Written by the guest" is the same without a record, but the
guest itself writes what it receives to a file there. The floor is a run without a record, and that
much written to a file there from one buffer in pieces that are best for it: less a record of all
bytes could not cost through the page cache, which most of it goes past (rt/trace/direct.h). A record
of everything is replayed at once, and read from the disk. Records go to --folder, and are gone
afterwards. Before each download a file of its size is written and removed: on a virtual machine that
gives free memory back to its host, page cache that was long unused costs five times as much, which
is no cost of a record. Figures are CPU time, ratios are taken within a round. This is no test:
nothing fails for being slow.
"""

import argparse
import os
import resource
import subprocess

import client_cpu
import support
from support.peers import NAME

RECORD = "record"
SMALL = "/file/small"


def write_bare(path, size):
    """The CPU seconds that it takes to write so many bytes to a new file, which is removed."""
    piece = bytes(256 << 10)
    before = resource.getrusage(resource.RUSAGE_SELF)
    with open(path, "wb", buffering=0) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
            for _ in range(size // len(piece)):
                file.write(piece)
        finally:
            os.unlink(path)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cc_without_branch():
    """A compiler that leaves the branch out: the one of the build, in a script."""
    path = os.path.join(support.FOLDER, "cc-never")
    with open(path, "w") as file:
        file.write(f'#!/bin/sh\nexec {os.environ.get("CC", "cc")} -DTC_TRACE_NEVER "$@"\n')
    os.chmod(path, 0o755)
    return path


class Guest(client_cpu.Client):
    """One that knows how large its record was, and what crossed its sockets."""

    def __init__(self, label, server, folder, words, more=(), build_options=()):
        program = support.program("keep_fetching", build_options=build_options)
        self.record = os.path.join(folder, RECORD)
        super().__init__(label, lambda url, count: [program, str(server), NAME, url, str(count),
                                                    str(client_cpu.BUFFER), *more],
                         support.environment(f"{support.ALL_NETWORK} {words}"))
        self.size = self.crossed = 0

    def run(self, path, count, output=subprocess.DEVNULL):
        if path != SMALL:
            write_bare(self.record, count * client_cpu.BIG)
        try:
            return super().run(path, count, output)
        finally:
            if os.path.exists(self.record):
                self.size = os.path.getsize(self.record)
                self.crossed = self.count_bytes() if path == SMALL else 0
                os.unlink(self.record)

    def count_bytes(self):
        """Of clear text, by what the record says of the calls."""
        table = support.run_tool(support.TIMECRAFT, "trace", "calls", "-c", self.record)
        lines = [line.split() for line in table.splitlines()]
        return sum(int(words[4]) for words in lines if words[-1] in ("sock_recv", "sock_send"))


class Writer(Guest):
    """Its output goes to a file."""

    def run(self, path, count, output=None):
        with open(self.record + "-output", "wb") as file:
            try:
                return super().run(path, count, file)
            finally:
                os.unlink(file.name)


class Floor(Guest):
    """Without a record, and then a file of that size is written."""

    def run(self, path, count, output=subprocess.DEVNULL):
        taken = super().run(path, count, output)
        return taken + (write_bare(self.record, count * client_cpu.BIG) if path != SMALL else 0)


class Replay(Guest):
    """The replay of a run that is recorded for it, and which does not count."""

    def run(self, path, count, output=subprocess.DEVNULL):
        if path != SMALL:
            write_bare(self.record, count * client_cpu.BIG)
        client_cpu.Client.run(self, path, count)
        replay = client_cpu.Client(self.label, lambda *_: [support.TIMECRAFT, "replay", self.record],
                                   support.environment(""))
        try:
            return replay.run(path, count)
        finally:
            os.unlink(self.record)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--guest-level", default="-O2")
    parser.add_argument("--folder", default=support.FOLDER)
    choice = parser.parse_args()
    support.LEVEL = choice.guest_level
    base = "off"
    with client_cpu.FileServer(support.pki().identity("ecdsa")) as server:
        record = f"--record={choice.folder}/{RECORD}"
        guests = [Guest(label, server, choice.folder, words) for label, words in (
            (base, ""), ("record, detail=calls", record + ",detail=calls"),
            ("record, detail=headers", record + ",detail=headers"), ("record, detail=all", record),
            ("trace to /dev/null", "--trace=/dev/null"))]
        guests += [Writer("written by the guest", server, choice.folder, "", ["write"]),
                   Floor("floor", server, choice.folder, ""),
                   Replay("replay", server, choice.folder, record),
                   Guest("without the branch", server, choice.folder, "",
                         build_options=(f"--cc={cc_without_branch()}",))]
        count = max(1, round(choice.gigabytes * 1e9 / client_cpu.BIG))
        taken = client_cpu.measure(guests, choice.rounds, "/file/big", count)
        client_cpu.show(f"Download of {count * client_cpu.BIG / 1e9:.2f} GB", "CPU s/GB",
                        1e9 / (count * client_cpu.BIG), taken, base)
        sizes = {guest.label: guest.size for guest in guests}
        taken = client_cpu.measure(guests, choice.rounds, SMALL, choice.requests)
        client_cpu.show(f"{choice.requests} requests of 100 bytes, one after the other",
                        "CPU us each", 1e6 / choice.requests, taken, base)
        print(f"\nSize of the record\n{'guest':34}{'bytes a byte':>14}{'bytes a request':>17}"
              f"{'of which crossed':>18}")
        for guest in guests:
            if guest.size:
                print(f"{guest.label:34}{sizes[guest.label] / (count * client_cpu.BIG):14.3f}"
                      f"{guest.size / choice.requests:17.0f}{guest.crossed / choice.requests:18.0f}")


if __name__ == "__main__":
    main()
