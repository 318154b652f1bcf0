"""hTLS on non-blocking sockets: what a guest sees while the handshake goes on, and what poll knows
of bytes that the host holds already."""

import itertools
import socket
import subprocess
import threading
import time

import support
from support.peers import NAME, TLS12, TLS13, Relay, TlsPeer, echo, receive_all

SLOW = 1.5 if support.SANITIZED else 0.5  # seconds that a slow server takes to answer


class DuringTheHandshake(support.GuestTest):
    def setUp(self):
        self.peer = TlsPeer(support.pki().identity("ecdsa"), echo)
        self.slow = Relay(self.peer, hold=SLOW)
        self.addCleanup(self.peer.stop)
        self.addCleanup(self.slow.stop)

    def test_so_error_is_einprogress(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            so_error            -> EINPROGRESS
            so_error            -> EINPROGRESS
            reason              -> /^$/
            handshake:5000      -> 0
            so_error            -> 0
        """)

    def test_send_and_recv_give_eagain(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            send:early          -> EAGAIN
            recv:5              -> EAGAIN
            recv:5:peek         -> EAGAIN
            read:5              -> EAGAIN
            write:early         -> EAGAIN
            writev:ea,rly       -> EAGAIN
            send:early          -> EAGAIN
            handshake:5000      -> 0
            send:hello          -> 5
            poll:r:5000         -> in
            recv:9              -> 5 hello
        """)

    def test_poll_waits(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            poll:rw:100         -> nothing
            poll:w:10           -> nothing
            poll:r:10           -> nothing
            poll:rw:5000        -> out
            so_error            -> 0
            poll:r:10           -> nothing
            send:hello          -> 5
            poll:rw:0           -> /out/
            poll:r:5000         -> in
            recv:9              -> 5 hello
        """)

    def test_all_that_is_also_so_while_the_socket_is_connecting(self):
        self.play(f"""
            socket:tcp4         -> ok
            nonblock            -> ok
            connect:{self.slow} -> EINPROGRESS | ok
            htls:{NAME}         -> ok
            so_error            -> EINPROGRESS
            send:early          -> EAGAIN
            recv:5              -> EAGAIN
            poll:rw:100         -> nothing
            handshake:5000      -> 0
            send:hello          -> 5
            poll:r:5000         -> in
            recv:9              -> 5 hello
        """)

    def test_it_goes_on_while_the_guest_sleeps(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            sleep_error:5000    -> 0
        """)

    def test_it_goes_on_while_the_guest_waits_for_another_socket(self):
        with TlsPeer(support.pki().identity("ecdsa"), lambda tls: tls.recv(1)) as silent:
            self.play(f"""
                socket:tcp4         -> ok
                connect:{self.slow} -> ok
                nonblock            -> ok
                htls:{NAME}         -> ok
                slot:1              -> ok
                socket:tcp4         -> ok
                connect:{silent}    -> ok
                htls:{NAME}         -> ok
                poll:r:{int(3000 * SLOW)}         -> nothing
                slot:0              -> ok
                so_error            -> 0
            """)

    def test_it_goes_on_while_the_guest_only_asks_for_so_error(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            watch_error:5000    -> 0
        """)

    def test_it_goes_on_while_the_guest_only_tries_to_send(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            insist:5000:hello   -> 5
            poll:r:5000         -> in
            recv:9              -> 5 hello
        """)

    def test_a_socket_made_blocking_waits_in_send(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            block               -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_a_socket_made_blocking_waits_in_recv(self):
        with TlsPeer(support.pki().identity("ecdsa"), lambda tls: tls.sendall(b"hello")) as peer:
            with Relay(peer, hold=SLOW) as slow:
                self.play(f"""
                    socket:tcp4     -> ok
                    connect:{slow}  -> ok
                    nonblock        -> ok
                    htls:{NAME}     -> ok
                    block           -> ok
                    recv:9          -> 5 hello
                    recv:9          -> 0
                """)

    def test_close_ends_it(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.slow} -> ok
            nonblock            -> ok
            htls:{NAME}         -> ok
            close               -> ok
            so_error            -> failed: EBADF
            sleep:600           -> ok
        """)

    def test_a_port_where_nobody_listens_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.play(f"""
            socket:tcp4              -> ok
            nonblock                 -> ok
            connect:127.0.0.1:{port} -> EINPROGRESS
            htls:{NAME}              -> ok
            handshake:5000           -> ECONNREFUSED
            send:x                   -> ECONNREFUSED
            recv:1                   -> ECONNREFUSED
        """)


class AfterTheHandshake(support.GuestTest):
    def serving(self, serve, **more):
        peer = TlsPeer(support.pki().identity("ecdsa"), serve, **more)
        self.addCleanup(peer.stop)
        return peer

    def connected(self, peer):
        return f"""
            socket:tcp4    -> ok
            connect:{peer} -> ok
            nonblock       -> ok
            htls:{NAME}    -> ok
            handshake:5000 -> 0
        """

    def test_poll_reports_decrypted_bytes_that_left_the_kernel(self):
        """One record brings 2,000 bytes; after the first recv none of them is in the kernel."""
        peer = self.serving(lambda tls: tls.sendall(b"x" * 2000) or tls.recv(1))
        self.play(self.connected(peer) + """
            poll:r:5000       -> in
            recv_polled:1999  -> 1999
            poll:rw:1000      -> in,out
            recv:9            -> 1 x
            poll:r:100        -> nothing
            recv:9            -> EAGAIN
        """)

    def test_poll_reports_records_that_the_host_holds(self):
        """Many records arrive together; poll knows of each."""
        def serve(tls):
            for _ in range(100):
                tls.sendall(b"12345678")
            tls.recv(1)

        self.play(self.connected(self.serving(serve)) + """
            sleep:300         -> ok
            recv_polled:800   -> 800
            poll:r:50         -> nothing
        """)

    def test_poll_reports_the_end(self):
        peer = self.serving(lambda tls: tls.sendall(b"bye"))
        self.play(self.connected(peer) + """
            poll:r:5000    -> /^in/
            recv:9         -> 3 bye
            poll:r:5000    -> /^in|^hup/
            recv:9         -> 0
            poll:r:5000    -> /^in|^hup/
            recv:9         -> 0
        """)

    def test_poll_does_not_take_session_tickets_for_data(self):
        """TLS 1.3 servers send them after the handshake: bytes in the kernel, but none to read."""
        peer = self.serving(echo, minimum=TLS13)
        self.play(self.connected(peer) + """
            sleep:200      -> ok
            poll:r:200     -> nothing
            recv:1         -> EAGAIN
        """)

    def test_poll_does_not_take_half_a_record_for_data(self):
        peer = self.serving(lambda tls: tls.sendall(b"x" * 2000) or tls.recv(1),
                            maximum=TLS12)
        with Relay(peer) as relay:
            relay.passed = relay._to_guest

            def hold_back(data, guest):
                """Passes the record on without its last bytes, and those after a while."""
                if len(data) > 2000:
                    relay.passed(data[:-10], guest)
                    relay.stopped.wait(1)
                    data = data[-10:]
                return relay.passed(data, guest)

            relay._to_guest = hold_back
            self.play(self.connected(relay) + """
                poll:r:400     -> nothing
                recv:9         -> EAGAIN
                poll:r:5000    -> in
                recv_all:2000  -> 2000 EAGAIN
            """)

    def test_a_full_socket_takes_a_part_and_then_says_eagain(self):
        """Until the peer reads, poll waits; then it reports room at once."""
        reading = threading.Event()
        peer = self.serving(lambda tls: reading.wait(20) and receive_all(tls))
        process = support.start(
            [support.program("probe"), "socket:tcp4", f"connect:{peer}", "nonblock", f"htls:{NAME}",
             "handshake:5000", "send_until_full", "poll:w:100", "pause", "poll:w:15000",
             "insist:1000:more"], stdin=subprocess.PIPE)
        with process:
            lines = iter(process.stdout.readline, "")
            before = "".join(itertools.takewhile(lambda line: "paused" not in line, lines))
            self.assertRegex(before, r"send_until_full\t\d{5,} EAGAIN\npoll:w:100\tnothing\n")
            reading.set()
            begin = time.monotonic()
            out, err = process.communicate("\n", timeout=20 * support.SLOWNESS)
            took = time.monotonic() - begin
        self.assertIn("poll:w:15000\tout\ninsist:1000:more\t4\n", out, err)
        self.assertLess(took, 5, "poll must wake when the peer reads")

    def test_a_blocking_recv_obeys_its_time_limit(self):
        peer = self.serving(echo)
        self.play(f"""
            socket:tcp4    -> ok
            connect:{peer} -> ok
            htls:{NAME}    -> ok
            rcvtimeo:200   -> ok
            recv:1         -> EAGAIN
            send:hello     -> 5
            recv:9         -> 5 hello
        """)


if __name__ == "__main__":
    support.main()
