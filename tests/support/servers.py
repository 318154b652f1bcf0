"""Guests that serve until they are stopped, and many TLS connections at once to one of them, the
example https-server."""

import os
import resource
import socket
from concurrent.futures import ThreadPoolExecutor

import support
from support.peers import NAME, WAIT, client_context, free_port

EXAMPLES = os.path.join(support.TREE, "examples")
support.GUEST_DIRS.append(EXAMPLES)

PER_ADDRESS = 20000  # connections from one address: ports are fewer than 32768
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h
AT_ONCE = 8  # handshakes
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"Hello from WebAssembly"


def allow_descriptors(count):
    """Raises the limit of this process and of its children. False: that is not allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        except (ValueError, OSError):
            return False
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (count, max(count, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    return True


def connect_from(number, server, timeout=WAIT):
    """A TCP connection from the address 127.0.0.1 + number. Its port is chosen by connect(2): chosen by
    bind(2), it would be taken from all other programs that bind to this address (ip(7))."""
    connection = socket.socket()
    try:
        connection.settimeout(timeout)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.0.0.{1 + number}", 0))
        connection.connect((server.host, server.port))
    except OSError:
        connection.close()
        raise
    return connection


class ServingGuest:
    """A guest, `process`, that serves until stop(), or the end of a `with`."""

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


class HttpsServer(ServingGuest):
    """The example https-server as a process. `command` starts it, and becomes it."""

    host = "127.0.0.1"

    def __init__(self, *words, options="", command=(), **env):
        identity = support.pki().identity("ecdsa")
        self.port = free_port(self.host)
        self.process = support.start(
            [*command, support.program("https-server"), str(self.port), "www", *words],
            support.environment(f"--allow-listen={self.host} --identity=www={identity.cert_file},"
                                f"{identity.key_file} {options}", **env))
        line = self.process.stdout.readline()
        if not line.startswith("https-server: https://localhost:"):
            self.process.kill()
            said = self.process.stderr.read()
            self.stop()
            raise RuntimeError(f"https-server does not serve: {line}{said}")

    def __str__(self):
        return f"{self.host}:{self.port}"

    @property
    def memory(self):
        """What of it lies in memory, the guest's own included: in bytes."""
        return support.resident_memory(self.process.pid) * 1024

    @property
    def descriptors(self):
        return support.open_descriptors(self.process.pid)


class ManyClients:
    """TLS connections to a server, which do nothing unless they are asked to."""

    def __init__(self, server):
        self.server, self.context = server, client_context()
        self.connections = []

    def _connect(self, number):
        return self.context.wrap_socket(connect_from(number // PER_ADDRESS, self.server),
                                        server_hostname=NAME)

    def open(self, count):
        first = len(self.connections)
        with ThreadPoolExecutor(AT_ONCE) as executor:
            self.connections += executor.map(self._connect, range(first, first + count))

    def ask(self):
        """A request on each connection. Returns how many were answered well."""
        self.send()
        return self.take()

    def send(self):
        for tls in self.connections:
            tls.sendall(REQUEST)

    def take(self):
        """Returns how many were answered well."""
        return sum(ANSWER in tls.recv(4096) for tls in self.connections)

    def close(self):
        for tls in self.connections:
            tls.close()
        self.connections.clear()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
