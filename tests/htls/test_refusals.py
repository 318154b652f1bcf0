"""What hTLS refuses: each with its errno, the same one from then on, and a reason in words."""

import ssl
import struct
import time

import support
from support.peers import (NAME, TLS12, TLS13, Relay, TlsPeer, ThreadPeer, echo, reset,
                           server_context)

# What the reason must say: one of these words, in any case.
WORDS = {
    "self_signed": ["self-signed", "self signed"],
    "unknown_ca": ["unable to get local issuer", "unknown authority"],
    "expired": ["expired"],
    "not_yet_valid": ["not yet valid"],
    "wrong_name": ["hostname mismatch", "host name"],
    "names_no_host": ["hostname mismatch", "subjectaltname"],
    "wrong_address": ["ip address mismatch"],
    "wrong_purpose": ["purpose"],
    "not_a_ca": ["invalid ca certificate", "purpose"],
    "version": ["tls version", "protocol version"],
    "clear_text": ["does not answer in tls", "wrong version number"],
    "closed": ["closed the connection", "closed"],
    "reset": ["reset"],
    "too_slow": ["not done after", "timed out"],
    "truncated": ["close_notify", "truncated"],
    "alert": ["refused", "alert"],
    "needs_identity": ["certificate required", "bad certificate", "handshake failure"],
    "broken": ["failed"],
}

QUICK = support.ALL_NETWORK + " --tls-handshake-timeout=1"


def words(kind):
    return "/(?i)" + "|".join(WORDS[kind]) + "/"


class RefusalTest(support.GuestTest):
    def refuses(self, peer, errno, kind, name=NAME, options=support.ALL_NETWORK):
        """A blocking guest is refused by setsockopt; a non-blocking one learns it from SO_ERROR.
        Both meet the same errno for ever after, and the same reason."""
        self.play(f"""
            socket:tcp4      -> ok
            connect:{peer}   -> ok
            htls:{name}      -> {errno}
            reason           -> {words(kind)}
            so_error         -> {errno}
            send:hello       -> {errno}
            recv:5           -> {errno}
            so_error         -> {errno}
            send:again       -> {errno}
            reason           -> {words(kind)}
            close            -> ok
        """, options)
        self.play(f"""
            socket:tcp4      -> ok
            connect:{peer}   -> ok
            nonblock         -> ok
            htls:{name}      -> ok
            handshake:9000   -> {errno}
            so_error         -> {errno}
            reason           -> {words(kind)}
            recv:5           -> {errno}
            send:hello       -> {errno}
            poll:rw:1000     -> /^in|^out|^err/
            so_error         -> {errno}
            close            -> ok
        """, options)

    def refuses_certificate(self, certificate, kind, name=NAME):
        with TlsPeer(support.pki().identity(certificate), echo) as peer:
            self.refuses(peer, "EACCES", kind, name)
            peer.finish()
            for error in peer.errors:
                self.assertIsInstance(error, (ssl.SSLError, OSError))


class RefusesTheCertificate(RefusalTest):
    def test_self_signed(self):
        self.refuses_certificate("self_signed", "self_signed")

    def test_of_an_unknown_ca(self):
        self.refuses_certificate("unknown_ca", "unknown_ca")

    def test_that_has_expired(self):
        self.refuses_certificate("expired", "expired")

    def test_that_is_not_yet_valid(self):
        self.refuses_certificate("not_yet_valid", "not_yet_valid")

    def test_for_another_host_name(self):
        self.refuses_certificate("wrong_name", "wrong_name")

    def test_with_the_name_only_in_the_common_name(self):
        self.refuses_certificate("common_name_only", "names_no_host")

    def test_with_the_name_in_the_common_name_beside_other_names(self):
        self.refuses_certificate("common_name_beside_other_names", "wrong_name")

    def test_with_a_wildcard_within_a_label(self):
        self.refuses_certificate("partial_wildcard", "wrong_name")

    def test_with_a_wildcard_for_a_name_of_more_labels(self):
        self.refuses_certificate("wildcard", "wrong_name", "deeper.server.example.test")

    def test_with_a_wildcard_for_the_bare_domain(self):
        self.refuses_certificate("wildcard", "wrong_name", "example.test")

    def test_whose_intermediate_is_missing(self):
        self.refuses_certificate("missing_intermediate", "unknown_ca")

    def test_for_clients_only(self):
        self.refuses_certificate("for_clients_only", "wrong_purpose")

    def test_for_signing_lists_only(self):
        self.refuses_certificate("for_signing_lists_only", "wrong_purpose")

    def test_issued_by_a_certificate_that_is_no_ca(self):
        self.refuses_certificate("issued_by_a_server", "not_a_ca")

    def test_for_another_address(self):
        self.refuses_certificate("addresses", "wrong_address", "127.0.0.2")

    def test_for_names_when_an_address_is_asked_for(self):
        self.refuses_certificate("ecdsa", "wrong_address", "127.0.0.1")

    def test_with_the_address_as_a_dns_name(self):
        self.refuses_certificate("address_as_dns_name", "wrong_address", "127.0.0.1")

    def test_for_addresses_when_a_name_is_asked_for(self):
        self.refuses_certificate("addresses", "wrong_name")

    def test_of_a_good_server_without_a_trust_store(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> EACCES
                reason         -> {words("unknown_ca")}
            """, SSL_CERT_FILE="/nonexistent/ca.pem")


class RefusesTheProtocol(RefusalTest):
    def test_of_a_server_with_tls_1_1_only(self):
        context = server_context(support.pki().identity("rsa"), ssl.TLSVersion.TLSv1_1,
                                 ssl.TLSVersion.TLSv1_1)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with TlsPeer(None, echo, context=context) as peer:
            self.refuses(peer, "EPROTO", "version")

    def test_of_a_server_that_chooses_tls_1_1(self):
        """One that is too old to say that it does not like the version, and just answers with its
        own: a ServerHello of TLS 1.1."""
        hello = b"\x03\x02" + bytes(32) + b"\0" + b"\xc0\x13" + b"\0"
        message = b"\x02" + struct.pack("!I", len(hello))[1:] + hello
        answer = b"\x16\x03\x02" + struct.pack("!H", len(message)) + message

        with ThreadPeer(lambda connection: self.answer(connection, answer)) as peer:
            self.refuses(peer, "EPROTO", "version")

    def test_of_a_plain_http_server(self):
        answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        with ThreadPeer(lambda connection: self.answer(connection, answer)) as peer:
            self.refuses(peer, "EPROTO", "clear_text")

    def test_of_a_server_that_speaks_first_and_not_tls(self):
        with ThreadPeer(lambda connection: connection.sendall(b"220 ready\r\n") or
                        connection.recv(4096)) as peer:
            self.refuses(peer, "EPROTO", "clear_text")

    def test_of_a_server_without_a_cipher_in_common(self):
        context = server_context(support.pki().identity("rsa"), TLS12, TLS12)
        context.set_ciphers("NULL-SHA256:@SECLEVEL=0")
        with TlsPeer(None, echo, context=context) as peer:
            self.refuses(peer, "EPROTO", "alert")

    def test_of_a_server_that_sends_an_alert(self):
        with ThreadPeer(lambda connection: self.answer(connection,
                                                       b"\x15\x03\x03\0\x02\x02\x28")) as peer:
            self.refuses(peer, "EPROTO", "alert")

    def test_of_a_server_that_wants_an_identity_in_tls_1_2(self):
        context = server_context(support.pki().identity("ecdsa"), TLS12, TLS12)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(support.pki().ca_file)
        with TlsPeer(None, echo, context=context) as peer:
            self.refuses(peer, "EPROTO", "needs_identity")

    def test_of_a_server_that_wants_an_identity_in_tls_1_3(self):
        """There the client's side of the handshake ends before the server refuses."""
        context = server_context(support.pki().identity("ecdsa"), TLS13, TLS13)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(support.pki().ca_file)
        with TlsPeer(None, echo, context=context) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                recv:5         -> EPROTO
                reason         -> {words("needs_identity")}
                send:hello     -> EPROTO
                so_error       -> EPROTO
            """)

    def test_of_a_server_whose_records_were_changed_on_the_way(self):
        class Forger(Relay):
            def _to_guest(self, data, guest):
                if self.from_server:  # after the first flight, which is not protected yet
                    data = data[:-1] + bytes([data[-1] ^ 1])
                return super()._to_guest(data, guest)

        with TlsPeer(support.pki().identity("ecdsa"), echo, maximum=TLS12) as peer:
            with Forger(peer) as forger:
                self.refuses(forger, "EPROTO", "broken")

    @staticmethod
    def answer(connection, answer):
        connection.recv(4096)
        connection.sendall(answer)
        # Closing while bytes of the guest are unread would reset the connection.
        while connection.recv(4096):
            pass


class RefusesTheEnd(RefusalTest):
    def test_of_a_peer_that_closes_before_it_answers(self):
        with ThreadPeer(lambda connection: connection.recv(4096)) as peer:
            self.refuses(peer, "ECONNRESET", "closed")

    def test_of_a_peer_that_closes_at_once(self):
        with ThreadPeer(lambda connection: None) as peer:
            self.refuses_soon(peer)

    def test_of_a_peer_that_resets_before_it_answers(self):
        with ThreadPeer(lambda connection: connection.recv(4096) and reset(connection)) as peer:
            self.refuses(peer, "ECONNRESET", "reset")

    def test_of_a_peer_that_closes_in_the_middle_of_its_first_flight(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            with Relay(peer, cut=100) as relay:
                self.refuses(relay, "ECONNRESET", "closed")

    def test_of_a_peer_that_resets_in_the_middle_of_its_first_flight(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            with Relay(peer, cut=100, cut_with=reset) as relay:
                self.refuses_soon(relay)

    def test_of_a_stream_that_is_cut_without_close_notify(self):
        for version in (TLS12, TLS13):
            with self.subTest(version.name), self.truncating_peer(version) as peer:
                self.play(f"""
                    socket:tcp4    -> ok
                    connect:{peer} -> ok
                    htls:{NAME}    -> ok
                    recv:100       -> 4 part
                    recv:100       -> ECONNRESET
                    reason         -> {words("truncated")}
                    recv:100       -> ECONNRESET
                    so_error       -> ECONNRESET
                    send:x         -> ECONNRESET
                """)

    def test_of_a_stream_that_is_cut_while_the_guest_polls(self):
        with self.truncating_peer(TLS13) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                nonblock       -> ok
                htls:{NAME}    -> ok
                handshake:5000 -> 0
                poll:r:5000    -> /^in/
                recv:4         -> 4 part
                poll:r:5000    -> /^in|^err|^hup/
                recv:100       -> ECONNRESET
                so_error       -> ECONNRESET
            """)

    def test_of_a_stream_that_is_reset(self):
        def serve(tls):
            tls.sendall(b"part")
            tls.recv(1)
            reset(tls)

        with TlsPeer(support.pki().identity("ecdsa"), serve, close_notify=False) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                recv:4         -> 4 part
                send:x         -> 1
                recv:100       -> ECONNRESET
                recv:100       -> ECONNRESET
            """)

    def test_of_a_record_that_is_cut(self):
        """The end comes in the middle of a record: none of its bytes may be handed over."""
        with TlsPeer(support.pki().identity("ecdsa"), lambda tls: tls.sendall(b"x" * 16000),
                     close_notify=False) as peer:
            with Relay(peer, cut=10000) as relay:
                self.play(f"""
                    socket:tcp4     -> ok
                    connect:{relay} -> ok
                    htls:{NAME}     -> ok
                    recv_all        -> 0 ECONNRESET
                    reason          -> /close_notify|closed/
                """)

    @staticmethod
    def truncating_peer(version):
        return TlsPeer(support.pki().identity("ecdsa"), lambda tls: tls.sendall(b"part"),
                       close_notify=False, minimum=version, maximum=version)

    def refuses_soon(self, peer):
        """As `refuses`, for a peer that may be gone before the guest looks."""
        self.play(f"""
            socket:tcp4    -> ok
            connect:{peer} -> ok
            htls:{NAME}    -> ECONNRESET
            reason         -> /closed|reset|Broken pipe/
            so_error       -> ECONNRESET
            recv:1         -> ECONNRESET
            send:x         -> ECONNRESET
        """)


class RefusesToWaitForEver(RefusalTest):
    def test_for_a_peer_that_never_answers(self):
        with ThreadPeer(lambda connection: peer.stopped.wait(60)) as peer:
            begin = time.monotonic()
            self.refuses(peer, "ETIMEDOUT", "too_slow", options=QUICK)
            took = time.monotonic() - begin
        self.assertGreaterEqual(took, 2, "two time-outs of a second each")
        self.assertLess(took, 4 * support.SLOWNESS, "two time-outs of a second each")

    def test_for_a_peer_that_answers_byte_by_byte(self):
        """The limit is one for the whole handshake, not for each wait."""
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer, Relay(peer, drip=0.1) as relay:
            self.refuses(relay, "ETIMEDOUT", "too_slow", options=QUICK)

    def test_but_is_not_in_force_after_the_handshake(self):
        def serve(tls):
            time.sleep(1.5)
            tls.sendall(b"late")

        with TlsPeer(support.pki().identity("ecdsa"), serve) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                recv:100       -> 4 late
                recv:100       -> 0
            """, QUICK)

    def test_when_the_guest_sleeps_meanwhile(self):
        with ThreadPeer(lambda connection: peer.stopped.wait(60)) as peer:
            self.play(f"""
                socket:tcp4      -> ok
                connect:{peer}   -> ok
                nonblock         -> ok
                htls:{NAME}      -> ok
                sleep_error:9000 -> ETIMEDOUT
                reason           -> {words("too_slow")}
            """, QUICK)


if __name__ == "__main__":
    support.main()
