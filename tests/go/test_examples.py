"""The Go examples, built with make, against servers on loopback."""

import base64
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import support
from support import gotools, peers

gotools.need()
gotools.skip_if_sanitized()

DEAF = 30  # seconds that the host waits for a name server
EXAMPLES = os.path.join(gotools.TREE, "examples", "go")


def made(name):
    """The program of an example, by the examples' own Makefile."""
    folder = os.path.join(EXAMPLES, name)
    files = gotools.sources(folder) + gotools.sources(EXAMPLES) + support.runtime_files()
    files.append(os.path.join(EXAMPLES, "Makefile"))

    def make(out):
        gotools.must(gotools.run_in(
            EXAMPLES, ["make", f"TIMECRAFT={support.TIMECRAFT}", f"GO={gotools.GO}", f"OUT={out}",
                       f"LEVEL={support.LEVEL}", f"{out}/{name}"],
            gotools.go_environment(guest=False), 900))

    words = [gotools.GO, str(gotools.GO_VERSION), support.LEVEL, support.toolchain_text()]
    return os.path.join(support.made_once(f"example-{name}", files, words, make), name)


def identity():
    return support.pki().identity("addresses")


class ServerGuest:
    """The server example as a process: `with ServerGuest() as address`."""

    def __init__(self, options=""):
        self.options = options

    def __enter__(self):
        held = f"--identity=server={identity().cert_file},{identity().key_file}"
        self.process = support.start([made("server"), "-listen", "127.0.0.1:0", "-identity", "server"],
                                     support.environment(f"--allow-listen=127.0.0.1 {held} "
                                                         f"{self.options}"))
        line = self.process.stderr.readline()
        found = re.match(r"listening on https://(\S+)", line)
        if not found:
            self.__exit__()
            raise AssertionError(f"the server does not start: {line}")
        return found.group(1)

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()


class Examples(unittest.TestCase):
    def run_example(self, name, *arguments, options=support.ALL_NETWORK, status=0):
        result = support.run([made(name), *arguments], support.environment(options), timeout=60)
        self.assertEqual(result.returncode, status, result)
        return result

    def test_document(self):
        for peer in (peers.NginxPeer, peers.OpensslPeer):
            with self.subTest(peer=peer.program), peer(identity()) as server:
                page = "index" if peer is peers.OpensslPeer else ""
                result = self.run_example("document", f"https://{server}/{page}")
                self.assertIn(server.hello, result.stdout)

    def test_document_says_why_it_fails(self):
        with peers.NginxPeer(support.pki().identity("wrong_name")) as server:
            result = self.run_example("document", f"https://{server}/", status=1)
            self.assertIn("it is for another.example.test", result.stderr)
        result = self.run_example("document", "https://127.0.0.1:1/", options="", status=1)
        self.assertIn("--allow-net=127.0.0.1:1", result.stderr)

    def test_api_and_server(self):
        with ServerGuest() as address:
            result = self.run_example("api", f"https://{address}")
            self.assertRegex(result.stdout, r"item 39 +39\.50\n40 items +800\.00\n$")
            granted = f"--allow-net --dir={support.pki().folder}::/pki:ro"
            result = self.run_example("api", "-ca", "/pki/ca.pem", "-at-once", "40",
                                      f"https://{address}", options=granted)
            self.assertRegex(result.stdout, r"\n40 items +800\.00\n$")
            result = self.run_example("api", f"https://{address}/nowhere", status=1)
            self.assertIn("invalid character", result.stderr)

    @unittest.skipIf(shutil.which("curl") is None, "curl is not installed")
    def test_server_and_curl(self):
        with ServerGuest() as address:
            for option, wanted in (("--http2", "HTTP/2.0"), ("--http1.1", "HTTP/1.1")):
                if gotools.GO_VERSION < (1, 24):
                    wanted = "HTTP/1.1"
                page = support.run_tool("curl", "--silent", "--show-error", option, "--cacert",
                                        support.pki().ca_file, f"https://{address}/",
                                        f"https://{address}/")
                self.assertEqual(page.count(f"\n{wanted}\nTLS 1.3\nTLS_"), 2, page)

    @unittest.skipIf(shutil.which("h2load") is None, "h2load is not installed")
    @unittest.skipIf(gotools.GO_VERSION < (1, 24), "this Go has no HTTP/2 for others' connections")
    def test_server_and_many_http2_streams(self):
        with ServerGuest() as address:
            report = support.run_tool("h2load", "--requests=2000", "--clients=10",
                                      "--max-concurrent-streams=20", f"https://{address}/items")
        self.assertIn("Application protocol: h2\n", report)
        self.assertIn("2000 succeeded, 0 failed, 0 errored, 0 timeout", report)
        self.assertIn("2000 2xx, ", report)

    @unittest.skipIf(gotools.GO_VERSION < (1, 24), "this Go has no HTTP/2 for others' connections")
    def test_http2_is_traced_on_both_sides(self):
        """Live, where its headers are compressed, and so hidden; and from records, readable."""
        folder = support.temporary_folder()
        sides = ("client", "server")
        watch = {side: f"--trace={folder}/{side}.txt --trace-size=1M --record={folder}/{side}.tcrec"
                 for side in sides}
        with ServerGuest(watch["server"]) as address:
            self.run_example("api", f"https://{address}",
                             options=f"{support.ALL_NETWORK} {watch['client']}")
        for side in sides:
            with self.subTest(side), open(f"{folder}/{side}.txt", encoding="utf-8") as file:
                live = file.read()
                self.assertRegex(live, r'"\*{24,}"')
                self.assertNotIn("PRI * HTTP/2.0", live)
                self.assertFalse([line for line in live.splitlines()
                                  if " tls" in line and "item 39" in line])
                shown = support.run_tool(support.TIMECRAFT, "trace", "requests",
                                         f"{folder}/{side}.tcrec")
                pattern = rf"(?m) HTTP \S+ > {re.escape(address)}: GET /items\S* => 200"
                self.assertEqual(len(re.findall(pattern, shown)), 41, shown)
                calls = support.run_tool(support.TIMECRAFT, "trace", "calls", "-v", "--unmask",
                                         f"{folder}/{side}.tcrec")
                self.assertIn("PRI * HTTP/2.0", calls)

    def test_websocket(self):
        fetched = gotools.run_go("mod", "download", cwd=os.path.join(EXAMPLES, "websocket"))
        if fetched.returncode != 0:
            self.skipTest("the library cannot be fetched here")
        with peers.TlsPeer(identity(), serve_websocket) as server:
            process = support.start([made("websocket"), f"wss://{server}/chat"],
                                    stdin=subprocess.PIPE)
            out, err = process.communicate("hello\n" + "x" * 70_000 + "\n", timeout=60)
            self.assertEqual((process.returncode, out), (0, "HELLO\n" + "X" * 70_000 + "\n"), err)

    def run_apart(self, options, *words):
        """Runs this file with words, as root of a network and mounts of its own."""
        apart = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
        try:
            subprocess.run([*apart, "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("namespaces are not allowed here")
        command = [*apart, sys.executable, os.path.abspath(__file__), *words]
        return support.run(command, support.environment(options), timeout=60)

    def test_a_deaf_name_server_holds_nothing_up(self):
        api = made("api")
        begin = time.monotonic()
        result = self.run_apart("--allow-net", "deaf-name-server", support.FOLDER, api)
        self.assertIn("context deadline exceeded", result.stderr, result)
        self.assertEqual(result.returncode, 1, result)
        self.assertLess(time.monotonic() - begin, DEAF / 2)

    def test_a_deadline_ends_connecting_handshaking_and_reading(self):
        def silent(connection):
            connection.recv(1 << 16)
            ended.wait()

        ended = threading.Event()
        # A queue that is full takes no connection.
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, \
             socket.create_server(("127.0.0.1", 0)) as no_tls, \
             peers.TlsPeer(identity(), silent) as no_answer, contextlib.ExitStack() as fillers:
            for _ in range(8):
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            for stage, server in (("connecting", "127.0.0.1:%d" % full.getsockname()[1]),
                                  ("handshaking", "127.0.0.1:%d" % no_tls.getsockname()[1]),
                                  ("reading", no_answer)):
                with self.subTest(stage):
                    result = self.run_example("api", "-timeout=1s", f"https://{server}", status=1)
                    self.assertIn("context deadline exceeded", result.stderr)
            ended.set()

    def test_document_and_dial_as_they_are(self):
        """Both with nothing but example.com, which is this machine in a world of its own."""
        certified = support.pki()._leaf("example", names=["example.com"])
        result = self.run_apart("", "example.com", support.FOLDER, certified.cert_file,
                                certified.key_file, made("document"), made("dial"))
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stdout.count("s_server -accept"), 2, result)
        self.assertEqual(result.stdout.count("HTTP/1.0 200 ok"), 1, result)


# Beside the tests: servers.


def accept_websocket(stream, connection):
    """The opening handshake (RFC 6455, 4.2)."""
    fields = dict(line.decode().rstrip().split(": ", 1)
                  for line in iter(stream.readline, b"\r\n") if b": " in line)
    fields = {name.lower(): value for name, value in fields.items()}
    key = fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())


def read_frame(stream):
    """Whether a frame of a client is the last of its message, its opcode and payload (5.2)."""
    first, second = stream.read(2)
    length = second & 127
    if length == 126:
        length = struct.unpack("!H", stream.read(2))[0]
    elif length == 127:
        length = struct.unpack("!Q", stream.read(8))[0]
    mask = stream.read(4)
    masked = stream.read(length)
    return first & 128, first & 15, bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))


def frame(opcode, payload):
    size = len(payload)
    length = (bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else
              struct.pack("!BQ", 127, size))
    return bytes([0x80 | opcode]) + length + payload


def read_message(stream):
    """The opcode and the payload of a message, which may come in several frames."""
    final, opcode, payload = read_frame(stream)
    while not final:
        final, _, more = read_frame(stream)
        payload += more
    return opcode, payload


def serve_websocket(connection):
    """Answers each message in capitals, until the client says goodbye."""
    with connection.makefile("rb") as stream:
        accept_websocket(stream, connection)
        opcode = 0
        while opcode != 8:
            opcode, payload = read_message(stream)
            connection.sendall(frame(opcode, payload.upper() if opcode == 1 else payload))


# In namespaces of their own, as root.


def start_network():
    request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


def put(folder, path, text):
    """Has `text` stand in a file of the system's."""
    ours = os.path.join(folder, os.path.basename(path))
    with open(ours, "w") as file:
        file.write(text)
    subprocess.run(["mount", "--bind", ours, path], check=True)


def with_deaf_name_server(folder, api):
    """Runs the api example, which is to give up after a second, with a name that nobody knows."""
    start_network()
    put(folder, "/etc/resolv.conf", f"nameserver 127.0.0.1\noptions timeout:{DEAF}\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        sys.exit(subprocess.run([api, "-timeout=1s", "https://slow.example.test"]).returncode)


def with_example_com(folder, cert, key, *programs):
    """Makes example.com this machine, serves it, and runs programs."""
    start_network()
    put(folder, "/etc/hosts", "127.0.0.1 example.com\n")
    server = subprocess.Popen(["openssl", "s_server", "-accept", "443", "-cert", cert, "-key", key,
                               "-www"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        while not server.stdout.readline().startswith(b"ACCEPT"):
            pass
        for program in programs:
            subprocess.run([program], check=True)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["example.com"]:
        with_example_com(*sys.argv[2:])
    elif sys.argv[1:2] == ["deaf-name-server"]:
        with_deaf_name_server(*sys.argv[2:])
    else:
        support.main()
