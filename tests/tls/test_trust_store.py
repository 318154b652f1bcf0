"""A bundle of certificates is read certificate by certificate, and what is trusted is what stands in
it, in whatever form OpenSSL's own programs would take."""

import os
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import support
from support import certs
from support.peers import NAME, TlsPeer, echo

OTHERS = 150


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def others():
    """Roots that signed nothing here."""
    key = certs.new_ecdsa_key()
    usage = [(x509.BasicConstraints(ca=True, path_length=None), True)]
    return [certs.sign(name, key.public_key(), name, key, usage)
            for name in (certs.subject_name(f"Another root {i}") for i in range(OTHERS))]


class ABundle(support.GuestTest):
    @classmethod
    def setUpClass(cls):
        cls.pki = support.pki()
        cls.root = pem(cls.pki.root.cert)
        cls.others = [pem(one) for one in others()]

    def file(self, text):
        path = os.path.join(support.temporary_folder(), "bundle.pem")
        with open(path, "w", newline="") as file:
            file.write(text)
        return path

    def check(self, text, outcome="ok", before="", identity=None, **more):
        """A guest's handshake with a server of the root, where the bundle is `text`."""
        with TlsPeer(identity or self.pki.identity("ecdsa"), echo) as peer:
            return self.play(f"socket:tcp4\nconnect:{peer}\n{before}\nhtls:{NAME} -> {outcome}\n",
                             SSL_CERT_FILE=self.file(text), **more)

    def test_has_the_root_wherever_it_stands(self):
        for at in (0, OTHERS // 2, OTHERS):
            self.check("".join(self.others[:at] + [self.root] + self.others[at:]))

    def test_without_the_root_is_refused(self):
        self.check("".join(self.others), "EACCES")

    def test_may_have_windows_line_ends_and_remarks_and_no_last_line_end(self):
        text = "".join(f"# {i}\n-----nothing\n{one}" for i, one in enumerate(self.others[:9]))
        self.check((text + self.root).replace("\n", "\r\n"))
        self.check((text + self.root).rstrip("\n"))

    def test_may_hold_what_is_no_certificate(self):
        broken = self.others[0].replace("MII", "MIJ", 1)
        with open(self.pki.identity("rsa").key_file) as file:
            key = file.read()
        cut = self.others[1][:200] + "\n-----END CERTIFICATE-----\n"
        self.check(broken + key + cut + self.root)
        self.check(self.root + broken + self.others[2][:300])

    def test_that_only_remarks_name_the_root_is_refused(self):
        self.check("".join(self.others[:3]) + "".join(f"# {line}\n" for line in
                                                      self.root.splitlines()), "EACCES")

    def test_may_have_several_roots_of_one_name(self):
        again = certs.new_authority("Timecraft test root")
        for text in (pem(again.cert) + self.root, self.root + pem(again.cert)):
            self.check("".join(self.others[:20]) + text)

    def test_has_roots_whose_names_are_long(self):
        authority = certs.new_authority("another")
        names = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME,
                                              f"{i}" + "u" * 60) for i in range(20)])
        root = certs.sign(names, authority.key.public_key(), names, authority.key,
                          [(x509.BasicConstraints(ca=True, path_length=None), True)])
        server = certs.new_ecdsa_key()
        leaf = certs.sign(certs.subject_name("server"), server.public_key(), names, authority.key,
                          [(certs.alternative_names([NAME]), False)])
        folder = support.temporary_folder()
        identity = certs.Identity(*(os.path.join(folder, name) for name in ("c", "k", "i")))
        with open(identity.cert_file, "w") as file:
            file.write(pem(leaf))
        with open(identity.key_file, "wb") as file:
            file.write(server.private_bytes(serialization.Encoding.PEM,
                                            serialization.PrivateFormat.PKCS8,
                                            serialization.NoEncryption()))
        self.check("".join(self.others[:5]) + pem(root), identity=identity)

    def trusted(self, *words):
        """The root in OpenSSL's own form, which may say what it is trusted for."""
        return subprocess.run(["openssl", "x509", "-trustout", *words], input=self.root, text=True,
                              capture_output=True, check=True).stdout

    def test_may_say_what_a_root_is_trusted_for(self):
        self.check(self.others[0] + self.trusted("-addtrust", "serverAuth"))
        self.check(self.others[0] + self.trusted("-addreject", "serverAuth"), "EACCES")

    def test_and_the_guests_anchors_may_have_a_name_in_common(self):
        path = self.file(pem(certs.new_authority("Timecraft test root").cert))
        self.check("".join(self.others[:3]) + self.root, "ok",
                   "optf:anchors:/bundle.pem -> ok\noptn:trust:2 -> ok",
                   options=f"{support.ALL_NETWORK} --dir={os.path.dirname(path)}::/")

    def test_without_a_certificate_is_told(self):
        result = self.check("nothing\n", "EACCES")
        self.assertIn("holds no certificate", result.stderr, result)


if __name__ == "__main__":
    unittest.main()
