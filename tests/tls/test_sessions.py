"""Resumption: by default, per name and configuration, confirmed by the peer; a ticket of TLS 1.3 once;
never beyond the life of a certificate; a server's tickets for its own configuration only."""

import datetime
import time

from tls_support import TlsTest, anchors, both_file, grants, identity_of, inside, page_of, pki

import support
from support.peers import NAME, TLS12, TLS13, TlsPeer, client_context, echo, server_context
from tls_peers import python_session

VERSIONS = (TLS12, TLS13)
SECOND = datetime.timedelta(seconds=1)


class ClientTest(TlsTest):
    options = ""

    def peer(self, version, certificate="ecdsa", tickets=2):
        context = server_context(pki().identity(certificate), version, version)
        context.num_tickets = tickets
        peer = TlsPeer(None, self.note_resumption, context=context)
        self.reused = []
        return self.enter(peer)

    def note_resumption(self, tls):
        self.reused.append(tls.session_reused)
        echo(tls)

    @staticmethod
    def visit_steps(peer, resumed, *steps, name=NAME):
        """A connection in one slot, from beginning to end."""
        return "\n".join([
            "socket:tcp4 -> ok", *(step + " -> ok" for step in steps), f"connect:{peer} -> ok",
            f"htls:{name} -> ok", f"get:resumed -> {int(resumed)}", "send:x -> 1", "recv:1 -> 1 x",
            "close -> ok", ""])

    def plays(self, peer, *visits):
        """`visits` are (resumed, step...); the peer must say the same of each."""
        script = "".join(self.visit_steps(peer, *visit) for visit in visits)
        self.play(script, grants(self.options))
        peer.finish()
        self.assertEqual(self.reused, [visit[0] for visit in visits])


class Resumes(ClientTest):
    def test_again_and_again(self):
        for version in VERSIONS:
            self.plays(self.peer(version), (False,), *[(True,)] * 4)

    def test_with_the_same_settings(self):
        steps = ("opt:alpn:\\x02h2", "optf:anchors:/pki/ca.pem", "opt:groups:P-256",
                 "optf:identity:" + inside(both_file("client")))
        for version in VERSIONS:
            self.plays(self.peer(version), (False, *steps), (True, *steps))

    def test_a_ticket_of_tls_1_3_only_once(self):
        """The second connection takes the only ticket, and has read no new one when the third
        begins: RFC 8446, appendix C.4."""
        for version, third in ((TLS12, 1), (TLS13, 0)):
            peer = self.peer(version, tickets=1)
            self.play(self.visit_steps(peer, False) + f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                get:resumed    -> 1
                slot:1         -> ok
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                get:resumed    -> {third}
            """)

    def test_more_servers_than_are_kept(self):
        """The oldest goes; nothing else happens."""
        peer = self.peer(TLS12, certificate="wildcard")
        names = [f"n{number}.example.test" for number in range(300)]
        script = "".join(self.visit_steps(peer, False, name=name) for name in names)
        script += self.visit_steps(peer, True, name=names[-1])
        script += self.visit_steps(peer, False, name=names[0])
        self.play(script, timeout=60)


class StartsAnew(ClientTest):
    """Where something differs that bears on trust, or on what is agreed."""

    def differs(self, *steps, before=(), options=""):
        self.options = options
        for version in VERSIONS:
            self.plays(self.peer(version), (False, *before), (False, *steps), (True, *before),
                       (True, *steps))

    def test_for_another_name(self):
        for version in VERSIONS:
            peer = self.peer(version, certificate="wildcard")
            self.play("".join(self.visit_steps(peer, resumed, name=name) for resumed, name in (
                (False, "one.example.test"), (False, "two.example.test"),
                (True, "one.example.test"))))

    def test_with_anchors(self):
        self.differs("optf:anchors:/pki/ca.pem")

    def test_with_another_trust(self):
        self.differs("optn:trust:2")

    def test_with_other_anchors(self):
        other = inside(pki().identity("wrong_name").cert_file)
        self.differs("optf:anchors:/pki/ca.pem", f"optf:anchors:{other}",
                     before=("optf:anchors:/pki/ca.pem",))

    def test_with_less_verification(self):
        self.differs("optn:verify:1", options="--allow-insecure-tls")
        self.differs("optn:verify:0", options="--allow-insecure-tls")

    def test_after_none(self):
        """A session that was made without verification serves nobody who wants it."""
        self.differs("optn:verify:2", before=("optn:verify:0",), options="--allow-insecure-tls")

    def test_with_another_identity(self):
        self.differs("optf:identity:" + inside(both_file("client")))
        self.differs("optf:identity:" + inside(both_file("client")),
                     before=("optf:identity:" + inside(both_file("client_rsa")),))

    def test_with_other_protocols(self):
        self.differs("opt:alpn:\\x02h2")

    def test_with_other_groups_or_suites(self):
        self.differs("opt:groups:P-256")
        self.differs("opt:ciphers:TLS_AES_256_GCM_SHA384:TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")

    def test_in_another_process(self):
        peer = self.peer(TLS13)
        for _ in range(2):
            self.play(self.visit_steps(peer, False))


class OutlivesNoCertificate(TlsTest):
    """As Go's crypto/tls has it: full handshakes again once the peer's certificate has expired."""

    LIFE = 4 * support.SLOWNESS  # seconds

    def short_lived(self, make, name):
        valid = (-datetime.timedelta(days=1), self.LIFE * SECOND)
        return make(name, valid=valid), time.monotonic() + self.LIFE + 1

    def test_of_a_server(self):
        identity, expired = self.short_lived(pki()._leaf, "short_lived")
        with TlsPeer(identity, echo) as peer:
            self.play(ClientTest.visit_steps(peer, False) + ClientTest.visit_steps(peer, True) + f"""
                pause
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> EACCES
                reason         -> /certificate has expired/
            """, command=["sh", "-c", f"sleep {self.LIFE + 1} | \"$@\"", "sh"])
            self.assertGreater(time.monotonic(), expired)

    def test_of_a_client(self):
        server = self.serve(identity_of("ecdsa"), anchors(), "verify=4")
        for version in VERSIONS:
            identity, expired = self.short_lived(pki()._client, "short_lived_client")
            context = client_context(version, version, identity)
            answer, session = python_session(server, context)
            self.assertEqual(page_of(answer)["resumed"], "0")
            answer, session = python_session(server, context, session=session)
            self.assertEqual(page_of(answer)["resumed"], "1")
            time.sleep(max(0, expired - time.monotonic()))
            with self.assertRaises((OSError, ValueError)):
                page_of(python_session(server, context, session=session)[0])
        self.assertRegex(server.wait_for_failure(2), "EACCES: .*certificate has expired")


class TicketsOfServers(TlsTest):
    def test_are_good_for_the_same_settings_only(self):
        """A ticket of a listener that demands nothing is worth nothing where a certificate is
        demanded."""
        server = self.serve(identity_of("ecdsa"), "+", identity_of("ecdsa"), anchors(), "verify=4")
        strict = Address(server, 1)
        for version in VERSIONS:
            context = client_context(version, version)
            _, session = python_session(server, context)
            self.assertEqual(page_of(python_session(server, context, session=session)[0])
                             ["resumed"], "1")
            with self.assertRaises((OSError, ValueError)):
                page_of(python_session(strict, context, session=session)[0])
        self.assertRegex(server.wait_for_failure(2), "EACCES: the client sent no certificate")

    def test_of_another_process_are_worth_nothing(self):
        one, other = self.serve(identity_of("ecdsa")), self.serve(identity_of("ecdsa"))
        for version in VERSIONS:
            context = client_context(version, version)
            _, session = python_session(one, context)
            self.assertEqual(page_of(python_session(other, context, session=session)[0])["resumed"],
                             "0")

    def test_are_for_the_name_that_was_asked_for(self):
        """RFC 6066, section 3. No client asks for another one by itself."""
        server = self.serve(identity_of("ecdsa"), identity_of("another"))
        for version in VERSIONS:
            context = client_context(version, version)
            context.check_hostname = False
            _, session = python_session(server, context)
            report = page_of(python_session(server, context, name="another.example.test",
                                            session=session)[0])
            self.assertEqual(report["resumed"], "0")


class Address:
    """One of several listening sockets."""

    def __init__(self, server, index):
        self.host, self.port = server.host, server.ports[index]


if __name__ == "__main__":
    support.main()
