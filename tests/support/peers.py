"""Servers on loopback that the guests talk to: real ones, and ones that misbehave on purpose.

Every peer is a context manager; `str(peer)` is its address, "127.0.0.1:1234" or "[::1]:1234". On
leaving the block its processes and threads are gone; a process peer dies with the test program too.
"""

import os
import random
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import support
from support.certs import SERVER_NAME

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
NAME = SERVER_NAME
# Where peers listen by default, and where they are for guests: htls/bad_network has a network between.
LISTEN = os.environ.get("TIMECRAFT_TEST_LISTEN", "127.0.0.1")
CONNECT = os.environ.get("TIMECRAFT_TEST_CONNECT", "127.0.0.1")
WAIT = 10 * support.SLOWNESS  # seconds that a peer gives a guest before it loses patience


def wait_until(condition, what, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class Peer:
    host = LISTEN
    port = 0

    def __str__(self):
        host = CONNECT if self.host == LISTEN else self.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


# Servers within this program, a thread a connection.


def reset(connection):
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class ThreadPeer(Peer):
    """Calls `serve(connection)` in a thread of its own for each connection. What it raises is kept
    in `errors`; the connection is closed when it returns."""

    def __init__(self, serve, host=LISTEN):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.serve, self.host = serve, host
        self.errors, self.connections, self.threads = [], [], []
        self.stopped = threading.Event()
        self.accepting = threading.Lock()  # held from seeing a connection to having its thread
        self.listener = socket.create_server((host, 0), family=family, backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.accepter = threading.Thread(target=self._accept, daemon=True)
        self.accepter.start()

    def _accept(self):
        while True:
            self._readable(None)
            with self.accepting:
                try:
                    connection, _ = self.listener.accept()
                except OSError:
                    return
                connection.settimeout(WAIT)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self.connections.append(connection)
                self.threads.append(thread)
                thread.start()

    def _readable(self, seconds):
        """Whether a connection waits to be accepted (or the listener was shut down)."""
        return bool(select.select([self.listener], [], [], seconds)[0])

    def _serve(self, connection):
        try:
            with connection:
                self.serve(connection)
        except Exception as error:
            self.errors.append(error)

    def finish(self):
        """Waits until every connection so far was served."""
        while not self.stopped.is_set():
            with self.accepting:
                if not self._readable(0):
                    break
        for thread in list(self.threads):
            thread.join(WAIT)

    def stop(self):
        if self.stopped.is_set():
            return
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepter.join(WAIT)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its thread closed it already
        self.finish()


def upgrade(connection):
    """Speaks clear text, then TLS when it is told to, as STARTTLS does; then echoes."""
    connection.sendall(b"hello\n")
    assert connection.recv(100) == b"upgrade\n"
    connection.sendall(b"go\n")
    context = server_context(support.pki().identity("ecdsa"))
    with context.wrap_socket(connection, server_side=True) as tls:
        echo(tls)


def server_context(identity, minimum=TLS12, maximum=TLS13):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert_file, identity.key_file)
    context.minimum_version = minimum
    context.maximum_version = maximum
    return context


def client_context(minimum=TLS12, maximum=TLS13, identity=None, alpn=()):
    """Of a client that trusts the tests' root."""
    context = ssl.create_default_context(cafile=support.pki().ca_file)
    context.minimum_version, context.maximum_version = minimum, maximum
    if identity:
        context.load_cert_chain(identity.cert_file, identity.key_file)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def clean_end(tls):
    """Says close_notify, and waits until the other side has said it or gone."""
    try:
        tls.unwrap().close()
    except OSError:
        pass


class TlsPeer(ThreadPeer):
    """Calls `serve(tls)` once the handshake is done; ends with close_notify unless told not to."""

    def __init__(self, identity, serve, host=LISTEN, close_notify=True, context=None,
                 **versions):
        self.context = context or server_context(identity, **versions)
        self.close_notify = close_notify
        self.serve_tls = serve
        self.server_names = []
        self.context.sni_callback = self._note_name
        super().__init__(self._handshake, host)

    def _note_name(self, tls, name, context):
        self.server_names.append(name)

    def _handshake(self, connection):
        # Without this, each small answer may wait for the guest's delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.context.wrap_socket(connection, server_side=True,
                                      suppress_ragged_eofs=False) as tls:
            self.serve_tls(tls)
            if self.close_notify:
                clean_end(tls)


# What such a server does.


def echo(connection):
    """Sends back what comes, to its end."""
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def has_asked(connection):
    """Reads a request of HTTP. False: the connection ended before."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(4096)
        if not data:
            return False
        request += data
    return True


def http_hello(connection):
    if not has_asked(connection):
        return
    body = b"hello from python\n"
    head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def receive_all(connection):
    """Everything to the end of the stream."""
    data = bytearray()
    try:
        while part := connection.recv(1 << 16):
            data += part
    except ssl.SSLZeroReturnError:
        pass  # how Python tells the end where this side has said close_notify before
    return bytes(data)


# The bytes that guests/both_ways.c and the peers send each other: position modulo a prime, so that
# a lost, doubled or swapped block shows.
PATTERN_PERIOD = 251
PATTERN = bytes(range(PATTERN_PERIOD)) * ((1 << 18) // PATTERN_PERIOD + 2)


def pattern(position, length):
    """A view of the pattern's `length` bytes (at most 256 KiB) from `position`."""
    start = position % PATTERN_PERIOD
    return memoryview(PATTERN)[start:start + length]


def both_ways(total, chunk=1 << 16):
    """A serve function: sends `total` bytes of the pattern while it receives as many, checking
    them; neither direction waits for the other."""

    def serve(tls):
        tls.setblocking(False)
        sent = received = 0
        while sent < total or received < total:
            moved, wanted_reads = False, [tls]
            wanted_writes = []
            if received < total:
                try:
                    data = tls.recv(chunk)
                    if data != pattern(received, len(data)):
                        raise ValueError(f"wrong bytes near {received}")
                    if not data:
                        raise ValueError(f"the stream ended at {received}")
                    received += len(data)
                    moved = True
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                    pass
            if sent < total:
                try:
                    sent += tls.send(pattern(sent, min(chunk, total - sent)))
                    moved = True
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                    wanted_writes.append(tls)
            if not moved and not any(select.select(wanted_reads, wanted_writes, [], WAIT)[:2]):
                raise TimeoutError(f"nothing moved; sent {sent}, received {received}")
        tls.settimeout(WAIT)

    return serve


# Between a guest and its server.


class Relay(ThreadPeer):
    """Passes bytes on to `target`, and keeps what passed: `from_guest`, `from_server`.

    hold:  seconds before the server's first bytes are passed on
    drip:  seconds before each single byte of the server
    cut:   after so many bytes of the server the guest's connection is closed (`cut_with`: close or
           reset) """

    def __init__(self, target, hold=0.0, drip=0.0, cut=None, cut_with=socket.socket.close):
        self.target = target
        self.hold, self.drip, self.cut, self.cut_with = hold, drip, cut, cut_with
        self.from_guest, self.from_server = bytearray(), bytearray()
        super().__init__(self._relay, target.host)

    def _relay(self, guest):
        with socket.create_connection((self.target.host, self.target.port)) as server:
            held_until = time.monotonic() + self.hold
            open_sides = [guest, server]
            while open_sides and not self.stopped.is_set():
                for side in select.select(open_sides, [], [], 0.1)[0]:
                    data = self._receive(side)
                    if side is guest:
                        self.from_guest += data
                        going_on = self._pass_on(data, server)
                    else:
                        self.stopped.wait(held_until - time.monotonic())
                        going_on = self._to_guest(data, guest)
                        if going_on is None:
                            return
                    if not going_on:
                        open_sides.remove(side)

    @staticmethod
    def _receive(side):
        try:
            return side.recv(1 << 16)
        except ConnectionResetError:
            return b""

    @staticmethod
    def _pass_on(data, to):
        try:
            if data:
                to.sendall(data)
            else:
                to.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return bool(data)

    def _to_guest(self, data, guest):
        if self.cut is not None and len(self.from_server) + len(data) >= self.cut:
            part = data[:self.cut - len(self.from_server)]
            self.from_server += part
            guest.sendall(part)
            self.cut_with(guest)
            return None
        self.from_server += data
        if self.drip and data:
            for byte in data:
                if self.stopped.wait(self.drip) or not self._pass_on(bytes([byte]), guest):
                    return False
            return True
        return self._pass_on(data, guest)


def tls_records(data):
    """Splits a TLS stream into its records, [(content type, payload)]; a last one may be cut short.
    Raises ValueError where a byte is not part of a record (RFC 8446, section 5.1)."""
    records, at = [], 0
    while at + 5 <= len(data):
        kind, major, minor, length = struct.unpack_from("!BBBH", data, at)
        if not 20 <= kind <= 23 or major != 3 or minor > 4 or length > (1 << 14) + 2048:
            raise ValueError(f"not a TLS record at byte {at}: {bytes(data[at:at + 40])!r}")
        records.append((kind, bytes(data[at + 5:at + 5 + length])))
        at += 5 + length
    return records


# Servers that are programs of their own.


def free_port(host="127.0.0.1", kind=socket.SOCK_STREAM):
    """A port that is free now and that the kernel does not give to clients by itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue


class ProcessPeer(Peer):
    program = ""  # its executable, for skipping the test where it is missing

    def __init__(self, identity, host=LISTEN, minimum=TLS12, maximum=TLS13):
        self.identity, self.host = identity, host
        self.minimum, self.maximum = minimum, maximum
        self.folder = support.temporary_folder()
        self.process = None
        try:
            self.launch()
        except BaseException:
            self.stop()
            raise

    @classmethod
    def missing(cls):
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None

    def start(self, *command, **more):
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        self.log = open(os.path.join(self.folder, "log"), "w+")
        self.process = subprocess.Popen(
            [shutil.which(command[0], path=path), *command[1:]], cwd=self.folder,
            preexec_fn=support.die_with_parent,
            **{"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log, **more})

    def log_text(self):
        self.log.flush()
        with open(self.log.name) as log:
            return log.read()

    def start_on_free_port(self, make_command):
        """Starts `make_command(port)`; another port when somebody else was quicker."""
        for _ in range(5):
            self.port = free_port(self.host)
            self.start(*make_command(self.port))
            try:
                wait_until(self._answers_or_ended, "a server to listen")
            except TimeoutError:
                self.stop()
                continue
            if self.process.poll() is None:
                return
        raise RuntimeError(f"{self.program} does not start:\n{self.log_text()}")

    def _answers_or_ended(self):
        if self.process.poll() is not None:
            return True
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe:
                    pipe.close()
            self.log.close()
            self.process = None


class OpensslPeer(ProcessPeer):
    """`openssl s_server`. Serves files over HTTP; with `lines`, what is said with `say` is sent and
    what comes is printed, with s_server's commands at the start of a line ("K" updates keys)."""

    program = "openssl"
    hello = "hello from openssl"
    versions = {TLS12: "-tls1_2", TLS13: "-tls1_3"}

    def __init__(self, *arguments, lines=False, **more):
        self.lines = lines
        super().__init__(*arguments, **more)

    def launch(self):
        with open(os.path.join(self.folder, "index"), "w") as page:
            page.write(self.hello + "\n")
        only = [self.versions[self.minimum]] if self.minimum == self.maximum else []
        issuers = self.identity.issuers_file
        chain = ["-cert_chain", issuers] if os.path.getsize(issuers) else []
        self.start("openssl", "s_server", "-accept", str(self), "-cert", self.identity.cert_file,
                   "-key", self.identity.key_file, *chain, *only,
                   *([] if self.lines else ["-WWW"]), stdin=subprocess.PIPE)
        wait_until(self._listens, "openssl s_server to listen")
        self.port = int(self.accept_line().rsplit(":", 1)[1])

    def accept_line(self):
        lines = [line for line in self.log_text().splitlines() if line.startswith("ACCEPT ")]
        return lines[0] if lines else ""

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"openssl s_server ended:\n{self.log_text()}")
        return self.accept_line()

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()


class NginxPeer(ProcessPeer):
    program = "nginx"
    hello = "hello from nginx"
    versions = {TLS12: "TLSv1.2", TLS13: "TLSv1.3"}
    # One process, in the foreground, that writes nothing outside its folder.
    config = """
        daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
        worker_rlimit_nofile 8192;
        events {{ worker_connections 4096; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            keepalive_requests 1000000;
            server {{
                listen {address} ssl backlog=1024;
                ssl_certificate {identity.cert_file};
                ssl_certificate_key {identity.key_file};
                ssl_protocols {protocols};
                location / {{ return 200 "{hello}\\n"; }}
            }}
        }}
    """

    def launch(self):
        self.start_on_free_port(self._command)

    def _command(self, port):
        protocols = [name for version, name in self.versions.items()
                     if self.minimum <= version <= self.maximum]
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(self.config.format(folder=self.folder, address=self, hello=self.hello,
                                          identity=self.identity, protocols=" ".join(protocols)))
        return ["nginx", "-p", self.folder, "-c", path, "-e", "stderr"]


class GnutlsPeer(ProcessPeer):
    program = "gnutls-serv"
    hello = "GnuTLS"
    versions = {TLS12: "+VERS-TLS1.2", TLS13: "+VERS-TLS1.3"}

    def launch(self):
        self.start_on_free_port(self._command)

    def _command(self, port):
        wanted = [name for version, name in self.versions.items()
                  if self.minimum <= version <= self.maximum]
        return ["gnutls-serv", "--http", "--disable-client-cert", "--port", str(port),
                "--x509certfile", self.identity.cert_file, "--x509keyfile", self.identity.key_file,
                "--priority", ":".join(["NORMAL", "-VERS-ALL", *wanted])]


def go_tls():
    """go_tls/main.go as a program."""
    from support import gotools  # which looks for Go

    source = os.path.join(support.HERE, "go_tls", "main.go")

    def build(path):
        subprocess.run([gotools.GO, "build", "-o", path, source], check=True,
                       env={**gotools.BASE_ENV, "GO111MODULE": "off", "GOFLAGS": ""})

    return support.made_once("go_tls", [source], [], build)


class GoPeer(ProcessPeer):
    hello = f"name={NAME}"
    words = ()  # of go_tls

    @staticmethod
    def missing():
        from support import gotools
        return gotools.GO is None

    def launch(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.start(go_tls(), "serve", f"address={host}:0", "cert=" + self.identity.cert_file,
                   "key=" + self.identity.key_file, f"min={int(self.minimum)}",
                   f"max={int(self.maximum)}", *self.words)
        wait_until(lambda: self.log_text().endswith("\n") or self.process.poll() is not None,
                   "the Go server to listen")
        self.port = int(self.log_text().splitlines()[0].rsplit(":", 1)[1])


class PythonPeer(TlsPeer):
    """An HTTPS server with Python's ssl module."""

    hello = "hello from python"

    def __init__(self, identity, **more):
        super().__init__(identity, http_hello, **more)

    @staticmethod
    def missing():
        return False


EVERY_SERVER = {"openssl": OpensslPeer, "nginx": NginxPeer, "gnutls": GnutlsPeer, "go": GoPeer,
                "python": PythonPeer}
