"""STARTTLS in both roles: TLS after clear text, and what is sent ahead of the switch is never taken
for a part of the encrypted stream."""

import socket
import ssl
import threading

from tls_support import TlsTest, both_file, grants, inside, pki

import support
from support.peers import NAME, WAIT, ThreadPeer, client_context, receive_all, server_context

INJECTED = b"250 injected\r\n"


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return line
        line += byte
    return line


class Switch:
    """A server that greets in clear, and starts TLS when it is asked to; then it echoes.

    ahead:  sent after "220 go", before TLS, in the same piece of the stream
    early:  sent before the client has asked for anything
    """

    def __init__(self, ahead=b"", early=b""):
        self.ahead, self.early = ahead, early
        self.heard, self.decrypted, self.error = b"", b"", None

    def __call__(self, connection):
        connection.sendall(b"220 ready\r\n" + self.early)
        self.heard = read_line(connection)
        connection.sendall(b"220 go\r\n" + self.ahead)
        context = server_context(pki().identity("ecdsa"))
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                while data := tls.recv(4096):
                    self.decrypted += data
                    tls.sendall(data)
        except OSError as error:
            self.error = error


class ClientTest(TlsTest):
    CLEAR = """
        socket:tcp4      -> ok
        connect:{peer}   -> ok
        recv:11:waitall  -> 11 220 ready\\x0d\\x0a
        send:STARTTLS\\r\\n -> 10
        recv:8:waitall   -> 8 220 go\\x0d\\x0a
    """

    def switching(self, **more):
        self.switch = Switch(**more)
        return self.enter(ThreadPeer(self.switch))


class AClient(ClientTest):
    def test_goes_on_in_tls(self):
        peer = self.switching()
        self.play(self.CLEAR.format(peer=peer) + f"""
            optn:upgrade:1  -> ok
            htls:{NAME}     -> ok
            get:version     -> 772
            send:hello      -> 5
            recv:5:waitall  -> 5 hello
        """)
        self.assertEqual(self.switch.heard, b"STARTTLS\r\n")
        self.assertEqual(self.switch.decrypted, b"hello")

    def test_may_say_so_before_it_connects(self):
        peer = self.switching()
        self.play("socket:tcp4 -> ok\noptn:upgrade:1 -> ok\n" +
                  self.CLEAR.format(peer=peer).partition("ok\n")[2] + f"""
            htls:{NAME}     -> ok
            send:hello      -> 5
            recv:5:waitall  -> 5 hello
        """)

    def test_that_does_not_block_or_has_polled(self):
        peer = self.switching()
        self.play(f"""
            socket:tcp4      -> ok
            nonblock         -> ok
            connect:{peer}   -> EINPROGRESS | ok
            poll:r:5000      -> in
            recv:11          -> 11 220 ready\\x0d\\x0a
            send:STARTTLS\\r\\n -> 10
            poll:r:5000      -> in
            recv:8           -> 8 220 go\\x0d\\x0a
            optn:upgrade:1   -> ok
            htls:{NAME}      -> ok
            handshake:5000   -> 0
            send:hello       -> 5
            poll:r:5000      -> /in/
            recv:5           -> 5 hello
        """)

    def test_must_say_that_it_upgrades(self):
        peer = self.switching()
        self.play(self.CLEAR.format(peer=peer) + f"""
            htls:{NAME}     -> EINVAL
            optn:upgrade:0  -> EINVAL
            htls:{NAME}     -> EINVAL
            optn:upgrade:1  -> ok
            htls:wrong.test -> EACCES
        """)

    def test_is_safe_from_what_is_sent_ahead(self):
        """The bytes that it has not read make the handshake fail; nothing of them arrives."""
        for ahead in (INJECTED, b"x", b"\0", b"\x17\x03\x03\0\x05aaaaa"):
            peer = self.switching(ahead=ahead)
            self.play(self.CLEAR.format(peer=peer) + f"""
                optn:upgrade:1  -> ok
                htls:{NAME}     -> EPROTO
                get:error       -> /./
                recv:100        -> EPROTO
                send:secret     -> EPROTO
            """)
            peer.finish()
            self.assertEqual(self.switch.decrypted, b"")
            self.assertIsNotNone(self.switch.error)

    def test_is_safe_from_what_is_sent_early(self):
        """More than the greeting, unread when it asks for TLS."""
        peer = self.switching(early=INJECTED)
        self.play(f"""
            socket:tcp4      -> ok
            connect:{peer}   -> ok
            recv:11:waitall  -> 11 220 ready\\x0d\\x0a
            send:STARTTLS\\r\\n -> 10
            optn:upgrade:1   -> ok
            htls:{NAME}      -> EPROTO
            recv:100         -> EPROTO
        """)

    def test_is_safe_from_an_answer_in_clear(self):
        """A server that only says that it goes on in TLS."""
        def lie(connection):
            connection.sendall(b"220 ready\r\n")
            read_line(connection)
            connection.sendall(b"220 go\r\n")
            read_line(connection)
            connection.sendall(b"250 as you wish\r\n")
            receive_all(connection)

        peer = self.enter(ThreadPeer(lie))
        self.play(self.CLEAR.format(peer=peer) + f"""
            optn:timeout:500 -> ok
            optn:upgrade:1   -> ok
            htls:{NAME}      -> EPROTO | ETIMEDOUT
            recv:100         -> EPROTO | ETIMEDOUT
        """)

    def test_says_nothing_in_clear_where_tls_is_demanded(self):
        peer = self.switching()
        self.play(f"""
            socket:tcp4      -> ok
            connect:{peer}   -> ok
            recv:11:waitall  -> 11 220 ready\\x0d\\x0a
            send:STARTTLS\\r\\n -> EACCES
        """, grants("--require-tls"))


class ServerTest(TlsTest):
    """A script in the server's role. Its client is this program."""

    CLEAR = ["send:220 ready\\r\\n", "recv:10:waitall", "send:220 go\\r\\n"]

    def start(self, *steps, options="", before=()):
        words = ["socket:tcp4", "bind:127.0.0.1:0", "listen:5", *before, "getsockname", "slot:1",
                 "accept:0", *steps]
        self.process = support.start([support.program("probe"), *words],
                                     support.environment(grants(options)))
        for undo in (self.process.stderr.close, self.process.stdout.close, self.process.wait,
                     self.process.kill):
            self.addCleanup(undo)
        for line in self.process.stdout:
            if line.startswith("getsockname\t"):
                host, _, port = line.rstrip("\n").partition("\t")[2].partition(":")
                connection = socket.create_connection((host, int(port)), timeout=WAIT)
                self.addCleanup(connection.close)
                return connection
        self.fail(self.process.stderr.read())

    def outcome(self, step):
        if not hasattr(self, "said"):
            out, err = self.process.communicate(timeout=WAIT)
            self.said = dict(line.split("\t", 1) for line in out.splitlines() if "\t" in line)
            self.said["err"] = err
        self.assertIn(step, self.said)
        return self.said[step]

    @property
    def identity(self):
        return "optf:identity:" + inside(both_file("ecdsa"))


class AServer(ServerTest):
    def switched(self, connection, ahead=b""):
        """The client's part up to the switch."""
        self.assertEqual(read_line(connection), b"220 ready\r\n")
        connection.sendall(b"STARTTLS\r\n" + ahead)
        self.assertEqual(read_line(connection), b"220 go\r\n")

    def check_echo(self, connection):
        with client_context().wrap_socket(connection, server_hostname=NAME) as tls:
            tls.sendall(b"hello")
            self.assertEqual(tls.recv(5), b"echo!")
        self.assertEqual(self.outcome("recv:5:waitall"), "5 hello")

    def test_goes_on_in_tls(self):
        connection = self.start(*self.CLEAR, self.identity, "optn:upgrade:1", "optn:server:1",
                                "recv:5:waitall", "send:echo!", "get:version")
        self.switched(connection)
        self.check_echo(connection)
        self.assertEqual(self.outcome("get:version"), "772")

    def test_may_be_configured_where_it_listens(self):
        connection = self.start(*self.CLEAR, "optn:server:1", "recv:5:waitall", "send:echo!",
                                before=[self.identity, "optn:upgrade:1"])
        self.switched(connection)
        self.check_echo(connection)

    def test_takes_a_client_s_hello_that_comes_at_once(self):
        """A client need not wait for "go": what follows its request is TLS, and it is taken so."""
        connection = self.start("send:220 ready\\r\\n", "recv:10:waitall", self.identity,
                                "optn:upgrade:1", "optn:server:1", "recv:5:waitall", "send:echo!")
        self.assertEqual(read_line(connection), b"220 ready\r\n")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client_context().wrap_bio(incoming, outgoing, server_hostname=NAME)
        self.assertRaises(ssl.SSLWantReadError, tls.do_handshake)
        connection.sendall(b"STARTTLS\r\n" + outgoing.read())
        while True:
            incoming.write(connection.recv(65536))
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
        tls.write(b"hello")
        connection.sendall(outgoing.read())
        self.assertEqual(self.outcome("recv:5:waitall"), "5 hello")

    def test_is_safe_from_what_is_sent_ahead(self):
        """Commands that an attacker puts behind the client's STARTTLS are never the client's."""
        for ahead in (b"MAIL FROM:<evil@example.test>\r\n", b"x", b"\x17\x03\x03\0\x05aaaaa"):
            connection = self.start(*self.CLEAR, self.identity, "optn:upgrade:1", "optn:server:1",
                                    "recv:100", "get:error")
            self.switched(connection, ahead)
            with self.assertRaises(OSError):
                client_context().wrap_socket(connection, server_hostname=NAME).recv(1)
            self.assertEqual(self.outcome("optn:server:1"), "EPROTO")
            self.assertEqual(self.outcome("recv:100"), "EPROTO")
            self.assertNotEqual(self.outcome("get:error"), "")
            del self.said

    def test_must_say_that_it_upgrades(self):
        connection = self.start(*self.CLEAR, self.identity, "optn:server:1")
        self.switched(connection)
        self.assertEqual(self.outcome("optn:server:1"), "EINVAL")

    def test_that_does_not_block(self):
        connection = self.start(*self.CLEAR, self.identity, "optn:upgrade:1", "nonblock",
                                "optn:server:1", "poll:r:5000", "recv:5:waitall", "send:echo!")
        self.switched(connection)
        self.check_echo(connection)
        self.assertEqual(self.outcome("optn:server:1"), "ok")


class AServerAtOnce(ServerTest):
    """The server's role on an accepted socket, without clear text before."""

    def shake(self, connection, **more):
        return client_context(**more).wrap_socket(connection, server_hostname=NAME)

    def test_blocks_for_the_handshake(self):
        connection = self.start(self.identity, "optn:server:1", "get:version", "send:hi")
        with self.shake(connection) as tls:
            self.assertEqual(tls.recv(2), b"hi")
        self.assertEqual(self.outcome("get:version"), "772")

    def test_tells_of_a_client_that_gives_up(self):
        connection = self.start(self.identity, "optn:server:1", "get:error", "recv:1")
        connection.close()
        self.assertEqual(self.outcome("optn:server:1"), "ECONNRESET")
        self.assertIn("the client closed the connection during the TLS handshake",
                      self.outcome("get:error"))

    def test_has_its_time_limit(self):
        self.start(self.identity, "optn:timeout:200", "optn:server:1", "recv:1")
        self.assertEqual(self.outcome("optn:server:1"), "ETIMEDOUT")
        self.assertEqual(self.outcome("recv:1"), "ETIMEDOUT")

    def test_the_operator_s_limit_is_not_exceeded(self):
        self.start(self.identity, "optn:timeout:60000", "get:timeout", "optn:server:1",
                   options="--tls-handshake-timeout=0.2")
        self.assertEqual(self.outcome("optn:server:1"), "ETIMEDOUT")
        self.assertEqual(self.outcome("get:timeout"), "200")

    def test_of_a_listener_recv_waits(self):
        """accept gives the socket at once; a blocking recv is for the handshake too."""
        connection = self.start("recv:5:waitall", "get:version", before=[self.identity,
                                                                         "optn:server:1"])
        threading.Event().wait(0.1)
        with self.shake(connection) as tls:
            tls.sendall(b"hello")
            self.assertEqual(self.outcome("recv:5:waitall"), "5 hello")
        self.assertEqual(self.outcome("get:version"), "772")

    def test_of_a_listener_send_waits(self):
        connection = self.start("send:hello", before=[self.identity, "optn:server:1"])
        with self.shake(connection) as tls:
            self.assertEqual(tls.recv(5), b"hello")

    def test_of_a_listener_so_error_tells(self):
        connection = self.start("nonblock", "so_error", "recv:1", "send:x", "poll:rw:100",
                                "handshake:5000", "so_error",
                                before=[self.identity, "optn:server:1"])
        threading.Event().wait(0.3)
        self.shake(connection)
        self.assertEqual(self.outcome("handshake:5000"), "0")
        self.assertEqual(self.outcome("recv:1"), "EAGAIN")
        self.assertEqual(self.outcome("send:x"), "EAGAIN")
        self.assertEqual(self.outcome("poll:rw:100"), "nothing")

    def test_clear_text_may_be_forbidden(self):
        connection = self.start(self.identity, "optn:server:1", "send:hi", options="--require-tls")
        with self.shake(connection) as tls:
            self.assertEqual(tls.recv(2), b"hi")


if __name__ == "__main__":
    support.main()
