"""A guest that serves holds many connections that do nothing, and loses none."""

import statistics
import time
import unittest

from tls_support import TlsTest

import support
from support.servers import HttpsServer, ManyClients, allow_descriptors
from support.peers import wait_until

COUNT = 500
ENGINE = 4  # descriptors that the engine takes with the first connection, at most
# Bytes that each connection may leave behind, in the median of the rounds. How many work at the same
# moment differs, and with it what the heap keeps for ever; a connection that is not freed is larger,
# and one more in each round. Small leaks are the sanitizers' part.
LEFT_MAX = 4096


@unittest.skipUnless(allow_descriptors(4 * COUNT), "too few descriptors are allowed")
class IdleConnections(TlsTest):
    def setUp(self):
        self.server = self.enter(HttpsServer())
        self.descriptors = self.server.descriptors

    def hold(self, seconds):
        """Holds COUNT idle connections for so long, then asks each for a page. Returns the memory
        that the server holds when they are gone."""
        with ManyClients(self.server) as clients:
            clients.open(COUNT)
            wait_until(lambda: self.server.descriptors >= self.descriptors + COUNT,
                       "all of the connections to be accepted")
            time.sleep(seconds)
            self.assertEqual(clients.ask(), COUNT)
        wait_until(lambda: self.server.descriptors <= self.descriptors + ENGINE,
                   "the connections to be closed")
        return self.server.memory

    def test_all_answer_and_leave_nothing_behind(self):
        held = [self.hold(1)] + [self.hold(0) for _ in range(5)]
        self.assertIsNone(self.server.process.poll())
        if not support.SANITIZED:  # which keep what is freed for a while
            grown = statistics.median(after - before for before, after in zip(held, held[1:]))
            self.assertLess(grown / COUNT, LEFT_MAX, held)

    def test_one_that_speaks_is_not_kept_waiting(self):
        """Nor does one that has nothing to say cost the others anything but a look."""
        with ManyClients(self.server) as idle, ManyClients(self.server) as speaker:
            idle.open(COUNT // 4)
            speaker.open(1)
            self.assertEqual([speaker.ask() for _ in range(20)], [1] * 20)
            self.assertEqual(idle.ask(), COUNT // 4)


if __name__ == "__main__":
    support.main()
