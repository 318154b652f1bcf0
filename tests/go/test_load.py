"""Many goroutines over hTLS at once: no request fails, and nothing is left behind."""

import os
import time
import unittest

import gotools
import peers
import support

GOROUTINES = 200
ROUNDS = 4
REQUESTS = 10_000 if not support.SANITIZED else 2_000


class Load(unittest.TestCase):
    def load(self, *flags, requests):
        """Plays ROUNDS rounds; returns descriptors and memory (KiB) after each."""
        guest = gotools.program(os.path.join(gotools.HERE, "load"))
        held = []
        with peers.NginxPeer(support.pki().identity("addresses")) as server:
            command = [guest, *flags, f"https://{server}/", GOROUTINES, requests // ROUNDS, ROUNDS]
            with support.start(list(map(str, command)), stdin=support.subprocess.PIPE) as process:
                for _ in range(ROUNDS):
                    line = process.stdout.readline()
                    self.assertRegex(line, r"^\d+ requests", self.ended(process, line))
                    # Connections end in the background.
                    self.settles(lambda: support.open_descriptors(process.pid) <= 20)
                    held.append((support.open_descriptors(process.pid),
                                 support.resident_memory(process.pid)))
                    process.stdin.write("\n")
                    process.stdin.flush()
                process.communicate(timeout=20)
                self.assertEqual(process.returncode, 0)
        return held

    @staticmethod
    def ended(process, line):
        return "" if line else f"the guest has ended: {process.communicate()[1]}"

    @staticmethod
    def settles(condition):
        end = time.monotonic() + 5
        while not condition() and time.monotonic() < end:
            time.sleep(0.05)

    def check(self, held):
        print("descriptors, memory in KiB:", held)
        descriptors = [count for count, _ in held]
        memory = [size for _, size in held]
        self.assertEqual(len(set(descriptors)), 1, held)
        if not support.SANITIZED:  # which keep what is freed for a while
            # The guest's heap has its size after the first round; a fifth is its collector's.
            self.assertLess(memory[-1], memory[0] * 1.2 + 4096, held)

    def test_on_connections_that_are_kept(self):
        self.check(self.load("-keep", requests=REQUESTS))

    def test_a_connection_for_each_request(self):
        self.check(self.load(requests=REQUESTS // 5))


if __name__ == "__main__":
    support.main()
