"""The guest as a server for five TLS stacks: versions, kinds of certificates, groups, ALPN, client
certificates, SNI, resumption that the client confirms, key updates, and many at once."""

import re
import socket
import subprocess
import time
import unittest

from tls_support import TLS_1_2, TLS_1_3, TlsTest, anchors, identity_of, page_of, pki

import support
from support.peers import NAME, TLS12, TLS13, WAIT, client_context
from tls_peers import (CLIENTS, FetchError, curl_client, gnutls_client, go_client, missing,
                       openssl_client, python_session, talk)

VERSIONS = {"tls12": (TLS12, TLS_1_2), "tls13": (TLS13, TLS_1_3)}
CERTIFICATES = {"rsa": (), "rsa_pss": ("go",), "ecdsa": (), "p384": (), "ed25519": ()}
OTHER_NAME = "another.example.test"
VERIFY_REQUEST, VERIFY_REQUIRE = "verify=3", "verify=4"


class ClientTest(TlsTest):
    def client(self, kind):
        if missing(kind):
            self.skipTest(f"{kind} is not installed")
        return CLIENTS[kind]

    def refuses(self, fetch, *arguments, **more):
        with self.assertRaises(FetchError) as caught:
            fetch(*arguments, **more)
        return str(caught.exception)


class Interoperates(ClientTest):
    def check_versions(self, kind, certificate):
        fetch = self.client(kind)
        server = self.serve(identity_of(certificate))
        for wanted, number in VERSIONS.values():
            report = page_of(fetch(server, wanted, wanted))
            self.assertEqual((report["version"], report["server_name"], report["alpn"]),
                             (number, NAME, ""))
            self.assertEqual((report["certificates"], report["resumed"]), ("0", "0"))
            self.assertNotEqual(report["group"], "")


class ChecksClients(ClientTest):
    """Servers that demand a certificate of the tests' root, or would like one."""

    def demands(self, kind):
        fetch = self.client(kind)
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUIRE)
        for version, number in VERSIONS.values():
            for name in ("client", "client_rsa"):
                report = page_of(fetch(server, version, version, pki().identity(name)))
                self.assertEqual(report["subject"], ["commonName=" + name])
                self.assertEqual(report["version"], number)
            self.refuses(fetch, server, version, version)
        failures = [server.wait_for_failure(count) for count in (1, 2)]
        self.assertEqual(failures, ["EACCES: the client sent no certificate, which this server "
                                    "demands"] * 2)

    def refuses_bad(self, kind):
        fetch = self.client(kind)
        for verify in (VERIFY_REQUEST, VERIFY_REQUIRE):
            server = self.serve(identity_of("ecdsa"), anchors(), verify)
            bad = {"client_expired": "certificate has expired"}
            if kind != "go":  # which sends none that the server's list of authorities rules out
                bad["client_unknown_ca"] = "unable to get"
            for count, (name, words) in enumerate(bad.items(), 1):
                self.refuses(fetch, server, identity=pki().identity(name))
                self.assertRegex(server.wait_for_failure(count),
                                 f"EACCES: the certificate of the client was not accepted: {words}")

    def test_a_certificate_of_servers_is_none_for_clients(self):
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUIRE)
        self.refuses(openssl_client, server, identity=pki().identity("rsa"))
        self.assertRegex(server.wait_for_failure(), "EACCES: .*unsuitable certificate purpose")

    def test_a_chain_of_a_client(self):
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUIRE)
        report = page_of(openssl_client(server, identity=pki().identity("client_chain")))
        self.assertGreaterEqual(report["certificates"], "2")

    def test_one_that_only_asks(self):
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUEST)
        for version, _ in VERSIONS.values():
            self.assertEqual(page_of(openssl_client(server, version, version))["certificates"], "0")
            report = page_of(openssl_client(server, version, version, pki().identity("client")))
            self.assertEqual(report["subject"], ["commonName=client"])

    def test_one_that_does_not_ask_gets_none(self):
        server = self.serve(identity_of("ecdsa"), anchors())
        report = page_of(openssl_client(server, identity=pki().identity("client")))
        self.assertEqual(report["certificates"], "0")

    def test_the_authorities_are_named(self):
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUEST)
        self.assertRegex(openssl_client(server),
                         r"Acceptable client certificate CA names\s+CN ?= ?Timecraft test root")

    def test_the_host_s_trust_is_the_default(self):
        server = self.serve(identity_of("ecdsa"), VERIFY_REQUIRE)
        self.assertEqual(page_of(openssl_client(server, identity=pki().identity("client")))
                         ["subject"], ["commonName=client"])


class HasAlpn(ClientTest):
    def agrees(self, kind):
        if kind == "curl":
            self.skipTest("curl speaks what it agrees on: h2")
        fetch = self.client(kind)
        server = self.serve(identity_of("ecdsa"), "alpn=one,two")
        self.assertEqual(page_of(fetch(server, alpn=("two", "one")))["alpn"], "one")
        self.assertEqual(page_of(fetch(server, alpn=("none", "two")))["alpn"], "two")
        self.assertEqual(page_of(fetch(server))["alpn"], "")

    def does_not_agree(self, kind):
        fetch = self.client(kind)
        server = self.serve(identity_of("ecdsa"), "alpn=one,two")
        self.refuses(fetch, server, alpn=("h2", "unheard-of"))
        self.assertRegex(server.wait_for_failure(),
                         r"EPROTO: the client offers no application protocol \(ALPN\)")

    def test_of_curl(self):
        self.client("curl")
        server = self.serve(identity_of("ecdsa"), "alpn=http/1.1")
        self.assertEqual(page_of(curl_client(server))["alpn"], "http/1.1")
        self.assertEqual(page_of(curl_client(server, alpn=("h2",)))["alpn"], "http/1.1")

    def test_a_server_without_protocols_takes_every_client(self):
        server = self.serve(identity_of("ecdsa"))
        self.assertEqual(page_of(openssl_client(server, alpn=("h2",)))["alpn"], "")


class Resumes(ClientTest):
    def check_later(self, output, count):
        """The client said so; the page says so too."""
        self.assertEqual(output.count("\nresumed 1\n") + output.count("\r\nresumed 1\r\n"), count,
                         output)
        self.assertEqual(output.count("\nresumed 0\n") + output.count("\r\nresumed 0\r\n"), 1,
                         output)

    def test_by_openssl(self):
        server = self.serve(identity_of("ecdsa"))
        for version, _ in VERSIONS.values():
            kept = f"{support.FOLDER}/session-{version}"
            first = openssl_client(server, version, version, words=("-sess_out", kept))
            again = openssl_client(server, version, version, words=("-sess_in", kept))
            self.assertIn("New, TLSv1", first)
            self.assertIn("Reused, TLSv1", again)
            self.check_later(first + again, 1)
            self.assertNotIn(page_of(again)["end_point"], ("", "EOPNOTSUPP"))
            self.assertEqual(page_of(first)["end_point"], page_of(again)["end_point"])

    def test_by_python_again_and_again(self):
        server = self.serve(identity_of("ecdsa"))
        for version, _ in VERSIONS.values():
            context, session = client_context(version, version), None
            for time in range(4):
                answer, session = python_session(server, context, session=session)
                self.assertIn(f"resumed={time > 0}", answer)
                self.assertEqual(page_of(answer)["resumed"], str(int(time > 0)))

    @unittest.skipIf(missing("gnutls"), "GnuTLS is not installed")
    def test_by_gnutls(self):
        server = self.serve(identity_of("ecdsa"))
        for version, _ in VERSIONS.values():
            # --resume connects twice; the second time it says what was on standard input.
            output = gnutls_client(server, version, version,
                                   words=("--resume", "--waitresumption"))
            self.assertIn("This is a resumed session", output)
            self.assertEqual(page_of(output)["resumed"], "1")

    @unittest.skipIf(missing("go"), "go is not installed")
    def test_by_go(self):
        server = self.serve(identity_of("ecdsa"))
        for version, _ in VERSIONS.values():
            output = go_client(server, version, version, times=3)
            self.assertEqual(output.count("resumed=true"), 2, output)
            self.check_later(output, 2)

    @unittest.skipIf(missing("curl"), "curl is not installed")
    def test_by_curl(self):
        """Of TLS 1.3: for 1.2 it takes no tickets."""
        server = self.serve(identity_of("ecdsa"))
        self.check_later(curl_client(server, TLS13, TLS13, times=3), 2)

    def test_of_a_client_that_showed_a_certificate(self):
        server = self.serve(identity_of("ecdsa"), anchors(), VERIFY_REQUIRE)
        for version, _ in VERSIONS.values():
            context = client_context(version, version, pki().identity("client"))
            _, session = python_session(server, context)
            report = page_of(python_session(server, context, session=session)[0])
            self.assertEqual((report["resumed"], report["subject"]), ("1", ["commonName=client"]))


class ChoosesItsCertificate(ClientTest):
    """By SNI, by the client's signature algorithms, and the first as the default."""

    @staticmethod
    def subject_shown(server, name, *words):
        output = talk("openssl", "s_client", "-connect", str(server), "-CAfile", pki().ca_file,
                      "-ign_eof", *(["-servername", name] if name else ["-noservername"]), *words)
        return re.search(r"subject=CN ?= ?(\S+)", output)[1], page_of(output)["server_name"], output

    def test_by_name(self):
        server = self.serve(identity_of("ecdsa"), identity_of("another"))
        for version in ("-tls1_2", "-tls1_3"):
            for name in (NAME, OTHER_NAME):
                self.assertEqual(self.subject_shown(server, name, version)[:2], (name, name))

    def test_the_first_for_a_name_that_none_is_for(self):
        server = self.serve(identity_of("another_rsa"), identity_of("ecdsa"))
        self.assertEqual(self.subject_shown(server, "unknown.test")[:2],
                         (OTHER_NAME, "unknown.test"))
        self.assertEqual(self.subject_shown(server, None)[:2], (OTHER_NAME, ""))

    def test_one_with_a_wildcard(self):
        server = self.serve(identity_of("another"), identity_of("wildcard"))
        self.assertEqual(self.subject_shown(server, "anything.example.test")[0], NAME)

    def test_by_the_kind_of_key_that_the_client_can_verify(self):
        server = self.serve(identity_of("ecdsa"), identity_of("rsa"), identity_of("ed25519"))
        for name in (NAME, None):
            for algorithm, shown in (("ECDSA+SHA256", "(?i:ECDSA)"), ("RSA-PSS+SHA256", "(?i:RSA.PSS)"),
                                     ("ed25519", "(?i:ed25519)")):
                output = self.subject_shown(server, name, "-sigalgs", algorithm)[2]
                self.assertRegex(output, f"Peer signature type: {shown}")

    def test_only_its_own_kind_of_key_for_a_name(self):
        server = self.serve(identity_of("ecdsa"), identity_of("another_rsa"))
        with self.assertRaises(FetchError):
            self.subject_shown(server, NAME, "-sigalgs", "RSA-PSS+SHA256")
        self.assertRegex(server.wait_for_failure(), "EPROTO: ")


class Negotiates(ClientTest):
    def test_groups(self):
        for group, words in {"X25519": "X25519, 253 bits", "X448": "X448, 448 bits",
                             "P-256": "ECDH, prime256v1", "P-384": "ECDH, secp384r1",
                             "P-521": "ECDH, secp521r1"}.items():
            server = self.serve(identity_of("ecdsa"), "groups=" + group)
            for version, _ in VERSIONS.values():
                output = openssl_client(server, version, version)
                self.assertRegex(output, f"(Server|Peer) Temp Key: {words}")
                self.assertEqual(page_of(output)["group"], group)

    def test_a_group_that_the_client_did_not_guess(self):
        server = self.serve(identity_of("ecdsa"), "groups=P-384")
        for kind in CLIENTS:
            if not missing(kind):
                self.assertEqual(page_of(CLIENTS[kind](server))["group"], "P-384")

    def test_the_order_of_the_suites_is_the_server_s(self):
        for first, second in (("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
                              ("TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384")):
            server = self.serve(identity_of("rsa"), f"ciphers={first}:{second}")
            output = openssl_client(server)
            self.assertIn(f"Cipher is {first}", output)
            self.assertEqual(page_of(output)["cipher"], first)

    def test_suites_of_tls_1_2(self):
        suites = ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        for suite in suites:
            server = self.serve(identity_of("rsa"), "ciphers=" + suite)
            report = page_of(openssl_client(server))
            self.assertEqual((report["cipher"], report["version"]), (suite, TLS_1_2))

    def test_versions(self):
        new = self.serve(identity_of("ecdsa"), "min=0x0304")
        self.refuses(openssl_client, new, TLS12, TLS12)
        self.assertRegex(new.wait_for_failure(), "EPROTO: .*no TLS version that is allowed")
        old = self.serve(identity_of("ecdsa"), "max=0x0303")
        self.assertEqual(page_of(openssl_client(old))["version"], TLS_1_2)
        self.refuses(openssl_client, old, TLS13, TLS13)

    @unittest.skipIf(missing("go"), "go is not installed")
    def test_channel_bindings_are_the_peer_s(self):
        server = self.serve(identity_of("ecdsa"))
        for version, _ in VERSIONS.values():
            output = go_client(server, version, version)
            self.assertIn("exporter=" + page_of(output)["exporter"], output)


class KeepsGoing(ClientTest):
    def connect(self, server, context=None):
        connection = socket.create_connection((server.host, server.port), timeout=WAIT)
        self.addCleanup(connection.close)
        return (context or client_context()).wrap_socket(connection, server_hostname=NAME)

    def echoes(self, tls, data):
        tls.sendall(data)
        back = b""
        while len(back) < len(data):
            back += tls.recv(len(data))
        self.assertEqual(back, data)

    def s_client(self, server, *words):
        """A running s_client that takes commands: the first letter of what it reads at a time."""
        process = support.start(
            ["openssl", "s_client", "-connect", str(server), "-servername", NAME, "-CAfile",
             pki().ca_file, "-verify_return_error", *words], stdin=subprocess.PIPE)
        for undo in (process.stderr.close, process.stdout.close, process.wait, process.kill):
            self.addCleanup(undo)
        self.read_until(process, "Verify return code: 0")
        return process

    @staticmethod
    def say(process, line):
        time.sleep(0.2)  # or it would read two lines at once
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def read_until(self, process, words):
        for line in process.stdout:
            if words in line:
                return
        self.fail(f"s_client ended without: {words}\n{process.stderr.read()}")

    def test_keys_are_updated_from_either_side(self):
        """s_client's "k" updates its own keys, "K" asks for the guest's too: what it sends in
        between comes back."""
        server = self.serve(identity_of("ecdsa"))
        process = self.s_client(server, "-tls1_3")
        for number, command in enumerate(("k", "K", "k", "K")):
            self.say(process, command)
            self.say(process, f"line {number}")
            self.read_until(process, f"line {number}")
        self.say(process, "Q")
        process.communicate(timeout=WAIT)
        self.assertEqual(server.failures, [])

    def test_renegotiation_is_refused(self):
        server = self.serve(identity_of("rsa"))
        process = self.s_client(server, "-tls1_2")
        self.say(process, "R")
        self.assertIn("no renegotiation", process.communicate(timeout=WAIT)[1])
        self.assertEqual(page_of(openssl_client(server))["version"], TLS_1_3)

    def test_two_hundred_at_once(self):
        server = self.serve(identity_of("ecdsa"))
        context = client_context()
        all_open = [self.connect(server, context) for _ in range(200)]
        for number, tls in enumerate(all_open):
            tls.sendall(f"connection {number}".encode())
        for number, tls in enumerate(all_open):
            self.assertEqual(tls.recv(100), f"connection {number}".encode())
        self.assertIn("version", page_of(openssl_client(server)))
        self.assertEqual(server.failures, [])

    def test_one_that_says_nothing_holds_nobody_up(self):
        server = self.serve(identity_of("ecdsa"), "timeout=300")
        with socket.create_connection((server.host, server.port)):
            self.assertEqual(page_of(openssl_client(server))["version"], TLS_1_3)
            self.assertRegex(server.wait_for_failure(), "ETIMEDOUT: .*not done after 0.3 seconds")

    def test_clear_text_is_told_from_tls(self):
        server = self.serve(identity_of("ecdsa"))
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertRegex(server.wait_for_failure(), "EPROTO: the client does not speak TLS")
        self.assertEqual(page_of(openssl_client(server))["version"], TLS_1_3)


def add(case, name, method, kind, *arguments):
    def test(self):
        getattr(self, method)(kind, *arguments)

    setattr(case, f"test_{name}", test)


for kind in CLIENTS:
    for certificate, without in CERTIFICATES.items():
        if kind not in without:
            add(Interoperates, f"{kind}_and_{certificate}", "check_versions", kind, certificate)
    add(ChecksClients, f"that_{kind}_must_show_a_certificate", "demands", kind)
    add(ChecksClients, f"that_{kind}_must_not_show_a_bad_one", "refuses_bad", kind)
    add(HasAlpn, f"agreed_with_{kind}", "agrees", kind)
    add(HasAlpn, f"not_agreed_with_{kind}", "does_not_agree", kind)

if __name__ == "__main__":
    support.main()
