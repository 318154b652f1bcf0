"""What the operator decides, and what a guest may decide for itself: whom to trust, which versions,
whether to verify at all, and what is written down for a network analyser."""

import os
import re
import stat

from tls_support import (TLS_1_2, TLS_1_3, TlsTest, anchors, grants, identity_of, inside, page_of,
                         pki)

import support
from support.peers import NAME, TLS12, TlsPeer, echo
from tls_peers import FetchError, OpensslServer, PythonServer, missing, openssl_client

INSECURE = "--allow-insecure-tls"
NOTHING_TRUSTED = {"SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent"}


class PolicyTest(TlsTest):
    def server(self, certificate="ecdsa", **more):
        return self.enter(PythonServer(pki().identity(certificate), **more))


class TrustOfTheHost(PolicyTest):
    """--ca FILE in place of the system's."""

    def test_is_what_it_is_told(self):
        peer = self.server()
        option = "--ca=" + pki().ca_file
        self.assertEqual(self.visit(peer, options=option, **NOTHING_TRUSTED)["server_name"], NAME)
        self.assertRegex(self.fails(peer, **NOTHING_TRUSTED), "EACCES: .*not in the trust store")

    def test_is_nothing_else(self):
        peer = self.server()
        other = pki().identity("self_signed").cert_file  # and SSL_CERT_FILE has the right one
        self.assertRegex(self.fails(peer, options="--ca=" + other), "EACCES: .*not accepted")

    def test_may_be_a_single_certificate(self):
        own = pki().identity("self_signed")
        with PythonServer(own) as peer:
            self.visit(peer, options="--ca=" + own.cert_file)

    def test_is_for_a_server_s_clients_too(self):
        server = self.serve(identity_of("ecdsa"), "verify=4", options="--ca=" + pki().ca_file,
                            **NOTHING_TRUSTED)
        report = page_of(openssl_client(server, identity=pki().identity("client")))
        self.assertEqual(report["subject"], ["commonName=client"])

    def test_in_a_file_that_cannot_be_read_is_told(self):
        peer = self.server()
        for path in ("/nonexistent/ca.pem", "/dev/null"):
            self.assertRegex(self.fails(peer, options="--ca=" + path), "EACCES")
            self.assertRegex(self.result.stderr, f"timecraft: the trust store {path} holds no "
                             "certificate that can be read; .*or --ca, to a file")


class TrustOfTheGuest(PolicyTest):
    def foreign(self):
        """A server below a root that the host does not trust, and the setting that does."""
        foreign = pki().identity("self_signed")
        return self.enter(PythonServer(foreign)), "anchors=" + inside(foreign.cert_file)

    def test_takes_the_place_of_the_host_s(self):
        peer, trusting = self.foreign()
        self.assertRegex(self.fails(peer), "EACCES")
        self.assertEqual(self.visit(peer, trusting)["server_name"], NAME)
        self.assertRegex(self.fails(self.server(), trusting), "EACCES")

    def test_may_come_beside_the_host_s(self):
        peer, trusting = self.foreign()
        for one in (peer, self.server()):
            self.assertEqual(self.visit(one, trusting, "system=1")["server_name"], NAME)

    def test_needs_nothing_of_the_host_s(self):
        self.visit(self.server(), anchors(), **NOTHING_TRUSTED)
        self.visit(self.server("chain"), anchors(), **NOTHING_TRUSTED)

    def test_may_be_an_intermediate_or_the_certificate_itself(self):
        for name in ("chain", "missing_intermediate"):
            issuer = "anchors=" + inside(pki().identity("chain").issuers_file)
            self.visit(self.server(name), issuer, **NOTHING_TRUSTED)
        own = "anchors=" + inside(pki().identity("ecdsa").cert_file)
        self.visit(self.server(), own, **NOTHING_TRUSTED)
        self.assertRegex(self.fails(self.server("rsa"), own), "EACCES")

    def test_changes_nothing_else_that_is_checked(self):
        own = "anchors=" + inside(pki().identity("wrong_name").cert_file)
        self.assertRegex(self.fails(self.server("wrong_name"), own), "EACCES: .*ostname mismatch")
        expired = "anchors=" + inside(pki().identity("expired").cert_file)
        self.assertRegex(self.fails(self.server("expired"), expired), "EACCES: .*has expired")

    def test_may_be_set_and_left_unused(self):
        peer, trusting = self.foreign()
        self.play(f"""
            socket:tcp4    -> ok
            optf:{trusting.replace("=", ":")} -> ok
            optn:trust:0   -> ok
            connect:{peer} -> ok
            htls:{NAME}    -> EACCES
            slot:1         -> ok
            socket:tcp4    -> ok
            optn:trust:1   -> ok
            connect:{peer} -> ok
            htls:{NAME}    -> EACCES
        """, grants())


class Verification(PolicyTest):
    def test_may_not_be_left_out(self):
        for setting in ("insecure=1", "verify=1"):
            self.assertRegex(self.fails(self.server(), setting), "EACCES")
            self.assertEqual(self.result.stderr, (
                f"timecraft: refused to leave the verification of {NAME} out: it was not granted. "
                "To allow it, build or run with --allow-insecure-tls\n"))

    def test_may_be_left_out_where_it_is_granted(self):
        for name in ("unknown_ca", "self_signed", "expired", "wrong_name", "for_clients_only"):
            report = self.visit(self.server(name), "insecure=1", options=INSECURE)
            self.assertEqual(report["certificates"], "1")
            self.assertEqual(self.result.stderr, "")

    def test_of_everything_but_the_name(self):
        self.visit(self.server("wrong_name"), "verify=1", options=INSECURE)
        for name in ("unknown_ca", "self_signed", "expired", "for_clients_only"):
            self.assertRegex(self.fails(self.server(name), "verify=1", options=INSECURE), "EACCES")

    def test_is_whole_unless_the_guest_asks(self):
        for name in ("unknown_ca", "wrong_name", "expired"):
            self.assertRegex(self.fails(self.server(name), options=INSECURE), "EACCES")

    def test_of_an_address_may_be_left_out(self):
        self.visit(self.server(), "insecure=1", name="127.0.0.1", options=INSECURE)
        self.visit(self.server(), "verify=1", name="127.0.0.1", options=INSECURE)

    def test_that_is_left_out_leaves_other_reasons_their_words(self):
        with TlsPeer(pki().identity("unknown_ca"), echo, maximum=TLS12) as peer:
            self.assertRegex(self.fails(peer, "insecure=1", "min=0x0304", options=INSECURE),
                             "EPROTO: .*no TLS version that is allowed")


class Versions(PolicyTest):
    def test_the_lowest(self):
        option = "--tls-min-version=1.3"
        self.assertEqual(self.visit(self.server(), options=option)["version"], TLS_1_3)
        self.assertRegex(self.fails(self.server(maximum=TLS12), options=option), "EPROTO: .*version")
        # A guest does not undercut it.
        self.assertRegex(self.fails(self.server(maximum=TLS12), "min=0x0303", options=option),
                         "EPROTO: .*version")
        self.assertRegex(self.fails(self.server(), "max=0x0303", options=option), "EINVAL")

    def test_the_highest(self):
        option = "--tls-max-version=1.2"
        self.assertEqual(self.visit(self.server(), options=option)["version"], TLS_1_2)
        self.assertRegex(self.fails(self.server(), "min=0x0304", options=option), "EINVAL")
        self.play("socket:tcp4 -> ok\nget:max -> 771\noptn:max:772 -> ok\nget:max -> 771",
                  grants(option))

    def test_of_servers(self):
        server = self.serve(identity_of("ecdsa"), options="--tls-min-version=1.3")
        self.assertEqual(page_of(openssl_client(server))["version"], TLS_1_3)
        with self.assertRaises(FetchError):
            openssl_client(server, TLS12, TLS12)
        server = self.serve(identity_of("ecdsa"), options="--tls-max-version=1.2")
        self.assertEqual(page_of(openssl_client(server))["version"], TLS_1_2)

    def test_without_any_are_1_2_and_1_3(self):
        self.play("socket:tcp4 -> ok\nget:min -> 771\nget:max -> 772", grants())


class SecretsWrittenDown(PolicyTest):
    """SSLKEYLOGFILE of the host's environment."""

    def setUp(self):
        self.path = os.path.join(support.temporary_folder(), "keys")

    @staticmethod
    def lines(path):
        with open(path) as file:
            return sorted(line.strip() for line in file if not line.startswith("#"))

    @staticmethod
    def kinds(lines):
        return {line.split()[0] for line in lines}

    def test_are_those_of_the_connection(self):
        if missing("openssl"):
            self.skipTest("openssl is not installed")
        for version in ("-tls1_3", "-tls1_2"):
            theirs, own = self.path + version + "-server", self.path + version
            with OpensslServer(pki().identity("ecdsa"), version, "-keylogfile", theirs) as peer:
                self.visit(peer, SSLKEYLOGFILE=own)
            self.assertEqual(self.lines(own), self.lines(theirs))
            self.assertTrue(self.lines(own))

    def test_are_the_operator_s_alone(self):
        self.visit(self.server(), SSLKEYLOGFILE=self.path)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_are_appended(self):
        for _ in range(2):
            self.visits(self.server(), "times=2", SSLKEYLOGFILE=self.path)
        randoms = {line.split()[1] for line in self.lines(self.path)}
        self.assertEqual(len(randoms), 4)
        self.assertTrue(all(re.fullmatch("[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]+", line)
                            for line in self.lines(self.path)))

    def test_of_a_server(self):
        server = self.serve(identity_of("ecdsa"), SSLKEYLOGFILE=self.path)
        openssl_client(server)
        self.assertIn("SERVER_TRAFFIC_SECRET_0", self.kinds(self.lines(self.path)))

    def test_are_not_written_where_nobody_asks(self):
        for value in ({}, {"SSLKEYLOGFILE": ""}):
            self.visit(self.server(), **value)
            self.assertEqual(self.result.stderr, "")
        self.assertFalse(os.path.exists(self.path))

    def test_a_guest_cannot_ask(self):
        """Its own environment is another one."""
        self.visit(self.server(), options=f"--env=SSLKEYLOGFILE={self.path}")
        self.assertFalse(os.path.exists(self.path))

    def test_that_cannot_be_written_are_told_once(self):
        self.visits(self.server(), "times=3", SSLKEYLOGFILE="/nonexistent/keys")
        self.assertEqual(self.result.stderr, "timecraft: SSLKEYLOGFILE=/nonexistent/keys cannot be "
                         "written: No such file or directory\n")


if __name__ == "__main__":
    support.main()
