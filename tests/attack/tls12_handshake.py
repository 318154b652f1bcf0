"""The handshake of TLS 1.2 by hand (RFC 5246, RFC 8422), so that a test can say anything in any
order: as tls13.py has it for TLS 1.3, scripts included.

One cipher suite (TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), one group (X25519), one signature algorithm
(ecdsa_secp256r1_sha256), with the extended master secret (RFC 7627) unless told otherwise. Messages
of the scripts:

    Server   hello, certificate, exchange, done, change, finished
    Client   hello, exchange, change, finished
"""

import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import tls12
import tls13
from tls13 import (CERTIFICATE, CERTIFICATE_REQUEST, CHANGE_CIPHER_SPEC, CLIENT_HELLO, ECDSA_P256,
                   FINISHED, NEW_TICKET, SERVER_HELLO, X25519, extension, load_identity,
                   parse_extensions, record, u16, u8, vector16, vector24, vector8)

SERVER_EXCHANGE, DONE, CLIENT_EXCHANGE = 12, 14, 16
CIPHER = 0xc02b
SIGNALING, FALLBACK = 0x00ff, 0x5600  # cipher suites that are signs (RFC 5746, RFC 7507)
MASTER_SECRET, RENEGOTIATION, TICKET = 23, 0xff01, 35  # extensions
NAMED_CURVE = 3


class Keys(tls12.Keys):
    """Both ways: what the peer has sealed is opened, for the transcript needs its Finished."""

    def __init__(self, key, salt):
        super().__init__(key, salt)
        self.sequence = 0
        self.other = AESGCM(key)

    def open(self, header, payload):
        number = struct.pack("!Q", self.sequence)
        self.sequence += 1
        header = number + header[:3] + u16(len(payload) - 24)
        return header[8], self.other.decrypt(self.salt + payload[:8], payload[8:], header)


class Endpoint(tls13.Endpoint):
    label = other_label = b""  # of the Finished messages

    def __init__(self, connection, script=None, extended=True):
        super().__init__(connection, script)
        self.extended, self.next_keys = extended, None
        self.randoms = [b"", b""]  # the client's and the server's
        self.master = None

    def sealed(self, kind, content, padding=0):
        return self.sending.seal(kind, content) if self.sending else record(kind, content)

    def read_record(self):
        """The next record, opened: (kind, content). A change_cipher_spec changes the keys."""
        while True:
            header = self._exactly(5)
            kind, length = header[0], struct.unpack("!H", header[3:])[0]
            payload = self._exactly(length)
            if kind == CHANGE_CIPHER_SPEC:
                self.receiving = self.next_keys[1]
                continue
            return self.receiving.open(header, payload) if self.receiving else (kind, payload)

    def derive(self, peer_public):
        try:
            shared = self.key.exchange(X25519PublicKey.from_public_bytes(peer_public))
        except ValueError:
            shared = bytes(32)
        if self.extended:
            self.derive_from(tls12.expand(shared, b"extended master secret",
                                          self.transcript.digest(), 48))
        else:
            self.derive_from(tls12.expand(shared, b"master secret", b"".join(self.randoms), 48))

    def derive_from(self, master):
        self.master = master
        block = tls12.expand(master, b"key expansion", self.randoms[1] + self.randoms[0], 40)
        client, server = Keys(block[:16], block[32:36]), Keys(block[16:32], block[36:])
        self.next_keys = (server, client) if self.label == b"server finished" else (client, server)

    def finished_body(self, label=None):
        return tls12.expand(self.master, label or self.label, self.transcript.digest(), 12)

    def say_finished(self):
        """change_cipher_spec and Finished."""
        if "change" in self.script:
            self.script["change"](self, CHANGE_CIPHER_SPEC, b"\1")
        else:
            self.change_cipher()
        self.step("finished", FINISHED, self.finished_body())

    def change_cipher(self, body=b"\1"):
        self.send(CHANGE_CIPHER_SPEC, body)
        self.sending = self.next_keys[0]

    def expect(self, *kinds):
        kind, body = self.read_message()
        if kind not in kinds:
            raise EOFError(f"message {kind}")
        return kind, body


class Server(Endpoint):
    label, other_label = b"server finished", b"client finished"

    def __init__(self, connection, identity, script=None, resume=None, **more):
        """`resume` is a master secret: an abbreviated handshake follows the hello."""
        super().__init__(connection, script, **more)
        self.certificates, self.signing_key = load_identity(identity)
        self.resume = resume

    def hello_body(self, version=0x0303, random=None, session_id=b"", cipher=CIPHER, compression=0,
                   extensions=None):
        self.randoms[1] = random or os.urandom(32)
        if extensions is None:
            extensions = self.extensions()
        return u16(version) + self.randoms[1] + vector8(session_id) + u16(cipher) + \
            u8(compression) + vector16(extensions)

    def extensions(self, more=b""):
        return extension(RENEGOTIATION, b"\0") + \
            (extension(MASTER_SECRET, b"") if self.extended else b"") + more

    def signature(self, parameters, key=None, randoms=None, algorithm=ECDSA_P256, digest=None):
        signed = (key or self.signing_key).sign(
            b"".join(randoms or self.randoms) + parameters, ec.ECDSA(digest or hashes.SHA256()))
        return u16(algorithm) + vector16(signed)

    def exchange_body(self, curve_type=NAMED_CURVE, group=X25519, public=None, **how):
        parameters = u8(curve_type) + u16(group) + vector8(self.public if public is None else public)
        return parameters + self.signature(parameters, **how)

    def handshake(self):
        _, body = self.expect(CLIENT_HELLO)
        self.randoms[0] = body[2:34]
        self.session_id = body[35:35 + body[34]]
        at = 35 + len(self.session_id)
        at += 2 + struct.unpack_from("!H", body, at)[0]
        at += 1 + body[at]
        self.offered = parse_extensions(body[at + 2:])
        self.step("hello", SERVER_HELLO, self.hello_body())
        if self.resume:
            self.derive_from(self.resume)
            self.say_finished()
            self.expect(FINISHED)
            return self
        self.step("certificate", CERTIFICATE, vector24(b"".join(map(vector24, self.certificates))))
        self.step("exchange", SERVER_EXCHANGE, self.exchange_body())
        self.step("done", DONE, b"")
        self.read_answer()
        self.say_finished()
        return self

    def read_answer(self):
        kind, body = self.expect(CERTIFICATE, CLIENT_EXCHANGE)
        if kind == CERTIFICATE:
            kind, body = self.expect(CLIENT_EXCHANGE)
        self.derive(body[1:])
        self.expect(FINISHED)

    def answer(self, connection_message):
        """As read_answer, where the client's answer was read already."""
        self.derive(connection_message[1:])
        self.expect(FINISHED)


class Client(Endpoint):
    label, other_label = b"client finished", b"server finished"

    def __init__(self, connection, name="server.example.test", script=None, extended=True,
                 session=None, **hello):
        """`session` is (ticket, master secret) of an earlier one, to be resumed."""
        super().__init__(connection, script, extended)
        self.name, self.session, self.hello = name, session, hello
        self.ticket, self.resumed = None, False

    def extensions(self, groups=(X25519, 23), signatures=(ECDSA_P256, 0x0804), formats=b"\0", more=b""):
        block = b""
        if self.name:
            block += extension(0, vector16(b"\0" + vector16(self.name.encode())))
        block += extension(10, vector16(b"".join(map(u16, groups))))
        block += extension(11, vector8(formats))
        block += extension(13, vector16(b"".join(map(u16, signatures))))
        block += extension(TICKET, self.session[0] if self.session else b"")
        if self.extended:
            block += extension(MASTER_SECRET, b"")
        return block + more

    def hello_body(self, version=0x0303, random=None, session_id=None, ciphers=(CIPHER, SIGNALING),
                   compressions=b"\0", extensions=None, **more):
        self.randoms[0] = random or os.urandom(32)
        if session_id is None:
            session_id = b"s" * 32 if self.session else b""
        if extensions is None:
            extensions = self.extensions(**more)
        return u16(version) + self.randoms[0] + vector8(session_id) + \
            vector16(b"".join(map(u16, ciphers))) + vector8(compressions) + vector16(extensions)

    def handshake(self):
        self.step("hello", CLIENT_HELLO, self.hello_body(**self.hello))
        _, body = self.expect(SERVER_HELLO)
        self.read_hello(body)
        if self.session:
            # An abbreviated handshake goes on with the server's ticket or change_cipher_spec.
            self.derive_from(self.session[1])
        kind, body = self.expect(CERTIFICATE, NEW_TICKET, FINISHED)
        if kind == CERTIFICATE:
            self.full()
        else:
            self.abbreviated(kind, body)
        return self

    def read_hello(self, body):
        self.randoms[1] = body[2:34]
        extensions = parse_extensions(body[35 + body[34] + 3 + 2:])
        self.extended = self.extended and MASTER_SECRET in extensions

    def abbreviated(self, kind, body):
        self.resumed = True
        if kind == NEW_TICKET:
            self.ticket = body[6:]
            self.expect(FINISHED)
        self.say_finished()

    def full(self):
        _, body = self.expect(SERVER_EXCHANGE)
        self.peer_public = body[4:4 + body[3]]
        kind = None
        while kind != DONE:
            kind, _ = self.expect(CERTIFICATE_REQUEST, DONE)
        self.say_exchange()
        self.say_finished()
        kind, body = self.expect(NEW_TICKET, FINISHED)
        if kind == NEW_TICKET:
            self.ticket = body[6:]
            self.expect(FINISHED)

    def say_exchange(self):
        if "exchange" in self.script:
            self.script["exchange"](self, CLIENT_EXCHANGE, vector8(self.public))
        else:
            self.send_message(CLIENT_EXCHANGE, vector8(self.public))
        self.derive(self.peer_public)
