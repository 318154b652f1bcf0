#!/usr/bin/python3
"""How many more requests a server answers with more workers, and how evenly they share them.

    tests/bench/workers.py [--rounds N] [--seconds N] [--workers N] [--clients N] [--work N]

A guest computes for each request (tests/service/guests/serve.c), and clients, which cost little
beside that, ask over connections that they keep. In each round one worker is measured, then N; told
is the median of the rounds' ratios, and the share of the busiest worker with a connection a request.
"""

import argparse
import collections
import os
import statistics
import sys
import threading
import time

import support
from support.services import Client, Service, wait_for

support.GUEST_DIRS.append(os.path.join(support.TREE, "tests", "service", "guests"))


class Clients:
    """Threads that ask without a pause: over one connection each, or a new one each time."""

    def __init__(self, address, count, work, keep=True):
        self.address, self.word, self.keep = address, f"work {work}", keep
        self.over, self.answered = threading.Event(), collections.Counter()
        self.threads = [threading.Thread(target=self.ask) for _ in range(count)]

    def ask(self):
        while not self.over.is_set():
            with Client(self.address) as client:
                while not self.over.is_set():
                    self.answered[client.ask(self.word)[0]] += 1
                    if not self.keep:
                        break

    def run(self, seconds):
        """Requests answered, by who has."""
        begun = time.monotonic()
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.answered, time.monotonic() - begun


def measure(workers, words, keep=True):
    """Requests a second, and the share of the busiest."""
    options = f"--workers={workers}"
    with Service("poll", options=options, count=workers) as service:
        wait_for(lambda: len(service.workers()) == workers)
        answered, seconds = Clients(service.address, words.clients, words.work, keep).run(
            words.seconds)
    total = sum(answered.values())
    return total / seconds, max(answered.values()) / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--work", type=int, default=20000000, help="rounds of a loop for a request")
    parser.add_argument("--guest-level", default="-O2")
    words = parser.parse_args()
    support.LEVEL = words.guest_level
    ratios, shares, kept_shares = [], [], []
    for _ in range(words.rounds):
        one, _ = measure(1, words)
        several, kept_share = measure(words.workers, words)
        _, share = measure(words.workers, words, keep=False)
        ratios.append(several / one)
        kept_shares.append(kept_share)
        shares.append(share)
        print(f"1 worker {one:7.1f} requests/s, {words.workers} workers {several:7.1f}: "
              f"{several / one:.2f}; the busiest has {kept_share:.0%} of them, "
              f"{share:.0%} with a connection for each", flush=True)
    print(f"median  {statistics.median(ratios):.2f}, "
          f"{statistics.median(kept_shares):.0%}, {statistics.median(shares):.0%}")
    return 0


sys.exit(main())
