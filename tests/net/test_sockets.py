"""A guest's plain sockets behave as POSIX says: TCP, UDP and Unix, IPv4 and IPv6, names."""

import os

import support
from support.peers import ThreadPeer, both_ways, echo, receive_all, reset

MEGABYTE = 1 << 20

# A listener in slot 0, a client in slot 1, and the accepted end in slot 2, which is current.
PAIR = """
    socket:{kind}      -> ok
    bind:{address}     -> ok
    listen:5           -> ok
    slot:1             -> ok
    socket:{kind}      -> ok
    connect:@0         -> ok
    slot:2             -> ok
    accept:0           -> ok
"""
TCP = PAIR.format(kind="tcp4", address="127.0.0.1:0")


class Tcp(support.GuestTest):
    def test_a_guest_talks_to_itself_over_ipv4(self):
        self.talks(TCP)

    def test_a_guest_talks_to_itself_over_ipv6(self):
        self.talks(PAIR.format(kind="tcp6", address="[::1]:0"))

    def talks(self, pair):
        self.play(pair + """
            send:hello     -> 5
            slot:1         -> ok
            recv:9         -> 5 hello
            write:you      -> 3
            slot:2         -> ok
            read:9         -> 3 you
            close          -> ok
            slot:1         -> ok
            recv:9         -> 0
        """)

    def test_a_guest_talks_to_a_peer(self):
        for host in ("127.0.0.1", "::1"):
            with ThreadPeer(echo, host=host) as peer:
                family = "tcp6" if ":" in host else "tcp4"
                self.play(f"""
                    socket:{family}      -> ok
                    connect:{peer}       -> ok
                    getpeername          -> {peer}
                    send:hello           -> 5
                    recv:5:waitall       -> 5 hello
                """)

    def test_addresses_are_told(self):
        self.play("""
            socket:tcp4       -> ok
            getsockname       -> 0.0.0.0:0
            getpeername       -> ENOTCONN
            bind:127.0.0.2:0  -> ok
            getsockname       -> /^127\\.0\\.0\\.2:[1-9]/
            listen:1          -> ok
            slot:1            -> ok
            socket:tcp4       -> ok
            bind:127.0.0.3:0  -> ok
            connect:@0        -> ok
            getsockname       -> /^127\\.0\\.0\\.3:/
            getpeername       -> /^127\\.0\\.0\\.2:/
            slot:2            -> ok
            accept_from:0     -> /^127\\.0\\.0\\.3:/
            getsockname       -> /^127\\.0\\.0\\.2:/
            getpeername       -> /^127\\.0\\.0\\.3:/
        """)

    def test_a_connection_nobody_takes_is_refused(self):
        self.play("""
            socket:tcp4       -> ok
            bind:127.0.0.1:0  -> ok
            slot:1            -> ok
            socket:tcp4       -> ok
            connect:@0        -> ECONNREFUSED
            slot:2            -> ok
            socket:tcp4       -> ok
            nonblock          -> ok
            connect:@0        -> EINPROGRESS
            poll:w:2000       -> /./
            so_error          -> ECONNREFUSED
        """)

    def test_a_non_blocking_connect_is_in_progress_and_then_done(self):
        self.play("""
            socket:tcp4       -> ok
            bind:127.0.0.1:0  -> ok
            listen:1          -> ok
            slot:1            -> ok
            socket:tcp4       -> ok
            nonblock          -> ok
            connect:@0        -> EINPROGRESS | ok
            poll:w:2000       -> out
            so_error          -> 0
            send:x            -> 1
        """)

    def test_a_non_blocking_accept_does_not_wait(self):
        self.play("""
            socket:tcp4       -> ok
            bind:127.0.0.1:0  -> ok
            listen:1          -> ok
            nonblock          -> ok
            poll:r:50         -> nothing
            slot:1            -> ok
            accept:0          -> EAGAIN
            slot:2            -> ok
            socket:tcp4       -> ok
            connect:@0        -> ok
            slot:0            -> ok
            poll:r:2000       -> in
            slot:1            -> ok
            accept:0          -> ok
        """)

    def test_several_connections_wait_to_be_accepted(self):
        clients = "".join(f"slot:{i}\nsocket:tcp4 -> ok\nconnect:@0 -> ok\nsend:from {i} -> 6\n"
                          for i in (1, 2, 3))
        self.play("""
            socket:tcp4       -> ok
            bind:127.0.0.1:0  -> ok
            listen:5          -> ok
        """ + clients + "".join(f"slot:{3 + i}\naccept:0 -> ok\nrecv:9 -> 6 from {i}\n"
                                for i in (1, 2, 3)))

    def test_pieces_of_any_size(self):
        self.play(TCP + """
            writev:ab,c,defg  -> 7
            slot:1            -> ok
            recv:2            -> 2 ab
            recv:3:peek       -> 3 cde
            readv:3           -> 3 cde
            recv:1            -> 1 f
            recv:9            -> 1 g
        """)

    def test_waitall_waits_for_all(self):
        with ThreadPeer(lambda c: [c.sendall(b"%d" % i) or peer.stopped.wait(0.05)
                                   for i in range(6)]) as peer:
            self.play(f"""
                socket:tcp4     -> ok
                connect:{peer}  -> ok
                recv:4:waitall  -> 4 0123
                recv:4:waitall  -> 2 45
            """)

    def test_a_non_blocking_recv_does_not_wait(self):
        self.play(TCP + """
            nonblock    -> ok
            recv:1      -> EAGAIN
            read:1      -> EAGAIN
            poll:r:50   -> nothing
            poll:rw:50  -> out
            block       -> ok
            rcvtimeo:50 -> ok
            recv:1      -> EAGAIN
        """)

    def test_a_direction_can_be_ended(self):
        self.play(TCP + """
            send:last    -> 4
            shutdown:w   -> ok
            send:x       -> EPIPE
            slot:1       -> ok
            recv:9       -> 4 last
            recv:9       -> 0
            send:answer  -> 6
            shutdown:w   -> ok
            slot:2       -> ok
            recv:9       -> 6 answer
            recv:9       -> 0
        """)

    def test_reading_can_be_ended(self):
        self.play(TCP + """
            shutdown:r   -> ok
            recv:9       -> 0
        """)

    def test_a_reset_is_told(self):
        with ThreadPeer(lambda connection: connection.recv(1) and reset(connection)) as peer:
            self.play(f"""
                socket:tcp4     -> ok
                connect:{peer}  -> ok
                send:x          -> 1
                recv:1          -> ECONNRESET
                send:x          -> EPIPE | ECONNRESET
                send:x          -> EPIPE
            """)

    def test_misuse_is_told(self):
        self.play("""
            socket:tcp4       -> ok
            send:x            -> ENOTCONN | EPIPE
            recv:1            -> ENOTCONN
            shutdown:w        -> ENOTCONN
            bind:127.0.0.1:0  -> ok
            bind:127.0.0.1:0  -> EINVAL
            listen:1          -> ok
            connect:@0        -> /EISCONN|EINVAL|ECONNREFUSED|ok/
            slot:1            -> ok
            socket:tcp4       -> ok
            bind:@0           -> EADDRINUSE
            connect:@0        -> ok
            connect:@0        -> EISCONN
            bind:[::1]:0      -> EAFNOSUPPORT | EINVAL
            accept:1          -> EINVAL
            fd:99             -> ok
            recv:1            -> EBADF
            listen:1          -> EBADF
            connect:@0        -> EBADF
            fd:1              -> ok
            recv:1            -> ENOTSOCK
            bind:127.0.0.1:0  -> ENOTSOCK
            getsockname       -> ENOTSOCK
        """)

    def test_options_are_kept(self):
        self.play("""
            socket:tcp4          -> ok
            getopt:type          -> stream
            getopt:reuseaddr     -> 0
            setopt:reuseaddr:1   -> ok
            getopt:reuseaddr     -> 1
            setopt:keepalive:1   -> ok
            getopt:keepalive     -> 1
            setopt:nodelay:1     -> ok
            getopt:nodelay       -> 1
            setopt:sndbuf:65536  -> ok
            getopt:sndbuf        -> 131072
            setopt:rcvbuf:65536  -> ok
            getopt:rcvbuf        -> 131072
            getopt:acceptconn    -> 0
            bind:127.0.0.1:0     -> ok
            listen:1             -> ok
            getopt:acceptconn    -> 1
            so_error             -> 0
            getopt:unknown       -> ENOPROTOOPT
            setopt:unknown:1     -> ENOPROTOOPT
            getopt:unknown_level -> ENOPROTOOPT | EOPNOTSUPP | EINVAL
        """)

    def test_a_blocking_send_takes_everything(self):
        sizes = []
        with ThreadPeer(lambda connection: sizes.append(len(receive_all(connection)))) as peer:
            self.play(f"""
                socket:tcp4           -> ok
                connect:{peer}        -> ok
                send_size:{MEGABYTE}  -> {MEGABYTE}
                send_size:{MEGABYTE}  -> {MEGABYTE}
                close                 -> ok
            """)
            peer.finish()
            self.assertEqual(sizes, [2 * MEGABYTE])

    def test_a_blocking_send_waits_for_a_reader_that_is_slow(self):
        sizes = []
        with ThreadPeer(lambda connection: peer.stopped.wait(0.5) or
                        sizes.append(len(receive_all(connection)))) as peer:
            self.play(f"socket:tcp4 -> ok\nconnect:{peer} -> ok\n" +
                      f"send_size:{MEGABYTE} -> {MEGABYTE}\n" * 16)
            peer.finish()
            self.assertEqual(sizes, [16 * MEGABYTE])

    def test_a_full_socket_takes_a_part_and_then_says_eagain(self):
        with ThreadPeer(lambda connection: peer.stopped.wait(30)) as peer:
            self.play(f"""
                socket:tcp4      -> ok
                connect:{peer}   -> ok
                nonblock         -> ok
                send_until_full  -> /^[1-9][0-9]* EAGAIN$/
                poll:w:0         -> nothing | out
            """)

    def test_64_megabytes_both_ways_at_once(self):
        size = 64 * MEGABYTE
        with ThreadPeer(both_ways(size)) as peer:
            result = self.run_guest("both_ways", peer, "-", size, 65536, 65536, timeout=60)
            self.assertEqual(result.stdout, f"{size} sent, {size} received, end\n", result)
            peer.finish()
            self.assertEqual(peer.errors, [])

    def test_a_thousand_connections_at_once(self):
        with ThreadPeer(echo) as peer:
            result = self.run_guest("many", "parallel", peer, "-", 1000, timeout=60)
            self.assertIn("1000 connections", result.stdout, result)

    def test_ten_thousand_connections_leave_nothing_behind(self):
        with ThreadPeer(echo) as peer:
            support.check_leaves_nothing_behind(self, peer, "-",
                                                1000 if support.SANITIZED else 10000)


class Udp(support.GuestTest):
    def test_datagrams_tell_who_sent_them(self):
        for kind, address, host in (("udp4", "127.0.0.1:0", "127\\.0\\.0\\.1"),
                                    ("udp6", "[::1]:0", "\\[::1\\]")):
            self.play(f"""
                socket:{kind}    -> ok
                bind:{address}   -> ok
                slot:1           -> ok
                socket:{kind}    -> ok
                bind:{address}   -> ok
                sendto:@0=hello  -> 5
                slot:0           -> ok
                recvfrom:99      -> /^5 hello from {host}:[1-9]/
                sendto:@1=answer -> 6
                slot:1           -> ok
                recvfrom:99      -> /^6 answer from {host}:[1-9]/
            """)

    def test_a_connected_socket_needs_no_address(self):
        self.play("""
            socket:udp4       -> ok
            bind:127.0.0.1:0  -> ok
            slot:1            -> ok
            socket:udp4       -> ok
            getopt:type       -> datagram
            connect:@0        -> ok
            send:hello        -> 5
            slot:0            -> ok
            connect:@1        -> ok
            recv:99           -> 5 hello
            send:answer       -> 6
            slot:1            -> ok
            recv:99           -> 6 answer
        """)

    def test_each_receive_gives_one_datagram_and_the_rest_is_lost(self):
        self.play("""
            socket:udp4        -> ok
            bind:127.0.0.1:0   -> ok
            sendto:@0=abcdef   -> 6
            sendto:@0=         -> 0
            sendto:@0=ghi      -> 3
            recvfrom:3         -> /^3 abc from/
            recvfrom:99        -> /^0 from/
            recv:99            -> 3 ghi
        """)

    def test_what_cannot_be_sent_or_received_is_told(self):
        self.play("""
            socket:udp4            -> ok
            bind:127.0.0.1:0       -> ok
            nonblock               -> ok
            recvfrom:99            -> EAGAIN
            poll:r:50              -> nothing
            send:x                 -> EDESTADDRREQ | ENOTCONN
            connect:@0             -> ok
            send_size:70000        -> EMSGSIZE
            send:to myself         -> 9
            poll:r:2000            -> in
            recv:99                -> 9 to myself
            listen:1               -> EOPNOTSUPP
        """)

    def test_a_port_where_nobody_is_is_told(self):
        self.play("""
            socket:udp4       -> ok
            bind:127.0.0.1:0  -> ok
            slot:1            -> ok
            socket:udp4       -> ok
            connect:@0        -> ok
            slot:0            -> ok
            close             -> ok
            slot:1            -> ok
            send:x            -> 1
            recv:1            -> ECONNREFUSED
        """)


class Unix(support.GuestTest):
    def setUp(self):
        self.path = os.path.join(support.temporary_folder(), "socket")
        self.options = f"--allow-net=unix:{self.path} --allow-listen=unix:{self.path}"

    def test_streams(self):
        self.play(PAIR.format(kind="unix", address=f"unix:{self.path}") + f"""
            getsockname  -> unix:{self.path}
            send:hello   -> 5
            slot:1       -> ok
            getpeername  -> unix:{self.path}
            recv:9       -> 5 hello
            send:you     -> 3
            close        -> ok
            slot:2       -> ok
            recv:9       -> 3 you
            recv:9       -> 0
        """, self.options)

    def test_datagrams(self):
        self.play(f"""
            socket:unixdgram       -> ok
            bind:unix:{self.path}  -> ok
            slot:1                 -> ok
            socket:unixdgram       -> ok
            sendto:@0=hello        -> 5
            slot:0                 -> ok
            recv:9                 -> 5 hello
        """, self.options)

    def test_a_path_where_nobody_listens(self):
        self.play(f"""
            socket:unix               -> ok
            connect:unix:{self.path}  -> ENOENT
        """, self.options)

    def test_a_path_that_is_taken(self):
        self.play(f"""
            socket:unix            -> ok
            bind:unix:{self.path}  -> ok
            slot:1                 -> ok
            socket:unix            -> ok
            bind:unix:{self.path}  -> EADDRINUSE
        """, self.options)


class Names(support.GuestTest):
    def test_of_this_machine(self):
        self.play("""
            resolve:localhost:80    -> /127\\.0\\.0\\.1:80|\\[::1\\]:80/
            resolve:localhost:80:4  -> /^127\\.0\\.0\\.1:80/
        """)

    def test_that_are_numbers(self):
        self.play("""
            resolve:192.0.2.7:443     -> 192.0.2.7:443
            resolve:192.0.2.7:443:6   -> /^failed/
        """)

    def test_of_services(self):
        self.play("""
            resolve:127.0.0.1:http       -> 127.0.0.1:80
            resolve:127.0.0.1:https      -> 127.0.0.1:443
            resolve:127.0.0.1:nonsense   -> /^failed/
        """)

    def test_that_nobody_has(self):
        self.play("""
            resolve:no-such-host.invalid:80  -> /^failed/
            resolve:spaces in a name:80      -> /^failed/
        """)

    def test_that_are_left_out(self):
        self.play("""
            resolve::80:4  -> 127.0.0.1:80
            resolve::      -> /^failed/
        """)

    def test_connect_takes_them(self):
        with ThreadPeer(echo) as peer:
            self.play(f"""
                socket:tcp4                    -> ok
                connect:localhost:{peer.port}  -> ok
                exchange:10:100                -> 10
            """)


if __name__ == "__main__":
    support.main()
