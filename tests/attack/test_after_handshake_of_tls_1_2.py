"""A peer that has shaken hands in earnest with TLS 1.2, and then misbehaves. What it may say then
differs from TLS 1.3 (test_after_handshake.py): handshakes can begin again, and clear text cannot be
told by its type."""

import struct
import time

import after_handshake
import attack
import tls12
from after_handshake import HELLO, close
from tls13 import (ALERT, CHANGE_CIPHER_SPEC, CLIENT_HELLO, DATA, HANDSHAKE, HELLO_REQUEST,
                   RECORD_MAX, Client, message, record)

HELLO_REQUEST_MESSAGE = message(HELLO_REQUEST, b"")


class PeerTest(after_handshake.PeerTest):
    server = client = tls12.Endpoint


class Ends(after_handshake.EndsOfAllVersions, PeerTest):
    pass


class Records(after_handshake.RecordsOfAllVersions, PeerTest):
    CLEAR_TYPES = (DATA, HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, 0, 24, 255)
    POSITIONS = range(0, 33, 4)

    def test_a_record_of_another_type(self):
        """What is sealed as data is no alert."""

        def act(endpoint):
            endpoint.raw(bytes([ALERT]) + endpoint.sealed(DATA, b"\1\0")[1:])

        self.strike(act)

    def test_a_record_that_is_too_long(self):
        for length in (RECORD_MAX + 1, RECORD_MAX + 2048, 40000):
            with self.subTest(length=length):
                self.strike(lambda endpoint: endpoint.data(b"x" * length))

    def test_records_that_are_too_short_to_be_sealed(self):
        for length in (0, 1, 8, 23):
            with self.subTest(length=length):
                self.strike(lambda endpoint: endpoint.raw(record(DATA, bytes(length))))

    def test_a_few_empty_ones(self):
        """Allowed (RFC 5246, 6.2.1)."""
        self.strike(lambda endpoint: [[endpoint.data(b"") for _ in range(5)],
                                      endpoint.data(b"!"), close(endpoint)], {"end"}, HELLO + b"!")

    def test_types_that_have_no_place(self):
        for kind in (CHANGE_CIPHER_SPEC, 24, 25, 255):
            with self.subTest(type=kind):
                self.strike(lambda endpoint: endpoint.send(kind, b"\1"))


class Handshakes(PeerTest):
    """Another one, on the open connection: renegotiation, which is refused."""

    def test_that_a_server_asks_for(self):
        self.strike(lambda endpoint: endpoint.send(HANDSHAKE, HELLO_REQUEST_MESSAGE),
                    {"EPROTO", "ECONNRESET"}, roles=("client",))

    def test_that_a_client_begins(self):
        """It is told that there is none, and goes on or gives up; the end is its own."""
        hello = Client(None).hello_body(ciphers=(0xc02b,), versions=())
        self.strike(lambda endpoint: endpoint.send(HANDSHAKE, message(CLIENT_HELLO, hello)),
                    {"EPROTO", "ECONNRESET"}, roles=("server",))

    def test_other_messages(self):
        for kind in (2, 4, 11, 12, 14, 15, 16, 20, 22, 67, 255):
            with self.subTest(kind=kind):
                self.strike(lambda endpoint: endpoint.send(HANDSHAKE, message(kind, bytes(40))))

    def test_hello_requests_that_are_wrong(self):
        for data in (message(HELLO_REQUEST, b"x"), struct.pack("!I", 0xffffff),
                     message(HELLO_REQUEST, bytes(16000))):
            with self.subTest(data=data[:6]):
                self.strike(lambda endpoint: endpoint.send(HANDSHAKE, data),
                            {"EPROTO", "ECONNRESET"}, roles=("client",))


class Floods(PeerTest):
    """Much of what is allowed once: it ends in a failure, or with the guest's patience."""

    def without_end(self, content, kind=HANDSHAKE, **more):
        def act(endpoint):
            end = time.monotonic() + 2 * attack.TIME_MAX
            while time.monotonic() < end:
                endpoint.send(kind, content)

        self.strike(act, {"EAGAIN", "EPROTO"}, words=("patience=500",), **more)

    def test_of_hello_requests(self):
        self.without_end(HELLO_REQUEST_MESSAGE, roles=("client",))
        self.without_end(HELLO_REQUEST_MESSAGE * 4096, roles=("client",))

    def test_of_client_hellos(self):
        hello = Client(None).hello_body(ciphers=(0xc02b,), versions=())
        self.without_end(message(CLIENT_HELLO, hello), roles=("server",))

    def test_of_empty_records(self):
        self.without_end(b"", DATA)

    def test_of_warnings(self):
        self.without_end(b"\1\x5a", ALERT)


if __name__ == "__main__":
    attack.main()
