"""A guest reaches and offers nothing of the network that was not granted, and the person at the
terminal is told which grant would allow it."""

import os

import socket

import support
from support.peers import NAME, ThreadPeer, TlsPeer, echo


class GrantTest(support.GuestTest):
    def setUp(self):
        self.peer = ThreadPeer(echo)
        self.addCleanup(self.peer.stop)
        self.port = self.peer.port

    def connects(self, options, address=None, family="tcp4"):
        return self.play(f"""
            socket:{family}                  -> ok
            connect:{address or self.peer}   -> ok
            send:hello                       -> 5
            recv:5:waitall                   -> 5 hello
        """, options)

    def is_refused(self, options, address=None, family="tcp4"):
        result = self.play(f"""
            socket:{family}                  -> ok
            connect:{address or self.peer}   -> EACCES
            send:hello                       -> ENOTCONN | EPIPE
        """, options)
        self.assertIn("timecraft: ", result.stderr, result)
        self.assertIn("--allow-net", result.stderr, result)
        self.assertIn(str(address or self.peer), result.stderr, result)
        return result


class Connections(GrantTest):
    def test_without_a_grant_are_refused(self):
        self.is_refused("")

    def test_refused_again_and_again_are_told_once(self):
        result = self.play(f"""
            socket:tcp4         -> ok
            connect:{self.peer} -> EACCES
            connect:{self.peer} -> EACCES
            slot:1              -> ok
            socket:tcp4         -> ok
            nonblock            -> ok
            connect:{self.peer} -> EACCES
        """, "")
        self.assertEqual(result.stderr.count("--allow-net"), 1, result)

    def test_to_anywhere(self):
        self.connects("--allow-net")
        self.connects("--allow-net=*")

    def test_to_an_address_and_port(self):
        self.connects(f"--allow-net=127.0.0.1:{self.port}")

    def test_to_an_address_with_any_port(self):
        self.connects("--allow-net=127.0.0.1")

    def test_to_another_port_are_refused(self):
        self.is_refused(f"--allow-net=127.0.0.1:{self.port + 1}")

    def test_to_another_address_are_refused(self):
        self.is_refused(f"--allow-net=127.0.0.2:{self.port}")

    def test_to_a_prefix(self):
        self.connects("--allow-net=127.0.0.0/8")
        self.connects(f"--allow-net=127.0.0.0/31:{self.port}")

    def test_outside_of_a_prefix_are_refused(self):
        self.is_refused("--allow-net=10.0.0.0/8,192.168.0.0/16")
        self.is_refused("--allow-net=127.0.0.2/31")

    def test_to_one_of_a_list(self):
        self.connects(f"--allow-net=10.0.0.1,127.0.0.1:{self.port},example.test:443")

    def test_granted_one_after_the_other(self):
        self.connects(f"--allow-net=10.0.0.1 --allow-net=127.0.0.1:{self.port}")

    def test_whose_grants_were_taken_back_are_refused(self):
        self.is_refused("--allow-net --no-grants")

    def test_to_an_ipv6_address(self):
        with ThreadPeer(echo, host="::1") as peer:
            self.connects(f"--allow-net=[::1]:{peer.port}", peer, "tcp6")
            self.connects("--allow-net=[::]/64", peer, "tcp6")
            self.is_refused(f"--allow-net=[::2]:{peer.port}", peer, "tcp6")
            self.is_refused("--allow-net=127.0.0.1", peer, "tcp6")

    def test_to_an_ipv4_address_in_ipv6_clothes_need_the_ipv4_grant(self):
        dressed = f"[::ffff:127.0.0.1]:{self.port}"
        self.connects("--allow-net=127.0.0.1", dressed, "tcp6")
        result = self.play(f"socket:tcp6 -> ok\nconnect:{dressed} -> EACCES", "--allow-net=[::]/0")
        self.assertIn("--allow-net", result.stderr, result)

    def test_to_a_name(self):
        self.connects(f"--allow-net=localhost:{self.port}", f"localhost:{self.port}")
        self.connects(f"--allow-net=LOCALHOST.:{self.port}", f"localhost:{self.port}")

    def test_to_another_port_of_a_name_are_refused(self):
        result = self.play(f"""
            socket:tcp4                   -> ok
            connect:localhost:{self.port} -> EACCES
        """, f"--allow-net=localhost:{self.port + 1}")
        self.assertIn("--allow-net", result.stderr, result)

    def test_to_a_name_that_was_not_granted_are_refused_at_the_look_up(self):
        result = self.play("""
            resolve:localhost:80  -> /^failed/
        """, "--allow-net=example.test")
        self.assertIn("--allow-net=localhost", result.stderr, result)

    def test_to_what_no_host_can_be_called_are_refused_without_repeating_it(self):
        """It may be a key that the guest has taken for a name."""
        for name in ("a/b", "x" * 300):
            with self.subTest(name=name[:10]):
                result = self.play(f"resolve:{name}:80  -> /^failed/", "--allow-net=10.0.0.1")
                self.assertNotIn(name, result.stderr)
                self.assertIn(f"{len(name)} bytes that no host can be called", result.stderr)

    def test_by_datagrams_without_a_grant_are_refused(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(0.2)
            port = receiver.getsockname()[1]
            result = self.play(f"""
                socket:udp4                   -> ok
                sendto:127.0.0.1:{port}=hello -> EACCES
                connect:127.0.0.1:{port}      -> EACCES
                send:hello                    -> EDESTADDRREQ | ENOTCONN
            """, "")
            self.assertIn("--allow-net", result.stderr, result)
            with self.assertRaises(TimeoutError):
                receiver.recv(99)

    def test_by_datagrams_to_a_granted_address(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            port = receiver.getsockname()[1]
            self.play(f"""
                socket:udp4                   -> ok
                sendto:127.0.0.1:{port}=hello -> 5
                sendto:127.0.0.2:{port}=hello -> EACCES
            """, f"--allow-net=127.0.0.1:{port}")
            self.assertEqual(receiver.recv(99), b"hello")

    def test_to_a_unix_socket_need_its_path(self):
        path = os.path.join(support.temporary_folder(), "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            script = f"socket:unix -> ok\nconnect:unix:{path} -> "
            self.play(script + "ok", f"--allow-net=unix:{path}")
            for options in ("", "--allow-net", f"--allow-net=unix:{path}2"):
                result = self.play(script + "EACCES", options)
                self.assertIn(f"--allow-net=unix:{path}", result.stderr, result)


class Listeners(GrantTest):
    def test_without_a_grant_are_refused(self):
        for options in ("", "--allow-net"):
            result = self.play("""
                socket:tcp4       -> ok
                bind:127.0.0.1:0  -> ok | EACCES
                listen:5          -> EACCES
            """, options)
            self.assertIn("--allow-listen", result.stderr, result)

    def test_on_a_given_port_without_a_grant_are_refused(self):
        result = self.play(f"""
            socket:tcp4                    -> ok
            bind:127.0.0.2:{self.port}     -> ok | EACCES
            listen:5                       -> EACCES
        """, f"--allow-listen=127.0.0.1:{self.port}")
        self.assertIn(f"--allow-listen=127.0.0.2:{self.port}", result.stderr, result)

    def test_of_datagrams_without_a_grant_are_refused(self):
        result = self.play(f"""
            socket:udp4                 -> ok
            bind:127.0.0.1:{self.port}  -> EACCES
        """, "")
        self.assertIn("--allow-listen", result.stderr, result)

    def test_that_never_asked_for_an_address_are_refused(self):
        """listen() alone would choose a port on every address."""
        result = self.play("""
            socket:tcp4  -> ok
            listen:5     -> EACCES
        """, "--allow-net --allow-listen=127.0.0.1")
        self.assertIn("--allow-listen", result.stderr, result)

    def test_on_granted_addresses(self):
        for options in ("--allow-listen", "--allow-listen=127.0.0.2",
                        f"--allow-listen=127.0.0.2:{self.port}", "--allow-listen=127.0.0.0/8"):
            self.play(f"""
                socket:tcp4                 -> ok
                setopt:reuseaddr:1          -> ok
                bind:127.0.0.2:{self.port}  -> ok
                listen:5                    -> ok
            """, options)


class BuildTime(support.GuestTest):
    """Grants given to `timecraft build` hold without TIMECRAFT_OPTIONS, which can change them."""

    def outcome(self, peer, options):
        program = support.program("probe", build_options=["--allow-net=127.0.0.1"])
        result = support.run([program, "socket:tcp4", f"connect:{peer}"],
                             support.environment(options))
        return result.stdout.splitlines()[-1].split("\t")[1]

    def test_grants_hold_and_can_be_changed(self):
        with ThreadPeer(echo) as peer:
            self.assertEqual(self.outcome(peer, ""), "ok")
            self.assertEqual(self.outcome(peer, "--allow-net=10.0.0.1"), "ok")
            self.assertEqual(self.outcome(peer, "--no-grants"), "EACCES")
            self.assertEqual(self.outcome(peer, "--no-grants --allow-net=127.0.0.1"), "ok")


class RequireTls(GrantTest):
    OPTIONS = support.ALL_NETWORK + " --require-tls"

    def setUp(self):
        self.received = received = bytearray()

        def keep(connection):
            while data := connection.recv(4096):
                received.extend(data)

        self.peer = ThreadPeer(keep)
        self.addCleanup(self.peer.stop)

    def test_refuses_to_send_in_clear_text(self):
        result = self.play(f"""
            socket:tcp4             -> ok
            connect:{self.peer}     -> ok
            send:hello              -> EACCES
            write:hello             -> EACCES
            writev:hel,lo           -> EACCES
            sendto:{self.peer}=hello -> EACCES | EISCONN
            close                   -> ok
        """, self.OPTIONS)
        self.assertIn("--require-tls", result.stderr, result)
        self.peer.finish()
        self.assertEqual(self.received, b"")

    def test_refuses_to_answer_in_clear_text(self):
        self.play("""
            socket:tcp4       -> ok
            bind:127.0.0.1:0  -> ok
            listen:1          -> ok
            slot:1            -> ok
            socket:tcp4       -> ok
            connect:@0        -> ok
            slot:2            -> ok
            accept:0          -> ok
            send:hello        -> EACCES
        """, self.OPTIONS)

    def test_refuses_datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(0.2)
            port = receiver.getsockname()[1]
            self.play(f"""
                socket:udp4                   -> /./
                sendto:127.0.0.1:{port}=hello -> EACCES
                connect:127.0.0.1:{port}      -> /./
                send:hello                    -> EACCES
            """, self.OPTIONS)
            with self.assertRaises(TimeoutError):
                receiver.recv(99)

    def test_lets_htls_through(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            self.play(f"""
                socket:tcp4     -> ok
                connect:{peer}  -> ok
                htls:{NAME}     -> ok
                send:hello      -> 5
                recv:5:waitall  -> 5 hello
            """, self.OPTIONS)

    def test_holds_after_a_failed_handshake(self):
        self.play(f"""
            socket:tcp4            -> ok
            connect:{self.peer}    -> ok
            nonblock               -> ok
            htls:                  -> EINVAL
            send:hello             -> EACCES
        """, self.OPTIONS)
        self.peer.finish()
        self.assertEqual(self.received, b"")


if __name__ == "__main__":
    support.main()
