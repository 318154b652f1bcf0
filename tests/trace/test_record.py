"""--record: what is in the file, however the guest ends, as another reader finds it."""

import hashlib
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import reader
import support
from reader import Record
from support.peers import NAME, TlsPeer, echo

support.GUEST_DIRS.append(os.path.join(os.path.dirname(support.HERE), "net", "guests"))


class RecordTest(support.GuestTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=support.FOLDER)
        self.path = os.path.join(self.folder, "record")

    def options(self, words="", more=""):
        return f"{support.ALL_NETWORK} {more} --record={self.path}{words}"

    def record(self, *arguments, words="", more="", guest="steps", status=0, **env):
        """Runs a guest and reads what it recorded."""
        self.result = support.run([support.program(guest), *map(str, arguments)],
                                  support.environment(self.options(words, more), **env))
        self.assertEqual(self.result.returncode, status, self.result)
        return Record(self.path)

    def refused(self, reason):
        before = sorted(os.listdir(self.folder))
        result = support.run([support.program("steps")], support.environment(self.options()))
        self.assertEqual(result.returncode, 2, result)
        self.assertIn(reason, result.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)


class Content(RecordTest):
    def test_says_what_ran(self):
        record = self.record("count", 3, more="--env LANG=C")
        program = record.of(reader.PROGRAM)[0]
        with open(support.wasm("steps"), "rb") as module:
            self.assertEqual(program.bytes(reader.HASH), hashlib.sha256(module.read()).digest())
        self.assertEqual(program.text(reader.EXECUTABLE), support.program("steps"))
        self.assertEqual(record.of(reader.ARGUMENTS)[0].all(reader.WORD)[1:], [b"count", b"3"])
        self.assertEqual(record.of(reader.ENVIRONMENT)[0].all(reader.WORD), [b"LANG=C"])
        self.assertLess(abs(record.started / 1e9 - time.time()), 600)
        self.assertTrue(record.whole)

    def test_has_every_call_with_what_it_sent(self):
        record = self.record("count", 1000)
        self.assertEqual(record.output().decode(), self.result.stdout)
        self.assertEqual([call.index for call in record.calls], list(range(len(record.calls))))
        self.assertEqual(record.calls, sorted(record.calls, key=lambda call: call.time))
        self.assertEqual(len(record.named("fd_write")), 1000)

    def test_has_what_came_in(self):
        record = self.record("random")
        random = record.named("random_get")[0]
        self.assertEqual(random.chunk(0, reader.OUT).data, record.output())

    def test_events_larger_than_a_slot(self):
        """It has 512 KiB; a call's data may be more, with calls of all sizes around it."""
        for words in ("", ",limit=40M"):
            record = self.record("large", 12, 1500000, words=words)
            self.assertEqual(record.output(), self.result.stdout.encode())
            self.assertTrue(record.whole)

    def test_large_events(self):
        data = os.urandom(100) * 30000
        with open(f"{self.folder}/in", "wb") as file:
            file.write(data)
        with open(file.name, "rb") as data_in:
            subprocess.run([support.program("steps"), "read"], stdin=data_in, check=True,
                           env=support.environment(self.options()))
        record = Record(self.path)
        read = record.named("fd_read")[0].chunk(1, reader.OUT | reader.SCATTERED)
        self.assertEqual(read.data, data[:100000])
        record = self.record("large", 30)
        self.assertEqual(len(record.output()), 3000000)

    def test_is_for_its_owner_only(self):
        self.record("count", 1)
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_connections_and_tls(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            record = self.record("resolve:localhost", "socket:tcp4", f"connect:{peer}",
                                 f"htls:{NAME}", "send:hello", "recv:5", guest="probe")
            connection = record.of(reader.CONNECTION)[0]
            self.assertEqual(connection.address(reader.PEER), str(peer))
            self.assertEqual(connection.text(reader.HOST), "localhost")
            self.assertEqual(connection.number(reader.SERVER), 0)
            tls = record.of(reader.TLS)[0]
            self.assertEqual(tls.number(reader.TLS_VERSION), 0x304)
            self.assertEqual(tls.text(reader.SERVER_NAME), NAME)
            self.assertTrue(tls.text(reader.CIPHER).startswith("TLS_"))
            self.assertGreater(tls.number(reader.DURATION), 0)
            self.assertIn(f"subject: commonName={NAME}\n", tls.text(reader.PEER_INFO))
            received = record.named("sock_recv")[0].chunk(1, reader.OUT | reader.SCATTERED)
            self.assertEqual(received.data, b"hello")

    def test_a_handshake_that_failed(self):
        with TlsPeer(support.pki().identity("self_signed"), echo) as peer:
            record = self.record("socket:tcp4", f"connect:{peer}", f"htls:{NAME}", guest="probe")
        tls = record.of(reader.TLS)[0]
        self.assertEqual(tls.number(reader.ERROR), 2)  # EACCES
        self.assertRegex(tls.text(reader.REASON), "self.signed")

    def test_a_handshake_in_the_background(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            record = self.record("socket:tcp4", f"connect:{peer}", "nonblock", f"htls:{NAME}",
                                 "poll:w:5000", "send:hello", guest="probe")
        self.assertEqual(record.of(reader.TLS)[0].number(reader.TLS_VERSION), 0x304)

    def test_private_keys_are_not_kept(self):
        """Nor are the values of variables, where not all is kept."""
        record = self.record(words=",detail=headers", more="--env TOKEN=hunter2")
        self.assertEqual(record.of(reader.ENVIRONMENT)[0].all(reader.WORD), [b"TOKEN="])
        self.assertNotIn(b"hunter2", record.file)


class Ends(RecordTest):
    def test_exit_status(self):
        program = support.program("every_call", "-nostartfiles", sdk=False)
        support.run([program], support.environment(self.options()))
        end = Record(self.path).events[-1]
        self.assertEqual((end.number(reader.CAUSE), end.number(reader.STATUS)), (reader.EXIT, 5))

    def test_trap(self):
        record = self.record("trap", status=134)
        trap, end = record.events[-2:]
        self.assertIn("out-of-bounds", trap.text(reader.REASON))
        self.assertEqual([frame.decode() for frame in trap.all(reader.FRAME)][0], "fall")
        self.assertEqual((end.number(reader.CAUSE), end.number(reader.STATUS)),
                         (reader.TRAPPED, 134))
        self.assertEqual(record.output(), b"falling\n")

    def test_time_out(self):
        record = self.record("sleep", more="--timeout=0.2", status=124)
        end = record.events[-1]
        self.assertEqual(end.number(reader.CAUSE), reader.TIMED_OUT)
        self.assertEqual(record.imports[end.number(reader.PENDING)], "poll_oneoff")

    def test_sigkill_loses_no_completed_call(self):
        with support.start([support.program("steps"), "count"],
                           support.environment(self.options())) as process:
            for _ in range(20000):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            rest = process.stdout.read().splitlines()
        record = Record(self.path)
        self.assertFalse(record.whole)
        written = 20000 + len(rest)
        # The last line may be in the pipe while its call has not come back.
        self.assertIn(len(record.named("fd_write")), (written, written - 1))

    def has_calls(self):
        """The record has begun, and has calls."""
        try:
            return bool(Record(self.path).calls)
        except (OSError, AssertionError, struct.error):  # its first bytes are not all there
            return False

    def test_reads_while_the_guest_runs(self):
        with support.start([support.program("steps"), "sleep"],
                           support.environment(self.options())) as process:
            deadline = time.monotonic() + 10 * support.SLOWNESS
            while not self.has_calls() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertFalse(Record(self.path).whole)
            self.assertTrue(Record(self.path).calls)
            self.refused("another process is writing it")
            process.kill()

    def test_it_is_followed_across_blocks(self):
        """The slot is full, and begins anew, a few times meanwhile."""
        with support.start([support.program("replayed"), "count"],
                           support.environment(self.options())) as process:
            said = [process.stdout.readline()]
            with subprocess.Popen([support.TIMECRAFT, "trace", "calls", "-e", "fd_write",
                                   "--follow", self.path],
                                  stdout=subprocess.PIPE, text=True) as shown:
                said += [process.stdout.readline() for _ in range(2000)]
                process.kill()
                said += process.stdout.readlines()
                lines = shown.stdout.readlines()
            self.assertEqual(shown.returncode, 0)
        self.assertGreater(len(Record(self.path).file), 2 << 18)
        numbers = [line.split('"')[1] for line in lines]
        self.assertEqual(numbers, [f"{number}\\n" for number in range(len(numbers))])
        self.assertLessEqual(len(said) - len(numbers), 1)  # the last may have been under way


class Off(support.GuestTest):
    @unittest.skipIf(support.SANITIZED, "the sanitizer has an allocator of its own")
    def test_without_an_option_no_memory_is_taken(self):
        """As often as in a program whose binding does not even ask."""
        source = os.path.join(os.path.dirname(__file__), "guests", "allocations.c")
        counter = os.path.join(support.FOLDER, "allocations.so")
        support.run_tool("cc", "-shared", "-fPIC", "-O1", source, "-o", counter)
        never = os.path.join(support.FOLDER, "cc-never")
        with open(never, "w") as file:
            file.write(f'#!/bin/sh\nexec {os.environ.get("CC", "cc")} -DTC_TRACE_NEVER "$@"\n')
        os.chmod(never, 0o755)
        counts = {}
        for what, build, words in (("off", (), ""), ("never", (f"--cc={never}",), ""),
                                   ("on", (), "--trace=/dev/null")):
            support.LEVEL, level = "-O1", support.LEVEL
            program = support.program("steps", build_options=build)
            support.LEVEL = level
            read, write = os.pipe()
            os.dup2(write, 9)
            os.close(write)
            done = subprocess.run([program, "count", "2000"], stdout=subprocess.DEVNULL,
                                  pass_fds=[9], env=support.environment(
                                      f"--no-confinement {words}", LD_PRELOAD=counter))
            os.close(9)
            self.assertEqual(done.returncode, 0)
            with os.fdopen(read) as file:
                counts[what] = int(file.read())
        self.assertEqual(counts["off"], counts["never"])
        self.assertGreater(counts["on"], counts["off"])


class Size(RecordTest):
    def test_limit_keeps_the_newest(self):
        record = self.record("count", 40000, words=",limit=1M")
        self.assertLessEqual(len(record.file), 1 << 20)
        self.assertTrue(record.whole)
        self.assertGreater(record.segments, 4)
        self.assertTrue(self.result.stdout.endswith(record.output().decode()))
        self.assertGreater(len(record.output()), 10000)
        for segment in record.per_segment:
            self.assertEqual([event.type for event in segment[:5]],
                             [reader.PROGRAM, reader.ARGUMENTS, reader.ENVIRONMENT, reader.CLOCK,
                              reader.IMPORTS])
            self.assertEqual([event.text(reader.PATH) for event in segment[5:8]],
                             ["stdin", "stdout", "stderr"])
        indexes = [call.index for call in record.calls]
        self.assertEqual(indexes, list(range(indexes[0], indexes[0] + len(indexes))))

    def test_room_on_the_disk_that_was_not_needed_is_given_back(self):
        for words, least, *arguments in (("", 400_000, "count", 4000),
                                         (",limit=32M", 400_000, "count", 4000),
                                         ("", 25_000_000, "large", 250),
                                         (",limit=60M", 25_000_000, "large", 250)):
            with self.subTest(words=words, least=least):
                self.record(*arguments, words=words)
                status = os.stat(self.path)
                self.assertGreater(status.st_size, least)
                self.assertLess(status.st_size, least + 6_000_000)
                self.assertLess(512 * status.st_blocks, status.st_size + 100_000)

    def test_limit_cuts_what_is_larger_than_a_segment(self):
        record = self.record("large", 40, words=",limit=1M")
        self.assertLessEqual(len(record.file), 1 << 20)
        self.assertTrue(all(call.flags & 2 for call in record.named("fd_write")))
        data = record.named("fd_write")[-1].chunk(1, reader.SCATTERED)
        self.assertEqual(data.length, 100000)
        self.assertGreater(len(data.data), 50000)

    def test_detail_calls_keeps_no_data(self):
        record = self.record("large", 3, words=",detail=calls")
        self.assertLess(len(record.file), 20000)
        data = record.named("fd_write")[0].chunk(1, reader.SCATTERED)
        self.assertEqual((data.length, data.data), (100000, b""))

    def test_detail_headers_keeps_the_beginning_of_each_burst(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            record = self.record("socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                                 "send:" + "a" * 6000, "send:" + "b" * 6000, "recv:12000:waitall",
                                 "send:next", "recv:4:waitall", guest="probe", words=",detail=headers")
        sent = [call.chunk(1, reader.SCATTERED) for call in record.named("sock_send")]
        self.assertEqual([(chunk.length, len(chunk.data)) for chunk in sent],
                         [(6000, 6000), (6000, 8192 - 6000), (4, 4)])
        got = [call.chunk(1, reader.OUT | reader.SCATTERED) for call in record.named("sock_recv")
               if call.result == 0]
        self.assertEqual(b"".join(chunk.data for chunk in got),
                         b"a" * 6000 + b"b" * (8192 - 6000) + b"next")

    def test_full_disk(self):
        """The guest goes on; the record ends with the reason."""
        mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                   'mount -t tmpfs -o size=2500k none "$1" && shift && "$@"; s=$?; '
                   'cp "$FOLDER/record" "$COPY"; exit $s', "sh"]
        probe = subprocess.run([*mounted[:6], 'mount -t tmpfs none "$1"', "sh", self.folder],
                               capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("no file system can be mounted here")
        copy = os.path.join(support.FOLDER, "copied-record")
        result = support.run([*mounted, self.folder, support.program("steps"), "large", "50"],
                             support.environment(self.options(), FOLDER=self.folder, COPY=copy))
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(len(result.stdout), 5000000)
        self.assertEqual(result.stderr.count("No space left on device"), 1)
        record = Record(copy)
        end = record.events[-1]
        self.assertEqual((end.number(reader.CAUSE), end.number(reader.ERROR)),
                         (reader.UNWRITABLE, 28))
        self.assertGreater(len(record.output()), 1000000)


@unittest.skipIf(support.SANITIZED, "the sanitizer wants to be the first that is preloaded")
class Direct(RecordTest):
    """Blocks go past the page cache, after the first 32, of 512 KiB each."""

    def setUp(self):
        super().setUp()
        if not support.can_be_direct(self.folder):
            self.skipTest("no O_DIRECT here")

    def start(self, fares, words=""):
        """24 MB in calls of 100,000 bytes. fares: as guests/direct.c has it."""
        source = os.path.join(os.path.dirname(__file__), "guests", "direct.c")
        library = os.path.join(support.FOLDER, "direct.so")
        support.run_tool("cc", "-shared", "-fPIC", "-O1", source, "-o", library)
        told, tell = os.pipe()
        os.dup2(tell, 9)
        os.close(tell)
        try:
            return told, support.start(
                [support.program("steps"), "large", "240"], pass_fds=[9],
                env=support.environment(self.options(words, "--no-confinement"), DIRECT=fares,
                                        LD_PRELOAD=library))
        finally:
            os.close(9)

    def written(self, fares, words=""):
        """How many blocks went past the page cache. The record is as it should be."""
        told, process = self.start(fares, words)
        out, err = process.communicate()
        self.assertEqual((process.returncode, err), (0, ""))
        record = Record(self.path)
        self.assertTrue(record.whole)
        self.assertTrue(out.endswith(record.output().decode()))
        if not words:
            self.assertEqual(len(out), len(record.output()))
        with os.fdopen(told) as file:
            return int(file.read())

    def test_they_do(self):
        self.assertGreater(self.written(""), 0)
        self.assertGreater(self.written("", ",limit=24M"), 0)

    def test_where_that_cannot_be_they_are_written_as_ever(self):
        self.assertEqual(self.written("none"), 0)
        self.assertEqual(self.written("refuse"), 0)

    def test_what_fails_on_its_way_is_written_again(self):
        self.assertEqual(self.written("fail"), 1)
        self.assertEqual(self.written("short"), 1)

    def test_a_disk_that_is_slow_is_not_waited_for(self):
        self.assertEqual(self.written("stuck"), 7)
        self.assertEqual(len(Record(self.path).staged), 8)

    def test_sigkill_loses_no_block_on_its_way(self):
        told, process = self.start("stuck")
        with process:
            got = len(process.stdout.read(22_000_000))
            process.send_signal(signal.SIGKILL)
            got += len(process.stdout.read())
        os.close(told)
        record = Record(self.path)
        self.assertEqual(len(record.staged), 8)
        self.assertFalse(record.whole)
        # What the last call wrote may be in the pipe while it has not come back.
        self.assertIn(len(record.named("fd_write")), range(got // 100_000 - 1, got // 100_000 + 2))


class File(RecordTest):
    def test_a_record_is_replaced(self):
        self.record("count", 3)
        self.assertEqual(self.record("count", 5).output(), b"0\n1\n2\n3\n4\n")

    def test_something_else_is_not_replaced(self):
        with open(self.path, "w") as file:
            file.write("precious")
        self.refused("something else than a record is there")
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_a_symbolic_link_is_not_followed(self):
        self.record("count", 3)
        os.rename(self.path, self.path + "2")
        os.symlink(self.path + "2", self.path)
        self.refused("it is a symbolic link")

    def test_names_with_percent(self):
        self.path += "-%n-%p-%%"
        process = support.start([support.program("steps")], support.environment(self.options()))
        process.communicate()
        (name,) = os.listdir(self.folder)
        self.assertRegex(name, rf"^record-.*steps\.wasm-{process.pid}-%$")

    def test_a_folder_that_is_not_there(self):
        self.path = self.folder + "/none/record"
        self.refused("cannot record to")


@unittest.skipIf(shutil.which("strace") is None, "strace is not installed")
@unittest.skipIf(support.SANITIZED, "sanitizers make calls of their own")
class Cost(RecordTest):
    """What the kernel is asked for: counted."""

    def kernel_entries(self, count, words):
        table = f"{self.folder}/strace"
        result = support.run(["strace", "-f", "-c", "-o", table, support.program("steps"), "count",
                              str(count)], support.environment(words), timeout=60)
        self.assertEqual(result.returncode, 0, result)
        with open(table) as file:
            rows = [line.split() for line in file]
        return sum(int(row[3]) for row in rows if len(row) > 4 and row[3].isdigit() and
                   row[-1] != "total")

    def test_off_each_call_is_one_kernel_entry(self):
        few, many = (self.kernel_entries(count, "") for count in (1000, 3000))
        self.assertEqual(many - few, 2000)

    def test_recording_adds_none_but_for_new_blocks(self):
        few, many = (self.kernel_entries(count, self.options()) for count in (1000, 3000))
        self.assertLess(many - few, 2015)  # and an old record is replaced


class Hostile(RecordTest):
    GROUPS = ("bind", "connect", "getaddrinfo", "getaddrinfo_results", "getlocaladdr", "getsockopt",
              "poll", "recv", "recv_from", "send_to", "setsockopt")

    def test_wrong_pointers_and_lengths(self):
        for group in self.GROUPS:
            for version in (1, 2):
                with self.subTest(group=group, version=version):
                    self.tries(group, version)

    def tries(self, group, version):
        program = support.program("hostile", f"-DSOCK_VERSION={version}", sdk=False)
        options = self.options(more=f"--dir={self.folder}::. --trace={self.folder}/trace")
        result = support.run([program, group], support.environment(options))
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stdout.splitlines()[-1:], [f"done {group}"], result)
        self.assertNotIn("not ok", result.stdout)
        record = Record(self.path)
        self.assertTrue(record.whole)
        with open(f"{self.folder}/trace", encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()) - 1, len(record.calls))


if __name__ == "__main__":
    unittest.main()
