"""Certificates for the tests, made when they run: none is kept in the repository.

Pki(folder) writes, below `folder`, the trust store `ca.pem` (SSL_CERT_FILE of the guests) and, on
demand, the identities of a server: a file with the certificates as a server sends them and a file
with the key. The good ones prove that hTLS works, each bad one breaks one single rule.
"""

import datetime
import functools
import ipaddress
import os
import subprocess
import threading
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "server.example.test"  # what every good certificate is for
OTHER_NAME = "another.example.test"
DAY = datetime.timedelta(days=1)


@dataclass
class Identity:
    """What a server shows: PEM files of its certificates (its own first), of its key, and once more
    of the certificates after its own (an empty file where there are none)."""

    cert_file: str
    key_file: str
    issuers_file: str


@dataclass
class Authority:
    cert: x509.Certificate
    key: object


def new_ecdsa_key():
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def subject_name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def alternative_names(names):
    """A subjectAltName; IP literals become iPAddress entries, the rest dNSName."""
    entries = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)


def key_usage(**wanted):
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{usage: wanted.get(usage, False) for usage in every})


def sign(subject, public_key, issuer, issuer_key, extensions, valid=(-DAY, 30 * DAY),
         algorithm=hashes.SHA256()):
    """One certificate. `valid` is relative to now; `extensions` are pairs (extension, critical)."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid[0])
        .not_valid_after(now + valid[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    if issuer != subject:  # RFC 5280, 4.2.1.1; Python 3.13 insists on it
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, False)
    return builder.sign(issuer_key, algorithm)


def new_authority(common_name, parent=None):
    """A CA: its own root, or an intermediate below `parent`."""
    key = new_ecdsa_key()
    subject = subject_name(common_name)
    extensions = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (key_usage(key_cert_sign=True, crl_sign=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    issuer = parent.cert.subject if parent else subject
    issuer_key = parent.key if parent else key
    return Authority(sign(subject, key.public_key(), issuer, issuer_key, extensions), key)


class Pki:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.identities = {}
        self.lock = threading.RLock()
        self.root = new_authority("Timecraft test root")
        self.ca_file = self._write("ca.pem", [self.root.cert])

    @functools.cached_property
    def intermediate(self):
        return new_authority("Timecraft test intermediate", self.root)

    def identity(self, name):
        """The identity made by the method `name` of this class, once, for any thread."""
        with self.lock:
            if name not in self.identities:
                self.identities[name] = getattr(self, name)()
            return self.identities[name]

    # Good ones.

    def ecdsa(self):
        return self._leaf("ecdsa")

    def rsa(self):
        return self._leaf("rsa", key=new_rsa_key())

    def p384(self):
        return self._leaf("p384", key=ec.generate_private_key(ec.SECP384R1()))

    def ed25519(self):
        return self._leaf("ed25519", key=ed25519.Ed25519PrivateKey.generate())

    def rsa_pss(self):
        """A key that is for RSASSA-PSS only. The openssl command makes it: not every version of
        `cryptography` knows that kind."""
        key_file = os.path.join(self.folder, "rsa_pss-key.pem")
        request_file = os.path.join(self.folder, "rsa_pss.csr")
        self._openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048",
                      "-out", key_file)
        self._openssl("req", "-new", "-key", key_file, "-subj", "/CN=" + SERVER_NAME, "-out",
                      request_file)
        extensions_file = os.path.join(self.folder, "rsa_pss.cnf")
        with open(extensions_file, "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                       f"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:{SERVER_NAME}\n")
        cert_file = os.path.join(self.folder, "rsa_pss.pem")
        root = self._save("root", [self.root.cert], self.root.key)
        self._openssl("x509", "-req", "-in", request_file, "-CA", root.cert_file, "-CAkey",
                      root.key_file, "-set_serial", str(x509.random_serial_number()),
                      "-days", "30", "-extfile", extensions_file, "-out", cert_file)
        return Identity(cert_file, key_file, self._write("rsa_pss-issuers.pem", []))

    @staticmethod
    def _openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def another(self):
        return self._leaf("another", names=[OTHER_NAME], common_name=OTHER_NAME)

    def another_rsa(self):
        return self._leaf("another_rsa", names=[OTHER_NAME], common_name=OTHER_NAME,
                          key=new_rsa_key())

    # Of clients.

    def client(self):
        return self._client("client")

    def client_rsa(self):
        return self._client("client_rsa", key=new_rsa_key())

    def client_chain(self):
        return self._client("client_chain", issuer=self.intermediate,
                            send=[self.intermediate.cert])

    def client_expired(self):
        return self._client("client_expired", valid=(-30 * DAY, -DAY))

    def client_unknown_ca(self):
        return self._client("client_unknown_ca", issuer=new_authority("A root nobody trusts"))

    def _client(self, name, **more):
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._leaf(name, names=[name + ".example.test"], usages=[(usage, False)],
                          common_name=name, **more)

    def chain(self):
        return self._leaf("chain", issuer=self.intermediate, send=[self.intermediate.cert])

    def wildcard(self):
        return self._leaf("wildcard", names=["*.example.test"])

    def addresses(self):
        """For 127.0.0.1 and ::1 by iPAddress, and no name at all."""
        return self._leaf("addresses", names=["127.0.0.1", "::1"])

    # Bad ones.

    def self_signed(self):
        key = new_ecdsa_key()
        subject = subject_name(SERVER_NAME)
        extensions = [(alternative_names([SERVER_NAME]), False)]
        cert = sign(subject, key.public_key(), subject, key, extensions)
        return self._save("self_signed", [cert], key)

    def unknown_ca(self):
        return self._leaf("unknown_ca", issuer=new_authority("A root that nobody trusts"))

    def expired(self):
        return self._leaf("expired", valid=(-30 * DAY, -DAY))

    def not_yet_valid(self):
        return self._leaf("not_yet_valid", valid=(DAY, 30 * DAY))

    def wrong_name(self):
        other = "another.example.test"
        return self._leaf("wrong_name", names=[other], common_name=other)

    def common_name_only(self):
        return self._leaf("common_name_only", names=[])

    def common_name_beside_other_names(self):
        """The right common name does not help where subjectAltName lists others."""
        return self._leaf("common_name_beside_other_names", names=["another.example.test"])

    def address_as_dns_name(self):
        """127.0.0.1 written as a dNSName, which RFC 6125 does not let match an address."""
        key = new_ecdsa_key()
        names = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")])
        cert = self._sign_leaf(key, self.root, [(names, False)])
        return self._save("address_as_dns_name", [cert], key)

    def partial_wildcard(self):
        return self._leaf("partial_wildcard", names=["s*.example.test"])

    def missing_intermediate(self):
        return self._leaf("missing_intermediate", issuer=self.intermediate)

    def for_clients_only(self):
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._leaf("for_clients_only", usages=[(usage, False)])

    def for_signing_lists_only(self):
        return self._leaf("for_signing_lists_only", usages=[(key_usage(crl_sign=True), True)])

    def issued_by_a_server(self):
        """Signed with the key of a good certificate that is not a CA's."""
        key = new_ecdsa_key()
        cert = self._sign_leaf(key, self.root, [], common_name="another.example.test")
        return self._leaf("issued_by_a_server", issuer=Authority(cert, key), send=[cert])

    # How they are made.

    def _leaf(self, name, names=(SERVER_NAME,), issuer=None, key=None, send=(), valid=None,
              usages=None, common_name=SERVER_NAME):
        key = key or new_ecdsa_key()
        extensions = list(usages) if usages else [
            (key_usage(digital_signature=True, key_encipherment=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ]
        if names:
            extensions.append((alternative_names(names), False))
        cert = self._sign_leaf(key, issuer or self.root, extensions, valid, common_name)
        return self._save(name, [cert, *send], key)

    def _sign_leaf(self, key, issuer, extensions, valid=None, common_name=SERVER_NAME):
        extensions = [(x509.BasicConstraints(ca=False, path_length=None), True), *extensions]
        return sign(subject_name(common_name), key.public_key(), issuer.cert.subject, issuer.key,
                    extensions, valid or (-DAY, 30 * DAY))

    def _save(self, name, certs, key):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_file = os.path.join(self.folder, name + "-key.pem")
        with open(key_file, "wb") as file:
            file.write(pem)
        return Identity(self._write(name + ".pem", certs), key_file,
                        self._write(name + "-issuers.pem", certs[1:]))

    def _write(self, file_name, certs):
        path = os.path.join(self.folder, file_name)
        with open(path, "wb") as file:
            for cert in certs:
                file.write(cert.public_bytes(serialization.Encoding.PEM))
        return path
