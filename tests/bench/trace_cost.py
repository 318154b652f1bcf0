#!/usr/bin/python3
"""What watching a guest costs: --record at each detail, --trace, and the branch that asks whether
either is on.

    tests/bench/trace_cost.py [--rounds N] [--gigabytes N] [--requests N] [--folder DIR]

The guest keep_fetching fetches from one nginx over one connection with TLS; the same program runs
without any option, with each kind of record, and as it would be without the branch in its binding
(TC_TRACE_NEVER, see rt/trace/trace.h). Records go to --folder, and are gone afterwards. Figures are
CPU time, ratios are taken within a round. This is no test: nothing fails for being slow.
"""

import argparse
import os

import client_cpu
import support
from support.peers import NAME

RECORD = "record"


def cc_without_branch():
    """A compiler that leaves the branch out: the one of the build, in a script."""
    path = os.path.join(support.FOLDER, "cc-never")
    with open(path, "w") as file:
        file.write(f'#!/bin/sh\nexec {os.environ.get("CC", "cc")} -DTC_TRACE_NEVER "$@"\n')
    os.chmod(path, 0o755)
    return path


class Guest(client_cpu.Client):
    """One that knows how large its record was."""

    def __init__(self, label, server, folder, words, build_options=()):
        program = support.program("keep_fetching", build_options=build_options)
        self.record = os.path.join(folder, RECORD)
        super().__init__(label, lambda url, count: [program, str(server), NAME, url, str(count),
                                                    str(client_cpu.BUFFER)],
                         support.environment(f"{support.ALL_NETWORK} {words}"))
        self.size = 0

    def run(self, path, count):
        try:
            return super().run(path, count)
        finally:
            if os.path.exists(self.record):
                self.size = os.path.getsize(self.record)
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
        guests.append(Guest("without the branch", server, choice.folder, "",
                            (f"--cc={cc_without_branch()}",)))
        count = max(1, round(choice.gigabytes * 1e9 / client_cpu.BIG))
        taken = client_cpu.measure(guests, choice.rounds, "/file/big", count)
        client_cpu.show(f"Download of {count * client_cpu.BIG / 1e9:.2f} GB", "CPU s/GB",
                        1e9 / (count * client_cpu.BIG), taken, base)
        sizes = {guest.label: guest.size for guest in guests}
        taken = client_cpu.measure(guests, choice.rounds, "/file/small", choice.requests)
        client_cpu.show(f"{choice.requests} requests of 100 bytes, one after the other",
                        "CPU us each", 1e6 / choice.requests, taken, base)
        print(f"\nSize of the record\n{'guest':34}{'bytes a byte':>16}{'bytes a request':>20}")
        for guest in guests:
            if guest.size:
                print(f"{guest.label:34}{sizes[guest.label] / (count * client_cpu.BIG):16.3f}"
                      f"{guest.size / choice.requests:20.0f}")


if __name__ == "__main__":
    main()
