"""`timecraft replay`: the same output, the same end, and nothing of the host but the record."""

import os
import pathlib
import shutil
import subprocess
import unittest

import support
from reader import OUT, SCATTERED, Record
from support import peers

support.GUEST_DIRS.append(os.path.join(support.TREE, "examples"))
DIVERGED, KILLED = 125, 137
CUT = 2


class ReplayTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(support.temporary_folder())
        self.record = self.folder / "run.tcrec"

    def run_recorded(self, *words, options="", given="", record="", **env):
        """Runs a program with --record, in the folder."""
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "data/in").write_text("a line of the file\n")
        done = subprocess.run(
            [*map(str, words)], input=given, text=True, capture_output=True, cwd=self.folder,
            timeout=120 * support.SLOWNESS,
            env=support.environment(f"--dir=data --env=GIVEN=value {options} "
                                    f"--record={self.record}{record}", **env))
        return support.Result(list(map(str, words)), done.returncode, done.stdout, done.stderr)

    def replay(self, *words, record=None):
        """Replays it somewhere else, with no network: all that the host has is the record."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        command = [support.TIMECRAFT, "replay", *map(str, words[:-1] if words else ()),
                   str(record or self.record), *map(str, words[-1:])]
        done = subprocess.run(command, text=True, capture_output=True, cwd="/", env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL, timeout=60 * support.SLOWNESS)
        return support.Result(command, done.returncode, done.stdout, done.stderr)

    def assertReplays(self, first, *words):
        again = self.replay(*words)
        self.assertEqual((again.returncode, again.stdout, again.stderr),
                         (first.returncode, first.stdout, first.stderr), again)
        return again

    def refused(self, *texts, record=None, status=DIVERGED):
        result = self.replay(record=record)
        self.assertEqual(result.returncode, status, result)
        self.assertTrue(result.stderr.startswith("timecraft: "), result)
        for text in texts:
            self.assertIn(text, result.stderr)
        return result


ENVIRONMENT = {name: os.environ[name] for name in
               ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}


class Programs(ReplayTest):
    def test_what_the_host_told_comes_from_the_record(self):
        first = self.run_recorded(support.program("replayed"), "say", "again", given="one line\n")
        self.assertEqual(first.returncode, 3, first)
        self.assertIn("read: one line", first.stdout)
        self.assertIn("a line of the file", first.stderr)
        self.assertReplays(first)

    def test_files_are_not_written(self):
        first = self.run_recorded(support.program("replayed"), "say")
        self.assertReplays(first)
        self.assertFalse((self.folder / "data").exists())

    def test_a_trap(self):
        first = self.run_recorded(support.program("replayed"), "trap")
        self.assertEqual(first.returncode, 134, first)
        self.assertIn("at spoil", first.stderr)
        self.assertReplays(first)

    def test_a_limit_of_the_recorded_run_holds(self):
        first = self.run_recorded(support.program("replayed"), "grow", options="--max-memory=32M")
        self.assertIn(" MB", first.stdout, first)
        self.assertReplays(first)

    def test_a_time_limit(self):
        for what in ("spin", "count"):
            with self.subTest(what):
                first = self.run_recorded(support.program("replayed"), what,
                                          options="--timeout=0.3")
                self.assertEqual(first.returncode, 124, first)
                self.assertReplays(first)

    def test_a_stream_that_was_moved(self):
        first = self.run_recorded(support.program("replayed"), "move")
        self.assertEqual((first.returncode, first.stdout), (0, "at 1\nmoved\n"), first)
        self.assertReplays(first)

    def test_one_that_was_killed(self):
        with support.start([support.program("replayed"), "count"],
                           support.environment(f"--record={self.record}")) as process:
            said = "".join(process.stdout.readline() for _ in range(20))
            process.kill()
            said += process.stdout.read()  # what readline has read ahead, too
        again = self.replay()
        self.assertEqual(again.returncode, KILLED, again)
        # The last call may have been under way: what it wrote is there, its event is not.
        self.assertIn(said, [again.stdout, f"{again.stdout}{again.stdout.count(chr(10))}\n"])
        self.assertIn("the program was killed", again.stderr)
        self.assertIn("at main", again.stderr)


class Network(ReplayTest):
    def test_a_fetch(self):
        with peers.NginxPeer(support.pki().identity("addresses")) as server:
            first = self.run_recorded(support.program("htls-get"), "127.0.0.1", server.port, "/",
                                      options=support.ALL_NETWORK)
        self.assertEqual(first.returncode, 0, first)
        self.assertIn(server.hello, first.stdout)
        self.assertReplays(first)

    def test_a_refused_certificate(self):
        with peers.NginxPeer(support.pki().identity("wrong_name")) as server:
            first = self.run_recorded(support.program("htls-get"), "127.0.0.1", server.port, "/",
                                      options=support.ALL_NETWORK)
        self.assertNotEqual(first.returncode, 0, first)
        again = self.replay()
        self.assertEqual((again.returncode, again.stdout), (first.returncode, first.stdout))

    def test_a_server(self):
        from support import servers
        with servers.HttpsServer(options=f"--record={self.record}") as server:
            context = peers.client_context()
            for _ in range(20):
                with peers.socket.create_connection((server.host, server.port)) as plain, \
                        context.wrap_socket(plain, server_hostname=peers.NAME) as tls:
                    tls.sendall(servers.REQUEST)
                    answer = b""
                    while servers.ANSWER not in answer:
                        answer += tls.recv(4096)
        again = self.replay()
        self.assertEqual(again.returncode, KILLED, again)
        self.assertIn(f"https-server: https://localhost:{server.port}", again.stdout)


class Looking(ReplayTest):
    def setUp(self):
        super().setUp()
        self.first = self.run_recorded(support.program("replayed"), "say")
        self.calls = Record(self.record)

    def replay_with(self, *words):
        command = [support.TIMECRAFT, "replay", *words, str(self.record)]
        return support.run(command, ENVIRONMENT, 60)

    def test_the_calls_are_printed_as_they_were(self):
        live = self.run_recorded(support.program("replayed"), "say", options="--trace=calls.txt")
        wanted = (self.folder / "calls.txt").read_text()
        self.assertIn("proc_exit(rval=3)", wanted)
        result = self.replay_with("--trace=" + str(self.folder / "again.txt"))
        self.assertEqual(result.stdout, live.stdout)
        self.assertEqual((self.folder / "again.txt").read_text(), wanted)

    def test_until(self):
        number = self.calls.named("random_get")[0].index
        result = self.replay_with(f"--until={number}")
        self.assertEqual((result.returncode, result.stdout), (0, ""), result)
        self.assertIn(f"stopped before call {number}", result.stderr)
        self.assertIn("random_get(", result.stderr)
        self.assertIn("at main", result.stderr)

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    @unittest.skipIf(support.SANITIZED, "gdb and LeakSanitizer both trace the process")
    def test_gdb(self):
        number = self.calls.named("random_get")[0].index
        result = self.replay_with("--gdb", f"--until={number}")
        self.assertIn("tc_replay_stop", result.stdout, result)
        self.assertIn("getentropy ()", result.stdout, result)
        self.assertIn("w2c_guest_main", result.stdout, result)

    def test_a_wrong_command_line(self):
        for words, text in (((), "which record?"), (("--until=x", "r"), "--until needs"),
                            (("--record=x", "r"), "no option --record"),
                            (("a", "b", "c"), "which record?")):
            result = support.run([support.TIMECRAFT, "replay", *words], ENVIRONMENT)
            self.assertEqual(result.returncode, 2, result)
            self.assertIn(text, result.stderr)


class Divergence(ReplayTest):
    """The record is another one than the program would make."""

    def setUp(self):
        super().setUp()
        self.run_recorded(support.program("replayed"), "say")
        self.calls = Record(self.record)

    def changed(self, *texts):
        return self.refused(*texts, record=self.calls.save(self.folder / "changed"))

    def test_other_arguments(self):
        call = self.calls.named("random_get")[0]
        call.set_argument(1, 5)
        result = self.changed(f"call {call.index} has other arguments", "at say")
        self.assertRegex(result.stderr, r"recorded: random_get\(buf_len=5")
        self.assertRegex(result.stderr, r"made: +random_get\(buf_len=4")

    def test_other_bytes_sent(self):
        sent = next(chunk for chunk in self.calls.named("fd_write")[0].chunks
                    if chunk.flags == SCATTERED)
        self.calls.file[sent.at + 16] ^= 1
        self.changed("sends other bytes", "recorded: fd_write", "made:     fd_write", "at main")

    def test_another_path(self):
        self.calls.file[self.calls.named("path_open")[0].chunks[0].at + 16] ^= 1
        self.changed("finds something else where its arguments point", "path_open")

    def test_another_call(self):
        self.calls.file[self.calls.named("random_get")[0].at + 36] ^= 1
        self.changed("is another one")

    def test_other_answers_lead_another_way(self):
        """The guest does something else with what it is told."""
        self.calls.file[self.calls.named("random_get")[0].chunk(0, OUT).at + 16] ^= 1
        self.changed("sends other bytes")


class Hostile(ReplayTest):
    """Whatever is in the record: a clear message, and the host lives."""

    def setUp(self):
        super().setUp()
        self.first = self.run_recorded(support.program("replayed"), "say")
        self.calls = Record(self.record)
        self.file = self.record.read_bytes()

    def written(self, data):
        path = self.folder / "written"
        path.write_bytes(data)
        return path

    def test_no_record(self):
        """The command says so, and so does the program."""
        other = bytearray(self.file)
        other[8] += 1
        damaged = bytearray(self.file)
        damaged[24] ^= 1
        for data, *texts in ((b"", "is not a record", "no record of Timecraft"),
                             (b"\0" * 8192, "is not a record", "no record of Timecraft"),
                             (other, f"version {other[8]}", "another version"),
                             (damaged, "is damaged", "header is damaged"),
                             (self.file[:4096], "does not say which program", "nothing is in it")):
            with self.subTest(texts[0]):
                record = self.written(data)
                self.refused(texts[0], record=record, status=1)
                result = self.replay(support.program("replayed"), record=record)
                self.assertEqual(result.returncode, DIVERGED, result)
                self.assertIn(texts[1], result.stderr)
        self.refused("No such file", record=self.folder / "missing", status=1)

    def test_one_that_was_cut_anywhere(self):
        for size in range(4096, len(self.file), max(1, (len(self.file) - 4096) // 9)):
            result = self.replay(support.program("replayed"), record=self.written(self.file[:size]))
            self.assertIn(result.returncode, (3, DIVERGED, KILLED, 1), (size, str(result)))
            self.assertIn("timecraft: ", result.stderr)

    def test_bytes_that_changed(self):
        for place in range(4096, len(self.file), max(1, (len(self.file) - 4096) // 9)):
            data = bytearray(self.file)
            data[place] ^= 0x41
            result = self.replay(support.program("replayed"), record=self.written(data))
            self.assertIn(result.returncode, (3, DIVERGED, KILLED, 1), (place, str(result)))

    def test_chunks_outside_of_memory(self):
        for name in ("random_get", "fd_write", "fd_read", "clock_time_get"):
            for field, value in ((0, 0xfffffff0), (4, 0xffffffff)):
                with self.subTest(name, field=field):
                    calls = Record(self.record)
                    for chunk in calls.named(name)[0].chunks:
                        calls.file[chunk.at + field:chunk.at + field + 4] = \
                            value.to_bytes(4, "little")
                    result = self.replay(record=calls.save(self.folder / "changed"))
                    self.assertIn(result.returncode, (3, DIVERGED), result)
                    self.assertNotIn("Sanitizer", result.stderr)

    def test_flags_that_do_not_fit(self):
        self.calls.named("random_get")[0].set_flags(1)
        self.refused("the record is damaged there", record=self.calls.save(self.folder / "changed"))

    def test_a_call_that_was_cut(self):
        self.calls.named("random_get")[0].set_flags(CUT)
        self.refused("too large for the record", record=self.calls.save(self.folder / "changed"))

    def test_another_programs(self):
        result = self.replay(support.program("htls-get"))
        self.assertEqual(result.returncode, DIVERGED, result)
        self.assertIn("another module", result.stderr)

    def test_another_build(self):
        result = self.replay(support.program("replayed", build_options=["--env=A=b"]))
        self.assertEqual(result.returncode, DIVERGED, result)
        self.assertIn("built in another way", result.stderr)

    def test_what_timecraft_has_not_built_is_not_started(self):
        for path in ("/bin/true", self.folder / "script"):
            (self.folder / "script").write_text("#!/bin/sh\necho started\n")
            (self.folder / "script").chmod(0o755)
            result = self.replay(path)
            self.assertEqual((result.returncode, result.stdout), (1, ""), result)
            self.assertIn("is no program that Timecraft has built", result.stderr)

    def test_a_program_that_is_gone(self):
        program = self.folder / "program"
        shutil.copy(support.program("replayed"), program)
        first = self.run_recorded(program, "say")
        program.rename(self.folder / "elsewhere")
        self.refused(str(program), "timecraft replay", status=1)
        self.assertReplays(first, self.folder / "elsewhere")

    def test_not_all_was_kept(self):
        for options, text in ((",detail=headers", "detail=all"), (",limit=1M", "written over")):
            with self.subTest(options):
                self.run_recorded(support.program("replayed"), "many", record=options)
                result = self.replay(support.program("replayed"))
                self.assertEqual(result.returncode, DIVERGED, result)
                self.assertIn(text, result.stderr)

    def loads_of_zstd(self):
        """By the program, as the loader tells; the command is linked with it."""
        done = subprocess.run([support.TIMECRAFT, "replay", self.record], capture_output=True,
                              text=True, env={**ENVIRONMENT, "LD_DEBUG": "files"}, timeout=60)
        self.assertEqual(done.returncode, self.first.returncode, done)
        return done.stderr.count("file=libzstd.so.1 [0];  dynamically loaded by")

    @unittest.skipUnless(shutil.which("zstd"), "zstd is not installed")
    def test_a_compressed_one(self):
        def compress(data):
            path = self.folder / "events"
            path.write_bytes(data)
            support.run_tool("zstd", "-q", "-f", str(path), "-o", str(path) + ".zst")
            return pathlib.Path(str(path) + ".zst").read_bytes()

        self.assertEqual(self.loads_of_zstd(), 0)
        self.calls.save_compressed(self.record, compress)
        self.assertReplays(self.first)
        self.assertEqual(self.loads_of_zstd(), 1)
        data = bytearray(self.record.read_bytes())
        data[-20] ^= 0xff
        result = self.replay(support.program("replayed"), record=self.written(data))
        self.assertEqual(result.returncode, DIVERGED, result)
        self.assertIn("a compressed block is damaged", result.stderr)


if __name__ == "__main__":
    support.main()
