"""Machines that have too little: of memory, of room on the disk, of descriptors, of ports; whose clock
jumps; and processes that are stopped and go on."""

import ctypes
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import faults
import support
from support.peers import NAME, Relay, ThreadPeer, TlsPeer, echo
from support.services import Client, Service

support.GUEST_DIRS.append(os.path.join(os.path.dirname(support.HERE), "service", "guests"))

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
GIB = 1 << 30


def own_namespace(kind, *commands):
    """A preexec_fn: the child is in a namespace of its own, where the commands were run."""
    def make():
        support.die_with_parent()
        if ctypes.CDLL(None).unshare(kind) != 0 or any(subprocess.call(
                ["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in
                commands):
            os._exit(support.SKIPPED)
    return make


def limited(kind, most):
    def limit():
        support.die_with_parent()
        resource.setrlimit(kind, (most, most))
    return limit


class PressureTest(unittest.TestCase):
    def run_under(self, make, words, options=faults.Program.options, **env):
        done = subprocess.run(words, env=support.environment(options, **env), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, preexec_fn=make, timeout=60 * support.SLOWNESS)
        if done.returncode == support.SKIPPED:
            self.skipTest("no namespace can be made here")
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertGreaterEqual(done.returncode, 0, f"a signal: {done}")
        self.assertNotEqual(done.returncode, 134, f"a trap: {done}")
        return done

    def client(self, peer):
        return [support.program("probe"), "socket:tcp4", f"connect:{peer}", "rcvtimeo:1000", f"htls:{NAME}",
                f"send:{faults.SECRET}", "recv:999", "close"]

    def tls_peer(self):
        peer = TlsPeer(support.pki().identity("ecdsa"), echo)
        self.addCleanup(peer.stop)
        return peer


class Descriptors(PressureTest):
    def test_too_few_to_start_or_to_connect(self):
        """With each number from almost none to enough: an errno or a message, and then it works."""
        words, worked = self.client(self.tls_peer()), []
        for most in range(3, 13):
            # LeakSanitizer needs a descriptor at the end.
            done = self.run_under(limited(resource.RLIMIT_NOFILE, most), words,
                                  ASAN_OPTIONS=f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0")
            with self.subTest(most=most):
                if done.returncode:
                    self.assertTrue("timecraft: " in done.stderr or "error while loading" in done.stderr, done)
                worked.append(f"recv:999\t{len(faults.SECRET)} " in done.stdout)
        self.assertTrue(worked[-1], "12 are enough")
        self.assertFalse(worked[0], "3 are not")

    def test_the_guest_is_told_which_connection_has_none(self):
        with ThreadPeer(echo) as peer:
            done = self.run_under(limited(resource.RLIMIT_NOFILE, 24),
                                  [support.program("many"), "parallel", str(peer), "-", "50"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("EMFILE", done.stdout)


@unittest.skipIf(support.SANITIZED, "the sanitizer reserves more than that for itself")
class Memory(PressureTest):
    def test_of_every_size(self):
        """Of address space: 8 GiB are the guest's memory alone."""
        words, worked = self.client(self.tls_peer()), []
        for quarters in (1, 30, 33, 34, 35, 36, 40, 48):
            done = self.run_under(limited(resource.RLIMIT_AS, quarters * GIB // 4), words)
            with self.subTest(gib=quarters / 4):
                if done.returncode:
                    self.assertTrue("timecraft: " in done.stderr or "error while loading" in done.stderr, done)
                worked.append(f"recv:999\t{len(faults.SECRET)} " in done.stdout)
        self.assertFalse(worked[0])
        self.assertTrue(worked[-1])


class Group:
    """A control group below this process's own, whose memory is limited (cgroups(7), either version). Not all
    may make one: with version 2 the own group must be the root or a delegated one."""

    def __init__(self, limit):
        self.folder = None
        for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                self.make(f"/sys/fs/cgroup/memory{path}", "memory.limit_in_bytes", limit)
                self.write("memory.memsw.limit_in_bytes", limit)
            elif number == "0" and not self.folder:
                self.make(f"/sys/fs/cgroup{path}", "memory.max", limit)
                self.write("memory.swap.max", 0)
        if not self.folder:
            raise unittest.SkipTest("no control group with a limit of memory can be made here")

    def make(self, parent, name, limit):
        """`folder` is None where it has no such limit."""
        self.folder = os.path.join(parent, f"timecraft-test-{os.getpid()}")
        try:
            os.mkdir(self.folder)
        except OSError:
            self.folder = None
            return
        if not self.write(name, limit):
            self.remove()

    def write(self, name, value):
        try:
            if self.folder and os.path.exists(os.path.join(self.folder, name)):
                with open(os.path.join(self.folder, name), "w") as file:
                    file.write(str(value))
                return True
        except OSError:
            pass
        return False

    def remove(self):
        """When all of its processes have ended; the kernel may be slower."""
        for _ in range(100):
            try:
                os.rmdir(self.folder)
                break
            except OSError:
                time.sleep(0.05)
        self.folder = None

    def take(self, process):
        """A process, or with 0 whoever calls this, and its children from now on."""
        with open(os.path.join(self.folder, "cgroup.procs"), "w") as file:
            file.write(str(process))


@unittest.skipIf(support.SANITIZED, "the sanitizer's own memory is most of it")
class MemoryOfAGroup(PressureTest):
    """A container's limit: beyond it the kernel kills."""

    def group(self, mebibytes):
        group = Group(mebibytes << 20)
        self.addCleanup(group.remove)
        return group

    def run_in(self, group, words, options=""):
        def enter():
            support.die_with_parent()
            group.take(0)
        return subprocess.run(words, env=support.environment(options), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, preexec_fn=enter, timeout=60)

    def test_kills_a_guest_whose_record_has_all_until_then(self):
        group = self.group(64)
        record = os.path.join(support.temporary_folder(), "record")
        done = self.run_in(group, [support.program("hungry", sdk=False), "500"], f"--record={record}")
        self.assertEqual(done.returncode, -signal.SIGKILL, done)
        told = done.stdout.splitlines()
        self.assertGreater(len(told), 2, done)
        shown = support.run_tool(support.TIMECRAFT, "trace", "calls", "-e", "fd_write", record)
        self.assertEqual(shown.count('"taken '), len(told), shown)

    def test_is_no_matter_to_a_guest_that_has_a_lower_one_of_its_own(self):
        """It is told that there is no more, and ends as it likes."""
        group = self.group(64)
        done = self.run_in(group, [support.program("hungry", sdk=False), "500"], "--max-memory=32M")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("memory after ", done.stdout)

    def test_of_every_size(self):
        """It works, or is killed, or says what it lacks; and never sends in clear what was meant for TLS."""
        worked = []
        for mebibytes in (1, 2, 3, 4, 6, 8, 64):
            group = Group(mebibytes << 20)
            with TlsPeer(support.pki().identity("ecdsa"), echo) as peer, Relay(peer) as relay:
                done = self.run_in(group, self.client(relay), faults.Program.options)
                seen = bytes(relay.from_guest)
            group.remove()
            with self.subTest(mebibytes=mebibytes):
                self.assertIn(done.returncode, (0, 1, 2, -signal.SIGKILL), done)
                self.assertNotIn(faults.SECRET.encode(), seen)
            worked.append(f"recv:999\t{len(faults.SECRET)} " in done.stdout)
        self.assertFalse(worked[0])
        self.assertTrue(worked[-1])

    def test_kills_a_worker_whose_place_another_one_takes(self):
        group = self.group(64)
        with Service(options="--workers=1") as service:
            worker, = service.workers()
            for process in (service.process.pid, worker):
                group.take(process)
            with Client(service.address) as client:
                client.say("take 200")
                self.assertIsNone(client.hear())
            service.process.stdout.readline()
            with Client(service.address) as client:
                self.assertEqual(client.ask("hello")[1], "hello")
            service.has_said("was killed by signal 9")


class Disk(PressureTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=support.FOLDER))
        self.small = own_namespace(CLONE_NEWNS, "mount --make-rprivate /",
                                   f"mount -t tmpfs -o size=128k none {self.folder}")

    def test_that_is_full_is_told_to_the_guest(self):
        done = self.run_under(self.small, ["sh", "-c", 'head -c 200000 /dev/zero >"$0/all" 2>/dev/null\n'
                                           'exec "$@"', str(self.folder), support.program("files", sdk=False),
                                           "word"], f"--dir {self.folder}::/")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("No space left on device", done.stdout)

    def test_that_has_no_room_for_a_record(self):
        peer = self.tls_peer()
        steps = [word for _ in range(40) for word in (f"send:{'x' * 8000}", "recv:8000")]
        done = self.run_under(self.small, [support.program("probe"), "socket:tcp4", f"connect:{peer}",
                                           f"htls:{NAME}", *steps, "close"],
                              f"{faults.Program.options} --record={self.folder}/record")
        self.assertIn("timecraft: ", done.stderr)
        self.assertIn("space", done.stderr)

    def test_that_has_no_room_for_a_build(self):
        module = support.wasm("probe")
        output = os.path.join(self.folder, "program")
        done = self.run_under(self.small, [support.TIMECRAFT, "build", "-O0", module, "-o", output], "",
                              TMPDIR=str(self.folder), XDG_CACHE_HOME=str(self.folder / "cache"))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("timecraft: ", done.stderr)
        self.assertIn("space", done.stderr.lower())


class Ports(PressureTest):
    def test_that_are_all_taken(self):
        """Four there are for connections to one place; the fifth is told."""
        few = own_namespace(CLONE_NEWNET, "ip link set lo up",
                            "echo 40000 40003 >/proc/sys/net/ipv4/ip_local_port_range")
        steps = ["socket:tcp4", "bind:127.0.0.1:5000", "listen:9"]
        for slot in range(1, 6):
            steps += [f"slot:{slot}", "socket:tcp4", "connect:@0"]
        done = self.run_under(few, [support.program("probe"), *steps])
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual([line.split("\t")[1] for line in done.stdout.splitlines() if "connect" in line],
                         ["ok"] * 4 + ["EADDRNOTAVAIL"])


@unittest.skipIf(support.SANITIZED, "sanitizers replace the same functions")
class Clock(PressureTest):
    def run_with(self, seconds, words):
        return self.run_under(support.die_with_parent, words, LD_PRELOAD=faults.preload(),
                              FAULTS_CLOCK=seconds)

    def test_that_jumps_by_a_minute_disturbs_nothing(self):
        begin = time.monotonic()
        done = self.run_with("~60", [*self.client(self.tls_peer())[:-1], "poll:r:300", "close"])
        self.assertIn(f"recv:999\t{len(faults.SECRET)} ", done.stdout, done)
        self.assertIn("poll:r:300\tnothing", done.stdout)
        self.assertGreater(time.monotonic() - begin, 0.3)

    def test_that_is_decades_slow_is_told_by_the_certificate(self):
        done = self.run_with(str(-40 * 365 * 86400), self.client(self.tls_peer()))
        self.assertIn(f"htls:{NAME}\tEACCES", done.stdout, done)
        self.assertIn(f"send:{faults.SECRET}\tEACCES", done.stdout)


class Stopped(PressureTest):
    def stopped(self, words, options=faults.Program.options):
        """It is stopped for a second, again and again."""
        with support.start(words, support.environment(options), stdin=subprocess.DEVNULL) as process:
            for _ in range(3):
                time.sleep(0.1)
                process.send_signal(signal.SIGSTOP)
                time.sleep(1)
                process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=60 * support.SLOWNESS)
        self.assertEqual(process.returncode, 0, out + err)
        return out

    def test_in_the_middle_of_a_stream(self):
        from support.peers import both_ways
        total = 8 << 20
        with TlsPeer(support.pki().identity("ecdsa"), both_ways(total)) as peer:
            out = self.stopped([support.program("both_ways"), str(peer), NAME, str(total), "65536", "65536"])
        self.assertIn(f"{total} sent, {total} received, end", out)

    def test_while_it_waits(self):
        out = self.stopped([support.program("probe"), "socket:udp4", "bind:127.0.0.1:0", "poll:r:500",
                            "poll:r:3000"])
        self.assertIn("poll:r:3000\tnothing", out)


if __name__ == "__main__":
    support.main()
