"""What the I/O engines do with the kernel, counted with strace: nothing before it is needed, little
where much could be done, and plain system calls where io_uring is not to be had."""

import os
import re
import shutil
import ssl
import struct
import unittest

import support
from support.peers import NAME, ThreadPeer, TlsPeer, echo
from support.servers import HttpsServer, ManyClients

HERE = os.path.dirname(os.path.abspath(__file__))
REQUESTS = 1000


# A script that needs an engine: it waits for a socket.
WAITS_ONCE = ["socket:udp4", "bind:127.0.0.1:0", "rcvtimeo:1", "recv:1"]


def ring_is_to_be_had():
    """Whether this machine lets a program make a ring at all (containers often do not)."""
    result = support.run([support.program("probe"), *WAITS_ONCE],
                         support.environment(TIMECRAFT_IO="uring"))
    return result.returncode == 0 and "TIMECRAFT_IO" not in result.stderr


def traced(steps, expressions, options=support.ALL_NETWORK, summary=False, **env):
    """Runs a script with its system calls written down; the trace is in `.trace`."""
    path = os.path.join(support.temporary_folder(), "trace")
    # Leaks cannot be looked for in a process that is traced.
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    words = ["strace", "-f", "-o", path] + (["-c"] if summary else [])
    for expression in [expressions] if isinstance(expressions, str) else expressions:
        words += ["-e", expression]
    result = support.run([*words, support.program("probe"), *steps],
                         support.environment(options, **env), timeout=60)
    with open(path) as trace:
        result.trace = trace.read()
    return result


def count_of(call, summary):
    """How often `call` was made, from the table of `strace -c`."""
    for line in summary.splitlines():
        columns = line.split()
        if columns and columns[-1] == call:
            return int(columns[3])
    return 0


@unittest.skipIf(shutil.which("strace") is None, "strace is not installed")
class EngineTest(support.GuestTest):
    def outcomes(self, result):
        self.assertEqual(result.returncode, 0, result)
        return dict(line.split("\t", 1) for line in result.stdout.splitlines())


class AProgramThatOpensNoSocket(EngineTest):
    def test_makes_no_ring_and_reads_no_trust_store(self):
        result = traced(["sleep:1", "open:file", "write:hello"],
                        "trace=io_uring_setup,open,openat,socket",
                        f"--dir={support.temporary_folder()}::.")
        self.assertEqual(self.outcomes(result)["write:hello"], "5")
        self.assertNotIn("io_uring_setup", result.trace)
        self.assertNotIn("ca.pem", result.trace)
        self.assertNotIn("ssl", result.trace.replace("libssl", ""))
        self.assertNotIn("socket(", result.trace)


class APlainSocket(EngineTest):
    def test_reads_no_trust_store(self):
        with ThreadPeer(echo) as peer:
            result = traced(["socket:tcp4", f"connect:{peer}", "exchange:2:10"],
                            "trace=open,openat")
        self.assertEqual(self.outcomes(result)["exchange:2:10"], "2")
        # O_PATH: the wall is told that it may be read.
        self.assertNotRegex(result.trace, r'ca\.pem", (?!\S*O_PATH)')


class TheEngine(EngineTest):
    def exchange(self, *more, **env):
        """Small requests on one kept-alive hTLS connection."""
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            result = traced(["socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                             f"exchange:{REQUESTS}:100"], *more, summary=True, **env)
        self.assertEqual(self.outcomes(result)[f"exchange:{REQUESTS}:100"], str(REQUESTS))
        return result

    @unittest.skipIf(support.ENGINE == "syscall", "of the other engine")
    def test_on_io_uring_enters_the_kernel_once_a_request(self):
        if not ring_is_to_be_had():
            self.skipTest("io_uring is not to be had here")
        result = self.exchange("trace=all", TIMECRAFT_IO="uring")
        self.assertEqual(count_of("io_uring_setup", result.trace), 1, result.trace)
        entries = count_of("io_uring_enter", result.trace)
        self.assertLessEqual(entries, 1.5 * REQUESTS, result.trace)
        for call in ("recvfrom", "recvmsg", "sendto", "sendmsg", "write", "writev", "poll", "ppoll",
                     "epoll_wait"):
            self.assertLess(count_of(call, result.trace), 20, f"{call}\n{result.trace}")

    @unittest.skipIf(support.ENGINE == "uring", "of the other engine")
    def test_on_system_calls_makes_no_ring(self):
        result = self.exchange("trace=all", TIMECRAFT_IO="syscall")
        self.assertEqual(count_of("io_uring_setup", result.trace), 0, result.trace)
        self.assertEqual(count_of("io_uring_enter", result.trace), 0, result.trace)
        made = sum(int(columns[3]) for columns in map(str.split, result.trace.splitlines())
                   if len(columns) > 4 and re.match(r"\w*(recv|send|poll|read|write)", columns[-1]))
        self.assertLessEqual(made, 4.2 * REQUESTS, result.trace)
        # For which the wall's filter would run: it asks what these are called with.
        self.assertLess(count_of("sendto", result.trace) + count_of("sendmsg", result.trace), 20,
                        result.trace)

    @unittest.skipIf(support.ENGINE == "syscall", "of the other engine")
    def test_on_io_uring_asks_the_ring_for_datagrams_that_have_not_come(self):
        if not ring_is_to_be_had():
            self.skipTest("io_uring is not to be had here")
        count = 40
        both = ["socket:udp4", "bind:127.0.0.1:0", "slot:1", "socket:udp4", "connect:@0"]
        calls = "trace=recvfrom,io_uring_enter"
        come = traced([*both, *["send:hello"] * count, "slot:0", *["recv:5"] * count], calls,
                      summary=True, TIMECRAFT_IO="uring")
        self.assertEqual(self.outcomes(come)["recv:5"], "5 hello")
        self.assertEqual(count_of("recvfrom", come.trace), count + 1, come.trace)  # the resolver's
        self.assertLess(count_of("io_uring_enter", come.trace), 5, come.trace)
        absent = traced([*both, "slot:0", "rcvtimeo:1", *["recv:5"] * count], calls, summary=True,
                        TIMECRAFT_IO="uring")
        self.assertEqual(self.outcomes(absent)["recv:5"], "EAGAIN")
        self.assertLess(count_of("recvfrom", absent.trace), count / 4, absent.trace)

    def test_sends_whole_records_from_where_openssl_has_them(self):
        records = 40
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            result = traced(["socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                             f"exchange:1:{records * 16384}"], "trace=sendto,sendmsg,write", summary=True)
        self.assertEqual(result.returncode, 0, result)
        # Some are queued instead, while the socket's buffer is full.
        self.assertGreater(count_of("write", result.trace), records / 2, result.trace)

    @unittest.skipIf(support.SANITIZED, "sanitizers get memory in their own ways")
    def test_gets_no_memory_of_the_kernel_and_gives_none_back_between_requests(self):
        calls = "madvise,mmap,munmap,mprotect,brk,mremap"
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            few, many = (traced(["socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                                 f"exchange:{count}:100"], "trace=" + calls, summary=True)
                         for count in (100, 100 + REQUESTS))
        self.assertEqual(count_of("madvise", many.trace), 0, many.trace)
        more = {call: count_of(call, many.trace) - count_of(call, few.trace)
                for call in calls.split(",")}
        self.assertLess(sum(more.values()), 10, f"{few.trace}\n{many.trace}")

    @unittest.skipIf(support.SANITIZED, "sanitizers keep what is freed for a while")
    def test_touches_no_new_page_between_requests(self):
        few, many = self.page_faults(100), self.page_faults(100 + REQUESTS)
        self.assertLess(many - few, REQUESTS / 10, f"{few} and {many} page faults")

    @unittest.skipIf(support.SANITIZED, "sanitizers get memory in their own ways")
    def test_leaves_allocating_for_a_request_to_openssl(self):
        """Which has six: buffers that it gives back when they are empty, and contexts. It is not asked to
        read in vain, for which it would have one more."""
        few, many = self.allocations(100), self.allocations(100 + REQUESTS)
        self.assertGreater(few, 100)  # starting and shaking hands: they are counted
        most = 6.1 if ssl.OPENSSL_VERSION_INFO[:2] == (3, 0) else 8.1  # others were not counted
        self.assertLess(many - few, most * REQUESTS, f"{few} and {many} allocations")

    def allocations(self, requests):
        """How often a guest that makes so many requests calls malloc, calloc and realloc."""
        counting, told = self.counting()
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            result = support.run([support.program("probe"), "socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                                  f"exchange:{requests}:100"], support.environment(**counting))
        self.assertEqual(result.returncode, 0, result)
        return told()[0]

    def counting(self):
        """The environment of a program whose allocations are counted, and how to read the numbers."""
        source = os.path.join(HERE, "count_allocations.c")
        library = support.made_once("count_allocations.so", [source], [], lambda path: support.run_tool(
            "cc", "-O2", "-shared", "-fPIC", source, "-o", path))
        path = os.path.join(support.temporary_folder(), "count")
        with open(path, "wb") as file:
            file.write(bytes(16))

        def told():
            with open(path, "rb") as file:
                return struct.unpack("=qq", file.read())

        return {"LD_PRELOAD": library, "ALLOCATIONS": path}, told

    @unittest.skipIf(support.SANITIZED, "sanitizers get memory in their own ways")
    @unittest.skipIf(ssl.OPENSSL_VERSION_INFO[:2] != (3, 0), "other versions of OpenSSL hold more or less")
    def test_holds_little_for_an_idle_connection_beside_what_openssl_does(self):
        """Which has 12 KiB: half of it is an SSL, the next are ciphers, keys and the session. The
        least of three times: the more have asked at once, the more buffers the engine has."""
        counting, told = self.counting()
        with HttpsServer(**counting) as server, ManyClients(server) as clients:
            held = []
            for count in range(100, 500, 100):
                clients.open(100)
                self.assertEqual(clients.ask(), count)
                held.append(told()[1])
            self.assertLess(min(map(int.__sub__, held[1:], held)) / 100, 15500, held)

    @unittest.skipIf(support.SANITIZED, "sanitizers get memory in their own ways")
    def test_gets_the_memory_of_a_first_request_in_few_steps(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            result = traced(["socket:tcp4", f"connect:{peer}", f"htls:{NAME}", "exchange:1:100"],
                            "trace=madvise,mprotect,brk", summary=True)
        self.assertEqual(result.returncode, 0, result)
        steps = sum(count_of(call, result.trace) for call in ("madvise", "mprotect", "brk"))
        self.assertLess(steps, 60, result.trace)

    def page_faults(self, requests):
        """Of a guest that makes so many requests."""
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            process = support.start([support.program("probe"), "socket:tcp4", f"connect:{peer}",
                                     f"htls:{NAME}", f"exchange:{requests}:100"])
            with process:
                said = process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        self.assertIn(f"exchange:{requests}:100\t{requests}", said)
        return usage.ru_minflt

    def test_falls_back_to_system_calls_where_io_uring_is_forbidden(self):
        for error in ("EPERM", "ENOSYS"):
            with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
                result = traced(["socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                                 "exchange:10:100"],
                                ["trace=io_uring_setup,io_uring_enter",
                                 f"inject=io_uring_setup:error={error}"], TIMECRAFT_IO="")
            self.assertEqual(self.outcomes(result)["exchange:10:100"], "10")
            self.assertNotIn("io_uring_enter", result.trace)
            self.assertEqual(result.stderr, "", "falling back is nobody's business")

    def test_that_is_unknown_is_told(self):
        result = support.run([support.program("probe"), *WAITS_ONCE],
                             support.environment(TIMECRAFT_IO="nonsense"))
        self.assertIn("TIMECRAFT_IO", result.stderr, result)


if __name__ == "__main__":
    support.main()
