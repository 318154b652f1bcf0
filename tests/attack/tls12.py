"""TLS 1.2 by hand once hands are shaken (RFC 5246, RFC 5288): Python's ssl does the handshake, then
its keys are taken over, so that a test can say anything under them.

One cipher suite: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
"""

import hmac
import os
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tls13 import ALERT, DATA, FATAL, record

SUITE = "ECDHE-ECDSA-AES128-GCM-SHA256"
RANDOM_AT = 5 + 4 + 2  # in a hello: behind the record's header, the message's, and the version


def expand(secret, label, seed, length):
    """The pseudorandom function (RFC 5246, 5)."""
    seed, out = label + seed, b""
    last = seed
    while len(out) < length:
        last = hmac.digest(secret, last, "sha256")
        out += hmac.digest(secret, last + seed, "sha256")
    return out[:length]


class Keys:
    """One direction's record protection. The Finished message was record 0."""

    def __init__(self, key, salt):
        self.aead, self.salt, self.sequence = AESGCM(key), salt, 1

    def seal(self, kind, content):
        number = struct.pack("!Q", self.sequence)
        self.sequence += 1
        header = number + struct.pack("!BHH", kind, 0x0303, len(content))
        return record(kind, number + self.aead.encrypt(self.salt + number, content, header))


class Endpoint:
    """Either side: a server where `identity` is given."""

    def __init__(self, connection, identity=None):
        self.connection, self.server = connection, identity is not None
        kind = ssl.PROTOCOL_TLS_SERVER if identity else ssl.PROTOCOL_TLS_CLIENT
        self.context = ssl.SSLContext(kind)
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_ciphers(SUITE)
        if identity:
            self.context.load_cert_chain(identity.cert_file, identity.key_file)
        else:
            self.context.check_hostname = False
            self.context.verify_mode = ssl.CERT_NONE

    def handshake(self):
        with tempfile.TemporaryDirectory() as folder:
            self.context.keylog_filename = os.path.join(folder, "keys")
            randoms = self._shake_hands()
            with open(self.context.keylog_filename) as file:
                master = bytes.fromhex(file.read().split()[-1])
        server, client = randoms if self.server else randoms[::-1]
        block = expand(master, b"key expansion", server + client, 40)
        keys = Keys(block[:16], block[32:36]), Keys(block[16:32], block[36:])
        self.sending = keys[self.server]
        return self

    def _shake_hands(self):
        """Returns the randoms of both sides: the own, the peer's."""
        incoming, outgoing, randoms = ssl.MemoryBIO(), ssl.MemoryBIO(), [b"", b""]
        tls = self.context.wrap_bio(incoming, outgoing, server_side=self.server)

        def note(who, data):
            randoms[who] = randoms[who] or data[RANDOM_AT:RANDOM_AT + 32]

        done = False
        while not done:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            if data := outgoing.read():
                note(0, data)
                self.connection.sendall(data)
            if not done:
                data = self.connection.recv(65536)
                if not data:
                    raise EOFError("the guest closed the connection")
                note(1, data)
                incoming.write(data)
        return randoms

    # As tls13.Endpoint has them.

    def raw(self, data):
        self.connection.sendall(data)

    def sealed(self, kind, content):
        return self.sending.seal(kind, content)

    def send(self, kind, content):
        self.raw(self.sealed(kind, content))

    def alert(self, description, level=FATAL):
        self.send(ALERT, bytes([level, description]))

    def data(self, content):
        self.send(DATA, content)
