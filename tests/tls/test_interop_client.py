"""The guest as a client of five TLS stacks: versions, kinds of certificates, suites, groups, ALPN,
client certificates, resumption that the server confirms, key updates, and many at once."""

import hashlib
import ssl
import time
import unittest

from tls_support import TLS_1_2, TLS_1_3, TlsTest, anchors, identity_of, pki

import support
from support.peers import NAME, TLS12, TLS13, TlsPeer, echo, server_context, wait_until
from tls_peers import SERVERS, VERSION_NAMES, OpensslServer, PythonServer, missing

VERSIONS = {"tls12": (TLS12, TLS_1_2), "tls13": (TLS13, TLS_1_3)}
# Go has no certificates for RSA-PSS alone, see https://go.dev/issue/21416.
CERTIFICATES = {"rsa": (), "rsa_pss": ("go",), "ecdsa": (), "p384": (), "ed25519": ()}


class ServerTest(TlsTest):
    def server(self, kind, certificate="ecdsa", **more):
        if missing(kind):
            self.skipTest(f"{kind} is not installed")
        return self.enter(SERVERS[kind](pki().identity(certificate), **more))


class Interoperates(ServerTest):
    def check_version(self, kind, version, certificate):
        wanted, number = VERSIONS[version]
        peer = self.server(kind, certificate, minimum=wanted, maximum=wanted)
        report = self.visit(peer, anchors())
        self.assertEqual((report["version"], report["resumed"], report["server_name"]),
                         (number, "0", NAME))
        self.assertEqual((report["certificates"], report["subject"], report["name"]),
                         ("1", ["commonName=" + NAME], ["DNS:" + NAME]))
        self.assertNotIn(report["group"], ("", "0"))
        self.assertEqual(peer.facts(report["answer"])["version"], VERSION_NAMES[wanted])


class HasAlpn(ServerTest):
    def agrees(self, kind):
        peer = self.server(kind, alpn=("h2", "http/1.1"))
        self.assertEqual(self.visit(peer, "alpn=http/1.1")["alpn"], "http/1.1")

    def does_not_agree(self, kind):
        """Servers differ: some refuse, as RFC 7301 has it, others go on without a protocol."""
        peer = self.server(kind, alpn=("http/1.1",))
        refuses = kind in ("go", "nginx", "openssl")
        report = self.visit(peer, "alpn=unheard-of", status=1 if refuses else 0)
        if refuses:
            self.assertRegex(report["failed"], "EPROTO: .*refused: .*no application protocol")
        else:
            self.assertEqual(report["alpn"], "")


class ShowsItsCertificate(ServerTest):
    """Where the server demands one, of the tests' root."""

    def good(self, kind, version, certificate):
        peer = self.server(kind, clients=True, minimum=version, maximum=version)
        report = self.visit(peer, identity_of(certificate))
        facts = peer.facts(report["answer"])
        if "peer" in facts:
            self.assertIn(certificate, facts["peer"])

    def refused(self, kind, version, settings):
        """nginx takes the connection and refuses the request; the others end the handshake, which
        a client of TLS 1.3 learns when it reads."""
        peer = self.server(kind, clients=True, minimum=version, maximum=version)
        if kind == "nginx":
            self.assertIn("400 Bad Request", self.visit(peer, *settings)["answer"])
        else:
            self.assertRegex(self.fails(peer, *settings), "EPROTO|ECONNRESET")


class Resumes(ServerTest):
    def resumes(self, kind, version):
        peer = self.server(kind, minimum=version, maximum=version)
        first, *later = self.visits(peer, "times=3", "alpn=http/1.1")
        self.assertEqual(first["resumed"], "0")
        for report in later:
            self.assertEqual(report["resumed"], "1")
            self.assertTrue(peer.facts(report["answer"])["resumed"], report["answer"])
            # What was verified is still there to be asked for.
            self.assertEqual(report["subject"], ["commonName=" + NAME])
            self.assertEqual(report["end_point"], first["end_point"])
            self.assertNotEqual(report["exporter"], first["exporter"])


class Negotiates(ServerTest):
    SUITES_1_3 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                  "TLS_CHACHA20_POLY1305_SHA256")
    SUITES_1_2 = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
                  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
                  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
                  "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256"}

    def test_the_suites_of_tls_1_3(self):
        peer = self.enter(PythonServer(pki().identity("rsa")))
        for suite in self.SUITES_1_3:
            report = self.visit(peer, "ciphers=" + suite)
            self.assertEqual((report["version"], report["cipher"]), (TLS_1_3, suite))
            self.assertEqual(peer.facts(report["answer"])["cipher"], suite)

    def test_suites_of_tls_1_2(self):
        """A list without any of TLS 1.3 rules that version out."""
        context = server_context(pki().identity("rsa"))
        context.set_ciphers("DEFAULT")
        peer = self.enter(PythonServer(pki().identity("rsa"), context=context))
        for suite, openssl_name in self.SUITES_1_2.items():
            report = self.visit(peer, "ciphers=" + suite)
            self.assertEqual((report["version"], report["cipher"]), (TLS_1_2, suite))
            self.assertEqual(peer.facts(report["answer"])["cipher"], openssl_name)
            self.assertEqual(report["group"] == "", suite.startswith("TLS_RSA"), report["group"])

    def test_the_order_of_the_suites_is_the_client_s(self):
        peer = self.enter(OpensslServer(pki().identity("rsa")))
        for first, second in (self.SUITES_1_3[:2], self.SUITES_1_3[1::-1]):
            report = self.visit(peer, f"ciphers={first}:{second}")
            self.assertEqual(report["cipher"], first)

    def test_no_common_suite(self):
        context = server_context(pki().identity("ecdsa"), TLS12, TLS12)
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        peer = self.enter(PythonServer(pki().identity("ecdsa"), context=context))
        self.assertRegex(self.fails(peer, "ciphers=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
                         "EPROTO: .*handshake failure")

    def test_groups(self):
        groups = {"X25519": "X25519", "X448": "X448", "P-256": "P-256", "P-384": "P-384",
                  "P-521": "P-521"}
        for version in VERSIONS.values():
            for group, openssl_name in groups.items():
                with OpensslServer(pki().identity("ecdsa"), "-groups", openssl_name,
                                   minimum=version[0], maximum=version[0]) as peer:
                    report = self.visit(peer)
                    self.assertEqual((report["version"], report["group"]), (version[1], group))

    def test_one_group_of_the_client_s(self):
        """Where the first guess is not the server's choice there is a HelloRetryRequest."""
        peer = self.enter(OpensslServer(pki().identity("ecdsa"), "-groups", "P-384:X25519"))
        self.assertEqual(self.visit(peer, "groups=P-521:P-384")["group"], "P-384")
        self.assertEqual(self.visit(peer, "groups=X25519")["group"], "X25519")
        self.assertRegex(self.fails(peer, "groups=P-256"), "EPROTO: .*handshake failure")

    def test_versions(self):
        both = self.enter(PythonServer(pki().identity("ecdsa")))
        self.assertEqual(self.visit(both)["version"], TLS_1_3)
        self.assertEqual(self.visit(both, "max=0x0303")["version"], TLS_1_2)
        self.assertEqual(self.visit(both, "min=0x0304")["version"], TLS_1_3)
        old = self.enter(PythonServer(pki().identity("ecdsa"), maximum=TLS12))
        self.assertRegex(self.fails(old, "min=0x0304"), "EPROTO: .*no TLS version")
        new = self.enter(PythonServer(pki().identity("ecdsa"), minimum=TLS13))
        self.assertRegex(self.fails(new, "max=0x0303"), "EPROTO: .*no TLS version")

    @unittest.skipIf(missing("go"), "go is not installed")
    def test_channel_bindings_are_the_peer_s(self):
        for version, _ in VERSIONS.values():
            peer = self.server("go", "rsa", minimum=version, maximum=version)
            report = self.visit(peer)
            self.assertEqual(len(report["exporter"]), 64)
            self.assertEqual(peer.facts(report["answer"])["exporter"], report["exporter"])

    def test_the_binding_to_the_server_s_certificate(self):
        for certificate, binding in (("ecdsa", hashlib.sha256), ("rsa", hashlib.sha256)):
            identity = pki().identity(certificate)
            with open(identity.cert_file) as file:
                der = ssl.PEM_cert_to_DER_cert(file.read())
            with PythonServer(identity) as peer:
                self.assertEqual(self.visit(peer)["end_point"], binding(der).hexdigest())

    def test_a_chain_is_shown_whole(self):
        with PythonServer(pki().identity("chain")) as peer:
            self.assertEqual(self.visit(peer)["certificates"], "2")


class KeepsGoing(ServerTest):
    def test_keys_are_updated_from_either_side(self):
        """s_server's "k" updates its own keys, "K" asks for the guest's too."""
        peer = self.enter(OpensslServer(pki().identity("ecdsa"), lines=True))
        process = self.probe(f"connect:{peer}", f"htls:{NAME}", "get:version",
                             *["send:ping\\n", "recv:100"] * 4)
        for pings, command in enumerate(("k", "K", "k", "K"), 1):
            wait_until(lambda: peer.log_text().count("ping") >= pings, f"ping {pings}")
            peer.say(command)
            time.sleep(0.2)  # or s_server would read both at once, as one command
            peer.say("pong")
        out, err = process.communicate(timeout=20 * support.SLOWNESS)
        self.assertIn("get:version\t772", out, err)
        self.assertEqual(out.count("pong"), 4, out + err)

    def probe(self, *steps):
        """Starts a script, whose end is not waited for where the test fails."""
        process = support.start([support.program("probe"), "socket:tcp4", *steps],
                                support.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_renegotiation_is_refused(self):
        """s_server's "r" asks for it (TLS 1.2)."""
        peer = self.enter(OpensslServer(pki().identity("rsa"), lines=True, minimum=TLS12,
                                        maximum=TLS12))
        process = self.probe(f"connect:{peer}", f"htls:{NAME}", "send:ping\\n", "recv:100",
                             "send:ping\\n")
        wait_until(lambda: "ping" in peer.log_text(), "the guest's ping")
        peer.say("r")
        out, err = process.communicate(timeout=20 * support.SLOWNESS)
        self.assertIn("recv:100\tEPROTO", out, err)  # it makes much of the refusal, and gives up
        self.assertIn("no renegotiation", peer.log_text())

    def test_two_hundred_at_once(self):
        peer = self.enter(TlsPeer(pki().identity("ecdsa"), echo))
        result = self.run_guest("many", "parallel", peer, NAME, 200, timeout=40)
        self.assertIn("200 connections", result.stdout)


def add(case, name, method, kind, *arguments):
    def test(self):
        getattr(self, method)(kind, *arguments)

    setattr(case, f"test_{name}", test)


for kind in SERVERS:
    for version, (wanted, _) in VERSIONS.items():
        for certificate, without in CERTIFICATES.items():
            if kind not in without:
                add(Interoperates, f"{kind}_with_{version}_and_{certificate}", "check_version",
                    kind, version, certificate)
        add(ShowsItsCertificate, f"{kind}_accepts_with_{version}", "good", kind, wanted, "client")
        add(ShowsItsCertificate, f"{kind}_refuses_none_with_{version}", "refused", kind, wanted,
            [])
        add(Resumes, f"{kind}_with_{version}", "resumes", kind, wanted)
    for certificate in ("client_rsa", "client_chain"):
        add(ShowsItsCertificate, f"{kind}_accepts_{certificate}", "good", kind, TLS13, certificate)
    for certificate in ("client_expired", "client_unknown_ca"):
        add(ShowsItsCertificate, f"{kind}_refuses_{certificate}", "refused", kind, TLS13,
            [identity_of(certificate)])
    add(HasAlpn, f"{kind}_agrees", "agrees", kind)
    add(HasAlpn, f"{kind}_does_not_agree", "does_not_agree", kind)

if __name__ == "__main__":
    support.main()
