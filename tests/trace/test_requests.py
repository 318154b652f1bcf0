#!/usr/bin/python3
"""`timecraft trace requests`: HTTP/1, HTTP/2, gRPC and WebSocket made of records' calls."""
import base64
import gzip
import json
import shutil
import struct
import subprocess
import unittest
import zlib

from support import command, records
from support.records import frame, hpack, websocket

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = frame(4, 0, 0)
END_STREAM, END_HEADERS = 1, 4


def get(target=b"/", method=b"GET", more=b""):
    return method + b" " + target + b" HTTP/1.1\r\nHost: a.test\r\n" + more + b"\r\n"


def answer(body=b"", more=b"", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" % len(body) + more + b"\r\n" + body


class Case(command.Case):
    def requests(self, *moves, server=False, close=True, end=True, detail=2, before=(), tls=None):
        """What is shown of a connection: moves are ("out" or "in", bytes, or None for its end)."""
        record = records.Record(detail=detail)
        if server:
            record.listen(3, "192.0.2.1:80")
            record.accept(3, 5, "192.0.2.1:80", "192.0.2.7:40000")
        else:
            record.connect(5, "192.0.2.1:80", host="a.test")
        if tls:
            record.tls(5, **tls)
        for way, data in moves:
            if way == "reset":
                record.receive(5, b"", result=records.ECONNRESET)
            elif way == "out":
                record.send(5, data)
            else:
                record.receive(5, data)
            record.wait(0.001)
        if close:
            record.close(5)
        if end:
            record.end()
        return self.shown(record)

    def shown(self, record, *words):
        path = self.folder / "record"
        path.write_bytes(record.file())
        result = self.timecraft("trace", "requests", "-v", "-o", "json", *words, path)
        self.assertEqual(result.status, 0, result)
        return [json.loads(line) for line in result.out.splitlines()]

    def assertOutcomes(self, found, *expected):
        self.assertEqual([(one["request"] and one["request"]["target"],
                           one["response"] and one["response"]["status"], one["failure"])
                          for one in found], list(expected))


class Http1(Case):
    def test_kept_alive(self):
        found = self.requests(("out", get(b"/1")), ("in", answer(b"one")),
                              ("out", get(b"/2")), ("in", answer(b"two")))
        self.assertOutcomes(found, ("/1", 200, None), ("/2", 200, None))
        self.assertEqual([one["response"]["body"] for one in found], ["one", "two"])
        self.assertEqual(found[0]["connection"], found[1]["connection"])

    def test_pipelined(self):
        found = self.requests(("out", get(b"/1") + get(b"/2") + get(b"/3")),
                              ("in", answer(b"1") + answer(b"22", status=b"404 Not Found") +
                               answer(b"333")))
        self.assertOutcomes(found, ("/1", 200, None), ("/2", 404, None), ("/3", 200, None))

    def test_every_split(self):
        sent = b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get()
        got = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + \
            answer(b"bye")
        record = records.Record()
        for i, size in enumerate((1, 2, 3, 7, 16, 50)):
            record.connect(5, "192.0.2.1:80", f"192.0.2.7:{4000 + i}")
            for at in range(0, len(sent), size):
                record.send(5, sent[at:at + size])
            for at in range(0, len(got), size):
                record.receive(5, got[at:at + size])
            record.close(5)
        found = self.shown(record)
        self.assertOutcomes(found, *[("/p", 200, None), ("/", 200, None)] * 6)
        self.assertEqual({one["request"]["body"] for one in found}, {"abc", ""})
        self.assertEqual({one["response"]["body"] for one in found}, {"hello", "bye"})

    def test_chunks_with_extensions_and_trailers(self):
        found = self.requests(("out", get()), ("in",
                              b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              b"5;a=b\r\nhello\r\nA\r\n, world!!!\r\n0\r\nSum: 15\r\n\r\n"))
        self.assertEqual(found[0]["response"]["body"], "hello, world!!!")
        self.assertEqual(found[0]["response"]["trailers"], [["Sum", "15"]])

    def test_an_answer_that_ends_with_the_connection(self):
        found = self.requests(("out", get()), ("in", b"HTTP/1.0 200 OK\r\n\r\nall"), ("in", b" of it"),
                              ("in", b""))
        self.assertOutcomes(found, ("/", 200, None))
        self.assertEqual(found[0]["response"]["body"], "all of it")

    def test_no_bodies_where_there_are_none(self):
        found = self.requests(
            ("out", get(method=b"HEAD")), ("in", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
            ("out", get(b"/2")), ("in", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
            ("out", get(b"/3")), ("in", b"HTTP/1.1 204 No Content\r\n\r\n"),
            ("out", get(b"/4")), ("in", answer(b"x")))
        self.assertOutcomes(found, ("/", 200, None), ("/2", 304, None), ("/3", 204, None),
                            ("/4", 200, None))

    def test_100_continue_and_early_hints(self):
        found = self.requests(
            ("out", get(b"/u", b"PUT", b"Expect: 100-continue\r\nContent-Length: 4\r\n")),
            ("in", b"HTTP/1.1 100 Continue\r\n\r\n"), ("out", b"data"),
            ("in", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(b"ok")))
        self.assertOutcomes(found, ("/u", 200, None))
        self.assertEqual(found[0]["interim"], [100, 103])
        self.assertEqual(found[0]["request"]["body"], "data")

    def test_encoded_bodies_are_shown_plain(self):
        text = b"All happy families are alike. " * 20
        raw = zlib.compressobj(wbits=-15)
        encoded = {"gzip": gzip.compress(text), "deflate": zlib.compress(text),
                   "DEFLATE": raw.compress(text) + raw.flush(),
                   "gzip, deflate": zlib.compress(gzip.compress(text)),
                   "zstd": records.zstd_frame(text)}
        if shutil.which("brotli"):
            encoded["br"] = subprocess.run(["brotli", "-c"], input=text, stdout=subprocess.PIPE,
                                           check=True).stdout
        for name, body in encoded.items():
            with self.subTest(name):
                found = self.requests(("out", get()), ("in", answer(
                    body, b"Content-Encoding: " + name.encode() + b"\r\n")))
                self.assertEqual(found[0]["response"]["body"], text.decode())
                self.assertEqual(found[0]["response"]["body_size"], len(body))

    def test_brotli(self):  # RFC 7932: one uncompressed meta-block, and the last one, empty
        found = self.requests(("out", get()), ("in", answer(
            b"\x0b\x02\x80hello\x03", b"Content-Encoding: br\r\n")))
        self.assertEqual(found[0]["response"]["body"], "hello")

    def test_a_body_that_is_not_what_its_encoding_says_stays_as_it_is(self):
        found = self.requests(("out", get()), ("in", answer(b"no gzip",
                                                            b"Content-Encoding: gzip\r\n")))
        self.assertEqual(found[0]["response"]["body"], "no gzip")

    def test_a_bomb_is_cut(self):
        bomb = gzip.compress(gzip.compress(bytes(1 << 27)))  # 128 MB of zeroes
        found = self.requests(("out", get()), ("in", answer(bomb,
                                                            b"Content-Encoding: gzip, gzip\r\n")))
        self.assertFalse(found[0]["response"]["body_whole"])

    def test_the_guest_is_the_server(self):
        found = self.requests(("in", get(b"/a") + get(b"/b")), ("out", answer(b"A")),
                              ("out", answer(b"B")), server=True)
        self.assertOutcomes(found, ("/a", 200, None), ("/b", 200, None))
        self.assertEqual(found[0]["role"], "server")
        self.assertEqual(found[0]["source"], "192.0.2.7:40000")

    def test_what_fails_half_way_says_why(self):
        cases = [
            ([("out", get()), ("in", b"")], "the server closed the connection before the answer began"),
            ([("out", get()), ("in", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), ("in", b"")],
             "the server closed the connection after 3 of 10 bytes of the answer's body"),
            ([("out", get()), ("reset", None)],
             "RECV failed (ECONNRESET, connection reset) before the answer began"),
            ([("out", get(b"/", b"PUT", b"Content-Length: 9\r\n") + b"abc")],
             "the program closed the connection before the request was whole"),
            ([("out", get())], "the program closed the connection before the answer began"),
        ]
        for moves, reason in cases:
            with self.subTest(reason):
                found = self.requests(*moves)
                self.assertEqual(found[0]["failure"], reason)
        found = self.requests(("out", get()), close=False)
        self.assertEqual(found[0]["failure"], "the program ended before the answer began")
        found = self.requests(("out", get()), close=False, end=False)
        self.assertEqual(found[0]["failure"], "the record ends here before the answer began")

    def test_starttls_and_other_protocols_before(self):
        found = self.requests(("in", b"220 mail ESMTP\r\n"), ("out", b"EHLO x\r\n"),
                              ("in", b"250 STARTTLS\r\n"), ("out", b"STARTTLS\r\n"),
                              ("in", b"220 go\r\n"), ("out", get(b"/then")), ("in", answer(b"x")))
        self.assertOutcomes(found, ("/then", 200, None))

    def test_a_tunnel_is_looked_into(self):
        found = self.requests(("out", get(b"b.test:80", b"CONNECT")),
                              ("in", b"HTTP/1.1 200 Connected\r\n\r\n"),
                              ("out", get(b"/inner")), ("in", answer(b"x")))
        self.assertOutcomes(found, ("b.test:80", 200, None), ("/inner", 200, None))

    def test_less_detail(self):
        for detail in (1, 0):
            with self.subTest(detail):
                body = b"x" * 20000
                found = self.requests(("out", get(b"/1")), ("in", answer(body)), ("out", get(b"/2")),
                                      ("in", answer(b"ok")), detail=detail)
                if detail == 0:
                    self.assertEqual(found, [])
                    continue
                self.assertOutcomes(found, ("/1", 200, None), ("/2", 200, None))
                self.assertFalse(found[0]["response"]["body_whole"])
                self.assertEqual(found[0]["response"]["body_size"], 20000)
                self.assertEqual(found[1]["response"]["body"], "ok")

    def test_lost_chunks_do_not_lose_what_follows(self):
        chunks = b"4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n"
        found = self.requests(
            ("out", get(b"/1")),
            ("in", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
            ("out", get(b"/2")), ("in", answer(b"ok")), detail=1)
        self.assertOutcomes(found, ("/1", 200, None), ("/2", 200, None))


class Http2(Case):
    def exchange(self, stream, status="200", body=b"", trailers=None, **headers):
        sent = frame(1, END_HEADERS | END_STREAM, stream, hpack(
            (":method", "GET"), (":scheme", "https"), (":authority", "a.test"),
            (":path", f"/{stream}"), *headers.items()))
        got = frame(1, END_HEADERS, stream, hpack((":status", status))) + \
            frame(0, 0 if trailers else END_STREAM, stream, body)
        if trailers:
            got += frame(1, END_HEADERS | END_STREAM, stream, hpack(*trailers))
        return sent, got

    def test_streams_at_once(self):
        one, other = self.exchange(1, body=b"one"), self.exchange(3, "404", b"three")
        found = self.requests(("out", PREFACE + SETTINGS + one[0] + other[0]),
                              ("in", SETTINGS + other[1] + one[1]))
        self.assertOutcomes(found, ("/3", 404, None), ("/1", 200, None))
        self.assertEqual([one["stream"] for one in found], [3, 1])
        self.assertEqual(found[0]["url"], "https://a.test/3")
        self.assertEqual(found[1]["response"]["body"], "one")

    def test_a_server_may_send_first(self):
        sent, got = self.exchange(1, body=b"x")
        for tls in (None, {"alpn": "h2"}):
            found = self.requests(("in", SETTINGS), ("out", PREFACE + SETTINGS + sent), ("in", got),
                                  tls=tls)
            self.assertOutcomes(found, ("/1", 200, None))

    def test_every_split(self):
        sent, got = self.exchange(1, body=b"hello")
        moves = [("out", (PREFACE + SETTINGS + sent)[i:i + 1])
                 for i in range(len(PREFACE + SETTINGS + sent))]
        moves += [("in", (SETTINGS + got)[i:i + 1]) for i in range(len(SETTINGS + got))]
        self.assertOutcomes(self.requests(*moves), ("/1", 200, None))

    def test_padding_priority_and_continuation(self):
        block = hpack((":method", "POST"), (":path", "/p"))
        sent = frame(1, 8 | 32, 1, b"\3" + bytes(5) + block[:9] + bytes(3)) + \
            frame(9, END_HEADERS, 1, block[9:]) + frame(0, 8 | END_STREAM, 1, b"\4data" + bytes(4))
        found = self.requests(("out", PREFACE + sent),
                              ("in", frame(1, END_HEADERS | END_STREAM, 1, b"\x88")))
        self.assertOutcomes(found, ("/p", 200, None))
        self.assertEqual(found[0]["request"]["body"], "data")
        self.assertEqual(found[0]["request"]["body_size"], 4)

    def test_grpc_status(self):
        sent, got = self.exchange(1, body=b"\0\0\0\0\0", trailers=[("grpc-status", "14"),
                                                                   ("grpc-message", "not now")],
                                  **{"content-type": "application/grpc"})
        found = self.requests(("out", PREFACE + sent), ("in", got))
        self.assertEqual(found[0]["grpc_status_name"], "UNAVAILABLE")
        self.assertEqual(found[0]["grpc_message"], "not now")

    def test_a_stream_that_is_reset_says_by_whom(self):
        sent, _ = self.exchange(1)
        found = self.requests(("out", PREFACE + sent), ("in", frame(3, 0, 1, struct.pack(">I", 7))))
        self.assertEqual(found[0]["failure"], "the server reset the stream: REFUSED_STREAM")

    def test_headers_that_are_not_hpack(self):
        sent, _ = self.exchange(1)
        found = self.requests(("out", PREFACE + sent), ("in", frame(1, 5, 1, b"\xff\xff\xff\xff\xff")))
        self.assertIn("not HPACK", found[0]["failure"])

    def test_an_upgrade_from_http1(self):
        _, got = self.exchange(1, body=b"x")
        found = self.requests(
            ("out", get(b"/up", more=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")),
            ("in", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + SETTINGS + got),
            ("out", PREFACE + SETTINGS))
        self.assertOutcomes(found, ("/up", 200, None))

    def test_secrets_are_masked_in_what_the_network_shows(self):
        sent, got = self.exchange(1, **{"authorization": "Bearer sesame", "x": "&&&&"})
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        record.send(5, PREFACE + SETTINGS + sent)
        record.receive(5, got)
        path = self.folder / "record"
        path.write_bytes(record.file())
        shown = [self.timecraft("trace", "network", "-v", "-o", "json", *words, path).out
                 for words in ([], ["--unmask"])]
        data = [b"".join(unbase64(json.loads(line)) for line in out.splitlines())
                for out in shown]
        self.assertNotIn(b"sesame", data[0])
        self.assertIn(b"*************", data[0])
        self.assertIn(b"&&&&", data[0])  # no shorter in Huffman's code
        self.assertIn(b"sesame", data[1])
        calls = [self.timecraft("trace", "calls", "-v", *words, path).out
                 for words in ([], ["--unmask"], ["-o", "json"])]
        self.assertEqual(["sesame" in text for text in calls], [False, True, False])


def unbase64(line):
    if "data" in line:
        return line["data"].encode()
    return base64.b64decode(line.get("data_base64", ""))


class WebSocket(Case):
    UPGRADE = get(b"/ws", more=b"Connection: Upgrade\r\nUpgrade: websocket\r\n")

    def accepted(self, more=b""):
        return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" + more + b"\r\n"

    def test_messages_of_both_sides(self):
        found = self.requests(
            ("out", self.UPGRADE), ("in", self.accepted() + websocket(1, b"welcome")),
            ("out", websocket(1, "grüß".encode(), b"abcd", final=False) +
             websocket(9, b"ping", b"1234") + websocket(0, b" Gott", b"efgh")),
            ("in", websocket(10, b"ping") + websocket(2, bytes(range(256)))),
            ("out", websocket(8, b"\x03\xe8bye", b"ijkl")))
        self.assertOutcomes(found[:1], ("/ws", 101, None))
        self.assertEqual([(one["websocket"], one.get("data"), one["source"])
                          for one in found[1:]],
                         [("TEXT", "welcome", "192.0.2.1:80"), ("PING", "ping", "192.0.2.7:40000"),
                          ("TEXT", "grüß Gott", "192.0.2.7:40000"), ("PONG", "ping", "192.0.2.1:80"),
                          ("BINARY", None, "192.0.2.1:80"), ("CLOSE", None, "192.0.2.7:40000")])

    def test_compressed_messages(self):
        packer = zlib.compressobj(wbits=-15)

        def packed(text):
            return (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        found = self.requests(
            ("in", self.UPGRADE), ("out", self.accepted(
                b"Sec-WebSocket-Extensions: permessage-deflate\r\n") +
                websocket(1, packed(b"hello hello"), compressed=True) +
                websocket(1, packed(b"hello hello again"), compressed=True)), server=True)
        self.assertEqual([one["data"] for one in found[1:]], ["hello hello", "hello hello again"])


if __name__ == "__main__":
    unittest.main()
