#!/usr/bin/python3
"""`timecraft export`: pcapng, HAR, a page, and what a program wrote."""
import ipaddress
import json
import os
import re
import struct
import unittest

from support import command, records
from support.records import frame, hpack

HOSTILE = '</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>&"\'\u2028'


class Case(command.Case):
    def export(self, kind, record, *words, status=0):
        path, out = self.folder / "record", self.folder / f"out.{kind}"
        path.write_bytes(record if isinstance(record, bytes) else record.file())
        result = self.timecraft("export", kind, *words, path, "-o", out)
        self.assertEqual(result.status, status, result)
        return out.read_bytes() if out.exists() else None


def secure_fetch(**options):
    record = records.Record(**options)
    record.lookup("a.test", ["192.0.2.1:443"])
    record.wait(0.001)
    record.connect(5, "192.0.2.1:443", host="a.test")
    record.tls(5, cipher="TLS_AES_128_GCM_SHA256", alpn="http/1.1", server_name="a.test")
    record.wait(0.0005)
    record.send(5, b"POST /p?q=1&r=%20 HTTP/1.1\r\nHost: a.test\r\nCookie: id=sesame; b=c\r\n"
                   b"Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc")
    record.wait(0.02)
    record.receive(5, b"HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: id=sesame; Path=/\r\n"
                      b"Content-Length: 40000\r\n\r\n" + b"y" * 10000)
    record.wait(0.01)
    record.receive(5, b"y" * 30000)
    record.receive(5, b"")
    record.close(5)
    record.end()
    return record


class Packet:
    def __init__(self, time, data, whole, comment):
        self.time, self.whole, self.comment = time, whole, comment
        self.version = data[0] >> 4
        size = 20 if self.version == 4 else 40
        self.protocol = data[9] if self.version == 4 else data[6]
        addresses = data[12:20] if self.version == 4 else data[8:40]
        half = len(addresses) // 2
        self.source = ipaddress.ip_address(addresses[:half])
        self.destination = ipaddress.ip_address(addresses[half:])
        self.transport = data[size:]
        self.ports = struct.unpack_from(">HH", self.transport)
        if self.version == 4:
            assert checksum(data[:20]) == 0
        if len(data) == whole:
            pseudo = addresses + struct.pack(">BBH", 0, self.protocol, len(self.transport))
            assert checksum(pseudo + self.transport) == 0
        if self.protocol == 6:
            self.sequence, self.acknowledged = struct.unpack_from(">II", self.transport, 4)
            self.flags = self.transport[13]
            self.payload = self.transport[20:]
            self.length = whole - size - 20


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def read_pcapng(data):
    """Packets, and names; the blocks' form is checked on the way."""
    packets, names, at = [], [], 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0 and struct.unpack_from("<I", data, at + size - 4)[0] == size
        body = data[at + 8:at + size - 4]
        if at == 0:
            assert kind == 0x0a0d0d0a and body[:4] == b"\x4d\x3c\x2b\x1a"
        if kind == 1:
            assert struct.unpack_from("<H", body)[0] == 101
        if kind == 4:
            names.append(body)
        if kind == 6:
            _, high, low, kept, whole = struct.unpack_from("<IIIII", body)
            options, comment = body[20 + (kept + 3) // 4 * 4:], None
            if options:
                code, length = struct.unpack_from("<HH", options)
                assert code == 1
                comment = options[4:4 + length].decode()
            packets.append(Packet((high << 32 | low) / 1e9, body[20:20 + kept], whole, comment))
        at += size
    return packets, names


class Pcapng(Case):
    def streams(self, packets):
        """Bytes by sender, put together by their sequence numbers as a receiver does."""
        out, first = {}, {}
        for one in packets:
            if one.flags & 2:
                first[one.source] = one.sequence + 1
                out[one.source] = bytearray()
            elif one.payload:
                at = one.sequence - first[one.source] & 0xffffffff
                self.assertEqual(at, len(out[one.source]))
                out[one.source] += one.payload
        return {str(address): bytes(data) for address, data in out.items()}

    def test_a_connection_as_packets(self):
        packets, names = read_pcapng(self.export("pcapng", secure_fetch(), "--unmask"))
        self.assertEqual([one.flags for one in packets[:3]], [2, 18, 16])  # SYN, SYN ACK, ACK
        self.assertEqual((str(packets[0].source), str(packets[0].destination)),
                         ("192.0.2.7", "192.0.2.1"))
        self.assertEqual(packets[0].ports, (40000, 443))
        streams = self.streams(packets)
        self.assertTrue(streams["192.0.2.7"].endswith(b"\r\n\r\nabc"))
        self.assertEqual(streams["192.0.2.1"].count(b"y"), 40000)
        self.assertAlmostEqual(packets[0].time, 1_700_000_000 + 0.0041, 5)
        self.assertEqual(packets[0].time, sorted(one.time for one in packets)[0])
        self.assertEqual([one.flags for one in packets[-2:]], [17, 17])  # FIN ACK
        self.assertIn(b"a.test\0", names[0])
        comment = next(one.comment for one in packets[3:] if one.comment)
        for text in ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "ALPN: http/1.1", "server name: a.test"):
            self.assertIn(text, comment)

    def test_secrets_are_masked(self):
        self.assertNotIn(b"sesame", self.export("pcapng", secure_fetch()))
        self.assertIn(b"sesame", self.export("pcapng", secure_fetch(), "--unmask"))
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        record.send(5, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(
            1, 5, 1, hpack((":method", "GET"), (":path", "/x"), ("cookie", "a=sesame"))))
        masked = self.streams(read_pcapng(self.export("pcapng", record))[0])["192.0.2.7"]
        self.assertNotIn(b"sesame", masked)
        self.assertIn(b"********", masked)

    def test_what_the_record_does_not_have_is_not_captured(self):
        packets, _ = read_pcapng(self.export("pcapng", secure_fetch(detail=1)))
        cut = [one for one in packets if len(one.payload) < one.length]
        self.assertTrue(cut)
        got = sum(one.length for one in packets if str(one.source) == "192.0.2.1")
        self.assertGreater(got, 40000)

    def test_ipv6_unix_udp_and_refused_ones(self):
        record = records.Record()
        record.connect(5, "[2001:db8::1]:80", "[2001:db8::7]:4000")
        record.send(5, b"six")
        record.connect(6, "unix:/run/x", "unix:")
        record.send(6, b"local")
        record.connect(7, "192.0.2.9:1", result=records.ECONNREFUSED)
        record.socket(8, kind=1)
        record.call("sock_send_to", (8, 64, 1, 2048, 53, 0, 128),
                    [(1, 0, struct.pack("<II", 1024, 5)), (3, 0, struct.pack("<II", 2048, 4)),
                     (3, 0, bytes([192, 0, 2, 53])), (1, records.SCATTERED, b"query"),
                     (6, records.OUT, struct.pack("<I", 5))])
        packets, _ = read_pcapng(self.export("pcapng", record))
        self.assertEqual([one.payload for one in packets if one.protocol == 6 and one.payload],
                         [b"six", b"local"])
        self.assertEqual({one.version for one in packets}, {4, 6})
        self.assertIn("unix:/run/x", "".join(one.comment or "" for one in packets))
        refused = [one.flags for one in packets if str(one.destination) == "192.0.2.9" or
                   str(one.source) == "192.0.2.9"]
        self.assertEqual(refused, [2, 20])  # SYN, RST ACK
        datagram = next(one for one in packets if one.protocol == 17)
        self.assertEqual((str(datagram.destination), datagram.ports[1], datagram.transport[8:]),
                         ("192.0.2.53", 53, b"query"))


class Har(Case):
    def entries(self, record, *words):
        log = json.loads(self.export("har", record, *words))["log"]
        self.assertEqual((log["version"], log["creator"]["name"]), ("1.2", "timecraft"))
        return log["entries"]

    def test_timings_of_each_phase(self):
        entry, = self.entries(secure_fetch())
        times = entry["timings"]
        for phase, expected in [("dns", 3), ("connect", 6), ("ssl", 4), ("send", 0), ("wait", 20.2),
                                ("receive", 10.1), ("blocked", 1.6)]:
            self.assertAlmostEqual(times[phase], expected, 3, phase)
        self.assertAlmostEqual(entry["time"], sum(value for name, value in times.items()
                                                  if name != "ssl" and value > 0), 3)
        self.assertEqual(entry["startedDateTime"], "2023-11-14T22:13:20.000000Z")
        self.assertEqual(entry["serverIPAddress"], "192.0.2.1")

    def test_what_was_asked_and_answered(self):
        entry, = self.entries(secure_fetch(), "--unmask")
        request, response = entry["request"], entry["response"]
        self.assertEqual((request["method"], request["url"], request["httpVersion"]),
                         ("POST", "https://a.test/p?q=1&r=%20", "HTTP/1.1"))
        self.assertEqual(request["queryString"], [{"name": "q", "value": "1"},
                                                  {"name": "r", "value": "%20"}])
        self.assertEqual(request["cookies"], [{"name": "id", "value": "sesame"},
                                              {"name": "b", "value": "c"}])
        self.assertEqual(request["postData"]["text"], "abc")
        self.assertEqual((response["status"], response["statusText"], response["redirectURL"]),
                         (302, "Found", "/next"))
        self.assertEqual(response["cookies"], [{"name": "id", "value": "sesame"}])
        self.assertEqual((response["content"]["size"], response["bodySize"]), (40000, 40000))

    def test_secrets_are_masked(self):
        self.assertNotIn(b"sesame", self.export("har", secure_fetch()))

    def test_bytes_that_are_no_text(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        record.send(5, b"GET /\xff HTTP/1.1\r\nX: \xfe\r\n\r\n")
        record.receive(5, b"HTTP/1.1 200 \xc3\r\nContent-Length: 3\r\n\r\n\0\1\2")
        entry, = self.entries(record)
        self.assertEqual(entry["response"]["content"]["encoding"], "base64")
        self.assertEqual(entry["response"]["content"]["text"], "AAEC")

    def test_a_request_without_an_answer(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        record.send(5, b"GET / HTTP/1.1\r\n\r\n")
        record.receive(5, b"")
        record.close(5)
        entry, = self.entries(record)
        self.assertEqual(entry["response"]["status"], 0)
        self.assertEqual(entry["_error"], "the server closed the connection before the answer began")


class Html(Case):
    def hostile(self):
        record = records.Record(arguments=(HOSTILE,))
        record.fields(records.PROGRAM, [(1, HOSTILE.encode())])
        record.lookup(HOSTILE, ["192.0.2.1:80"])
        record.connect(5, "192.0.2.1:80", host=HOSTILE)
        text = HOSTILE.encode()
        record.send(5, b"GET /" + text.replace(b" ", b"") + b" HTTP/1.1\r\nX: " + text + b"\r\n\r\n")
        record.receive(5, b"HTTP/1.1 200 " + text + b"\r\n" + text + b": 1\r\nContent-Length: %d\r\n\r\n"
                       % len(text) + text)
        record.close(5)
        return record

    def test_no_byte_of_a_record_is_markup(self):
        page = self.export("html", self.hostile()).decode()
        plain = self.export("html", records.Record()).decode()
        self.assertEqual(len(re.findall("<[a-z/!]", page)), len(re.findall("<[a-z/!]", plain)))
        data = re.search('<script type="application/json"[^>]*>(.*?)</script>', page, re.S)[1]
        self.assertNotRegex(data, "[<>&]")
        found = json.loads(data)
        self.assertEqual(found["exchanges"][0]["response"]["body"], HOSTILE)
        self.assertEqual(found["lookups"][0]["name"], HOSTILE)

    def test_it_needs_no_network_and_has_a_policy(self):
        page = self.export("html", secure_fetch()).decode()
        self.assertNotRegex(page, r'(src|href)=|@import|url\(|fetch\(|XMLHttpRequest')
        nonces = set(re.findall(r"nonce[-=]\"?([0-9a-f]{32})", page))
        self.assertEqual(len(nonces), 1)
        self.assertNotIn("@NONCE@", page)
        self.assertIn("default-src 'none'", page)
        self.assertNotIn("sesame", page)


class Compressed(Case):
    def both(self, data, what="calls"):
        """What is shown of a record, and of the one that is written anew of it."""
        (self.folder / "new").write_bytes(self.export("record", data))
        return [self.timecraft("trace", what, "-v", self.folder / name).out
                for name in ("record", "new")]

    def test_it_is_the_same_record_and_smaller(self):
        record = records.Record()
        for i in range(40):
            record.write(1, b"%d " % i * 20000)
        record.end()
        before, after = self.both(record.file(per_block=3))
        self.assertEqual(before, after)
        self.assertIn("exited", after)
        self.assertLess((self.folder / "new").stat().st_size,
                        (self.folder / "record").stat().st_size / 10)
        self.assertRegex(self.timecraft("inspect", self.folder / "new").out,
                         r" in (\d+) blocks, \1 of them compressed")

    def test_what_does_not_shrink_stays_as_it_is(self):
        record = records.Record()
        for _ in range(3):
            record.write(1, os.urandom(300_000))
        before, after = self.both(record)
        self.assertEqual(before, after)
        self.assertIn(" 0 of them compressed",
                      self.timecraft("inspect", self.folder / "new").out)

    def test_one_with_a_limit_and_one_that_ended_early(self):
        record = records.Record()
        record.connect(5, "192.0.2.1:80")
        for i in range(20):
            record.send(5, b"%d" % i)
        self.assertEqual(*self.both(record.segmented(32768, 3, per_segment=4), "network"))
        self.assertEqual(*self.both(record.file(sealed_last=False, room=65536)))


class Written(Case):
    def test_standard_streams(self):
        record = records.Record()
        record.write(1, b"out\0")
        record.write(2, b"err")
        record.write(1, b"more\xff")
        record.end()
        self.assertEqual(self.export("stdout", record), b"out\0more\xff")
        self.assertEqual(self.export("stderr", record), b"err")

    def test_what_is_not_there_is_told(self):
        record = records.Record(detail=0)
        record.write(1, b"out")
        path = self.folder / "record"
        path.write_bytes(record.file())
        result = self.timecraft("export", "stdout", path, "-o", "-")
        self.assertIn("does not have 3 bytes", result.err)

    def test_files_are_replaced_whole_and_private(self):
        out = self.folder / "out.har"
        out.write_text("before")
        self.export("har", b"no record", status=1)
        self.assertEqual(out.read_text(), "before")
        self.export("har", secure_fetch())
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        self.assertEqual([one.name for one in self.folder.iterdir() if "tmp" in one.name], ["tmp"])
        result = self.timecraft("export", "har", self.folder / "record", "-o",
                                self.folder / "none" / "x")
        self.assertIn("cannot write", result.err)


if __name__ == "__main__":
    unittest.main()
