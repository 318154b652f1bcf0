"""A guest as a server, and a client whose handshake is wrong somewhere."""

import hashlib
import os
import socket
import ssl
import struct

import attack
import support
from attack import finish
from tls13 import (ALERT, CHANGE_CIPHER_SPEC, CLIENT_HELLO, DATA, FINISHED, HANDSHAKE, KEY_UPDATE,
                   RECORD_MAX, SERVER_HELLO, X25519, Client, certificate_body, extension, in_pieces,
                   message, record, u8, u16, u24, vector8, vector16)

HELLO = b"hello from the client"
ECDHE_ECDSA = 0xc02b  # of TLS 1.2, with AES-128-GCM


def scripted(script=None, name="server.example.test", **hello):
    """A strike: a client with that script, which says HELLO to a server that accepts it."""

    def strike(connection):
        client = Client(connection, name, script, **hello)
        try:
            client.handshake()
            client.data(HELLO)
            client.alert(0, 1)
        finally:
            finish(connection)

    return strike


def just(data):
    """A strike: those bytes, and the end."""

    def strike(connection):
        connection.sendall(data)
        finish(connection)

    return strike


def changed(change):
    return lambda client, kind, body: client.send_message(kind, change(body))


def nothing(client, kind, body):
    """In place of a message: not at all."""


def twice(client, kind, body):
    client.send_message(kind, body)
    client.send_message(kind, body)


class Unscripted(attack.AttackTest):
    def test_a_client_that_does_it_right(self):
        """The other tests prove something because this one passes."""
        self.attack_server(scripted(), {"end"}, HELLO)

    def test_a_hello_in_pieces_of_one_byte(self):
        self.attack_server(scripted({"hello": in_pieces}), {"end"}, HELLO)

    def test_a_client_that_is_asked_for_another_share(self):
        """HelloRetryRequest: it offers no share first."""

        def hello_again(client, kind, body):
            client.send_message(kind, client.hello_body(shares=b""))
            first = client.transcript.digest()
            retry_kind, retry = client.read_message()
            self.assertEqual(retry_kind, SERVER_HELLO)
            # The first hello counts as its hash from here (RFC 8446, 4.4.1).
            client.transcript = hashlib.sha256(message(254, first))
            client.transcript.update(message(retry_kind, retry))
            client.send_message(kind, body)

        self.attack_server(scripted({"hello": hello_again}), {"end"}, HELLO)


class Hello(attack.AttackTest):
    def refused(self, wanted=("EPROTO",), **hello):
        self.attack_server(scripted(**hello), wanted, HELLO)

    def with_body(self, body, wanted=("EPROTO",)):
        self.attack_server(just(record(HANDSHAKE, message(CLIENT_HELLO, body), 0x0301)), wanted)

    def good_body(self):
        return Client(None, "server.example.test").hello_body()

    def test_cut_at_every_20th_byte(self):
        body = self.good_body()
        for length in range(0, len(body), 20):
            self.with_body(body[:length])

    def test_with_more_behind_it(self):
        self.with_body(self.good_body() + b"\0")

    def test_that_says_it_is_longer_than_it_is(self):
        body = self.good_body()
        for length in (len(body) + 1, 0xffffff):
            data = record(HANDSHAKE, u8(CLIENT_HELLO) + u24(length) + body)
            self.attack_server(just(data), {"EPROTO", "ECONNRESET"})

    def test_old_versions_only(self):
        for version in (0x0002, 0x0300, 0x0301, 0x0302):
            with self.subTest(version=hex(version)):
                self.refused(version=version, extensions=b"", ciphers=(0xc009, 0x002f))
                self.refused(versions=(version,))

    def test_versions_that_do_not_exist(self):
        for versions in ((0x0305,), (0x7f1c, 0x0a0a), (0xffff,) * 127):
            self.refused(versions=versions)

    def test_a_fallback_that_must_not_be(self):
        """A client that tries 1.2 because its hello of 1.3 was suppressed says so (RFC 7507)."""
        self.refused(ciphers=(ECDHE_ECDSA, 0x5600), versions=())

    def test_no_suite_in_common(self):
        for ciphers in ((), (0x0000,), (0x0005, 0x000a), (0x5600,), tuple(range(0x2a2a, 0x2b2a))):
            self.refused(ciphers=ciphers)

    def test_no_group_in_common(self):
        self.refused(groups=(0x0100,), shares=u16(0x0100) + vector16(bytes(256)))
        self.refused(groups=(), shares=b"")

    def test_no_signature_algorithm_in_common(self):
        self.refused(signatures=())
        self.refused(signatures=(0x0201, 0x0203))

    def test_shares_that_cannot_be(self):
        for share in (b"", bytes(31), bytes(32), b"\1" + bytes(31), bytes(33), bytes(1000)):
            with self.subTest(length=len(share)):
                self.refused(shares=u16(X25519) + vector16(share))
        for shares in (u16(X25519), u16(X25519) + u16(1000), u16(23) + vector16(b"\4" + bytes(64))):
            with self.subTest(shares=shares[:6]):
                self.refused(shares=shares)
        twice = (u16(X25519) + vector16(bytes(range(32)))) * 2
        self.refused(shares=twice, wanted={"EPROTO", "ECONNRESET"})

    def test_compression(self):
        for methods in (b"", b"\1", b"\1\0"):
            self.refused(compressions=methods)

    def test_extensions_twice_cut_or_lying(self):
        good = Client(None).extensions()
        for more in (extension(43, vector8(u16(0x0304))), b"\0", b"\0\x2b\xff\xff",
                     extension(13, b""), extension(43, b""), extension(43, vector8(b"")),
                     extension(43, vector8(b"\3")), extension(51, u16(9))):
            with self.subTest(more=more):
                self.refused(extensions=good + more)

    def test_names_that_are_none(self):
        for data in (b"", vector16(b""), vector16(b"\0\xff\xff"),
                     vector16(b"\0" + vector16(b"a\0b")), vector16(b"\1" + vector16(b"x")),
                     vector16(b"\0" + vector16(b"a" * 300)),
                     vector16((b"\0" + vector16(b"a")) * 2)):
            with self.subTest(data=data[:12]):
                self.attack_server(scripted(name="", more=extension(0, data)), {"EPROTO"}, HELLO)

    def test_names_that_are_odd(self):
        """Nobody's name, so the only identity is shown."""
        for name in ("x" * 255, "..", "*", "server.example.test.", "\x7f\x01", "a" * 64 + ".test"):
            with self.subTest(name=name[:20]):
                self.attack_server(scripted(name=name), {"end", "EPROTO"}, HELLO)
        empty = extension(0, vector16(b"\0" + vector16(b"")))
        self.attack_server(scripted(name="", more=empty), {"end", "EPROTO"}, HELLO)

    def test_protocols_that_are_none(self):
        for data in (b"", vector16(b""), vector16(vector8(b"")), vector16(b"\xffh2"), b"\xff\xff",
                     vector16(vector8(b"h2"))[:-1], vector16(vector8(b"h2")) + b"\0"):
            with self.subTest(data=data):
                self.attack_server(scripted(more=extension(16, data)), {"EPROTO"}, HELLO,
                                   words=("alpn=h2",))

    def test_protocols_that_the_server_does_not_speak(self):
        many = b"".join(vector8(b"%d" % number) for number in range(10000))
        for offered in (vector8(b"x"), many, vector8(b"h") + vector8(b"h22")):
            self.attack_server(scripted(more=extension(16, vector16(offered))), {"EPROTO"}, HELLO,
                               words=("alpn=h2",))

    def test_pre_shared_keys_of_nobody(self):
        """A ticket that the server never gave is ignored, and so are binders for it."""
        identity = vector16(vector16(b"forged" * 20) + bytes(4))
        modes = extension(45, vector8(b"\1"))
        binder = vector16(vector8(bytes(32)))
        for data in (identity + binder, identity, identity + vector16(b""), vector16(b"") + binder,
                     identity + vector16(vector8(b"")), identity + vector16(vector8(bytes(32)) * 2)):
            with self.subTest(data=data[:8]):
                self.refused(more=modes + extension(41, data), wanted={"end", "EPROTO"})
        for data in (b"", vector16(b"\xff\xff") + binder, u16(9) + b"x"):
            with self.subTest(data=data[:8]):
                self.refused(more=modes + extension(41, data))

    def test_pre_shared_keys_that_are_not_last(self):
        data = vector16(vector16(b"forged") + bytes(4)) + vector16(vector8(bytes(32)))
        self.refused(more=extension(45, vector8(b"\1")) + extension(41, data) +
                     extension(0x1234, b""))

    def test_early_data_that_nobody_takes(self):
        """There is no 0-RTT: what comes early is thrown away, up to a limit, or refused."""

        def hello(client, kind, body):
            client.send_message(kind, body)
            for _ in range(count):
                client.raw(record(DATA, os.urandom(200)))

        identity = vector16(vector16(b"forged") + bytes(4)) + vector16(vector8(bytes(32)))
        more = extension(42, b"") + extension(45, vector8(b"\1")) + extension(41, identity)
        for count in (1, 1000):
            with self.subTest(records=count):
                self.attack_server(scripted({"hello": hello}, more=more), {"EPROTO", "end"}, HELLO)

    def test_as_large_as_can_be(self):
        """Extensions fill the 64 KiB that they may have."""
        block = Client(None).extensions()
        room = 65535 - len(block)
        padding = extension(21, bytes(room - 4))
        self.attack_server(scripted(name="", more=padding), {"end", "EPROTO"}, HELLO)
        many = extension(0x1234, b"") + b"".join(extension(0x2000 + i, b"")
                                                 for i in range(room // 4 - 8))
        self.attack_server(scripted(name="", more=many), {"end", "EPROTO"}, HELLO)

    def test_larger_than_can_be(self):
        """One that says so is refused at once; 16 MiB are never taken."""

        def endless(connection):
            connection.sendall(record(HANDSHAKE, u8(CLIENT_HELLO) + u24(0xffffff) + b"\3\3"))
            for _ in range(1024):
                connection.sendall(record(HANDSHAKE, bytes(RECORD_MAX)))
            finish(connection)

        self.attack_server(endless)

    def test_again_in_the_middle(self):
        def again(client, kind, body):
            client.send_message(CLIENT_HELLO, client.hello_body())

        self.attack_server(scripted({"finished": again}))

    def test_random_bodies(self):
        for _ in range(10):
            self.with_body(b"\3\3" + os.urandom(200))


class Finish(attack.AttackTest):
    """The client's last flight."""

    def test_finished_of_other_values(self):
        for body in (bytes(32), b"\xff" * 32, b"", bytes(31), bytes(33), bytes(12)):
            self.attack_server(scripted({"finished": changed(lambda _: body)}))

    def test_finished_with_a_bit_changed(self):
        for position in (0, 31):
            def flip(body):
                return bytes(byte ^ (position == at) for at, byte in enumerate(body))

            self.attack_server(scripted({"finished": changed(flip)}))

    def test_finished_twice(self):
        self.attack_server(scripted({"finished": twice}))

    def test_finished_under_the_servers_secret(self):
        def reflect(client, kind, body):
            client.send_message(kind, client.finished_body(client.server_secret))

        self.attack_server(scripted({"finished": reflect}))

    def test_no_finished_but_data(self):
        """Data under the keys of the handshake, or under those that come after it."""
        self.attack_server(scripted({"finished": lambda client, *_: client.data(b"early")}))
        self.attack_server(scripted({"finished": nothing}))

    def test_other_messages_in_its_place(self):
        for kind in (0, CLIENT_HELLO, SERVER_HELLO, 4, 5, 8, 11, 13, 15, 16, KEY_UPDATE, 254):
            with self.subTest(kind=kind):
                def other(client, _, body):
                    client.send_message(kind, body)

                self.attack_server(scripted({"finished": other}))

    def test_a_certificate_that_nobody_asked_for(self):
        body = certificate_body([b"x" * 100])
        self.attack_server(scripted({"certificate": changed(lambda _: body)}))

    def test_no_certificate_where_one_is_demanded(self):
        self.attack_server(scripted(), {"EACCES"}, words=("demand",))
        self.attack_server(scripted({"certificate": nothing}), {"EPROTO", "EACCES"},
                           words=("demand",))

    def test_certificates_that_are_none(self):
        for certificates in ([b""], [b"x"], [os.urandom(1000)], [b"\x30\x82\xff\xff"]):
            body = certificate_body(certificates)
            self.attack_server(scripted({"certificate": changed(lambda _: body)}),
                               {"EPROTO", "EACCES"}, words=("demand",))

    def test_a_certificate_without_the_proof_of_its_key(self):
        def stolen(client, kind, body):
            with open(support.pki().identity("ecdsa").cert_file) as file:
                client.send_message(kind, certificate_body([ssl.PEM_cert_to_DER_cert(file.read())]))

        self.attack_server(scripted({"certificate": stolen}), {"EPROTO", "EACCES"},
                           words=("demand",))

    def test_the_end_before_finished(self):
        def strike(connection):
            client = Client(connection, script={"finished": nothing})
            client.handshake()
            finish(connection)

        self.attack_server(strike, {"ECONNRESET"})


class Beginnings(attack.AttackTest):
    """What may stand where a ClientHello should."""

    def test_garbage(self):
        for length in (1, 4, 5, 6, 100, 20000):
            with self.subTest(length=length):
                self.attack_server(just(b"\x80" + os.urandom(length)), {"EPROTO", "ECONNRESET"})

    def test_garbage_without_an_end(self):
        def strike(connection):
            while True:
                connection.sendall(os.urandom(65536))

        self.attack_server(strike, {"EPROTO"})

    def test_zeros_and_ones(self):
        for byte in (b"\0", b"\x01", b"\x16", b"\xff"):
            self.attack_server(just(byte * 50000))

    def test_other_protocols(self):
        for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"PUT / HTTP/1.1\r\n\r\n",
                     b"CONNECT x:1 HTTP/1.1\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO x\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(text=text[:10]):
                self.attack_server(just(text))

    def test_a_hello_of_ssl_2(self):
        body = struct.pack("!BHHHH", 1, 0x0002, 3, 0, 16) + b"\1\0\x80" + bytes(16)
        self.attack_server(just(u16(0x8000 | len(body)) + body))

    def test_records_of_every_type(self):
        for kind in (0, 19, CHANGE_CIPHER_SPEC, ALERT, DATA, 24, 25, 128, 255):
            with self.subTest(type=kind):
                self.attack_server(just(record(kind, bytes(16))))

    def test_records_that_are_too_long(self):
        for length in (16385, 16384 + 256, 18433, 65535):
            with self.subTest(length=length):
                self.attack_server(just(record(HANDSHAKE, bytes(length))))

    def test_empty_records(self):
        for kind in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA):
            with self.subTest(type=kind):
                self.attack_server(just(record(kind, b"")), {"EPROTO", "ECONNRESET"})
                self.attack_server(just(record(kind, b"") * 10000))

    def test_alerts(self):
        for data in (b"\2\x28", b"\2\0", b"\1\0", b"\1\x5a" * 2, b"\1", b"", b"\xff\xff"):
            with self.subTest(data=data):
                self.attack_server(just(record(ALERT, data)), {"EPROTO", "ECONNRESET"})
        self.attack_server(just(record(ALERT, b"\1\x5a") * 10000))

    def test_nothing(self):
        self.attack_server(just(b""), {"ECONNRESET"})

    def test_messages_that_only_a_server_says(self):
        for kind, body in ((SERVER_HELLO, bytes(70)), (0, b""), (8, vector16(b"")),
                           (11, certificate_body([])), (FINISHED, bytes(32)), (14, b"")):
            with self.subTest(kind=kind):
                self.attack_server(just(record(HANDSHAKE, message(kind, body))))


class ManyAtOnce(attack.AttackTest):
    def test_a_server_that_is_stormed_serves_the_next(self):
        """One after the other: those that say nonsense, those that go, and then a good one."""
        identity = support.pki().identity("ecdsa")
        strikes = [just(b"nonsense" * 10), just(b""), just(record(HANDSHAKE, b"\1\0\0\0")),
                   scripted({"finished": changed(lambda _: bytes(32))})] * 10 + [scripted()]
        for mode in attack.MODES:
            guest = attack.Guest("server", "127.0.0.1:0", "identity=own", mode,
                                 f"connections={len(strikes)}",
                                 options=f"--identity=own={identity.cert_file},{identity.key_file}")
            for strike in strikes:
                with socket.create_connection(guest.address(), timeout=10) as connection:
                    try:
                        strike(connection)
                    except (EOFError, OSError):
                        pass
            outcome = guest.wait(attack.TIME_MAX * 3)
            self.check_alive(outcome, attack.TIME_MAX * 3)
            self.assertEqual(outcome.all("handshake").count("ok"), 1, outcome)
            self.assertEqual(outcome.received, (len(HELLO), "end", HELLO.decode()), outcome)


if __name__ == "__main__":
    attack.main()
