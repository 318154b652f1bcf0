"""Identities that the host holds: used in both roles, granted by name, and never in the guest's
memory."""

import os
import ssl
import subprocess

from tls_support import TlsTest, both_file, grants, identity_of, inside, page_of, pki

import support
from cryptography.hazmat.primitives import serialization
from support.peers import NAME
from tls_peers import CLIENTS, PythonServer, missing, openssl_client


def held(name, identity_name, **changed):
    identity = pki().identity(identity_name)
    cert = changed.get("cert", identity.cert_file)
    return f"--identity={name}={cert},{changed.get('key', identity.key_file)}"


class IsUsed(TlsTest):
    def test_by_a_server(self):
        server = self.serve("named=web", options=held("web", "ecdsa"))
        for kind, fetch in CLIENTS.items():
            if not missing(kind):
                self.assertEqual(page_of(fetch(server))["server_name"], NAME)

    def test_by_a_server_for_its_names(self):
        server = self.serve("named=one", "named=two", identity_of("wildcard"),
                            options=held("one", "ecdsa") + " " + held("two", "another"))
        for name in (NAME, "another.example.test", "else.example.test"):
            output = openssl_client(server, name=name)
            self.assertIn(f"Verified peername: {name}" if name != "else.example.test" else
                          "Verified peername: *.example.test", output)

    def test_by_a_client(self):
        with PythonServer(pki().identity("ecdsa"), clients=True) as peer:
            report = self.visit(peer, "named=own", options=held("own", "client"))
            self.assertEqual(peer.facts(report["answer"])["peer"], "client")

    def test_with_every_kind_of_key(self):
        for name in ("rsa", "rsa_pss", "p384", "ed25519", "chain"):
            server = self.serve("named=web", options=held("web", name))
            self.assertEqual(page_of(openssl_client(server))["server_name"], NAME)

    def test_the_last_of_a_name_is_meant(self):
        server = self.serve("named=web", options=held("web", "another") + " " + held("web", "rsa"))
        self.assertIn("Verified peername: " + NAME, openssl_client(server))


class IsRefused(TlsTest):
    def refused(self, name, options, words):
        result = self.play(f"""
            socket:tcp4       -> ok
            opt:named:{name}  -> EACCES
            opt:named:{name}  -> EACCES
            bind:127.0.0.1:0  -> ok
            listen:1          -> ok
            optn:server:1     -> EINVAL
        """, grants(options))
        self.assertRegex(result.stderr, words)
        return result

    def test_where_none_is_granted(self):
        result = self.refused("web", "", "timecraft: refused the identity web: it was not granted. "
                              "To allow it, build or run with --identity=web=CERT,KEY\n")
        self.assertEqual(result.stderr.count("refused"), 1, "once is enough")

    def test_for_another_name(self):
        for name in ("we", "webb", "WEB", "web\\x20", "../web"):
            self.refused(name, held("web", "ecdsa"), "refused the identity .*: it was not granted")

    def test_for_a_key_in_place_of_a_name_without_showing_it(self):
        with open(both_file("ecdsa")) as file:
            key = file.read().replace("\n", "\\n").replace(" ", "\\x20")
        result = self.refused(key, held("web", "ecdsa"), "a text of several lines as its name")
        self.assertNotIn("KEY-----", result.stderr)

    def test_for_files_that_are_not_there(self):
        for part in ("cert", "key"):
            self.refused("web", held("web", "ecdsa", **{part: "/nonexistent/file"}),
                         "the identity web cannot be used: one of its files cannot be read; see "
                         "--identity=web=.*/nonexistent/file")

    def test_for_a_key_that_belongs_to_another_certificate(self):
        self.refused("web", held("web", "ecdsa", key=pki().identity("rsa").key_file),
                     "its key does not belong to its certificate")

    def test_for_files_that_hold_something_else(self):
        identity = pki().identity("ecdsa")
        for changed in ({"cert": identity.key_file}, {"key": identity.cert_file},
                        {"cert": "/dev/null"}):
            self.refused("web", held("web", "ecdsa", **changed), "hold no certificate and key")

    def test_for_a_key_with_a_pass_phrase(self):
        """And nobody is asked for it."""
        key_file = os.path.join(pki().folder, "encrypted-key.pem")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", pki().identity("ecdsa").key_file,
                        "-passout", "pass:secret", "-out", key_file], check=True)
        self.refused("web", held("web", "ecdsa", key=key_file), "without a pass phrase")


class NeverEntersTheGuest(TlsTest):
    """The guest uses the identity in both roles, asks for everything that can be asked, and then
    searches its own memory from the first byte to the last."""

    @staticmethod
    def secrets(name):
        """The private key in every form it has: the scalar or the primes, DER of several kinds, and
        lines of its PEM text."""
        with open(pki().identity(name).key_file, "rb") as file:
            pem = file.read()
        key = serialization.load_pem_private_key(pem, None)
        forms = [key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
                 for form in (serialization.PrivateFormat.PKCS8,
                              serialization.PrivateFormat.TraditionalOpenSSL)]
        numbers = key.private_numbers()
        secret = [numbers.private_value] if hasattr(numbers, "private_value") else \
            [numbers.d, numbers.p, numbers.q]
        for number in secret:
            size = (number.bit_length() + 7) // 8
            forms += [number.to_bytes(size, "big"), number.to_bytes(size, "little")]
        # Parts will do: 16 bytes are found where the whole is cut.
        forms += [form[-16:] for form in forms[2:]]
        lines = pem.splitlines()
        return [form.hex() for form in forms] + [lines[1].hex(), lines[2][:30].hex()]

    def scan(self, kind, what, needles, options=""):
        result = self.run_guest("scan_memory", kind, what, *needles, options=grants(options),
                                timeout=60)
        return [int(line.split()[1]) for line in result.stdout.splitlines()]

    def test_of_an_identity_that_the_host_holds(self):
        for name in ("ecdsa", "rsa"):
            needles = self.secrets(name)
            found = self.scan("held", "web", needles, held("web", name))
            self.assertEqual(found, [0] * len(needles), name)

    def test_the_search_finds_what_is_there(self):
        """The certificate, which the guest has asked for; and the text of a key that it has read
        itself."""
        with open(pki().identity("ecdsa").cert_file) as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        self.assertGreaterEqual(self.scan("held", "web", [der.hex()], held("web", "ecdsa"))[0], 1)
        text = self.secrets("ecdsa")[-2:]
        found = self.scan("given", inside(both_file("ecdsa")), text)
        self.assertTrue(all(found), found)


if __name__ == "__main__":
    support.main()
