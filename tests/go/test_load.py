"""Many goroutines over hTLS at once: no request fails, and nothing is left behind."""

import os
import subprocess
import time
import unittest

import support
from support import gotools, peers

gotools.need()

HERE = os.path.dirname(os.path.abspath(__file__))
GOROUTINES = 200
ROUNDS = 4
REQUESTS = 10_000 if not support.SANITIZED else 1_000


class Load(unittest.TestCase):
    def load(self, *flags, requests):
        """Plays ROUNDS rounds: after each the process has no more descriptors than after a
        first connection, and hardly more memory than after the first round."""
        guest = gotools.program(os.path.join(HERE, "load"))
        memory = []
        with peers.NginxPeer(support.pki().identity("addresses")) as server:
            command = [guest, *flags, f"https://{server}/", GOROUTINES, requests // ROUNDS, ROUNDS]
            with support.start(list(map(str, command)), stdin=subprocess.PIPE) as process:
                self.expect(process, r"^ready$")
                at_first = support.open_descriptors(process.pid)
                for _ in range(ROUNDS):
                    process.stdin.write("\n")
                    process.stdin.flush()
                    self.expect(process, r"^\d+ requests")
                    self.settle(process, at_first)
                    memory.append(support.resident_memory(process.pid))
                process.communicate("\n", timeout=20 * support.SLOWNESS)
                self.assertEqual(process.returncode, 0)
        if not support.SANITIZED:  # which keep what is freed for a while
            # The guest's heap has its size after the first round; a fifth is its collector's.
            self.assertLess(memory[-1], memory[0] * 1.2 + 4096, memory)

    def expect(self, process, pattern):
        line = process.stdout.readline()
        self.assertRegex(line, pattern, "" if line else process.communicate()[1])

    def settle(self, process, wanted):
        """Closed connections linger, until their peer has all that was sent."""
        end = time.monotonic() + 30
        while support.open_descriptors(process.pid) > wanted and time.monotonic() < end:
            time.sleep(0.05)
        self.assertLessEqual(support.open_descriptors(process.pid), wanted)

    def test_on_connections_that_are_kept(self):
        self.load("-keep", requests=REQUESTS)

    def test_a_connection_for_each_request(self):
        self.load(requests=REQUESTS // 5)


if __name__ == "__main__":
    support.main()
