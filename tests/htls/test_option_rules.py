"""When the hTLS option is accepted, and for which names."""

import time

import support
from support.peers import NAME, ThreadPeer, TlsPeer, echo, http_hello

LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61])  # 253 characters


class OptionTest(support.GuestTest):
    def setUp(self):
        self.peer = self.enterContext(TlsPeer(support.pki().identity("ecdsa"), echo))

    def enterContext(self, context):  # unittest has it from Python 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value


class TheOptionIsAccepted(OptionTest):
    def test_on_a_connected_socket(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls:{NAME}         -> ok
            so_error            -> 0
            reason              -> /^$/
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_on_a_socket_that_is_connecting(self):
        self.play(f"""
            socket:tcp4         -> ok
            nonblock            -> ok
            connect:{self.peer} -> EINPROGRESS | ok
            htls:{NAME}         -> ok
            handshake:5000      -> 0
            block               -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_with_a_trailing_nul(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls0:{NAME}        -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)
        self.assertEqual(self.peer.server_names, [NAME])

    def test_after_other_options_and_questions(self):
        self.play(f"""
            socket:tcp4         -> ok
            setopt:nodelay:1    -> ok
            connect:{self.peer} -> ok
            so_error            -> 0
            setopt:sndbuf:65536 -> ok
            getpeername         -> {self.peer}
            getsockname         -> /^127.0.0.1:/
            rcvtimeo:5000       -> ok
            htls:{NAME}         -> ok
            getpeername         -> {self.peer}
            getopt:type         -> stream
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_with_a_name_in_capitals(self):
        self.accepts_name(NAME.upper())

    def test_with_a_name_that_ends_in_a_dot(self):
        self.accepts_name(NAME + ".")
        # RFC 6066, section 3: SNI carries the name without the dot.
        self.assertEqual(self.peer.server_names, [NAME])

    def accepts_name(self, name):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls:{name}         -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_with_a_name_that_a_wildcard_covers(self):
        with TlsPeer(support.pki().identity("wildcard"), echo) as self.peer:
            self.accepts_name("anything.example.test")

    def test_with_an_ipv4_literal_that_the_certificate_has(self):
        with TlsPeer(support.pki().identity("addresses"), echo) as self.peer:
            self.accepts_name("127.0.0.1")
            self.assertEqual(self.peer.server_names, [None], "no SNI for an address, RFC 6066")

    def test_with_an_ipv6_literal_that_the_certificate_has(self):
        for literal in ("::1", "0:0:0:0:0:0:0:1"):
            with TlsPeer(support.pki().identity("addresses"), echo) as self.peer:
                self.accepts_name(literal)
                self.assertEqual(self.peer.server_names, [None], "no SNI for an address, RFC 6066")

    def test_for_a_certificate_with_an_address_that_does_not_match(self):
        with TlsPeer(support.pki().identity("addresses"), echo) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:127.0.0.2 -> EACCES
                reason         -> /(?i)ip address mismatch/
            """)


class TheOptionIsRefused(OptionTest):
    def test_before_connect(self):
        self.play(f"""
            socket:tcp4         -> ok
            htls:{NAME}         -> ENOTCONN
            connect:{self.peer} -> ok
            htls:{NAME}         -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_after_the_guest_has_ended_its_side(self):
        for way in ("w", "rw"):
            for blocking in ("block", "nonblock"):
                start = time.monotonic()
                self.play(f"""
                    socket:tcp4         -> ok
                    connect:{self.peer} -> ok
                    shutdown:{way}      -> ok
                    {blocking}          -> ok
                    htls:{NAME}         -> EPIPE
                    send:hello          -> EPIPE
                """)
                # The handshake's own limit is ten seconds and more.
                self.assertLess(time.monotonic() - start, 5 * support.SLOWNESS)

    def test_after_the_first_send(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            send:x              -> 1
            htls:{NAME}         -> EINVAL
            so_error            -> 0
        """)

    def test_after_the_first_write(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            write:x             -> 1
            htls:{NAME}         -> EINVAL
        """)

    def test_after_the_first_recv(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            nonblock            -> ok
            recv:1              -> EAGAIN
            htls:{NAME}         -> EINVAL
        """)

    def test_after_the_first_read(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            nonblock            -> ok
            read:1              -> EAGAIN
            htls:{NAME}         -> EINVAL
        """)

    def test_after_a_peek(self):
        with ThreadPeer(lambda connection: connection.sendall(b"x") or echo(connection)) as peer:
            self.play(f"""
                socket:tcp4         -> ok
                connect:{peer}      -> ok
                recv:1:peek         -> 1 x
                htls:{NAME}         -> EINVAL
                recv:1              -> 1 x
            """)

    def test_after_the_first_poll_of_a_connected_socket(self):
        for events in ("r", "w"):
            self.play(f"""
                socket:tcp4         -> ok
                connect:{self.peer} -> ok
                poll:{events}:10    -> nothing | out
                htls:{NAME}         -> EINVAL
            """)

    def test_twice(self):
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls:{NAME}         -> ok
            htls:{NAME}         -> EINVAL
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_twice_while_the_handshake_goes_on(self):
        self.play(f"""
            socket:tcp4         -> ok
            nonblock            -> ok
            connect:{self.peer} -> EINPROGRESS | ok
            htls:{NAME}         -> ok
            htls:{NAME}         -> EINVAL
            handshake:5000      -> 0
        """)

    def test_twice_after_a_failure(self):
        self.play(f"""
            socket:tcp4             -> ok
            connect:{self.peer}     -> ok
            htls:wrong.example.test -> EACCES
            htls:{NAME}             -> EINVAL
            so_error                -> EACCES
        """)

    def test_on_a_file(self):
        self.play(f"""
            open:file   -> ok
            htls:{NAME} -> ENOTSOCK
            reason      -> ENOTSOCK
        """, f"--dir={support.temporary_folder()}::.")

    def test_on_a_standard_stream(self):
        self.play(f"""
            fd:1        -> ok
            htls:{NAME} -> ENOTSOCK
        """)

    def test_on_a_udp_socket(self):
        self.play(f"""
            socket:udp4            -> ok
            htls:{NAME}            -> EINVAL
            connect:127.0.0.1:9999 -> ok
            htls:{NAME}            -> EINVAL
        """)

    def test_on_a_listening_socket(self):
        self.play(f"""
            socket:tcp4      -> ok
            bind:127.0.0.1:0 -> ok
            listen:1         -> ok
            htls:{NAME}      -> EINVAL
        """)

    def test_on_a_descriptor_that_is_closed(self):
        self.play(f"""
            socket:tcp4 -> ok
            close       -> ok
            htls:{NAME} -> EBADF
            reason      -> EBADF
        """)

    def test_on_a_descriptor_never_opened(self):
        for number in (99, 65536, 2147483647, -1):
            self.play(f"""
                fd:{number} -> ok
                htls:{NAME} -> EBADF
            """)

    def refuses_name(self, name):
        """A name that is none is refused at once; the socket stays a plain one that can be told a
        better name."""
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls:{name}         -> EINVAL
            htls:{NAME}         -> ok
            send:hello          -> 5
            recv:5:waitall      -> 5 hello
        """)

    def test_with_an_empty_name(self):
        self.refuses_name("")

    def test_with_nothing_but_a_nul(self):
        self.refuses_name("\\x00")

    def test_with_nothing_but_a_dot(self):
        self.refuses_name(".")

    def test_with_a_name_of_254_characters(self):
        self.refuses_name("a" + LONGEST)

    def test_with_a_name_of_10000_characters(self):
        self.refuses_name("a." * 5000)

    def test_with_an_embedded_nul(self):
        self.refuses_name(NAME + "\\x00.evil.test")

    def test_with_two_trailing_nuls(self):
        self.refuses_name(NAME + "\\x00\\x00")

    def test_with_spaces_or_control_characters(self):
        for name in ("\\x20" + NAME, NAME + "\\x20", "server\\r\\n.test", "server\\x7f.test"):
            self.refuses_name(name)

    def test_with_an_empty_label(self):
        self.refuses_name("server..example.test")

    def test_with_a_label_of_64_characters(self):
        self.refuses_name("a" * 64 + ".test")

    def test_with_a_port_or_a_url(self):
        for name in (NAME + ":443", "https://" + NAME, NAME + "/"):
            self.refuses_name(name)

    def test_with_bytes_outside_ascii(self):
        self.refuses_name("s\\xc3\\xa9rver.test")


class TheLongestName(OptionTest):
    def test_of_253_characters_is_a_name(self):
        self.assertEqual(len(LONGEST), 253)
        self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> ok
            htls:{LONGEST}      -> EACCES
        """)


class TheReason(OptionTest):
    def test_is_empty_where_nothing_failed(self):
        self.play(f"""
            socket:tcp4         -> ok
            reason              -> /^$/
            connect:{self.peer} -> ok
            htls:{NAME}         -> ok
            reason              -> /^$/
        """)

    def test_is_cut_where_there_is_little_room(self):
        self.play(f"""
            socket:tcp4             -> ok
            connect:{self.peer}     -> ok
            htls:wrong.example.test -> EACCES
            reason_room:10          -> 10 within
            reason_room:1           -> 1 within
        """)

    def test_cannot_be_set(self):
        with ThreadPeer(http_hello) as peer:
            self.play(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                setopt:reason:1 -> ENOPROTOOPT | EINVAL
            """)


if __name__ == "__main__":
    support.main()
