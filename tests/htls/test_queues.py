"""Readiness queues (sys/epoll.h) of hTLS connections: every event is told, none that did not happen,
and idle connections cost a wait nothing."""

import os
import re
import shutil
import signal
import unittest

import support
from support.peers import NAME, TlsPeer, echo
from support.servers import HttpsServer, ManyClients

CONNECTIONS = 40


COUNTED = unittest.skipIf(shutil.which("strace") is None or support.SANITIZED,
                          "strace is not installed, or the sanitizers have calls of their own")


class AQueue(support.GuestTest):
    def visit(self, connections, what, number, command=(), **versions):
        """See guests/queue.c."""
        with TlsPeer(support.pki().identity("ecdsa"), echo, **versions) as peer:
            words = [*command, support.program("queue"), str(peer), NAME, str(connections), what,
                     str(number)]
            result = support.run(words, support.environment(
                ASAN_OPTIONS="detect_leaks=0" if command else os.environ.get("ASAN_OPTIONS", "")),
                timeout=60)
            self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result)
            peer.finish()
            self.assertEqual(peer.errors, [])

    def test_tells_of_one_among_many(self):
        self.visit(CONNECTIONS, "idle", 400)

    def test_tells_of_all_at_once(self):
        self.visit(CONNECTIONS, "all", 20)

    def test_tells_when_there_is_room_again(self):
        self.visit(3, "large", 5_000_000)

    @COUNTED
    def test_enters_the_kernel_no_more_often_for_idle_connections(self):
        rounds, path = 500, os.path.join(support.temporary_folder(), "trace")
        few, many = (self.calls("idle", rounds, path, "total") for rounds in (100, 100 + rounds))
        allowed = 4 if support.ENGINE == "syscall" else 1.5
        self.assertLess((many - few) / rounds, allowed + 0.5)  # a busy machine wakes it more often

    @COUNTED
    @unittest.skipIf(support.ENGINE == "syscall", "it has all events of the kernel")
    def test_asks_the_kernel_for_no_events_that_it_does_not_have(self):
        path = os.path.join(support.temporary_folder(), "trace")
        self.assertLess(self.calls("beside", 200, path, "epoll_wait"), 20)

    def calls(self, what, rounds, path, name):
        self.visit(CONNECTIONS, what, rounds, ["strace", "-f", "-c", "-o", path])
        with open(path) as file:
            found = re.search(rf"(\d+) +(?:\d+ )?{name}$", file.read(), re.MULTILINE)
        return int(found[1]) if found else 0


@COUNTED
class AServer(support.GuestTest):
    """One that waits with a queue, and finds requests of many connections when it looks."""

    def counted(self, connections, rounds=4):
        """How often it calls the kernel a request, and how many entries it gives the ring."""
        path = os.path.join(support.temporary_folder(), "trace")
        # -D: the server is our child, and strace its own.
        with HttpsServer(command=["strace", "-D", "-f", "-o", path]) as server, \
                ManyClients(server) as clients:
            clients.open(connections)
            self.assertEqual(clients.ask(), connections)
            before = self.so_far(path)
            for _ in range(rounds):
                os.kill(server.process.pid, signal.SIGSTOP)
                clients.send()
                os.kill(server.process.pid, signal.SIGCONT)
                self.assertEqual(clients.take(), connections)
            return [(after - begin) / (rounds * connections)
                    for after, begin in zip(self.so_far(path), before)]

    def so_far(self, path):
        with open(path) as file:
            text = file.read()
        return text.count(" = "), sum(map(int, re.findall(r"io_uring_enter\(\d+, (\d+)", text)))

    def test_calls_the_kernel_less_than_once_a_request_that_comes_with_others(self):
        allowed = 3.5 if support.ENGINE == "syscall" else 0.4  # two read, one writes
        for connections in (64, 512):
            self.assertLess(self.counted(connections)[0], allowed, connections)

    @unittest.skipIf(support.ENGINE == "syscall", "it has no buffers to run out of")
    def test_arms_a_receive_that_found_no_buffer_once(self):
        for connections in (64, 512):  # a send, and a receive where there are more than buffers
            self.assertLess(self.counted(connections)[1], 2.1 if connections > 64 else 1.1, connections)


if __name__ == "__main__":
    support.main()
