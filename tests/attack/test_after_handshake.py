"""A peer that has shaken hands in earnest, and then misbehaves: under its own keys, so that nothing
but the content is wrong, or on the wire, where anybody could.

Every attack is made on a guest that is a client and on one that is a server."""

import time

import after_handshake
import attack
from after_handshake import HELLO, close
from tls13 import (ALERT, CERTIFICATE_REQUEST, CHANGE_CIPHER_SPEC, CLIENT_HELLO, DATA, HANDSHAKE,
                   HELLO_REQUEST, KEY_UPDATE, NEW_TICKET, RECORD_MAX, SERVER_HELLO, Client, Server,
                   extension, message, record, u8, u16, u24, vector8, vector16)


class PeerTest(after_handshake.PeerTest):
    server, client = Server, Client


def ticket(size):
    """A NewSessionTicket with a ticket of so many bytes."""
    return message(NEW_TICKET, b"\0\0\x1c\x20" + bytes(4) + vector8(b"n") +
                   vector16(b"t" * size) + vector16(b""))


class Ends(after_handshake.EndsOfAllVersions, PeerTest):
    def test_clear_text_after_the_end_is_not_delivered(self):
        def act(endpoint):
            close(endpoint)
            endpoint.raw(record(DATA, b"EVIL") + b"EVIL")

        self.strike(act, {"end"})

    def test_fatal_alerts(self):
        for description in (10, 20, 22, 40, 47, 50, 51, 70, 80, 90, 109, 112, 115, 116, 120, 255):
            with self.subTest(description=description):
                self.strike(lambda endpoint: endpoint.alert(description),
                            {"EPROTO", "ECONNRESET"})


class Records(after_handshake.RecordsOfAllVersions, PeerTest):
    CLEAR_TYPES = (DATA, HANDSHAKE, CHANGE_CIPHER_SPEC, 0, 24, 255)
    POSITIONS = range(0, 26, 5)

    def test_no_record_at_all(self):
        for data in (b"EVIL" * 100, b"GET / HTTP/1.0\r\n\r\n", bytes(10000), b"\xff" * 10000):
            with self.subTest(data=data[:5]):
                self.strike(lambda endpoint: endpoint.raw(data), {"EPROTO"})

    def test_a_wrong_tag(self):
        def act(endpoint):
            sealed = bytearray(endpoint.sealed(DATA, b"EVIL"))
            sealed[-1] ^= 1
            endpoint.raw(bytes(sealed))

        self.strike(act)

    def test_a_record_of_the_other_direction(self):
        """The guest's own bytes thrown back."""

        def act(endpoint):
            header = endpoint._exactly(5)
            endpoint.raw(header + endpoint._exactly(int.from_bytes(header[3:], "big")))

        self.strike(act, words=("send=10",))

    def test_a_record_without_a_type(self):
        """An inner plaintext of zeros only, or of nothing (RFC 8446, 5.4)."""
        for length in (0, 1, 100, RECORD_MAX):
            with self.subTest(length=length):
                self.strike(lambda endpoint: endpoint.raw(endpoint.sending.seal(bytes(length))))

    def test_a_record_that_is_too_long(self):
        for content, padding in ((RECORD_MAX + 1, 0), (RECORD_MAX + 239, 0), (RECORD_MAX, 240),
                                 (40000, 0), (0, 60000)):
            with self.subTest(content=content, padding=padding):
                self.strike(lambda endpoint: endpoint.raw(
                    endpoint.sending.seal(b"x" * content + u8(DATA) + bytes(padding))))

    def test_lengths_that_lie(self):
        for length in (0, 1, 16, 17, 16384 + 257, 65535):
            with self.subTest(length=length):
                self.strike(lambda endpoint: endpoint.raw(record(DATA, bytes(300), length=length)),
                            {"EPROTO", "ECONNRESET"})

    def test_padding_is_not_delivered(self):
        def act(endpoint):
            endpoint.send(DATA, b" and", padding=1000)
            endpoint.send(DATA, b"", padding=1000)
            endpoint.send(DATA, b"\0", padding=1)
            close(endpoint)

        self.strike(act, {"end"}, HELLO + b" and\0", words=())

    def test_types_inside_that_have_no_place(self):
        for kind in (0x14, 0x18, 0x19, 0x80, 0xff):
            with self.subTest(type=kind):
                self.strike(lambda endpoint: endpoint.send(kind, b"\1"))

    def test_empty_ones_of_every_type(self):
        for kind in (ALERT, HANDSHAKE):
            with self.subTest(type=kind):
                self.strike(lambda endpoint: endpoint.send(kind, b""))

    def test_alerts_of_other_lengths(self):
        for data in (b"\1", b"\1\0\0", b"\2\x28" * 2):
            with self.subTest(data=data):
                self.strike(lambda endpoint: endpoint.send(ALERT, data))


class Messages(PeerTest):
    """Handshake messages that have no place in an open connection, or are wrong."""

    def test_those_of_a_handshake(self):
        """Renegotiation, among others, which TLS 1.3 has not."""
        for kind in (HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, 5, 8, 11, 14, 15, 16, 20, 67, 255):
            with self.subTest(kind=kind):
                self.strike(lambda endpoint: endpoint.send(HANDSHAKE, message(kind, bytes(40))))

    def test_a_whole_new_hello(self):
        self.strike(lambda client: client.send(
            HANDSHAKE, message(CLIENT_HELLO, client.hello_body())), roles=("server",))

    def test_a_ticket_for_a_server(self):
        self.strike(lambda client: client.send(
            HANDSHAKE, message(NEW_TICKET, bytes(8) + vector8(b"") + vector16(b"x") +
                               vector16(b""))), roles=("server",))

    def test_a_request_for_a_certificate(self):
        """Only to those that have said they would give one (RFC 8446, 4.6.2)."""
        self.strike(lambda server: server.send(HANDSHAKE, message(
            CERTIFICATE_REQUEST, vector8(b"x") + vector16(extension(13, vector16(u16(0x0403)))))),
            roles=("client",))

    def test_updates_of_keys_that_are_wrong(self):
        for body in (b"", b"\2", b"\xff", b"\0\0", b"\1\1", bytes(1000)):
            with self.subTest(body=body[:3]):
                self.strike(lambda endpoint: endpoint.send(HANDSHAKE, message(KEY_UPDATE, body)))

    def test_an_update_of_keys_with_something_behind_it(self):
        """It must be the last of its record, or what follows would be under the old keys."""
        self.strike(lambda endpoint: endpoint.send(
            HANDSHAKE, message(KEY_UPDATE, b"\0") + message(KEY_UPDATE, b"\0")))

    def test_an_update_of_keys_that_the_sender_does_not_follow(self):
        def act(endpoint):
            endpoint.send(HANDSHAKE, message(KEY_UPDATE, b"\0"))
            endpoint.data(b"EVIL")

        self.strike(act)

    def test_updates_of_keys_that_are_right(self):
        def act(endpoint):
            for request in (0, 1, 1, 0):
                endpoint.update_keys(request)
                endpoint.data(b"!")
            close(endpoint)

        self.strike(act, {"end"}, HELLO + b"!!!!")

    def test_tickets_that_are_wrong(self):
        for body in (b"", bytes(4), bytes(8), bytes(8) + vector8(b""),
                     bytes(8) + vector8(b"") + vector16(b""),
                     bytes(8) + vector8(b"n") + vector16(b"") + vector16(b""),
                     bytes(8) + vector8(b"n") + u16(1000) + b"x",
                     bytes(8) + vector8(b"n") + vector16(b"t") + vector16(b"\0"),
                     bytes(8) + vector8(b"n") + vector16(b"t") + vector16(b"") + b"\0",
                     bytes(8) + vector8(b"n") + vector16(b"t") +
                     vector16(extension(42, b"\0\0\0"))):
            with self.subTest(body=body):
                self.strike(lambda server: server.send(HANDSHAKE, message(NEW_TICKET, body)),
                            roles=("client",))

    def test_tickets_as_odd_as_can_be(self):
        def act(server):
            for lifetime in (0, 1, 604800, 0xffffffff):
                server.ticket(lifetime)
            for nonce in (b"", b"n" * 255):
                server.ticket(nonce=nonce)
            server.ticket(extensions=extension(42, b"\xff\xff\xff\xff") + extension(4711, b"x"))
            server.ticket(ticket=bytes(16000))
            close(server)

        self.strike(act, {"end"}, roles=("client",))

    def test_a_message_of_16_megabytes(self):
        for kind in (NEW_TICKET, KEY_UPDATE, CLIENT_HELLO):
            with self.subTest(kind=kind):
                def act(endpoint):
                    endpoint.send(HANDSHAKE, u8(kind) + u24(0xffffff) + bytes(100))
                    for _ in range(1024):
                        endpoint.send(HANDSHAKE, bytes(RECORD_MAX))

                self.strike(act, {"EPROTO"})

    def test_data_inside_a_message(self):
        def act(endpoint):
            endpoint.send(HANDSHAKE, message(KEY_UPDATE, b"\0")[:3])
            endpoint.data(b"EVIL")

        self.strike(act, {"EPROTO"})


class Floods(PeerTest):
    """Much of what is allowed once. It ends in a failure, or is taken; it never keeps the guest
    longer than the guest is ready to wait, nor fills its memory."""

    COUNT = 5000

    def flood(self, one, wanted, **more):
        def act(endpoint):
            for _ in range(self.COUNT):
                endpoint.raw(one(endpoint))
            close(endpoint)

        self.strike(act, wanted, seconds=attack.WORK_MAX, **more)

    def test_empty_records(self):
        self.flood(lambda endpoint: endpoint.sealed(DATA, b""), {"EPROTO", "end"})

    def test_records_of_padding(self):
        self.COUNT = 2000
        self.flood(lambda endpoint: endpoint.sealed(DATA, b"", padding=16000), {"EPROTO", "end"})

    def test_records_of_one_byte(self):
        self.flood(lambda endpoint: endpoint.sealed(DATA, b"x"), {"end"},
                   authentic=HELLO + b"x" * self.COUNT)

    def test_updates_of_keys(self):
        self.COUNT = 2000

        def one(endpoint):
            sealed = endpoint.sealed(HANDSHAKE, message(KEY_UPDATE, b"\0"))
            endpoint.sending = endpoint.sending.updated()
            return sealed

        self.flood(one, {"EPROTO", "end"}, words=("patience=20000",))

    def test_updates_of_keys_that_ask_for_answers_which_nobody_reads(self):
        def act(endpoint):
            for _ in range(20000):
                endpoint.update_keys(1)
            time.sleep(1)

        self.strike(act, {"EPROTO", "EAGAIN", "ECONNRESET"}, seconds=attack.WORK_MAX)

    def test_tickets(self):
        self.flood(lambda server: server.sealed(HANDSHAKE, ticket(100)), {"EPROTO", "end"},
                   roles=("client",), words=("patience=20000",))

    def test_large_tickets(self):
        """The host keeps a few for its next connections: they must not be its ruin."""
        self.COUNT = 2000
        self.flood(lambda server: server.sealed(HANDSHAKE, ticket(16000)), {"EPROTO", "end"},
                   roles=("client",), words=("patience=20000",))

    def test_warnings(self):
        self.flood(lambda endpoint: endpoint.sealed(ALERT, b"\1\x5a"), {"EPROTO", "end"})

    def test_changes_of_cipher(self):
        self.flood(lambda endpoint: record(CHANGE_CIPHER_SPEC, b"\1"), {"EPROTO"})

    def test_of_tickets_that_never_end_do_not_keep_a_guest(self):
        """The guest waits for data, half a second at most, and gets tickets: hundreds in a record,
        which cost the attacker nothing and the guest much, for as long as it stays."""
        many = ticket(1) * 500

        def act(server):
            end = time.monotonic() + 2 * attack.TIME_MAX
            while time.monotonic() < end:
                server.raw(server.sealed(HANDSHAKE, many))

        self.strike(act, {"EAGAIN", "EPROTO"}, roles=("client",), words=("patience=500",))

    def test_of_updates_that_never_end_do_not_keep_a_guest(self):
        def act(endpoint):
            end = time.monotonic() + 2 * attack.TIME_MAX
            while time.monotonic() < end:
                endpoint.update_keys()

        self.strike(act, {"EAGAIN", "EPROTO"}, words=("patience=500",))

    def test_of_empty_records_that_never_end_do_not_keep_a_guest(self):
        def act(endpoint):
            end = time.monotonic() + 2 * attack.TIME_MAX
            while time.monotonic() < end:
                endpoint.send(DATA, b"", padding=16000)

        self.strike(act, {"EAGAIN", "EPROTO"}, words=("patience=500",))


if __name__ == "__main__":
    attack.main()
