"""Once hTLS is asked for, no byte of the guest leaves in clear text: a relay between the guest and
its server writes down every byte, and all of them must be TLS records."""

import support
from support.peers import (NAME, TLS12, TLS13, Relay, ThreadPeer, TlsPeer, echo, tls_records,
                           wait_until)

SECRET = "correct-horse-battery-staple"
HANDSHAKE, APPLICATION_DATA = 22, 23


class ClearTextTest(support.GuestTest):
    def relayed(self, peer, **more):
        self.addCleanup(peer.stop)
        relay = Relay(peer, **more)
        self.addCleanup(relay.stop)
        return relay

    def good_server(self, **more):
        return TlsPeer(support.pki().identity("ecdsa"), echo, **more)

    def check_records(self, relay, kinds_wanted=()):
        wait_until(lambda: relay.from_guest, "the guest's bytes to arrive")
        relay.stop()
        self.assertNotIn(SECRET.encode(), bytes(relay.from_guest))
        records = tls_records(relay.from_guest)
        self.assertEqual(sum(5 + len(payload) for _, payload in records), len(relay.from_guest),
                         "bytes after the last whole record")
        for kind in kinds_wanted:
            self.assertIn(kind, [kind for kind, _ in records])


class NothingIsClear(ClearTextTest):
    def test_of_what_a_guest_sends(self):
        for version in (TLS12, TLS13):
            relay = self.relayed(self.good_server(minimum=version, maximum=version))
            self.play(f"""
                socket:tcp4     -> ok
                connect:{relay} -> ok
                htls:{NAME}     -> ok
                send:{SECRET}   -> {len(SECRET)}
                recv:999        -> {len(SECRET)} {SECRET}
                close           -> ok
            """)
            self.check_records(relay, [HANDSHAKE, APPLICATION_DATA])

    def test_of_what_a_guest_sends_at_once_after_a_non_blocking_option(self):
        relay = self.relayed(self.good_server(), hold=2)
        self.play(f"""
            socket:tcp4           -> ok
            nonblock              -> ok
            connect:{relay}       -> EINPROGRESS | ok
            htls:{NAME}           -> ok
            send:{SECRET}         -> EAGAIN
            write:{SECRET}        -> EAGAIN
            writev:{SECRET},again -> EAGAIN
            insist:100:{SECRET}   -> EAGAIN
            handshake:5000        -> 0
            send:{SECRET}         -> {len(SECRET)}
            close                 -> ok
        """)
        self.check_records(relay, [HANDSHAKE, APPLICATION_DATA])

    def test_of_what_a_guest_sends_with_an_address(self):
        relay = self.relayed(self.good_server())
        self.play(f"""
            socket:tcp4              -> ok
            connect:{relay}          -> ok
            htls:{NAME}              -> ok
            sendto:{relay}={SECRET}  -> {len(SECRET)} | EISCONN
            send:{SECRET}            -> {len(SECRET)}
            close                    -> ok
        """)
        self.check_records(relay, [HANDSHAKE, APPLICATION_DATA])

    def test_when_the_certificate_is_refused(self):
        for certificate in ("self_signed", "wrong_name"):
            relay = self.relayed(TlsPeer(support.pki().identity(certificate), echo))
            self.insists_in_vain(relay, "EACCES")

    def test_when_the_server_does_not_speak_tls(self):
        relay = self.relayed(ThreadPeer(
            lambda connection: connection.recv(4096) and
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n") or connection.recv(4096)))
        self.insists_in_vain(relay, "EPROTO")

    def test_when_the_peer_goes_away(self):
        self.insists_in_vain(self.relayed(self.good_server(), cut=100), "ECONNRESET")

    def test_when_the_handshake_is_too_slow(self):
        relay = self.relayed(self.good_server(), hold=3)
        self.insists_in_vain(relay, "ETIMEDOUT",
                             support.ALL_NETWORK + " --tls-handshake-timeout=0.5")

    def insists_in_vain(self, relay, errno, options=support.ALL_NETWORK):
        self.play(f"""
            socket:tcp4           -> ok
            connect:{relay}       -> ok
            nonblock              -> ok
            htls:{NAME}           -> ok
            send:{SECRET}         -> EAGAIN | {errno}
            handshake:5000        -> {errno}
            send:{SECRET}         -> {errno}
            write:{SECRET}        -> {errno}
            writev:{SECRET},again -> {errno}
            htls:{NAME}           -> EINVAL
            send:{SECRET}         -> {errno}
            block                 -> ok
            send:{SECRET}         -> {errno}
            sleep:100             -> ok
            send:{SECRET}         -> {errno}
        """, options)
        self.check_records(relay, [HANDSHAKE])

    def test_after_the_guest_has_ended_its_direction(self):
        relay = self.relayed(self.good_server())
        self.play(f"""
            socket:tcp4     -> ok
            connect:{relay} -> ok
            htls:{NAME}     -> ok
            shutdown:w      -> ok
            send:{SECRET}   -> EPIPE
            recv:1          -> 0
            send:{SECRET}   -> EPIPE
            close           -> ok
        """)
        self.check_records(relay, [HANDSHAKE])

    def test_when_the_guest_ends_in_the_middle_of_the_handshake(self):
        relay = self.relayed(self.good_server(), hold=0.3)
        self.play(f"""
            socket:tcp4     -> ok
            connect:{relay} -> ok
            nonblock        -> ok
            htls:{NAME}     -> ok
            send:{SECRET}   -> EAGAIN
        """)
        self.check_records(relay, [HANDSHAKE])


if __name__ == "__main__":
    support.main()
