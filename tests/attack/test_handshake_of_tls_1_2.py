"""Handshakes of TLS 1.2 that are wrong somewhere, with a guest as client and as server: malformed and
fuzzed messages, left out, doubled, in another order, in clear text, under wrong keys; downgrades,
renegotiation, resumption. Whatever a guest accepts, OpenSSL's own program must accept too."""

import random
import socket


from cryptography.hazmat.primitives import hashes

import attack
import reference
import support
import tls12_handshake as tls
from attack import FAILURES, finish
from support import certs
from tls13 import (ALERT, CERTIFICATE, CERTIFICATE_REQUEST, CHANGE_CIPHER_SPEC, DATA, ECDSA_P256, FINISHED,
                   HANDSHAKE, HELLO_REQUEST, NEW_TICKET, WARNING, X25519, extension, in_pieces, message,
                   record, u16, u24, u8, vector16, vector24, vector8)

HELLO = b"hello from the other side"
ANYTHING = FAILURES | {"end", "EAGAIN"}
TURNS = 2 if support.SANITIZED else 6  # of each fuzzed message
SERVER_MESSAGES = ("hello", "certificate", "exchange", "done", "finished")
CLIENT_MESSAGES = ("hello", "exchange", "finished")


def nothing(side, kind, body):
    """In place of a message: not at all."""


def twice(side, kind, body):
    side.send_message(kind, body)
    side.send_message(kind, body)


def changed(change):
    return lambda side, kind, body: side.send_message(kind, change(body))


def as_kind(kind):
    return lambda side, _, body: side.send_message(kind, body)


def claims(length):
    """The message under a header that says another length."""
    return lambda side, kind, body: side.send_handshake(u8(kind) + u24(length(body)) + body)


def before(*records):
    """(type, content) in records of their own, then the message."""

    def say(side, kind, body):
        for what, content in records:
            side.send(what, content)
        side.send_message(kind, body)

    return say


def split_by(kind, content):
    """The message in two records, with another between them."""

    def say(side, of, body):
        whole = message(of, body)
        side.transcript.update(whole)
        side.send(HANDSHAKE, whole[:len(whole) // 2])
        side.send(kind, content)
        side.send(HANDSHAKE, whole[len(whole) // 2:])

    return say


def flipped(seed):
    """A bit, the same one for the guest and for OpenSSL."""

    def change(body):
        chance = random.Random(seed)
        body = bytearray(body or b"\0")
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        return bytes(body)

    return change


def mangled(seed):
    """A body with a piece of it changed, cut, or doubled."""

    def change(body):
        chance = random.Random(seed)
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.randrange(1, 9))
        piece = chance.choice((b"", body[at:end] * 2, chance.randbytes(end - at), b"\xff" * (end - at),
                               bytes(end - at)))
        return body[:at] + piece + body[end:]

    return change


class Roles(attack.AttackTest):
    """One role's attacks: `peer(connection, script)` is the other side, `name` its word for it."""

    def setUp(self):
        super().setUp()
        self.accepted = False

    def judge(self, outcome, wanted, authentic=b"", **limits):
        super().judge(outcome, wanted, authentic, **limits)
        self.accepted |= outcome.handshake == "ok" and outcome.received[0] > 0
        return outcome

    def conversation(self, script, **more):
        """That of a peer with this script, which says HELLO and goodbye once it is accepted."""

        def talk(connection):
            try:
                peer = self.peer(connection, script, **more)
                peer.handshake()
                peer.data(HELLO)
                peer.alert(0, WARNING)
            finally:
                finish(connection)

        return talk

    def strike(self, script, wanted=("EPROTO",), words=(), **more):
        """Judges what becomes of the attack here, and asks OpenSSL where it was accepted."""
        talk = self.conversation(script, **more)
        self.accepted = False
        self.hit(talk, set(wanted), HELLO, words=words)
        if self.accepted and not support.SANITIZED:  # where it is as in the other tree
            self.assertTrue(self.accepts(talk, HELLO), "accepted here, and refused by OpenSSL")

    def each(self, change, wanted=("EPROTO", "ECONNRESET"), names=None):
        for name in names or self.messages:
            with self.subTest(message=name):
                self.strike({name: change}, wanted)


class GuestIsClient(Roles):
    messages = SERVER_MESSAGES

    def peer(self, connection, script, **more):
        return tls.Server(connection, support.pki().identity("ecdsa"), script, **more)

    def hit(self, talk, wanted, authentic, words):
        self.attack_client(talk, wanted, authentic, words)

    def accepts(self, talk, marker):
        return reference.client_accepts(talk, marker)


class GuestIsServer(Roles):
    messages = CLIENT_MESSAGES

    def peer(self, connection, script, **more):
        return tls.Client(connection, script=script, **more)

    def hit(self, talk, wanted, authentic, words):
        self.attack_server(talk, wanted, authentic, words)

    def accepts(self, talk, marker):
        return reference.server_accepts(talk, marker)


class OfBothRoles:
    """What can be wrong with messages of either side."""

    def test_nothing_wrong(self):
        """The other tests prove something because these pass; OpenSSL accepts them too."""
        self.strike({}, {"end"})
        self.strike({}, {"end"}, extended=False)
        self.assertTrue(self.accepts(self.conversation({}), HELLO))
        self.strike(dict.fromkeys(self.messages[:-1], in_pieces), {"end"})

    def test_left_out(self):
        self.each(nothing, {"EPROTO", "ECONNRESET", "ETIMEDOUT"})

    def test_doubled(self):
        self.each(twice, {"EPROTO", "ECONNRESET"})

    def test_empty(self):
        self.each(changed(lambda body: b""), names=[name for name in self.messages if name != "done"])

    def test_without_its_last_byte(self):
        self.each(changed(lambda body: body[:-1]), {"EPROTO", "ECONNRESET", "EACCES"},
                  [name for name in self.messages if name != "done"])

    def test_with_a_byte_too_many(self):
        self.each(changed(lambda body: body + b"\0"))

    def test_under_the_type_of_another(self):
        for kind in (HELLO_REQUEST, 1, 2, NEW_TICKET, CERTIFICATE, 12, 14, 16, FINISHED, 255):
            for name in self.messages:
                if tls_kind(self, name) != kind:
                    with self.subTest(kind=kind, message=name):
                        self.strike({name: as_kind(kind)}, {"EPROTO", "ECONNRESET", "ETIMEDOUT"})

    def test_lengths_that_lie(self):
        self.each(claims(lambda body: len(body) + 1000), {"EPROTO", "ECONNRESET", "ETIMEDOUT"})
        self.each(claims(lambda body: 0xffffff), {"EPROTO", "ECONNRESET", "ETIMEDOUT"})
        self.each(claims(lambda body: max(len(body) - 1, 0)),
                  names=[name for name in self.messages if name != "done"])

    def test_fuzzed_bits(self):
        """Both sides have the changed message in their transcripts, so that a random, for example, may
        well be another."""
        for name in self.messages:
            for turn in range(TURNS):
                with self.subTest(message=name, turn=turn):
                    self.strike({name: changed(flipped(f"{name} {turn}"))}, ANYTHING)

    def test_fuzzed_pieces(self):
        for name in self.messages:
            for turn in range(TURNS):
                with self.subTest(message=name, turn=turn):
                    self.strike({name: changed(mangled(f"{name} {turn}"))}, ANYTHING)

    def test_data_before_the_end(self):
        """In clear text, or under keys that are there but not yet agreed on."""
        for name in self.messages:
            with self.subTest(before=name):
                self.strike({name: before((DATA, b"EVIL"))}, {"EPROTO", "ECONNRESET"})

    def test_other_records_inside_a_message(self):
        for kind, content in ((DATA, b"EVIL"), (CHANGE_CIPHER_SPEC, b"\1"), (24, b"\1\0\0"), (0, b"x")):
            for name in self.messages[:-1]:
                with self.subTest(type=kind, message=name):
                    self.strike({name: split_by(kind, content)}, {"EPROTO", "ECONNRESET"})

    def test_warnings_between_messages(self):
        for name in self.messages:
            self.strike({name: before((ALERT, b"\1\x5a"))}, ANYTHING)
            self.strike({name: before(*[(ALERT, b"\1\x5a")] * 100)}, {"EPROTO", "ECONNRESET"})

    def test_empty_records_between_messages(self):
        for name in self.messages[1:]:
            self.strike({name: before((HANDSHAKE, b""))}, ANYTHING)
            self.strike({name: before(*[(HANDSHAKE, b"")] * 100)}, {"EPROTO", "ECONNRESET"})

    # change_cipher_spec.

    def test_change_cipher_spec_left_out(self):
        """Then Finished is in clear text, or under keys that the other side does not expect."""
        def keys_only(side, kind, body):
            side.sending = side.next_keys[0]

        self.strike({"change": nothing}, {"EPROTO"})
        self.strike({"change": keys_only}, {"EPROTO"})

    def test_change_cipher_spec_early(self):
        """CVE-2014-0224: keys made of an empty secret must not come into force."""
        for name in self.messages[1 if isinstance(self, GuestIsServer) else 0:-1]:
            with self.subTest(before=name):
                self.strike({name: before((CHANGE_CIPHER_SPEC, b"\1"))}, {"EPROTO", "ECONNRESET"})

    def test_change_cipher_spec_twice(self):
        def again(side, kind, body):
            side.change_cipher()
            side.raw(side.sealed(CHANGE_CIPHER_SPEC, b"\1"))

        def both_clear(side, kind, body):
            side.raw(record(CHANGE_CIPHER_SPEC, b"\1"))
            side.change_cipher()

        self.strike({"change": again}, {"EPROTO"})
        self.strike({"change": both_clear}, {"EPROTO"})

    def test_change_cipher_spec_of_other_contents(self):
        for content in (b"", b"\0", b"\2", b"\1\1", b"\1\0", bytes(100)):
            with self.subTest(content=content):
                self.strike({"change": lambda side, kind, body: side.change_cipher(content)},
                            {"EPROTO", "ECONNRESET"})

    # Finished.

    def test_finished_with_each_byte_changed(self):
        for at in range(12):
            self.strike({"finished": changed(
                lambda body: body[:at] + bytes([body[at] ^ 1 << at % 8]) + body[at + 1:])})

    def test_finished_of_other_lengths(self):
        for change in (lambda body: body[:11], lambda body: body[:1], lambda body: body + body,
                       lambda body: b"\0" * 12, lambda body: body + bytes(24), lambda body: bytes(36)):
            self.strike({"finished": changed(change)}, {"EPROTO", "ECONNRESET", "ETIMEDOUT"})

    def test_finished_under_the_other_sides_label(self):
        self.strike({"finished": lambda side, kind, _: side.send_message(
            kind, side.finished_body(side.other_label))})

    def test_finished_of_another_secret(self):
        def other(side, kind, body):
            side.master = bytes(48)
            side.send_message(kind, side.finished_body())

        self.strike({"finished": other})

    def test_finished_in_clear_text(self):
        def clear(side, kind, body):
            side.sending, keys = None, side.sending
            side.send_message(kind, body)
            side.sending = keys

        self.strike({"finished": clear})

    def test_finished_whose_seal_is_broken(self):
        """The explicit nonce, the text, the tag; and under the next number."""
        for at in (5, 12, 13, 20, 28, 29, 36, 44):
            def broken(side, kind, body):
                whole = bytearray(side.sealed(HANDSHAKE, message(kind, body)))
                whole[at] ^= 0x80
                side.raw(bytes(whole))

            with self.subTest(byte=at):
                self.strike({"finished": broken})

        def skipped(side, kind, body):
            side.sending.sequence += 1
            side.send_message(kind, body)

        self.strike({"finished": skipped})

    def test_finished_with_another_record_type_or_version(self):
        for at, value in ((0, DATA), (0, ALERT), (1, 2), (1, 4), (2, 0), (2, 4)):
            def other(side, kind, body):
                whole = bytearray(side.sealed(HANDSHAKE, message(kind, body)))
                whole[at] = value
                side.raw(bytes(whole))

            with self.subTest(byte=at, value=value):
                self.strike({"finished": other}, {"EPROTO", "ECONNRESET"})

    def test_finished_with_more_behind_it(self):
        self.strike({"finished": lambda side, kind, body: side.send_handshake(
            message(kind, body) + message(HELLO_REQUEST, b"x"))}, {"EPROTO", "ECONNRESET"})

    def test_no_extended_master_secret_where_it_was_agreed_on(self):
        """And the other way round: both sides have other keys then."""
        def other(side):
            side.extended = not side.extended

        def exchange(side, kind, body):
            side.send_message(kind, body)
            other(side)

        self.strike({"exchange": exchange}, {"EPROTO", "ECONNRESET"})


def tls_kind(test, name):
    """The type of a message of the guest's peer."""
    server = {"hello": 2, "certificate": 11, "exchange": 12, "done": 14, "finished": 20}
    client = {"hello": 1, "exchange": 16, "finished": 20}
    return (server if isinstance(test, GuestIsClient) else client)[name]


class OfClients(OfBothRoles, GuestIsClient):
    pass


class OfServers(OfBothRoles, GuestIsServer):
    pass


class ServerHellos(GuestIsClient):
    def hello(self, wanted=("EPROTO",), words=(), **hello):
        self.strike({"hello": lambda side, kind, _: side.send_message(kind, side.hello_body(**hello))},
                    wanted, words)

    def test_versions(self):
        for version in (0x0002, 0x0200, 0x0300, 0x0301, 0x0302, 0x0304, 0x0305, 0x7f12, 0xfefd, 0xffff):
            with self.subTest(version=hex(version)):
                self.hello(version=version)

    def test_downgrades_that_the_random_gives_away(self):
        for sentinel in (b"DOWNGRD\x01", b"DOWNGRD\x00"):
            self.hello(random=bytes(24) + sentinel)

    def test_suites(self):
        """Null and anonymous ones, broken, exported, signs that are no suites, those of TLS 1.3, and
        one for a key of another kind."""
        for cipher in (0x0000, 0x0001, 0x0003, 0x0005, 0x000a, 0x002f, 0x0034, 0x009c, 0x00ff, 0x1301,
                       0x1303, 0x5600, 0xc006, 0xc007, 0xc008, 0xc010, 0xc015, 0xc018, 0xc02f, 0xffff):
            with self.subTest(cipher=hex(cipher)):
                self.hello(cipher=cipher)

    def test_compression(self):
        for method in (1, 64, 255):
            self.hello(compression=method)

    def test_session_ids(self):
        """A new one is its right; 33 bytes are too many."""
        self.hello({"end"}, session_id=b"x" * 32)
        self.hello(session_id=b"x" * 33)
        self.hello(session_id=b"x" * 255)

    def test_extensions(self):
        good = extension(tls.RENEGOTIATION, b"\0") + extension(tls.MASTER_SECRET, b"")
        for more in (extension(tls.MASTER_SECRET, b""), extension(tls.RENEGOTIATION, b"\0"),
                     extension(16, vector16(vector8(b"h2"))), extension(0x1234, b""), extension(1, b"\1"),
                     extension(43, u16(0x0303)), extension(43, u16(0x0304)),
                     extension(51, u16(X25519) + vector16(bytes(32))), extension(41, u16(0)),
                     extension(13, vector16(u16(ECDSA_P256))), extension(10, vector16(u16(X25519))),
                     extension(5, b""), extension(18, vector16(b"")), extension(0, b"x"),
                     extension(tls.TICKET, b"x"), extension(11, b""), extension(11, vector8(b"")),
                     extension(11, vector8(b"\1")), extension(14, b"\0\2\0\1\0"),
                     b"\0", b"\0\x17\xff\xff", b"\0\x17\0"):
            with self.subTest(more=more):
                self.hello(ANYTHING, extensions=good + more)

    def test_extensions_whose_length_lies(self):
        for change in (lambda body: body[:-9] + u16(8) + body[-7:], lambda body: body + b"\0\0",
                       lambda body: body[:-1]):
            self.strike({"hello": changed(change)}, {"EPROTO", "ECONNRESET"})

    def test_without_secure_renegotiation(self):
        """RFC 5746; and with the data of a renegotiation that has not been."""
        self.hello(extensions=extension(tls.MASTER_SECRET, b""))
        for data in (b"", b"\1x", b"\x0c" + bytes(12), vector8(bytes(24)), b"\xff"):
            self.hello(extensions=extension(tls.RENEGOTIATION, data) + extension(tls.MASTER_SECRET, b""))

    def test_resumption_of_a_session_that_never_was(self):
        def echo(side, kind, _):
            side.send_message(kind, side.hello_body(session_id=side.session_id or b"x" * 32))

        for secret in (b"\0" * 48, b"x" * 48):
            self.strike({"hello": echo}, {"EPROTO", "ECONNRESET"}, resume=secret)


class KeyExchanges(GuestIsClient):
    def exchange(self, wanted=("EPROTO",), **how):
        self.strike({"exchange": lambda side, kind, _: side.send_message(kind, side.exchange_body(**how))},
                    wanted)

    def test_signed_by_another_key(self):
        self.exchange(key=certs.new_ecdsa_key())

    def test_signed_for_another_connection(self):
        self.exchange(randoms=(bytes(32), bytes(32)))

    def test_signatures_of_algorithms_that_were_not_offered(self):
        for algorithm, digest in ((0x0203, hashes.SHA1()), (0x0103, hashes.MD5()),
                                  (0x0403, hashes.SHA1()), (0x0804, None), (0x0401, None), (0x0807, None),
                                  (0x0402, None), (0x0003, None), (0x0400, None), (0, None),
                                  (0xffff, None)):
            with self.subTest(algorithm=hex(algorithm)):
                self.exchange(algorithm=algorithm, digest=digest)

    def test_signatures_that_are_none(self):
        for signature in (b"", bytes(8), bytes(70), b"\x30\6\2\1\0\2\1\0", b"\x30\6\2\1\1\2\1\1",
                          b"\x30\x80" + bytes(70), b"\xff" * 72, bytes(16000)):
            def other(side, kind, body):
                side.send_message(kind, body[:4 + 32] + u16(ECDSA_P256) + vector16(signature))

            with self.subTest(signature=signature[:8]):
                self.strike({"exchange": other}, {"EPROTO", "ECONNRESET"})

    def test_curves_that_were_not_offered(self):
        for kind, group in ((1, X25519), (2, X25519), (0, X25519), (255, X25519), (3, 0), (3, 1), (3, 19),
                            (3, 22), (3, 256), (3, 0xff01), (3, 0xffff), (3, 0x11ec)):
            with self.subTest(type=kind, group=group):
                self.exchange(curve_type=kind, group=group)

    def test_points_that_cannot_be(self):
        for group, public in ((X25519, b""), (X25519, bytes(32)), (X25519, b"\1" + bytes(31)),
                              (X25519, bytes(31)), (X25519, bytes(33)), (X25519, b"\xff" * 255),
                              (23, b"\4" + bytes(64)), (23, b"\4" + b"\xff" * 64), (23, b"\0"),
                              (23, b"\2" + bytes(32)), (23, b"\4")):
            with self.subTest(group=group, length=len(public)):
                self.exchange({"EPROTO", "ECONNRESET"}, group=group, public=public)

    def test_of_other_kinds(self):
        """Diffie-Hellman in a field, a temporary RSA key (FREAK), none that is needed."""
        for body in (vector16(b"\x17") + vector16(b"\2") + vector16(b"\4"), vector16(bytes(64)) * 2,
                     b"\3\0"):
            self.strike({"exchange": changed(lambda old: body + old)}, {"EPROTO", "ECONNRESET"})

    def test_certificates(self):

        for change in (lambda body: vector24(b""), lambda body: vector24(vector24(b"")),
                       lambda body: vector24(vector24(bytes(100))),
                       lambda body: vector24(body[3:] + vector24(b"\x30\0")),
                       lambda body: u24(len(body)) + body[3:], lambda body: body[:3] + u24(0xffffff) + body[6:],
                       lambda body: vector24(vector24(b"\x30\x82\xff\xff" + bytes(60000)))):

            self.strike({"certificate": changed(change)}, {"EPROTO", "EACCES", "ECONNRESET"})

    def test_anothers_certificate(self):
        """Of the same authority and name; the key is another."""
        def other(side, kind, body):
            certificates, _ = tls.load_identity(support.pki().identity("rsa"))
            side.send_message(kind, vector24(b"".join(map(vector24, certificates))))

        self.strike({"certificate": other}, {"EPROTO", "EACCES"})

    def test_certificate_requests(self):
        for body in (b"", b"\0", vector8(b"\x40") + vector16(u16(ECDSA_P256)),
                     vector8(b"\x40") + vector16(b"\4") + vector16(b""),
                     vector8(b"") + vector16(b"") + vector16(b""),
                     vector8(b"\x40") + vector16(u16(ECDSA_P256)) + vector16(vector16(b"x")),
                     vector8(b"\x40") + vector16(u16(ECDSA_P256)) + vector16(u16(1000) + b"x"),
                     vector8(b"\x40") + vector16(u16(ECDSA_P256)) + vector16(b"") + b"\0",
                     vector8(b"\x40" * 255) + vector16(u16(ECDSA_P256) * 9000) + vector16(b"")):
            def ask(side, kind, done):
                side.send_message(CERTIFICATE_REQUEST, body)
                side.send_message(kind, done)

            with self.subTest(body=body[:12]):
                self.strike({"done": ask}, ANYTHING)

    def test_tickets(self):
        """Where none was promised; and promised ones that are odd."""
        for promised in (False, True):
            for body in (b"", bytes(4), bytes(4) + vector16(b"x" * 100), bytes(4) + u16(9) + b"x",
                         bytes(4) + vector16(b"x") + b"\0", bytes(6), b"\xff" * 6):
                def hello(side, kind, _):
                    more = extension(tls.TICKET, b"") if promised else b""
                    side.send_message(kind, side.hello_body(extensions=side.extensions(more)))

                def change(side, kind, _):
                    side.send_message(NEW_TICKET, body)
                    side.change_cipher()

                with self.subTest(promised=promised, body=body[:8]):
                    self.strike({"hello": hello, "change": change}, ANYTHING)

    def test_hello_requests_while_hands_are_shaken(self):
        """Which a client passes over (RFC 5246, 7.4.1.1), and they count in no transcript."""
        for name in SERVER_MESSAGES[1:]:
            self.strike({name: before((HANDSHAKE, message(HELLO_REQUEST, b"")))}, ANYTHING)
            self.strike({name: before((HANDSHAKE, message(HELLO_REQUEST, b"x")))},
                        {"EPROTO", "ECONNRESET"})

    def test_in_another_order(self):
        def hold(side, kind, body):
            side.held = kind, body

        def both(side, kind, body):
            side.send_message(kind, body)
            side.send_message(*side.held)

        for first, second in zip(SERVER_MESSAGES[:3], SERVER_MESSAGES[1:4]):
            with self.subTest(order=f"{second}, {first}"):
                self.strike({first: hold, second: both}, {"EPROTO", "ECONNRESET", "ETIMEDOUT"})


class ClientHellos(GuestIsServer):
    def hello(self, wanted=("EPROTO",), words=(), **hello):
        self.strike({}, wanted, words, **hello)

    def test_versions(self):
        for version in (0x0002, 0x0200, 0x0300, 0x0301, 0x0302):
            with self.subTest(version=hex(version)):
                self.hello({"EPROTO", "ECONNRESET"}, version=version)
        for version in (0x0304, 0x03ff):
            with self.subTest(version=hex(version)):
                self.hello({"end"}, version=version)

    def test_a_fallback_that_must_not_be(self):
        self.hello(ciphers=(tls.CIPHER, tls.SIGNALING, tls.FALLBACK))
        self.hello(ciphers=(tls.FALLBACK, tls.CIPHER))

    def test_suites(self):
        for ciphers in ((), (0,), (tls.SIGNALING,), (0xc006,), (0xc018, 0x0034), (0x0005, 0x000a), (0x1301,),
                        (0xc02f,), (0xffff,) * 1000):
            with self.subTest(ciphers=ciphers[:3]):
                self.hello({"EPROTO", "ECONNRESET"}, ciphers=ciphers)
        self.hello({"end"}, ciphers=(0, 0xffff, 0x0a0a, tls.CIPHER, tls.SIGNALING))

    def test_compressions(self):
        for methods in (b"", b"\1", b"\1\x40"):
            self.hello({"EPROTO", "ECONNRESET"}, compressions=methods)
        self.hello({"end"}, compressions=b"\1\0")

    def test_session_ids(self):
        self.hello({"end"}, session_id=b"x" * 32)
        self.hello({"EPROTO", "ECONNRESET"}, session_id=b"x" * 33)
        self.hello({"EPROTO", "ECONNRESET"}, session_id=b"x" * 255)

    def test_extensions(self):
        for more in (extension(tls.MASTER_SECRET, b""), extension(tls.MASTER_SECRET, b"x"),
                     extension(tls.RENEGOTIATION, b"\0"), extension(tls.RENEGOTIATION, b"\1x"),
                     extension(tls.RENEGOTIATION, vector8(bytes(12))), extension(16, b""),
                     extension(16, vector16(b"\0")), extension(16, vector16(vector8(b"h2"))),
                     extension(0, b""), extension(10, b""), extension(13, b""), extension(13, vector16(b"")),
                     extension(1, b"\1"), extension(1, b"\0"), extension(1, b"\5"), extension(1, b""),
                     extension(5, b"\1\0\0\0\0"), extension(5, b"\1\0\7"), extension(15, b"\1"),
                     extension(18, b""), extension(22, b""), extension(51, vector16(b"")),
                     extension(0x1234, bytes(1000)), extension(21, bytes(3000)), b"\0", b"\0\x17\xff\xff"):
            with self.subTest(more=more[:12]):
                self.hello(ANYTHING, more=more)

    def test_names(self):
        for data in (b"", vector16(b""), vector16(b"\0" + vector16(b"")), vector16(b"\1" + vector16(b"x")),
                     vector16(b"\0" + vector16(b"a" * 300)), vector16(b"\0" + vector16(b"a\0b")),
                     vector16(b"\0" + u16(9) + b"x"), vector16((b"\0" + vector16(b"a")) * 2),
                     vector16(b"\0" + vector16(b"x")) + b"\0"):
            block = extension(0, data) + extension(10, vector16(u16(X25519) + u16(23))) + \
                extension(13, vector16(u16(ECDSA_P256)))
            with self.subTest(data=data[:8]):
                self.hello(ANYTHING, extensions=block, extended=False)

    def test_groups_signatures_and_formats(self):
        for hello in ({"groups": (19,)}, {"groups": (0,)}, {"signatures": (0x0203,)}, {"signatures": (0x0103,)},
                      {"signatures": (0,)}, {"groups": (0xffff,) * 1000}):
            with self.subTest(hello=str(hello)[:40]):
                self.hello({"EPROTO", "ECONNRESET"}, **hello)
        for hello in ({"formats": b""}, {"formats": b"\1"}, {"groups": ()}, {"signatures": ()}):
            with self.subTest(hello=hello):
                self.hello(ANYTHING, **hello)

    def test_a_hello_of_ssl_2(self):
        def old(side, kind, body):
            hello = b"\1\3\3" + u16(3) + u16(0) + u16(16) + b"\0\xc0\x2b" + bytes(16)
            side.raw(u16(0x8000 | len(hello)) + hello)

        self.strike({"hello": old}, {"EPROTO", "ECONNRESET"})

    def test_key_exchanges(self):
        for body in (b"", b"\0", vector8(b""), vector8(bytes(32)), vector8(b"\1" + bytes(31)),
                     vector8(bytes(31)), vector8(bytes(33)), b"\x20" + bytes(10), bytes(5000),
                     u16(48) + bytes(48)):
            def other(side, kind, _):
                side.send_message(kind, body)

            with self.subTest(body=body[:8], length=len(body)):
                self.strike({"exchange": other}, {"EPROTO", "ECONNRESET"})

    def test_certificates_that_nobody_asked_for(self):
        for kind in (CERTIFICATE, 15):
            def unasked(side, of, body):
                side.send_message(kind, vector24(b"") if kind == CERTIFICATE else
                                  u16(ECDSA_P256) + vector16(bytes(70)))
                side.send_message(of, body)

            self.strike({"exchange": unasked}, {"EPROTO", "ECONNRESET"})

    def test_a_second_hello(self):
        def again(side, kind, body):
            side.send_message(1, side.hello_body())
            side.send_message(kind, body)

        self.strike({"exchange": again}, {"EPROTO", "ECONNRESET"})
        self.strike({"finished": again}, {"EPROTO", "ECONNRESET"})


class Resumption(GuestIsServer):
    """Tickets of a server, which takes several connections."""

    def resumes(self, second, wanted, resumed, words=("connections=2",)):
        """A connection that gets a ticket, and then `second(ticket, master)`, a client that may use
        it."""
        guest = attack.Guest("server", "127.0.0.1:0", "identity=own", "blocking", *words,
                             options=self.identity_options())
        first = self.talk(guest, lambda connection: tls.Client(connection))
        self.assertTrue(first.ticket, "the server gave no ticket")
        client = self.talk(guest, lambda connection: second(connection, first))
        outcome = guest.wait()
        self.check_alive(outcome)
        self.assertIn(outcome.handshake if outcome.handshake != "ok" else outcome.received[1], wanted,
                      outcome)
        self.assertEqual(client.resumed, resumed)
        return outcome

    def identity_options(self):
        identity = support.pki().identity("ecdsa")
        return f"--identity=own={identity.cert_file},{identity.key_file}"

    def talk(self, guest, make):
        with socket.create_connection(guest.address(), timeout=attack.WAIT) as connection:
            client = make(connection)
            try:
                client.handshake()
                client.data(HELLO)
                client.alert(0, WARNING)
            except (EOFError, OSError, attack.InvalidTag):
                pass
            finish(connection)
        return client

    def session(self, first, ticket=None, master=None):
        return ticket if ticket is not None else first.ticket, master or first.master

    def test_that_is_right(self):
        self.resumes(lambda connection, first: tls.Client(connection, session=self.session(first)),
                     {"end"}, True)

    def test_with_another_secret(self):
        self.resumes(lambda connection, first: tls.Client(
            connection, session=self.session(first, master=bytes(48))), {"EPROTO", "ECONNRESET"}, False)

    def test_with_a_ticket_that_was_changed(self):
        """A full handshake is made instead, and no key comes of the ticket."""
        for at in (0, 15, 16, 40, -1):
            def second(connection, first):
                ticket = bytearray(first.ticket)
                ticket[at] ^= 1
                return tls.Client(connection, session=self.session(first, bytes(ticket)))

            with self.subTest(byte=at):
                self.resumes(second, {"end"}, False)

    def test_with_a_ticket_that_is_cut_or_garbage(self):
        for ticket in (b"x", bytes(16), bytes(200), b"\xff" * 5000):
            with self.subTest(length=len(ticket)):
                self.resumes(lambda connection, first: tls.Client(
                    connection, session=self.session(first, ticket)), {"end"}, False)

    def test_without_the_extended_master_secret_that_it_had(self):
        """Must be refused (RFC 7627, 5.3)."""
        self.resumes(lambda connection, first: tls.Client(
            connection, session=self.session(first), extended=False), {"EPROTO", "ECONNRESET"}, False)


if __name__ == "__main__":
    if support.ENGINE == "syscall":
        support.skip("the engine is beneath all this; the tests of TLS 1.3 and after the handshake have both")
    attack.main()
