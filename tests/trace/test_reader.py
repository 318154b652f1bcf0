#!/usr/bin/python3
"""`timecraft trace` and `inspect` over records: whole, growing, damaged, foreign and hostile."""
import fcntl
import json
import os
import random
import struct
import subprocess
import unittest

from support import TIMECRAFT, command, records

REQUEST = b"GET /x HTTP/1.1\r\nHost: example.com\r\nCookie: key=sesame\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def fetch(record, fd=5):
    record.connect(fd, "192.0.2.1:80", host="example.com")
    record.send(fd, REQUEST)
    record.receive(fd, ANSWER)
    record.close(fd)


def some_record(**options):
    record = records.Record(**options)
    record.lookup("example.com", ["192.0.2.1:80"])
    fetch(record)
    record.write(1, b"done\n")
    record.end(3)
    return record


class Case(command.Case):
    def keep(self, data, name="record"):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def trace(self, what, data, *words, status=0):
        result = self.timecraft("trace", what, *words, self.keep(data))
        self.assertEqual(result.status, status, result)
        return result

    def names(self, data, **options):
        """The names of the calls that are shown."""
        lines = self.trace("calls", data, "-o", "json", **options).out.splitlines()
        return [json.loads(line)["name"] for line in lines]


class Form(Case):
    ALL = ["sock_getaddrinfo", "sock_open", "sock_connect", "sock_send", "sock_recv", "fd_close",
           "fd_write"]

    def test_a_record_in_one_block(self):
        self.assertEqual(self.names(some_record().file()), self.ALL)

    def test_a_record_in_many_blocks(self):
        self.assertEqual(self.names(some_record().file(per_block=2)), self.ALL)

    def test_compressed_blocks(self):
        data = some_record().file(per_block=3, compress=records.zstd_frame)
        self.assertEqual(self.names(data), self.ALL)
        self.assertIn("5 blocks, 5 of them compressed",
                      self.timecraft("inspect", self.keep(data)).out)

    def test_the_last_block_may_be_open(self):
        data = some_record().file(per_block=4, sealed_last=False, room=65536)
        self.assertEqual(self.names(data), self.ALL)

    def test_an_event_that_was_being_written_is_not_there(self):
        record = some_record()
        record.events = record.events[:-1]
        data = record.file(sealed_last=False)
        cut = len(data) - 20  # in the last call's event
        data = data[:cut] + bytes(len(data) - cut)
        self.assertEqual(self.names(data), self.ALL[:-1])
        self.assertIn("the program was killed", self.timecraft("inspect", self.keep(data)).out)

    def test_segments_are_read_in_the_order_of_their_numbers(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        for i in range(20):
            record.write(1, b"%d" % i)
        record.end()
        data = record.segmented(32768, 3, per_segment=4)
        shown = self.trace("calls", data).out
        found = [line.split('"')[1] for line in shown.splitlines() if '"' in line]
        self.assertEqual(found, [str(i) for i in range(9, 20)])
        self.assertIn("the first 11 calls were written over",
                      self.timecraft("inspect", self.keep(data)).out)

    def staged(self, *options, **more):
        """The calls shown of a record with a staging area, without a complaint."""
        shown = self.trace("calls", some_record().staged(*options, **more), "-o", "json")
        self.assertNotIn("damaged", shown.err)
        return [json.loads(line)["name"] for line in shown.out.splitlines()]

    def groups(self):
        return (len(some_record().events) + 1) // 2

    def test_a_block_in_a_slot_is_the_next_one(self):
        last = self.groups() - 1
        self.assertEqual(self.staged(last, [last]), self.ALL)
        self.assertEqual(self.staged(last, [0, last, 1]), self.ALL)

    def test_a_block_in_a_slot_may_be_all_there_is(self):
        record = some_record()
        record.events = record.events[:2]
        data = record.staged(0, [0], sealed=True)
        self.assertIn("program.wasm", self.timecraft("inspect", self.keep(data)).out)

    def test_a_block_that_is_in_its_place_and_in_a_slot_is_read_once(self):
        self.assertEqual(self.staged(self.groups(), [self.groups() - 1], sealed=True), self.ALL)

    def test_a_block_whose_writing_was_broken_off_is_read_from_its_slot(self):
        self.assertEqual(self.staged(self.groups(), [self.groups() - 1], sealed=True, broken=60),
                         self.ALL)

    def test_blocks_on_their_way_are_read_from_their_slots(self):
        last = self.groups() - 1
        self.assertEqual(self.staged(last - 2, [last, last - 2, last - 1]), self.ALL)
        self.assertEqual(self.staged(last - 1, [last - 1, last - 2, last], broken=60), self.ALL)

    def test_a_slot_that_is_not_valid_is_left_out(self):
        self.assertEqual(self.staged(self.groups(), [None]), self.ALL)
        self.assertEqual(self.staged(self.groups(), [1, None, 0], sealed=True), self.ALL)

    def test_a_slot_has_the_first_block_of_a_segment_only_if_its_segment_is_the_newest(self):
        record = records.Record()
        for i in range(12):
            record.write(1, b"%d" % i)
        size, state = 32768, len(record.state)
        plain = record.segmented(size, 2, per_segment=3)  # of these 2 and 3 are left
        older = record.block(record.state + record.events[state + 3:state + 6], 1, 1)
        newer = record.block(record.state + record.events[-1:], 4, 4, sealed=False, room=4096)
        for block, calls in ((older, 6), (newer, 7)):
            head = record.header(size, 2, staging_size=8192)
            data = head + block.ljust(8192, b"\0") + plain[4096:]
            self.assertEqual(self.names(data), ["fd_write"] * calls)

    def test_copies_of_the_state_are_not_events_of_their_own(self):
        record = records.Record()
        for i in range(8):
            record.write(1, b"%d" % i)
        data = record.segmented(32768, 4, per_segment=3)
        self.assertEqual(self.timecraft("inspect", self.keep(data)).out.count("module:"), 1)
        self.assertEqual(self.names(data), ["fd_write"] * 8)


    def test_padding_and_events_of_later_versions_are_left_out(self):
        record = some_record()
        for kind in (12, 99):  # whatever is in them, it is no time
            event = struct.pack("<IHBBI", 4096, kind, 0, 0, 0) + b"\xee" * 4080
            record.events.insert(len(record.state) + 2, (event, 0, None))
        self.assertEqual(self.names(record.file()), self.ALL)
        self.assertRegex(self.timecraft("inspect", self.keep(record.file())).out,
                         r"lasted: +\d+\.\dms")


class Damage(Case):
    def test_a_damaged_event_ends_its_block_only(self):
        data = some_record().file(per_block=7, break_event=6)
        result = self.trace("calls", data, status=1)
        self.assertIn("sock_connect", result.out)
        self.assertIn("events are missing in 1 places", result.err)

    def test_what_is_no_record_is_refused_in_words(self):
        good = some_record()
        other = good.header(version=1)
        broken = bytearray(good.file())
        broken[20] ^= 1
        for name, data, words in [("text", b"hello\n" * 2000, "does not begin as one"),
                                  ("empty", b"", "is too short"),
                                  ("other", other, "record of version 1"),
                                  ("broken", bytes(broken), "is damaged")]:
            with self.subTest(name):
                result = self.timecraft("trace", "calls", self.keep(data, name))
                self.assertEqual(result.status, 1)
                self.assertIn(words, result.err)

    def test_folders_and_fifos_are_refused(self):
        os.mkfifo(self.folder / "fifo")
        for path in (self.folder, self.folder / "fifo"):
            result = self.timecraft("trace", "calls", path, timeout=60)
            self.assertEqual(result.status, 1)
            self.assertIn("is not a file", result.err)
        self.assertIn("cannot open", self.timecraft("trace", "calls", self.folder / "none").err)

    def test_a_file_that_ends_anywhere_is_read_so_far(self):
        data = some_record().file(per_block=4)
        chance = random.Random(12)
        for size in [chance.randrange(4096, len(data)) for _ in range(12)]:
            result = self.timecraft("trace", "requests", self.keep(data[:size]))
            self.assertIn(result.status, (0, 1), (size, result))

    def test_changed_bytes_never_crash_it(self):
        data = some_record().file(per_block=4)
        chance = random.Random(34)
        for _ in range(12):
            changed = bytearray(data)
            for _ in range(chance.randrange(1, 20)):
                changed[chance.randrange(4096, len(data))] = chance.randrange(256)
            result = self.timecraft("trace", "network", "-v", self.keep(bytes(changed)))
            self.assertIn(result.status, (0, 1), result)

    def test_a_frame_that_lies_about_its_size_takes_no_memory(self):
        def bomb(body):
            return struct.pack("<IBQ", 0xFD2FB528, 0xE0, 1 << 40) + records.zstd_frame(body)[13:]
        result = self.trace("calls", some_record().file(compress=bomb), status=1)
        self.assertIn("is damaged", result.err)

    def test_hostile_lengths_within_events(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        for length in (0xffffffff, 1 << 31, 17):
            record.call("sock_send", (5, 64, 1, 0, 128),
                        [(1, records.SCATTERED, b"x" * 16, length)])
        record.call("sock_send", (5,))  # too few arguments
        event, when, index = record.events[-2]
        wrong = bytearray(event)
        wrong[-24:-20] = struct.pack("<I", 1 << 30)  # kept: more than there is
        record.events[-2] = (bytes(wrong), when, index)
        for what in ("calls", "network", "requests"):
            self.trace(what, record.file(), "-v", status=1)


class Follow(Case):
    def test_what_a_running_program_does_is_shown_as_it_happens(self):
        record = some_record()
        half = len(record.events) // 2
        path = self.folder / "record"
        whole = record.file(sealed_last=False)
        record.events = record.events[:half]
        begun = len(record.file(sealed_last=False))
        with open(path, "wb") as file:
            file.write(whole[:begun].ljust(len(whole), b"\0"))
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            with subprocess.Popen([TIMECRAFT, "trace", "calls", "--follow", path],
                                  stdout=subprocess.PIPE, text=True) as shown:
                self.assertIn("sock_getaddrinfo", shown.stdout.readline())
                file.seek(begun)
                file.write(whole[begun:])
                file.flush()
                fcntl.flock(file, fcntl.LOCK_UN)
                rest = shown.stdout.read()
            self.assertEqual(shown.returncode, 0)
        self.assertIn("fd_write", rest)
        self.assertIn("exited with status 3", rest)


class Views(Case):
    def test_network_lines(self):
        lines = [line.split(" ", 2)[2]
                 for line in self.trace("network", some_record().file()).out.splitlines()]
        self.assertEqual(lines, [
            "TCP 192.0.2.7:40000 > 192.0.2.1:80: CONNECT OK example.com",
            f"TCP 192.0.2.7:40000 > 192.0.2.1:80: SEND OK {len(REQUEST)}",
            f"TCP 192.0.2.1:80 > 192.0.2.7:40000: RECV OK {len(ANSWER)}",
            "TCP 192.0.2.7:40000 > 192.0.2.1:80: CLOSE OK"])

    def test_secrets_are_masked_unless_asked_for(self):
        data = some_record().file()
        for words in (["trace", "network", "-v"], ["trace", "requests", "-v"],
                      ["trace", "calls", "-v"], ["trace", "requests", "-v", "-o", "json"],
                      ["trace", "network", "-v", "-o", "json"], ["inspect"]):
            with self.subTest(words):
                path = self.keep(data)
                masked = self.timecraft(*words, path).out
                shown = self.timecraft(*words, "--unmask", path).out \
                    if words != ["inspect"] else self.timecraft("inspect", "--unmask", path).out
                secret = "hunter2" if words == ["inspect"] else "sesame"
                self.assertNotIn(secret, masked)
                self.assertIn("***", masked)
                if "network" not in words or "json" in words:  # else it is broken into rows
                    self.assertIn(secret, shown)

    def test_grants_of_environment_variables_are_masked(self):
        record = records.Record()
        record.fields(records.PROGRAM, [(7, b"--env=KEY=sesame --env 'A=b' --env B='c d' --dir=/x")])
        record.events.insert(0, record.events.pop())
        path = self.keep(record.file())
        masked = self.timecraft("inspect", path).out
        self.assertIn("--env=KEY=******", masked)
        self.assertNotIn("c d", masked)
        self.assertIn("--dir=/x", masked)
        self.assertIn("sesame", self.timecraft("inspect", "--unmask", path).out)

    def test_names_and_handshakes(self):
        record = records.Record()
        record.lookup("example.com", ["192.0.2.1:443", "[2001:db8::1]:443"])
        record.lookup("none.invalid", [], result=38)
        record.connect(5, "[2001:db8::1]:443", "[2001:db8::7]:40000", host="example.com")
        record.tls(5, cipher="TLS_AES_128_GCM_SHA256", group="X25519", alpn="h2",
                   server_name="example.com", peer_info="subject: CN=example.com\nsha256: 00ff")
        record.connect(6, "192.0.2.2:443")
        record.tls(6, error=27, reason="the certificate has expired")
        record.end()
        dns = self.trace("dns", record.file()).out
        self.assertIn("DNS example.com 443 => OK 192.0.2.1:443 [2001:db8::1]:443 in 3.0ms", dns)
        self.assertRegex(dns, "DNS none.invalid 443 => E[A-Z]+ in")
        tls = self.trace("tls", record.file(), "-v").out
        self.assertIn("TLS [2001:db8::7]:40000 > [2001:db8::1]:443: HANDSHAKE OK TLSv1.3 "
                      "TLS_AES_128_GCM_SHA256 X25519 alpn h2 example.com in 4.0ms", tls)
        self.assertIn("    sha256: 00ff\n", tls)
        self.assertIn(": the certificate has expired\n", tls)

    def test_times_and_last_lines(self):
        record = records.Record()
        for i in range(10):
            record.write(1, b"%d" % i)
            record.wait(1)
        data = record.file()

        def shown(*words):
            return [line.split('"')[1]
                    for line in self.trace("calls", data, *words).out.splitlines()]
        self.assertEqual(shown("--since=7.5s"), ["8", "9"])
        self.assertEqual(shown("--since", "2023-11-14T22:13:28Z"), ["8", "9"])
        self.assertEqual(shown("--since=2s", "--until=4.5s"), ["2", "3", "4"])
        self.assertEqual(shown("--last=3"), ["7", "8", "9"])
        self.assertEqual(shown("--last=1500ms"), ["8", "9"])

    def test_calls_are_chosen_as_for_a_live_trace(self):
        data = some_record().file()
        for only, names in (("sock_send,fd_write", ["sock_send", "fd_write"]),
                            ("network,!sock_open", [*Form.ALL[:1], *Form.ALL[2:-1]]),
                            ("file", ["fd_write"]), ("failed", []),
                            ("fd=5", Form.ALL[1:-1])):
            for option in (["-e", only], [f"--only={only}"]):
                with self.subTest(option):
                    lines = self.trace("calls", data, "-o", "json", *option).out.splitlines()
                    self.assertEqual([json.loads(line)["name"] for line in lines], names)
        summary = self.trace("calls", data, "-c", "-e", "fd_write").out
        self.assertRegex(summary, r"\n +\S+ +\S+ +1 +0 +5  total\n")
        wrong = self.trace("calls", data, "-e", "fd_raed", status=2).err
        self.assertIn('-e fd_raed: there is no "fd_raed"; write names', wrong)
        self.assertIn("timecraft trace calls -e file", self.trace("network", data, "-e", "file",
                                                                 status=2).err)

    def test_what_is_not_chosen_still_moves_the_masks(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        record.send(5, b"Cookie: ")
        record.call("fd_write", (5, 64, 1, 128), [
            (1, 0, struct.pack("<II", 1024, 6)), (1, 2, b"sesame"), (3, 1, struct.pack("<I", 6))])
        shown = self.trace("calls", record.file(), "-e", "fd_write").out
        self.assertIn('"******"', shown)

    def test_summaries(self):
        data = some_record().file()
        self.assertRegex(self.trace("calls", data, "-c").out, r"\s1\s+0\s+0\s+sock_getaddrinfo\n")
        rows = [json.loads(line) for line in
                self.trace("calls", data, "-c", "-o", "json").out.splitlines()]
        self.assertEqual({row["name"]: row["bytes"] for row in rows if row["bytes"]},
                         {"sock_send": len(REQUEST), "sock_recv": len(ANSWER), "fd_write": 5})
        self.assertRegex(self.trace("requests", data, "-c").out, r"\s1\s+0\s+5\s+GET /x => 200\n")
        rows = [json.loads(line) for line in
                self.trace("network", data, "-c", "-o", "json").out.splitlines()]
        self.assertEqual(sum(row["bytes"] for row in rows), len(REQUEST) + len(ANSWER))

    def test_a_connection_made_in_the_background_stands_when_poll_says_so(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80", result=records.EINPROGRESS)
        record.wait(0.03)
        asked = struct.pack("<QB7xI28x", 77, 2, 5)
        record.call("poll_oneoff", (64, 128, 1, 192),
                    [(0, 0, asked), (1, records.OUT, struct.pack("<QHB21x", 77, 0, 2)),
                     (3, records.OUT, struct.pack("<I", 1))])
        record.send(5, REQUEST)
        shown = [json.loads(line) for line in
                 self.trace("network", record.file(), "-o", "json").out.splitlines()]
        self.assertEqual([(one["event"], one["result"]) for one in shown[:3]],
                         [("CONNECT", "EINPROGRESS"), ("CONNECTED", "OK"), ("SEND", "OK")])
        self.assertAlmostEqual(shown[1]["since_start"], 0.0322, 6)

    def test_summaries_of_many_rows(self):
        record = records.Record(known=["sock_open", "sock_connect", "sock_send", "sock_recv"])
        record.connect(5, "192.0.2.1:80")
        for i in range(300):
            record.send(5, b"GET /%d HTTP/1.1\r\n\r\n" % (i % 150))
            record.receive(5, ANSWER)
        rows = [json.loads(line) for line in
                self.trace("requests", record.file(), "-c", "-o", "json").out.splitlines()]
        self.assertEqual({(row["name"], row["count"]) for row in rows},
                         {(f"GET /{i} => 200", 2) for i in range(150)})

    def test_what_a_terminal_would_obey_is_escaped(self):
        record = records.Record(arguments=("a\x1b]0;x\x07", "b"))
        record.connect(5, "192.0.2.1:80", host="evil\x1b[2J")
        record.send(5, b"GET /\x1b[31m HTTP/1.1\r\nX: \x9b1m\xff\r\n\r\n")
        record.receive(5, b"HTTP/1.1 200 \x1b[0m\r\nContent-Length: 6\r\n\r\na\x1b[5mb")
        record.end()
        for words in (["calls"], ["network"], ["requests"], ["requests", "-v"]):
            out = self.trace(words[0], record.file(), *words[1:]).out
            self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        self.assertNotIn("\x1b", self.timecraft("inspect", self.keep(record.file())).out)

    def test_wrong_words_are_usage_errors(self):
        path = str(self.keep(some_record().file()))
        for words in ([], ["calls"], ["nothing", path], ["calls", path, "more"],
                      ["calls", "--wrong", path], ["calls", "-o", "xml", path],
                      ["calls", "--since=soon", path], ["calls", "--last=-1", path]):
            result = self.timecraft("trace", *words)
            self.assertEqual(result.status, 2, (words, result))
            self.assertTrue(result.err.startswith("timecraft: "), result)
        self.assertEqual(self.timecraft("export", "gif", path, "-o", "x").status, 2)
        self.assertEqual(self.timecraft("export", "har", path).status, 2)
        self.assertIn("--since=TIME", self.timecraft("help", "trace").out)
        self.assertIn("pcapng", self.timecraft("help", "export").out)


if __name__ == "__main__":
    unittest.main()
