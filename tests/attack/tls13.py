"""TLS 1.3 by hand (RFC 8446), so that a test can say anything in any order.

A Server or a Client shakes hands over a connected socket as the protocol demands, except where its
`script` says otherwise: script[NAME] is called as f(endpoint, kind, body) in place of sending the
handshake message NAME, and may send that message (`endpoint.send_message(kind, body)`) changed,
twice, or not at all. Nothing that the other side says is verified: this side has no secrets.

One cipher suite (TLS_AES_128_GCM_SHA256), one group (X25519), one signature algorithm
(ecdsa_secp256r1_sha256).
"""

import hashlib
import hmac
import os
import ssl
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, NEW_TICKET = 0, 1, 2, 4
ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_REQUEST = 8, 11, 13
CERTIFICATE_VERIFY, FINISHED, KEY_UPDATE = 15, 20, 24
WARNING, FATAL = 1, 2
CLOSE_NOTIFY, USER_CANCELED = 0, 90

AES_128_GCM, X25519, ECDSA_P256 = 0x1301, 0x001d, 0x0403
RECORD_MAX = 16384  # bytes of content
PEM_END = "-----END CERTIFICATE-----\n"
RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()


def u8(number):
    return struct.pack("!B", number)


def u16(number):
    return struct.pack("!H", number)


def u24(number):
    return struct.pack("!I", number)[1:]


def vector8(data):
    return u8(len(data)) + data


def vector16(data):
    return u16(len(data)) + data


def vector24(data):
    return u24(len(data)) + data


def extension(number, data):
    return u16(number) + vector16(data)


def message(kind, body):
    return u8(kind) + vector24(body)


def in_pieces(side, kind, body):
    """A step of a script that sends its message in records of one byte."""
    whole = message(kind, body)
    side.transcript.update(whole)
    for byte in whole:
        side.send(HANDSHAKE, bytes([byte]))


def record(kind, payload, version=0x0303, length=None):
    """A record as it stands on the wire; its length field may lie."""
    return struct.pack("!BHH", kind, version, len(payload) if length is None else length) + payload


# The key schedule (section 7.1).


def extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


def expand_label(secret, label, context, length):
    info = u16(length) + vector8(b"tls13 " + label) + vector8(context)
    return hmac.digest(secret, info + b"\1", "sha256")[:length]


class Keys:
    """One direction's record protection (section 5)."""

    def __init__(self, secret):
        self.secret, self.sequence = secret, 0
        self.aead = AESGCM(expand_label(secret, b"key", b"", 16))
        self.iv = expand_label(secret, b"iv", b"", 12)

    def updated(self):
        return Keys(expand_label(self.secret, b"traffic upd", b"", 32))

    def _nonce(self):
        number = int.from_bytes(self.iv, "big") ^ self.sequence
        self.sequence += 1
        return number.to_bytes(12, "big")

    def seal(self, inner):
        """The record for an inner plaintext that is whole: content, type, padding."""
        header = struct.pack("!BHH", DATA, 0x0303, len(inner) + 16)
        return header + self.aead.encrypt(self._nonce(), inner, header)

    def open(self, header, payload):
        inner = self.aead.decrypt(self._nonce(), payload, header).rstrip(b"\0")
        return inner[-1], inner[:-1]


class Endpoint:
    def __init__(self, connection, script=None):
        self.connection, self.script = connection, script or {}
        self.transcript = hashlib.sha256()
        self.sending = self.receiving = None  # Keys
        self.unread = b""  # handshake bytes of records already read
        self.key = X25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(serialization.Encoding.Raw,
                                                         serialization.PublicFormat.Raw)

    # Sending.

    def raw(self, data):
        self.connection.sendall(data)

    def sealed(self, kind, content, padding=0):
        """The record for `content`, protected if that has begun."""
        if not self.sending:
            return record(kind, content)
        return self.sending.seal(content + u8(kind) + bytes(padding))

    def send(self, kind, content, padding=0):
        self.raw(self.sealed(kind, content, padding))

    def send_message(self, kind, body):
        """A handshake message in records of its own."""
        self.send_handshake(message(kind, body))

    def send_handshake(self, data):
        self.transcript.update(data)
        for at in range(0, len(data), RECORD_MAX):
            self.send(HANDSHAKE, data[at:at + RECORD_MAX])

    def alert(self, description, level=FATAL):
        self.send(ALERT, bytes([level, description]))

    def data(self, content):
        self.send(DATA, content)

    def update_keys(self, request=0):
        self.send(HANDSHAKE, message(KEY_UPDATE, u8(request)))
        self.sending = self.sending.updated()

    def step(self, name, kind, body):
        """Sends the handshake message, or does what the script has in place of it."""
        if name in self.script:
            self.script[name](self, kind, body)
        else:
            self.send_message(kind, body)

    # Receiving.

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.connection.recv(length - len(data))
            if not part:
                raise EOFError("the guest closed the connection")
            data += part
        return data

    def read_record(self):
        """The next record that is no change_cipher_spec, opened: (kind, content)."""
        while True:
            header = self._exactly(5)
            kind, length = header[0], struct.unpack("!H", header[3:])[0]
            payload = self._exactly(length)
            if kind == CHANGE_CIPHER_SPEC:
                continue
            if self.receiving and kind == DATA:
                return self.receiving.open(header, payload)
            return kind, payload

    def read_message(self):
        """The next handshake message: (kind, body)."""
        while len(self.unread) < 4 or len(self.unread) < 4 + self._body_length():
            kind, content = self.read_record()
            if kind != HANDSHAKE:
                raise EOFError(f"record of type {kind}: {content!r}")
            self.unread += content
        whole, self.unread = (self.unread[:4 + self._body_length()],
                              self.unread[4 + self._body_length():])
        self.transcript.update(whole)
        return whole[0], whole[4:]

    def _body_length(self):
        return int.from_bytes(self.unread[1:4], "big")

    # Secrets.

    def _secret(self, base, label):
        return expand_label(base, label, self.transcript.digest(), 32)

    def derive_handshake_secrets(self, peer_share):
        try:
            shared = self.key.exchange(X25519PublicKey.from_public_bytes(peer_share))
        except ValueError:
            shared = bytes(32)
        empty = hashlib.sha256().digest()
        early = extract(bytes(32), bytes(32))
        handshake = extract(expand_label(early, b"derived", empty, 32), shared)
        self.client_secret = self._secret(handshake, b"c hs traffic")
        self.server_secret = self._secret(handshake, b"s hs traffic")
        self.master = extract(expand_label(handshake, b"derived", empty, 32), bytes(32))

    def derive_traffic_secrets(self):
        self.client_traffic = self._secret(self.master, b"c ap traffic")
        self.server_traffic = self._secret(self.master, b"s ap traffic")

    def finished_body(self, secret):
        key = expand_label(secret, b"finished", b"", 32)
        return hmac.digest(key, self.transcript.digest(), "sha256")


def parse_extensions(data):
    """{number: value} of an extension block without its outer length."""
    found = {}
    while data:
        number, length = struct.unpack("!HH", data[:4])
        found[number] = data[4:4 + length]
        data = data[4 + length:]
    return found


def load_identity(identity):
    """(certificates in DER, private key) of the files of certs.Identity."""
    with open(identity.cert_file) as file:
        certificates = [ssl.PEM_cert_to_DER_cert(pem + PEM_END)
                        for pem in file.read().split(PEM_END)[:-1]]
    with open(identity.key_file, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    return certificates, key


def certificate_body(certificates):
    return vector8(b"") + vector24(b"".join(vector24(cert) + vector16(b"")
                                            for cert in certificates))


def signed_text(side, digest):
    return b" " * 64 + b"TLS 1.3, " + side + b" CertificateVerify\0" + digest


class Server(Endpoint):
    """What a server says; messages of the script: hello, extensions, certificate, verify,
    finished."""

    def __init__(self, connection, identity, script=None):
        super().__init__(connection, script)
        self.certificates, self.signing_key = load_identity(identity)

    def read_hello(self):
        kind, body = self.read_message()
        assert kind == CLIENT_HELLO, kind
        session_length = body[34]
        self.session_id = body[35:35 + session_length]
        at = 35 + session_length
        at += 2 + struct.unpack_from("!H", body, at)[0]
        at += 1 + body[at]
        self.offered = parse_extensions(body[at + 2:])
        shares, self.peer_share = self.offered.get(51, b"\0\0")[2:], bytes(32)
        while shares:
            group, length = struct.unpack("!HH", shares[:4])
            if group == X25519:
                self.peer_share = shares[4:4 + length]
            shares = shares[4 + length:]

    def hello_body(self, version=0x0303, random=None, session_id=None, cipher=AES_128_GCM,
                   compression=0, extensions=None):
        if extensions is None:
            extensions = extension(43, u16(0x0304)) + \
                extension(51, u16(X25519) + vector16(self.public))
        return u16(version) + (random or os.urandom(32)) + \
            vector8(self.session_id if session_id is None else session_id) + u16(cipher) + \
            u8(compression) + vector16(extensions)

    def sign(self, digest, key=None):
        return (key or self.signing_key).sign(signed_text(b"server", digest),
                                              ec.ECDSA(hashes.SHA256()))

    def handshake(self):
        self.read_hello()
        self.step("hello", SERVER_HELLO, self.hello_body())
        self.protect()
        self.step("extensions", ENCRYPTED_EXTENSIONS, vector16(b""))
        self.step("certificate", CERTIFICATE, certificate_body(self.certificates))
        signature = self.sign(self.transcript.digest())
        self.step("verify", CERTIFICATE_VERIFY, u16(ECDSA_P256) + vector16(signature))
        self.step("finished", FINISHED, self.finished_body(self.server_secret))
        self.derive_traffic_secrets()
        self.sending = Keys(self.server_traffic)
        self.finish()
        return self

    def protect(self):
        self.derive_handshake_secrets(self.peer_share)
        self.sending, self.receiving = Keys(self.server_secret), Keys(self.client_secret)

    def finish(self):
        kind, _ = self.read_message()
        assert kind == FINISHED, kind
        self.receiving = Keys(self.client_traffic)

    def ticket(self, lifetime=7200, ticket=b"a ticket of no use", nonce=b"\0", extensions=b""):
        body = struct.pack("!II", lifetime, 0) + vector8(nonce) + vector16(ticket) + \
            vector16(extensions)
        self.send(HANDSHAKE, message(NEW_TICKET, body))


class Client(Endpoint):
    """What a client says; messages of the script: hello, certificate, finished."""

    def __init__(self, connection, name="", script=None, **hello):
        super().__init__(connection, script)
        self.name, self.hello = name, hello

    def extensions(self, versions=(0x0304,), groups=(X25519,), shares=None, more=b"",
                   signatures=(ECDSA_P256, 0x0503, 0x0804, 0x0807)):
        """The extensions of a ClientHello. `shares` is the body of key_share, `more` comes last."""
        if shares is None:
            shares = u16(X25519) + vector16(self.public)
        block = b""
        if self.name:
            name = self.name.encode()
            block += extension(0, vector16(b"\0" + vector16(name)))
        block += extension(10, vector16(b"".join(map(u16, groups))))
        block += extension(13, vector16(b"".join(map(u16, signatures))))
        if versions:
            block += extension(43, vector8(b"".join(map(u16, versions))))
        return block + extension(51, vector16(shares)) + more

    def hello_body(self, version=0x0303, random=None, session_id=b"", ciphers=(AES_128_GCM,),
                   compressions=b"\0", extensions=None, **more):
        if extensions is None:
            extensions = self.extensions(**more)
        return u16(version) + (random or os.urandom(32)) + vector8(session_id) + \
            vector16(b"".join(map(u16, ciphers))) + vector8(compressions) + vector16(extensions)

    def handshake(self):
        self.step("hello", CLIENT_HELLO, self.hello_body(**self.hello))
        self.read_flight()
        self.step("finished", FINISHED, self.finished_body(self.client_secret))
        self.sending, self.receiving = Keys(self.client_traffic), Keys(self.server_traffic)
        return self

    def read_flight(self):
        """The server's, up to its Finished."""
        kind, body = self.read_message()
        assert kind == SERVER_HELLO, kind
        at = 35 + body[34] + 3
        share = parse_extensions(body[at + 2:])[51]
        self.derive_handshake_secrets(share[4:])
        self.sending, self.receiving = Keys(self.client_secret), Keys(self.server_secret)
        requested = False
        while kind != FINISHED:
            kind, _ = self.read_message()
            requested |= kind == CERTIFICATE_REQUEST
        self.derive_traffic_secrets()
        if requested or "certificate" in self.script:
            self.step("certificate", CERTIFICATE, certificate_body([]))
