"""Lists of poll_oneoff, which are kept from call to call: every event is told, none that did not happen,
and what has not changed costs nothing."""

import os
import re
import shutil
import ssl
import struct
import unittest

import support
from support.peers import NAME, TlsPeer, echo

HERE = os.path.dirname(os.path.abspath(__file__))


class AList(support.GuestTest):
    def wait(self, connections, what, rounds, command=(), versions={}, **env):
        """See guests/lists.c."""
        with TlsPeer(support.pki().identity("ecdsa"), echo, **versions) as peer:
            words = [*command, support.program("lists"), str(peer), NAME, str(connections), what, str(rounds)]
            result = support.run(words, support.environment(**env), timeout=60)
            self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result)

    def test_tells_of_one_among_many(self):
        self.wait(40, "idle", 400)

    def test_that_changes_in_every_way_tells_of_all_there_is(self):
        self.wait(30, "change", 1500)

    def test_tells_of_a_descriptor_that_has_become_another_one(self):
        self.wait(6, "descriptors", 1)

    @unittest.skipIf(support.ENGINE == "syscall", "it has all that is in a list of the kernel")
    @unittest.skipIf(support.SANITIZED, "nothing can be preloaded before the sanitizers")
    def test_asks_for_no_connection_that_is_idle(self):
        source = os.path.join(HERE, "count_asks.c")
        library = support.made_once("count_asks.so", [source], [], lambda path: support.run_tool(
            "cc", "-O2", "-shared", "-fPIC", "-D_GNU_SOURCE", source, "-o", path))
        path = os.path.join(support.temporary_folder(), "asks")
        few, many = (self.asks(path, library, rounds) for rounds in (100, 300))
        self.assertGreater(few, 100)
        self.assertLess((many - few) / 200, 20)  # there are three polls in a round, of 200 connections

    def asks(self, path, library, rounds):
        with open(path, "wb") as file:
            file.write(bytes(8))
        # With TLS 1.2 nothing comes after the handshake that would be read, and found to be nothing.
        self.wait(200, "idle", rounds, versions={"maximum": ssl.TLSVersion.TLSv1_2}, LD_PRELOAD=library,
                  ASKS=path)
        with open(path, "rb") as file:
            return struct.unpack("=q", file.read())[0]

    @unittest.skipIf(shutil.which("strace") is None or support.SANITIZED,
                     "strace is not installed, or the sanitizers have calls of their own")
    @unittest.skipIf(support.ENGINE == "syscall", "it asks the kernel each time")
    def test_with_a_listener_enters_the_kernel_only_to_send_and_to_wait(self):
        path = os.path.join(support.temporary_folder(), "trace")
        few, many = (self.calls(path, rounds) for rounds in (100, 600))
        self.assertLess((many - few) / 500, 2.5)  # a busy machine wakes it more often

    def calls(self, path, rounds):
        self.wait(40, "idle", rounds, ["strace", "-f", "-c", "-o", path])
        with open(path) as file:
            return int(re.search(r"(\d+) +(?:\d+ )?total$", file.read(), re.MULTILINE)[1])


if __name__ == "__main__":
    support.main()
