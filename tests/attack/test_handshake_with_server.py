"""A guest as a client, and a server whose handshake is wrong somewhere."""

import os

import attack
import chains
import support
from attack import drain, finish
from support import certs
from tls13 import (ALERT, CHANGE_CIPHER_SPEC, CLIENT_HELLO, DATA, ECDSA_P256, HANDSHAKE,
                   HELLO_REQUEST, KEY_UPDATE, RETRY_RANDOM, SERVER_HELLO, WARNING, X25519, Server,
                   certificate_body, extension, in_pieces, message, record, u8, u16, u24, vector8,
                   vector16, vector24)

HELLO = b"hello from the server"


def identity():
    return support.pki().identity("ecdsa")


def scripted(script, after=lambda server: None):
    """A serve function: a server with that script, which says HELLO to a client that accepts it."""

    def serve(connection):
        server = Server(connection, identity(), script)
        try:
            server.handshake()
            server.data(HELLO)
            server.alert(0, WARNING)
            after(server)
        finally:
            finish(connection)

    return serve


def nothing(server, kind, body):
    """In place of a message: not at all."""


def twice(server, kind, body):
    server.send_message(kind, body)
    server.send_message(kind, body)


def changed(change):
    """The message with its body changed."""
    return lambda server, kind, body: server.send_message(kind, change(body))


def flipped(position):
    def change(body):
        body = bytearray(body)
        body[position] ^= 0x40
        return bytes(body)

    return changed(change)


def claims(length):
    """The message under a header that says another length."""
    return lambda server, kind, body: server.send_handshake(u8(kind) + u24(length(body)) + body)


def as_kind(kind):
    return lambda server, _, body: server.send_message(kind, body)


class Unscripted(attack.AttackTest):
    def test_a_server_that_does_it_right(self):
        """The other tests prove something because this one passes."""
        self.attack_client(scripted({}), {"end"}, HELLO)

    def test_every_message_in_pieces_of_one_byte(self):
        """Allowed, if tedious (RFC 8446, 5.1)."""
        script = dict.fromkeys(("hello", "extensions", "certificate", "verify", "finished"),
                               in_pieces)
        self.attack_client(scripted(script), {"end"}, HELLO)

    def test_the_protected_messages_in_one_record(self):
        def hold(server, kind, body):
            whole = message(kind, body)
            server.transcript.update(whole)
            server.held = getattr(server, "held", b"") + whole

        def release(server, kind, body):
            hold(server, kind, body)
            server.send(HANDSHAKE, server.held)

        self.attack_client(scripted({"extensions": hold, "certificate": hold, "verify": hold,
                                     "finished": release}), {"end"}, HELLO)


MESSAGES = ("hello", "extensions", "certificate", "verify", "finished")


class Messages(attack.AttackTest):
    """Each message of the server in turn: left out, doubled, cut, empty, of another length."""

    def each(self, script_of, wanted=("EPROTO",), names=MESSAGES):
        for name in names:
            with self.subTest(message=name):
                self.attack_client(scripted({name: script_of}), wanted, HELLO)

    def test_left_out(self):
        self.each(nothing, names=MESSAGES[:-1])
        # Without the last one, the client waits for it; here the connection just ends.
        self.attack_client(self.without_finished, {"ECONNRESET"})

    def without_finished(self, connection):
        server = Server(connection, identity(), {"finished": nothing})
        server.finish = lambda: None
        server.handshake()
        finish(connection)

    def test_doubled(self):
        # A second Finished comes under keys that are no more in force.
        self.each(twice, names=MESSAGES)

    def test_empty(self):
        self.each(changed(lambda body: b""))

    def test_without_its_last_byte(self):
        self.each(changed(lambda body: body[:-1]))

    def test_without_its_second_half(self):
        self.each(changed(lambda body: body[:len(body) // 2]))

    def test_with_a_byte_too_many(self):
        self.each(changed(lambda body: body + b"\0"))

    def test_of_the_first_byte_changed(self):
        # A ServerHello's is one of the version's that TLS 1.3 does not look at any more.
        self.each(flipped(0), names=MESSAGES[1:])

    def test_of_the_last_byte_changed(self):
        # What the transcript covers shows at the Finished; a broken certificate is not accepted.
        self.each(flipped(-1), {"EPROTO", "EACCES"})

    def test_shorter_than_it_says(self):
        """The message goes on with what follows; at the end it waits for bytes that never come."""
        self.each(claims(lambda body: len(body) + 1000), {"EPROTO", "ECONNRESET", "ETIMEDOUT"})

    def test_longer_than_it_says(self):
        self.each(claims(lambda body: len(body) - 1))

    def test_that_claims_16_megabytes(self):
        self.each(claims(lambda body: 0xffffff), {"EPROTO"})

    def test_under_the_type_of_another(self):
        for kind in (HELLO_REQUEST, CLIENT_HELLO, 3, 4, 5, 6, 12, 14, KEY_UPDATE, 67, 254, 255):
            with self.subTest(kind=kind):
                self.each(as_kind(kind), names=("hello", "certificate", "finished"))

    def test_in_another_order(self):
        def swap(server, kind, body):
            server.held = kind, body

        def both(server, kind, body):
            server.send_message(kind, body)
            server.send_message(*server.held)

        for first, second in (("extensions", "certificate"), ("certificate", "verify"),
                              ("verify", "finished")):
            with self.subTest(order=f"{second}, {first}"):
                self.attack_client(scripted({first: swap, second: both}))

    def test_16_megabytes_of_certificate(self):
        """Sent in earnest: the client must not wait for the end of it."""

        def endless(server, kind, body):
            server.send_handshake(u8(kind) + u24(0xffffff))
            for _ in range(1024):
                server.send(HANDSHAKE, bytes(16384))

        self.attack_client(scripted({"certificate": endless}), {"EPROTO"})

    def test_60_kilobytes_of_extensions(self):
        """As many as fit, where the client expects a few bytes."""
        block = vector16(b"".join(extension(60000 + i, bytes(10000)) for i in range(6)))
        self.attack_client(scripted({"extensions": changed(lambda body: block)}))

    def test_a_certificate_request_that_is_odd(self):
        """Asked for before the certificate, as it should be, but with nothing sensible in it."""
        for body in (b"", b"\0", vector8(b"") + vector16(b""), vector8(b"x" * 255) + vector16(b""),
                     vector8(b"") + vector16(extension(13, b"")),
                     vector8(b"") + vector16(extension(13, vector16(b""))),
                     vector8(b"") + vector16(extension(13, vector16(u16(ECDSA_P256))) * 2)):
            with self.subTest(body=body[:20]):
                def ask(server, kind, certificate):
                    server.send_message(13, body)
                    server.send_message(kind, certificate)

                self.attack_client(scripted({"certificate": ask}))


class Hello(attack.AttackTest):
    """ServerHellos that lie or do not fit."""

    def refused(self, wanted=("EPROTO",), **hello):
        def say(server, kind, body):
            server.send_message(kind, server.hello_body(**hello))

        self.attack_client(scripted({"hello": say}), wanted)

    def test_versions_that_were_not_offered(self):
        for version in (0x0002, 0x0300, 0x0301, 0x0302, 0x0305, 0x7f1c, 0xfeff, 0xffff):
            with self.subTest(version=hex(version)):
                self.refused(version=version, extensions=b"")
                self.refused(extensions=extension(43, u16(version)))

    def test_downgrades_that_the_random_gives_away(self):
        """RFC 8446, 4.1.3: a server of TLS 1.3 that was made to answer with less says so."""
        for sentinel in (b"DOWNGRD\x01", b"DOWNGRD\x00"):
            self.refused(random=bytes(24) + sentinel, cipher=0xc02b, extensions=b"")

    def test_tls_1_2_in_supported_versions(self):
        self.refused(extensions=extension(43, u16(0x0303)))

    def test_another_session_id(self):
        for session_id in (b"", b"x" * 32, b"x"):
            self.refused(session_id=session_id)

    def test_suites_that_were_not_offered(self):
        for cipher in (0x0000, 0x0005, 0x00ff, 0x1304, 0x1305, 0x5600, 0xc007, 0xffff):
            with self.subTest(cipher=hex(cipher)):
                self.refused(cipher=cipher)

    def test_a_suite_of_tls_1_2(self):
        self.refused(cipher=0xc02b)

    def test_compression(self):
        self.refused(compression=1)

    def test_key_shares_that_cannot_be(self):
        for group, share in ((X25519, b""), (X25519, bytes(31)), (X25519, bytes(32)),
                             (X25519, b"\1" + bytes(31)), (X25519, bytes(33)), (23, bytes(65)),
                             (23, b"\4" + b"\xff" * 64), (24, bytes(97)), (0, b""), (0xffff, b"x"),
                             (0x11ec, bytes(1120))):
            with self.subTest(group=group, length=len(share)):
                self.refused(extensions=extension(43, u16(0x0304)) +
                             extension(51, u16(group) + vector16(share)))

    def test_no_key_share(self):
        self.refused(extensions=extension(43, u16(0x0304)))

    def test_extensions_twice_unasked_for_or_cut(self):
        good = extension(43, u16(0x0304)) + extension(51, u16(X25519) + vector16(bytes(32)))
        for more in (extension(43, u16(0x0304)), extension(41, u16(0)), extension(41, u16(7)),
                     extension(0x1234, b""), extension(16, vector16(vector8(b"h2"))),
                     extension(42, b""), extension(0, b""), b"\0", b"\0\x2b", b"\0\x2b\xff\xff"):
            with self.subTest(more=more):
                self.refused(extensions=good + more)

    def test_a_pre_shared_key_that_nobody_offered(self):
        self.refused(extensions=extension(43, u16(0x0304)) + extension(41, u16(0)))

    def test_random_extensions(self):
        for _ in range(10):
            self.refused(extensions=os.urandom(40))

    def retry(self, *bodies, wanted=("EPROTO",)):
        """HelloRetryRequests, one after each ClientHello."""

        def say(server, kind, body):
            for extensions in bodies:
                server.send_message(kind, server.hello_body(random=RETRY_RANDOM,
                                                            extensions=extensions))
                server.read_hello()
            server.send_message(kind, body)

        self.attack_client(scripted({"hello": say}), wanted)

    def test_retries_that_change_nothing_or_come_twice(self):
        version = extension(43, u16(0x0304))
        self.retry(version)
        self.retry(version + extension(51, u16(X25519)))  # the very share that it got
        self.retry(version + extension(51, u16(0xffff)))
        self.retry(version + extension(44, vector16(b"")))
        self.retry(version + extension(44, b""))
        self.retry(version + extension(44, vector16(b"cookie")), version + extension(51, u16(23)))
        self.retry(version + extension(51, u16(23)), version + extension(51, u16(24)))

    def test_retries_without_end(self):
        version = extension(43, u16(0x0304))
        self.retry(*[version + extension(44, vector16(os.urandom(16)))] * 50)

    def test_a_retry_with_a_cookie_as_large_as_can_be(self):
        """Must come back in the second ClientHello; or be refused."""
        self.retry(extension(43, u16(0x0304)) + extension(44, vector16(bytes(65000))),
                   wanted=("EPROTO", "ECONNRESET"))


class Certificates(attack.AttackTest):
    def shows(self, certificates, wanted, **limits):
        script = {"certificate": changed(lambda body: certificate_body(certificates))}
        self.attack_client(scripted(script), wanted, HELLO, **limits)

    def own(self):
        return Server(None, identity()).certificates

    def test_none(self):
        self.shows([], {"EPROTO"})

    def test_one_of_no_bytes(self):
        self.shows([b""], {"EPROTO"})

    def test_one_of_garbage(self):
        for size in (1, 100, 10000):
            self.shows([os.urandom(size)], {"EPROTO"})

    def test_the_own_with_an_empty_one_behind(self):
        self.shows(self.own() + [b""], {"EPROTO"})

    def test_one_with_garbage_at_its_end(self):
        self.shows([self.own()[0] + b"\0\0"], {"EPROTO"})

    def test_cut_at_every_50th_byte(self):
        whole = self.own()[0]
        for length in range(1, len(whole), 50):
            self.shows([whole[:length]], {"EPROTO"})

    def test_100_times_the_own(self):
        """Needless ones do not matter, as long as they fit (RFC 8446, 4.4.2)."""
        self.shows(self.own() * 100, {"end", "EPROTO"})

    def serves_chain(self, chain, wanted):
        def serve(connection):
            server = Server(connection, identity())
            server.certificates, server.signing_key = chain
            try:
                server.handshake()
                server.data(HELLO)
                server.alert(0, WARNING)
            finally:
                finish(connection)

        self.attack_client(serve, wanted, HELLO)

    def test_a_chain_of_100(self):
        """Every one signed by the next, the last by the trusted root. OpenSSL goes a hundred deep,
        and no deeper."""
        self.serves_chain(chains.chain(100, support.pki().root), {"end"})
        self.serves_chain(chains.chain(110, support.pki().root), {"EACCES"})

    def test_a_chain_of_100_to_nobody(self):
        self.serves_chain(chains.chain(100, certs.new_authority("Nobody")), {"EACCES"})

    def test_two_that_signed_each_other(self):
        self.serves_chain(chains.circle(), {"EACCES"})

    def test_more_than_fits_into_a_message(self):
        self.shows(self.own() * 300, {"EPROTO"})

    def test_lists_whose_lengths_lie(self):
        one = self.own()[0]
        bodies = [vector8(b"") + u24(0xffffff) + vector24(one) + vector16(b""),
                  vector8(b"") + u24(5) + vector24(one) + vector16(b""),
                  vector8(b"") + vector24(u24(0xffffff) + one),
                  vector8(b"") + vector24(vector24(one) + u16(0xffff)),
                  vector8(b"") + vector24(vector24(one)),
                  vector8(b"context") + vector24(vector24(one) + vector16(b"")),
                  vector8(b"") + vector24(vector24(one) + vector16(extension(5, b""))),
                  vector8(b"") + vector24(vector24(one) + vector16(extension(18, b"x") * 2))]
        for body in bodies:
            with self.subTest(body=body[:12]):
                self.attack_client(scripted({"certificate": changed(lambda _: body)}))


class Proofs(attack.AttackTest):
    """CertificateVerify and Finished: what an impostor cannot make."""

    def test_a_signature_by_another_key(self):
        def forge(server, kind, body):
            signature = server.sign(server.transcript.digest(), certs.new_ecdsa_key())
            server.send_message(kind, u16(ECDSA_P256) + vector16(signature))

        self.attack_client(scripted({"verify": forge}))

    def test_a_signature_over_another_handshake(self):
        def replay(server, kind, body):
            server.send_message(kind, u16(ECDSA_P256) + vector16(server.sign(bytes(32))))

        self.attack_client(scripted({"verify": replay}))

    def test_signatures_of_other_algorithms_and_lengths(self):
        for algorithm in (0, 0x0101, 0x0201, 0x0203, 0x0401, 0x0804, 0x0807, 0xffff):
            with self.subTest(algorithm=hex(algorithm)):
                def claim(server, kind, body):
                    server.send_message(kind, u16(algorithm) + body[2:])

                self.attack_client(scripted({"verify": claim}))
        for signature in (b"", b"\0", bytes(64), b"\x30\x06\x02\x01\x00\x02\x01\x00", bytes(60000)):
            with self.subTest(length=len(signature)):
                self.attack_client(scripted({"verify": changed(
                    lambda body: body[:2] + vector16(signature))}))

    def test_finished_of_other_values(self):
        for body in (bytes(32), b"\xff" * 32, b"", bytes(12), bytes(33), bytes(48)):
            self.attack_client(scripted({"finished": changed(lambda _: body)}))

    def test_finished_with_a_bit_changed(self):
        for position in (0, 15, 31):
            self.attack_client(scripted({"finished": flipped(position)}))

    def test_finished_under_the_clients_secret(self):
        """What it would send itself, thrown back."""

        def reflect(server, kind, body):
            server.send_message(kind, server.finished_body(server.client_secret))

        self.attack_client(scripted({"finished": reflect}))

    def test_a_server_without_a_certificate_that_goes_on(self):
        self.attack_client(scripted({"certificate": nothing, "verify": nothing}))

    def test_data_before_finished(self):
        def early(server, kind, body):
            server.data(b"too early")
            server.send_message(kind, body)

        for name in ("extensions", "certificate", "verify", "finished"):
            with self.subTest(before=name):
                self.attack_client(scripted({name: early}))

    def test_a_key_update_before_finished(self):
        def early(server, kind, body):
            server.update_keys()
            server.send_message(kind, body)

        self.attack_client(scripted({"finished": early}))

    def test_a_ticket_before_finished(self):
        def early(server, kind, body):
            server.ticket()
            server.send_message(kind, body)

        self.attack_client(scripted({"finished": early}))


class Extensions(attack.AttackTest):
    """EncryptedExtensions that answer what was not asked, or wrongly."""

    def test_what_was_not_asked_for(self):
        for number, data in ((16, vector16(vector8(b"h2"))), (42, b""), (0xff01, b"\0"),
                             (13, vector16(u16(ECDSA_P256))), (43, u16(0x0304)), (51, b""),
                             (41, u16(0))):
            with self.subTest(extension=number):
                block = vector16(extension(number, data))
                self.attack_client(scripted({"extensions": changed(lambda _: block)}))

    def test_answers_to_alpn(self):
        for data in (b"", vector16(b""), vector16(vector8(b"")), vector16(vector8(b"http/1.0")),
                     vector16(vector8(b"h2") + vector8(b"h2")), u16(99) + vector8(b"h2"),
                     vector16(u8(200) + b"h2"), vector16(vector8(b"h2")) + b"\0"):
            with self.subTest(data=data):
                block = vector16(extension(16, data))
                self.attack_client(scripted({"extensions": changed(lambda _: block)}),
                                   words=("alpn=h2",))

    def test_lengths_that_lie(self):
        for body in (u16(1), u16(0xffff), u16(4) + u16(0) + u16(1), vector16(b"\0"),
                     vector16(extension(0, b"")) + b"x", vector16(extension(0, b"") * 2)):
            with self.subTest(body=body):
                self.attack_client(scripted({"extensions": changed(lambda _: body)}))


class Beginnings(attack.AttackTest):
    """What may stand where a ServerHello should."""

    def answers(self, data, wanted=("EPROTO",), close=True):
        def serve(connection):
            connection.recv(4096)
            connection.sendall(data)
            if close:
                finish(connection)
            else:
                drain(connection)

        self.attack_client(serve, wanted)

    def test_garbage(self):
        for length in (1, 4, 5, 6, 100, 20000):
            with self.subTest(length=length):
                self.answers(b"\x80" + os.urandom(length), {"EPROTO", "ECONNRESET"})

    def test_garbage_without_an_end(self):
        def serve(connection):
            connection.recv(4096)
            while True:
                connection.sendall(os.urandom(65536))

        self.attack_client(serve)

    def test_hello_requests_without_end(self):
        """Which a client passes over while it shakes hands (RFC 5246, 7.4.1.1): thousands in a
        record, so that it is slower than the attacker. It is its limit of time that ends it."""
        many = record(HANDSHAKE, message(HELLO_REQUEST, b"") * 4096) * 4

        def serve(connection):
            connection.recv(4096)
            while True:
                connection.sendall(many)

        self.attack_client(serve, {"ETIMEDOUT", "EPROTO"})

    def test_zeros_and_ones(self):
        for byte in (b"\0", b"\x01", b"\x16", b"\xff"):
            self.answers(byte * 50000)

    def test_other_protocols(self):
        for text in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
                     b"220 mail.example.test ESMTP\r\n", b"\x80\x2e\x01\x03\x01" + bytes(50)):
            self.answers(text)

    def test_its_own_hello_thrown_back(self):
        def serve(connection):
            connection.sendall(connection.recv(4096))
            finish(connection)

        self.attack_client(serve)

    def test_records_of_every_type(self):
        for kind in (0, 19, ALERT, DATA, 24, 25, 128, 255):
            with self.subTest(type=kind):
                self.answers(record(kind, bytes(16)))

    def test_records_of_other_versions(self):
        for version in (0x0000, 0x0200, 0x0400, 0x7f1c, 0xfeff, 0xffff):
            with self.subTest(version=hex(version)):
                self.answers(record(HANDSHAKE, message(SERVER_HELLO, bytes(70)), version))

    def test_records_that_are_too_long(self):
        for length in (16385, 16384 + 256, 18433, 65535):
            with self.subTest(length=length):
                self.answers(record(HANDSHAKE, message(SERVER_HELLO, bytes(length - 4))))

    def test_records_that_claim_more_than_comes(self):
        self.answers(record(HANDSHAKE, bytes(10), length=16384), {"ECONNRESET"})
        self.answers(record(HANDSHAKE, bytes(10), length=16384), {"ETIMEDOUT"}, close=False)

    def test_empty_records(self):
        for kind in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA):
            with self.subTest(type=kind):
                self.answers(record(kind, b""), {"EPROTO", "ECONNRESET"})
                self.answers(record(kind, b"") * 10000)

    def test_alerts(self):
        for level, description in ((2, 0), (2, 10), (2, 40), (2, 70), (2, 80), (2, 86), (2, 112),
                                   (2, 255), (0, 0), (9, 9), (255, 255)):
            with self.subTest(alert=(level, description)):
                self.answers(record(ALERT, bytes([level, description])), {"EPROTO", "ECONNRESET"})

    def test_a_close_notify(self):
        self.answers(record(ALERT, b"\1\0"), {"EPROTO", "ECONNRESET"})

    def test_alerts_of_other_lengths(self):
        for data in (b"\1", b"\2", b"\1\0\0", b"\1\0" * 2, bytes(1000)):
            self.answers(record(ALERT, data), {"EPROTO", "ECONNRESET"})

    def test_warnings_without_end(self):
        self.answers(record(ALERT, b"\1\x5a") * 10000)

    def test_changes_of_cipher_without_end(self):
        self.answers(record(CHANGE_CIPHER_SPEC, b"\1") * 10000)
        self.answers(record(CHANGE_CIPHER_SPEC, b"\2"))
        self.answers(record(CHANGE_CIPHER_SPEC, b"\1\1"))


class Records(attack.AttackTest):
    """Records of a handshake that goes well otherwise."""

    def with_record(self, data, wanted=("EPROTO",), before="certificate", authentic=HELLO):
        """`data(server)` are the bytes put before a message."""

        def put(server, kind, body):
            server.raw(data(server))
            server.send_message(kind, body)

        self.attack_client(scripted({before: put}), wanted, authentic)

    def test_in_the_clear_between_protected_ones(self):
        for kind, payload in ((HANDSHAKE, message(8, vector16(b""))), (ALERT, b"\2\x28"),
                              (ALERT, b"\1\0"), (DATA, b"clear text"), (HANDSHAKE, b"")):
            with self.subTest(type=kind):
                self.with_record(lambda server: record(kind, payload))

    def test_a_change_of_cipher_between_them(self):
        """Once is for the sake of old middleboxes (RFC 8446, D.4); often is an attack."""
        self.with_record(lambda server: record(CHANGE_CIPHER_SPEC, b"\1"), {"end"})
        self.with_record(lambda server: record(CHANGE_CIPHER_SPEC, b"\1") * 10000)
        self.with_record(lambda server: record(CHANGE_CIPHER_SPEC, b""))
        self.with_record(lambda server: record(CHANGE_CIPHER_SPEC, b"\1\1"))

    def test_empty_ones(self):
        self.with_record(lambda server: server.sealed(HANDSHAKE, b""))

    def test_of_padding_only(self):
        self.with_record(lambda server: server.sending.seal(bytes(100)))
        self.with_record(lambda server: server.sending.seal(b""))

    def test_that_are_too_short_to_be_sealed(self):
        for length in (0, 1, 15, 16):
            self.with_record(lambda server: record(DATA, bytes(length)))

    def test_that_are_too_long(self):
        self.with_record(lambda server: server.sealed(HANDSHAKE, bytes(16385)))
        self.with_record(lambda server: server.sealed(HANDSHAKE, b"x", padding=20000))

    def test_of_a_message_across_a_change_of_keys(self):
        """A message must not begin under one key and end under another (RFC 8446, 5.1)."""

        def spans(server, kind, body):
            whole = message(kind, body)
            server.transcript.update(whole)
            server.send(HANDSHAKE, whole + message(4, bytes(50))[:10])

        self.attack_client(scripted({"finished": spans}))

    def test_of_a_hello_with_more_behind_it(self):
        def more(server, kind, body):
            whole = message(kind, body)
            server.transcript.update(whole)
            server.send(HANDSHAKE, whole + message(8, vector16(b"")))

        self.attack_client(scripted({"hello": more}))

    def test_of_another_type_inside_a_message(self):
        def split(server, kind, body):
            whole = message(kind, body)
            server.transcript.update(whole)
            server.send(HANDSHAKE, whole[:20])
            server.send(DATA, b"in between")
            server.send(HANDSHAKE, whole[20:])

        self.attack_client(scripted({"certificate": split}))


if __name__ == "__main__":
    attack.main()
