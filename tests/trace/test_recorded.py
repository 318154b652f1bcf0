#!/usr/bin/python3
"""What `timecraft trace` and `export` make of real programs' records: clients and servers, TLS that
works and TLS that does not, against nginx, curl and Python."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import support
from support import TIMECRAFT
from support.peers import NAME, NginxPeer, ThreadPeer, TlsPeer, upgrade
from support.records import websocket
from support.servers import HttpsServer

support.GUEST_DIRS.append(os.path.join(support.TREE, "examples"))
GET = "GET /{} HTTP/1.1\r\nHost: localhost\r\nCookie: sesame\r\n\r\n"


class RecordedTest(support.GuestTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=support.FOLDER)
        self.path = os.path.join(self.folder, "record")

    def options(self, words=""):
        return f"{support.ALL_NETWORK} --record={self.path} {words}"

    def probe(self, *steps, words=""):
        self.result = support.run([support.program("probe"), *steps],
                                  support.environment(self.options(words)))
        self.assertEqual(self.result.returncode, 0, self.result)

    def timecraft(self, *words):
        done = subprocess.run([TIMECRAFT, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode(errors="replace")

    def trace(self, what, *words):
        out = self.timecraft("trace", what, "-o", "json", *words, self.path)
        return [json.loads(line) for line in out.splitlines()]


class Clients(RecordedTest):
    def test_a_kept_alive_connection_to_nginx(self):
        if not shutil.which("nginx"):
            self.skipTest("nginx is not installed")
        with NginxPeer(support.pki().identity("ecdsa")) as peer:
            self.probe("socket:tcp4", f"connect:{peer}", f"htls:{NAME}", "send:" + GET.format(1),
                       "recv:9999", "send:" + GET.format(2), "recv:9999", "close")
        found = self.trace("requests", "-v")
        self.assertEqual([(one["url"], one["response"]["status"], one["failure"]) for one in found],
                         [("https://localhost/1", 200, None), ("https://localhost/2", 200, None)])
        self.assertEqual(found[0]["response"]["body"], "hello from nginx\n")
        self.assertEqual(found[0]["destination"], str(peer))
        tls, = self.trace("tls")
        self.assertEqual((tls["result"], tls["version"], tls["server_name"], tls["role"]),
                         ("OK", "TLSv1.3", NAME, "client"))
        self.assertIn("subject:", tls["peer"])
        self.assertGreater(tls["handshake"], 0)
        for words in (["trace", "network", "-v", "-o", "json"], ["trace", "requests", "-v"],
                      ["export", "pcapng", "-o", "-"], ["export", "html", "-o", "-"]):
            self.assertNotIn("sesame", self.timecraft(*words, self.path))
        har = json.loads(self.timecraft("export", "har", self.path, "-o", "-"))
        timings = har["log"]["entries"][0]["timings"]
        self.assertGreater(timings["ssl"], 0)
        self.assertGreaterEqual(timings["connect"], timings["ssl"])

    def test_a_refused_certificate(self):
        with TlsPeer(support.pki().identity("another"), lambda tls: None) as peer:
            self.probe("socket:tcp4", f"connect:{peer}", f"htls:{NAME}", "send:x", "close")
        tls, = self.trace("tls")
        self.assertNotEqual(tls["result"], "OK")
        self.assertIn("certificate", tls["reason"])

    def test_a_handshake_that_the_peer_breaks_off(self):
        with ThreadPeer(lambda connection: connection.recv(10)) as peer:
            self.probe("socket:tcp4", f"connect:{peer}", f"htls:{NAME}", "send:x", "close")
        tls, = self.trace("tls")
        self.assertNotEqual(tls["result"], "OK")
        self.assertTrue(tls["reason"])

    def test_starttls(self):
        with ThreadPeer(upgrade) as peer:
            self.probe("socket:tcp4", f"connect:{peer}", "recv:100", "send:upgrade\n", "recv:100",
                       "optn:upgrade:1", f"htls:{NAME}", "send:secret words", "recv:100", "close")
        lines = [(one["event"], one.get("data")) for one in self.trace("network", "-v")
                 if one["event"] in ("SEND", "RECV", "HANDSHAKE")]
        self.assertEqual(lines, [("RECV", "hello\n"), ("SEND", "upgrade\n"), ("RECV", "go\n"),
                                 ("HANDSHAKE", None), ("SEND", "secret words"),
                                 ("RECV", "secret words")])

    def test_a_refused_connection(self):
        with ThreadPeer(lambda connection: None) as peer:
            gone = str(peer)
        self.probe("socket:tcp4", f"connect:{gone}")
        failed = [one for one in self.trace("network") if one["event"] == "CONNECT"]
        self.assertEqual([(one["result"], one["destination"]) for one in failed],
                         [("ECONNREFUSED", gone)])

    def test_a_websocket(self):
        def serve(tls):
            request = b""
            while b"\r\n\r\n" not in request:
                request += tls.recv(4096)
            key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
            accepted = base64.b64encode(hashlib.sha1(
                key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            tls.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n" +
                        websocket(1, b"welcome"))
            tls.recv(4096)
        frame = "".join(f"\\x{byte:02x}" for byte in websocket(1, b"hello", b"abcd"))
        with TlsPeer(support.pki().identity("ecdsa"), serve) as peer:
            self.probe("socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                       "send:GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                       "recv:9999", f"send:{frame}", "close")
        upgraded, *messages = self.trace("requests", "-v")
        self.assertEqual(upgraded["response"]["status"], 101)
        self.assertEqual([(one["websocket"], one["data"]) for one in messages],
                         [("TEXT", "welcome"), ("TEXT", "hello")])


class Servers(RecordedTest):
    def test_the_example_server_and_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        with HttpsServer(options=f"--record={self.path}") as server:
            for path in ("/a", "/b"):
                subprocess.run(["curl", "-sS", "--http1.1", "--cacert", support.pki().ca_file,
                                f"https://{NAME}:{server.port}{path}", "--resolve",
                                f"{NAME}:{server.port}:127.0.0.1", "-o", "/dev/null"],
                               check=True, timeout=60)
            found = self.trace("requests")  # while it runs
        self.assertEqual([(one["role"], one["request"]["target"]) for one in found],
                         [("server", "/a"), ("server", "/b")])
        self.assertEqual({one["role"] for one in self.trace("tls")}, {"server"})
        self.assertIn("the program was killed", self.timecraft("inspect", self.path))


class Limits(RecordedTest):
    def test_the_newest_segments_still_tell_whose_a_connection_is(self):
        def chatter(tls):
            while tls.recv(100):
                tls.sendall(b"x" * 60000)
        steps = ["send:more", "recv:60000"] * 60
        with TlsPeer(support.pki().identity("ecdsa"), chatter) as peer:
            support.run([support.program("probe"), "socket:tcp4", f"connect:{peer}",
                         f"htls:{NAME}", *steps, "close"],
                        support.environment(f"{support.ALL_NETWORK} "
                                            f"--record={self.path},limit=1M"))
        shown = self.timecraft("inspect", self.path)
        self.assertIn("calls were written over", shown)
        received = [one for one in self.trace("network") if one["event"] == "RECV"]
        self.assertTrue(received)
        self.assertEqual({one["source"] for one in received}, {str(peer)})


if __name__ == "__main__":
    unittest.main()
