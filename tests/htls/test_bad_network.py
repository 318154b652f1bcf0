"""On a network that loses, delays, doubles and reorders packets the tests of this folder pass, only
slower. `bad_network` runs all of them, and others, in it."""

import os
import subprocess
import sys
import unittest

import support

HERE = os.path.dirname(os.path.abspath(__file__))
UNAVAILABLE = 77


class BadNetwork(unittest.TestCase):
    def runs(self, script, *tests, **how):
        words = [f"--{name}={value}" for name, value in how.items()]
        done = subprocess.run([os.path.join(HERE, "bad_network"), *words, sys.executable,
                               os.path.join(HERE, script), *tests], capture_output=True, text=True)
        if done.returncode == UNAVAILABLE:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stderr

    def passes(self, script, *tests, **how):
        said = self.runs(script, *tests, **how)
        self.assertNotIn("'lost': 0", said, "nothing was wrong with it")

    def test_nothing_waits_for_acknowledgements(self):
        """What comes at once on loopback is on its way for a while."""
        self.runs("test_flights.py", "AServer.test_that_blocks", "AServer.test_that_polls",
                  "AClient.test_ends_soon", loss=0, twice=0, late=0, delay=6)

    def test_nothing_is_clear(self):
        self.passes("test_clear_text.py", loss=0.05, twice=0.05, late=0.1)

    def test_handshakes_in_the_background(self):
        self.passes("test_nonblocking.py", "DuringTheHandshake", loss=0.05)

    def test_streams_arrive_whole_and_in_order(self):
        self.passes("test_streams.py", "HalfClose", "LargePieces.test_both_ways_with_tls_1_2",
                    "LargePieces.test_what_came_before_the_end_is_received_after_it", loss=0.005)


if __name__ == "__main__":
    support.main()
