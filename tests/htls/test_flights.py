"""What TLS says of itself, the tickets of a session for example, holds up nothing of the guest's: the
kernel sends no short segment while the peer has not acknowledged another (Nagle's algorithm), and a
peer that has nothing to send acknowledges only 40 ms later. One try of some that is in time will do: a
busy machine makes some of them late, or send something again, that delay all of them."""

import os
import shutil
import socket
import ssl
import struct
import time

import support
from support.peers import (CONNECT, LISTEN, NAME, TLS12, TlsPeer, WAIT, client_context, echo,
                           server_context, tls_records)
from support.servers import HttpsServer

TRIES = 8
TICKETS = 2  # that OpenSSL gives a client of TLS 1.3
PAUSE = 5  # milliseconds, in which what has been sent arrives
DELAYED = 0.04  # seconds; the kernel's least delay of an acknowledgement, TCP_DELACK_MIN
SOON = 0.75 * DELAYED

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Client:
    """A client of TLS that sends what it likes when it likes."""

    def __init__(self, address, **versions):
        self.socket = socket.create_connection(address, timeout=WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context(**versions).wrap_bio(self.incoming, self.outgoing,
                                                       server_hostname=NAME)

    def insist(self, do):
        while True:
            try:
                return do()
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                data = self.socket.recv(65536)
                if not data:
                    raise EOFError("the server has gone")
                self.incoming.write(data)

    def first_answer(self, request, pause):
        """Seconds until it comes. `pause`: None, the request goes with the handshake's last flight."""
        self.insist(self.tls.do_handshake)
        if pause is not None:
            self.socket.sendall(self.outgoing.read())
            time.sleep(pause)
        self.tls.write(request)
        begun = time.monotonic()
        self.socket.sendall(self.outgoing.read())
        self.insist(lambda: self.tls.read(1))
        return time.monotonic() - begun


def receive(tls, expected):
    data = b""
    while len(data) < len(expected):
        part = tls.recv(len(expected) - len(data))
        assert part, data
        data += part
    assert data == expected


def segments_of(connection, expected=b""):
    """How many with data have come."""
    receive(connection, expected)
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156)
    return struct.unpack_from("I", info, 152)[0]  # tcpi_data_segs_in, linux/tcp.h


class FlightTest(support.GuestTest):
    def serve(self, *steps):
        """A script that serves one client. Returns its address."""
        identity = support.pki().identity("ecdsa")
        both = os.path.join(support.temporary_folder(), "both.pem")
        with open(both, "wb") as file:
            for path in (identity.cert_file, identity.key_file):
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, file)
        folder, name = os.path.split(both)
        words = ["socket:tcp4", f"bind:{LISTEN}:0", "listen:1", "getsockname", "slot:1", "accept:0",
                 f"optf:identity:{name}", *steps]
        process = support.start([support.program("probe"), *words],
                                support.environment(f"{support.ALL_NETWORK} --dir={folder}::."))
        for undo in (process.stderr.close, process.stdout.close, process.wait, process.kill):
            self.addCleanup(undo)
        for line in process.stdout:
            if line.startswith("getsockname\t"):
                return CONNECT, int(line.rstrip("\n").rpartition(":")[2])
        return self.fail(process.stderr.read())

    def succeeds_once(self, one_try):
        """What a try returns is what is wrong with it."""
        wrong = []
        while len(wrong) < TRIES:
            wrong.append(one_try())
            if not wrong[-1]:
                return
        self.fail(f"{wrong}")

    def answers_soon(self, connect, request, **versions):
        def ask(pause):
            client = Client(connect(), **versions)
            took = client.first_answer(request, pause)
            segments = segments_of(client.socket)
            client.socket.close()
            if took > SOON or segments > 3:  # a flight of the handshake, the tickets, the answer
                return f"{segments} segments, the answer came after {took} s"
            return None

        for pause in (None, PAUSE / 1000):
            with self.subTest(pause=pause):
                self.succeeds_once(lambda: ask(pause))


class AServer(FlightTest):
    def script_answers_soon(self, *steps, **versions):
        self.answers_soon(lambda: self.serve(*steps), b"hello", **versions)

    def test_that_blocks(self):
        self.script_answers_soon("optn:server:1", "recv:5", "send:hello", "recv:1")

    def test_of_tls_1_2(self):
        self.script_answers_soon("optn:server:1", "recv:5", "send:hello", "recv:1", maximum=TLS12)

    def test_that_polls(self):
        self.script_answers_soon("nonblock", "optn:server:1", "poll:r:5000", "recv:5", "send:hello",
                          "poll:r:5000")

    def test_that_has_a_queue(self):
        with HttpsServer() as server:
            self.answers_soon(lambda: (server.host, server.port), REQUEST)

    def test_gives_its_tickets_to_a_client_that_asks_for_nothing(self):
        for steps in (["optn:server:1", "recv:1"], ["optn:server:1", "sleep:60000"],
                      ["optn:server:1", "shutdown:w", "recv:1"], ["optn:server:1"]):
            client = Client(self.serve(*steps))
            client.insist(client.tls.do_handshake)
            client.socket.sendall(client.outgoing.read())
            self.has_tickets(client)

    def has_tickets(self, client):
        data = b""
        while len(tls_records(data)) < TICKETS:
            part = client.socket.recv(65536)
            self.assertNotEqual(part, b"")
            data += part
        client.socket.close()


class AClient(FlightTest):
    """Its server gives no tickets, which would acknowledge the client's last flight."""

    def visits(self, steps, serve):
        """A script that succeeds once. `serve` returns what is wrong with a run."""
        wrong = []
        context = server_context(support.pki().identity("ecdsa"))
        context.num_tickets = 0
        with TlsPeer(None, lambda tls: wrong.append(serve(tls)), context=context) as peer:
            def visit():
                self.play(f"""
                    socket:tcp4        -> ok
                    connect:{peer}     -> ok
                    htls:{NAME}        -> ok
                    {steps}
                """)
                peer.finish()
                return wrong.pop() if wrong else "no connection"

            self.succeeds_once(visit)
        self.assertEqual(peer.errors, [])

    def test_sends_all_vectors_at_once(self):
        def serve(tls):
            segments = segments_of(tls, b"hello")
            return segments > 3 and segments  # its hello, the end of the handshake, and this

        self.visits("writev:hel,l,o -> 5", serve)

    def test_ends_soon(self):
        steps = f"""
            send:hello         -> 5
            sleep:{PAUSE}      -> ok
            shutdown:w         -> ok
            recv:1             -> 0
        """

        def serve(tls):
            receive(tls, b"hello")
            begun = time.monotonic()
            self.assertEqual(tls.recv(1), b"")
            took = time.monotonic() - begun
            return took > SOON + PAUSE / 1000 and took

        self.visits(steps, serve)

    def test_has_nodelay_as_it_has_set_it(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            self.play(f"""
                socket:tcp4        -> ok
                connect:{peer}     -> ok
                htls:{NAME}        -> ok
                nonblock           -> ok
                poll:w:1000        -> out
                send:hello         -> 5
                getopt:nodelay     -> 0
                setopt:nodelay:1   -> ok
                send:hello         -> 5
                send:hello         -> 5
                getopt:nodelay     -> 1
                shutdown:w         -> ok
                getopt:nodelay     -> 1
                setopt:nodelay:0   -> ok
                getopt:nodelay     -> 0
            """)


if __name__ == "__main__":
    support.main()
