"""Bytes over hTLS: small and large, one way and both, to the end in either direction, over one
connection and over a thousand."""

import threading

import support
from support.peers import (NAME, TLS12, TLS13, WAIT, OpensslPeer, Relay, TlsPeer, both_ways, echo,
                           receive_all)

MEGABYTE = 1 << 20


class StreamTest(support.GuestTest):
    def serving(self, serve, **more):
        peer = TlsPeer(support.pki().identity("ecdsa"), serve, **more)
        self.addCleanup(peer.stop)
        return peer

    def connected(self, peer):
        return f"""
            socket:tcp4    -> ok
            connect:{peer} -> ok
            htls:{NAME}    -> ok
        """


class SmallPieces(StreamTest):
    def test_one_byte_buffers(self):
        self.play(self.connected(self.serving(echo)) + """
            send:h          -> 1
            send:i          -> 1
            recv:1          -> 1 h
            recv:1          -> 1 i
            exchange:500:1  -> 500
        """)

    def test_a_record_read_in_parts(self):
        peer = self.serving(lambda tls: tls.sendall(b"abcdefghij"))
        self.play(self.connected(peer) + """
            recv:3     -> 3 abc
            recv:1     -> 1 d
            read:2     -> 2 ef
            readv:3    -> 3 ghi
            recv:100   -> 1 j
            recv:100   -> 0
        """)

    def test_a_peek_leaves_the_bytes(self):
        peer = self.serving(lambda tls: tls.sendall(b"abcdef"))
        self.play(self.connected(peer) + """
            recv:3:peek  -> 3 abc
            recv:6:peek  -> 6 abcdef
            recv:4       -> 4 abcd
            recv:9:peek  -> 2 ef
            recv:9       -> 2 ef
            recv:9:peek  -> 0
            recv:9       -> 0
        """)

    def test_waitall_waits_for_all(self):
        def serve(tls):
            for part in (b"ab", b"cd", b"ef"):
                tls.sendall(part)
                threading.Event().wait(0.05)

        self.play(self.connected(self.serving(serve)) + """
            recv:5:waitall -> 5 abcde
            recv:5:waitall -> 1 f
            recv:5:waitall -> 0
        """)

    def test_several_vectors_are_one_stream(self):
        self.play(self.connected(self.serving(echo)) + """
            writev:ab,c,defg -> 7
            recv:7:waitall   -> 7 abcdefg
        """)

    def test_an_empty_send_sends_nothing(self):
        self.play(self.connected(self.serving(echo)) + """
            send:            -> 0
            send:x           -> 1
            recv:9           -> 1 x
        """)

    def test_requests_and_answers_on_one_connection(self):
        self.play(self.connected(self.serving(echo)) + """
            exchange:2000:100 -> 2000
        """)


class LargePieces(StreamTest):
    def test_a_blocking_send_takes_everything(self):
        received = []
        peer = self.serving(lambda tls: received.append(len(receive_all(tls))))
        self.play(self.connected(peer) + f"""
            send_size:{MEGABYTE} -> {MEGABYTE}
            send_size:{MEGABYTE} -> {MEGABYTE}
            shutdown:w           -> ok
            recv:1               -> 0
        """)
        peer.finish()
        self.assertEqual(received, [2 * MEGABYTE])

    def test_a_blocking_send_waits_for_a_reader_that_is_slow(self):
        """More than the host and both kernels hold: the rest leaves when the reader makes room."""
        received = []

        def serve(tls):
            peer.stopped.wait(0.5)
            received.append(len(receive_all(tls)))

        peer = self.serving(serve)
        self.play(self.connected(peer) + f"send_size:{MEGABYTE} -> {MEGABYTE}\n" * 16)
        peer.finish()
        self.assertEqual((received, peer.errors), ([16 * MEGABYTE], []))

    def test_a_guest_that_closes_has_sent_everything(self):
        """close() without shutdown: what was taken arrives, then close_notify."""
        received = []
        peer = self.serving(lambda tls: received.append(len(receive_all(tls))))
        self.play(self.connected(peer) + f"""
            send_size:{MEGABYTE} -> {MEGABYTE}
            close                -> ok
        """)
        peer.finish()
        self.assertEqual((received, peer.errors), ([MEGABYTE], []))

    def test_a_guest_that_just_ends_has_sent_everything(self):
        received = []
        peer = self.serving(lambda tls: received.append(len(receive_all(tls))))
        self.play(self.connected(peer) + f"send_size:{MEGABYTE} -> {MEGABYTE}")
        peer.finish()
        self.assertEqual((received, peer.errors), ([MEGABYTE], []))

    def test_a_stream_that_is_received_to_its_end(self):
        size = 16 * MEGABYTE
        peer = self.serving(lambda tls: tls.sendall(bytes(size)))
        self.play(self.connected(peer) + f"recv_all -> {size} end")

    def test_what_came_before_the_end_is_received_after_it(self):
        peer = self.serving(lambda tls: tls.sendall(bytes(100000)))
        self.play(self.connected(peer) + """
            sleep:300    -> ok
            recv_all:999 -> 100000 end
        """)

    def test_a_stream_that_arrives_byte_by_byte(self):
        peer = self.serving(lambda tls: tls.sendall(b"a few words"))
        with Relay(peer, drip=0.0005) as relay:
            self.play(self.connected(relay) + """
                recv:11:waitall -> 11 a few words
                recv:11         -> 0
            """)

    def test_64_megabytes_both_ways_at_once(self):
        self.goes_both_ways(64 * MEGABYTE, 65536, 65536, timeout=60)

    def test_both_ways_in_odd_chunks(self):
        self.goes_both_ways(4 * MEGABYTE, 16385, 1000)

    def test_both_ways_with_a_slow_reader(self):
        self.goes_both_ways(MEGABYTE, 100000, 64)

    def test_both_ways_with_tls_1_2(self):
        self.goes_both_ways(8 * MEGABYTE, 65536, 65536, maximum=TLS12)

    def goes_both_ways(self, size, send_chunk, recv_chunk, timeout=20, **more):
        peer = self.serving(both_ways(size), **more)
        result = self.run_guest("both_ways", peer, NAME, size, send_chunk, recv_chunk,
                                timeout=timeout)
        self.assertEqual(result.stdout, f"{size} sent, {size} received, end\n", result)
        peer.finish()
        self.assertEqual(peer.errors, [])


class HalfClose(StreamTest):
    def test_the_guest_ends_its_direction_and_still_receives(self):
        received = []

        def serve(tls):
            received.append(receive_all(tls))
            tls.sendall(b"got " + received[0])

        peer = self.serving(serve)
        self.play(self.connected(peer) + """
            send:request     -> 7
            shutdown:w       -> ok
            send:more        -> EPIPE
            recv:99:waitall  -> 11 got request
            recv:99          -> 0
        """)
        peer.finish()
        self.assertEqual((received, peer.errors), ([b"request"], []))

    def test_the_peer_ends_its_direction_and_still_receives(self):
        received = []

        def serve(tls):
            tls.sendall(b"that is all")
            tls.setblocking(False)
            try:
                tls.unwrap()  # says close_notify, and would wait for the guest's
            except BlockingIOError:
                pass
            except OSError as error:
                if "WANT_READ" not in str(error) and type(error).__name__ != "SSLWantReadError":
                    raise
            tls.settimeout(WAIT)
            received.append(receive_all(tls))

        for version in (TLS12, TLS13):
            with self.subTest(version.name):
                received.clear()
                peer = self.serving(serve, close_notify=False, minimum=version, maximum=version)
                self.play(self.connected(peer) + """
                    recv:99       -> 11 that is all
                    recv:99       -> 0
                    sleep:200     -> ok
                    send:but I go -> 8
                    send: on      -> 3
                    recv:99       -> 0
                    close         -> ok
                """)
                peer.finish()
                self.assertEqual((received, peer.errors), ([b"but I go on"], []))

    def test_the_guest_ends_both(self):
        received = []
        peer = self.serving(lambda tls: received.append(receive_all(tls)))
        self.play(self.connected(peer) + """
            send:bye     -> 3
            shutdown:rw  -> ok
            recv:1       -> 0
            send:x       -> EPIPE
        """)
        peer.finish()
        self.assertEqual((received, peer.errors), ([b"bye"], []))

    def test_close_says_close_notify(self):
        received = []
        peer = self.serving(lambda tls: received.append(receive_all(tls)))
        self.play(self.connected(peer) + """
            send:bye -> 3
            close    -> ok
        """)
        peer.finish()
        self.assertEqual((received, peer.errors), ([b"bye"], []))

    def test_a_guest_that_closes_at_once_says_close_notify(self):
        received = []
        peer = self.serving(lambda tls: received.append(receive_all(tls)))
        self.play(self.connected(peer) + "close -> ok")
        peer.finish()
        self.assertEqual((received, peer.errors), ([b""], []))


class LongLivedConnections(StreamTest):
    def test_keys_are_updated_in_between(self):
        """TLS 1.3's KeyUpdate, asked for by the server."""
        with OpensslPeer(support.pki().identity("ecdsa"), lines=True, minimum=TLS13,
                         maximum=TLS13) as peer:
            process = support.start(
                [support.program("probe"), "socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                 "send:one\\n", "recv:4:waitall", "send:two\\n", "recv:4:waitall", "send:three\\n",
                 "recv:9"])
            try:
                for line in ("eins", "K", "zwei", "k", "drei"):
                    threading.Event().wait(0.2)
                    peer.say(line[:4] if len(line) > 1 else line)
                out, err = process.communicate(timeout=5 * support.SLOWNESS)
                self.assertIn("recv:4:waitall\t4 eins", out, err)
                self.assertIn("three", peer.log_text())
            finally:
                process.kill()
                process.wait()


class ManyConnections(StreamTest):
    def test_that_nobody_reads_do_not_starve_another(self):
        size = 2 * MEGABYTE
        flood = self.serving(lambda tls: tls.sendall(bytes(size)))
        flooded = range(7)
        script = "".join(f"slot:{slot}\n{self.connected(flood)}\n" for slot in flooded)
        script += f"sleep:500\nslot:7\n{self.connected(self.serving(echo))}\n"
        script += "exchange:500:1000 -> 500\n"
        script += "".join(f"slot:{slot}\nrecv_all -> {size} end\n" for slot in flooded)
        self.play(script)

    def test_a_thousand_at_once(self):
        peer = self.serving(echo)
        result = self.run_guest("many", "parallel", peer, NAME, 1000, timeout=60)
        self.assertIn("1000 connections", result.stdout, result)
        peer.finish()
        self.assertEqual(peer.errors, [])

    def test_one_after_the_other_leave_nothing_behind(self):
        peer = self.serving(echo)
        support.check_leaves_nothing_behind(self, peer, NAME, 300 if support.SANITIZED else 2000)
        peer.finish()
        self.assertEqual(peer.errors, [])


if __name__ == "__main__":
    support.main()
