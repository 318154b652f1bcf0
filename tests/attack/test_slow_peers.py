"""Peers that take their time: that say nothing, read nothing, or do it a byte at a time. The guest's
own limits and the host's limit of a handshake must hold, and nothing may pile up meanwhile."""

import select
import time

import attack
import support
from attack import HANDSHAKE_LIMIT, drain, finish
from tls13 import DATA, HANDSHAKE, SERVER_HELLO, Client, Server, message, record

HELLO = b"hello"
LONG = attack.TIME_MAX * 2  # seconds that a patient attacker stays


def wait_for_end(connection):
    """Says nothing more, until the guest has gone."""
    connection.settimeout(LONG)
    drain(connection)


def was_hung_up(connection, seconds):
    """Waits so long, or until the connection is over. Reads nothing."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(seconds * 1000))


def byte_by_byte(connection, data, pause):
    """Until all is said, or the guest has gone."""
    end = time.monotonic() + LONG
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(pause)
        if time.monotonic() > end:
            return
    wait_for_end(connection)


class Handshakes(attack.AttackTest):
    def times_out(self, client, server):
        """`client(connection)` happens to a guest that is a client, `server` to one that serves."""
        for attack_role, act in ((self.attack_client, client), (self.attack_server, server)):
            with self.subTest(role=attack_role.__name__):
                attack_role(act, {"ETIMEDOUT"})

    def judge(self, outcome, *more, **limits):
        super().judge(outcome, *more, **limits)
        self.assertGreaterEqual(outcome.seconds, HANDSHAKE_LIMIT * 0.9, outcome)

    def test_with_somebody_who_says_nothing(self):
        self.times_out(wait_for_end, wait_for_end)

    def test_with_somebody_who_says_a_byte_a_second(self):
        def answer(connection):
            connection.recv(4096)
            hello = Server(None, support.pki().identity("ecdsa"))
            hello.session_id = bytes(32)
            byte_by_byte(connection, record(HANDSHAKE, message(SERVER_HELLO, hello.hello_body())),
                         1)

        def ask(connection):
            byte_by_byte(connection, record(HANDSHAKE, message(1, Client(None).hello_body())), 1)

        self.times_out(answer, ask)

    def test_with_somebody_who_stops_half_way(self):
        def stop(endpoint, kind, body):
            endpoint.send(HANDSHAKE, message(kind, body)[:20])
            wait_for_end(endpoint.connection)
            raise EOFError("that was all")

        identity = support.pki().identity("ecdsa")
        self.times_out(
            lambda connection: Server(connection, identity, {"certificate": stop}).handshake(),
            lambda connection: Client(connection, script={"finished": stop}).handshake())


class Connections(attack.AttackTest):
    def strike(self, act, wanted, words=(), options="", **limits):
        """`act(endpoint)` happens once hands are shaken, in both roles."""
        identity = support.pki().identity("ecdsa")

        def shake(endpoint):
            endpoint.handshake()
            act(endpoint)

        with self.subTest(guest="client"):
            self.attack_client(lambda connection: shake(Server(connection, identity)), wanted,
                               HELLO, words=words, options=options, **limits)
        with self.subTest(guest="server"):
            self.attack_server(lambda connection: shake(Client(connection)), wanted, HELLO,
                               words=words, options=options, **limits)

    def test_of_which_the_peer_says_nothing(self):
        """The guest's patience ends, not the connection; and it can be closed."""
        self.strike(lambda endpoint: wait_for_end(endpoint.connection), {"EAGAIN"},
                    words=("patience=500",))

    def test_of_which_the_peer_says_a_byte_a_second(self):
        """Half a record is nothing to a guest, however often it is added to."""

        def act(endpoint):
            endpoint.data(HELLO)
            byte_by_byte(endpoint.connection, endpoint.sealed(DATA, b"never whole" * 10), 1)

        self.strike(act, {"EAGAIN"}, words=("patience=1500",))

    def test_of_which_the_peer_says_a_record_a_byte(self):
        """Slowly but in earnest: it arrives."""

        def act(endpoint):
            for byte in HELLO:
                data = endpoint.sealed(DATA, bytes([byte]))
                for part in data:
                    endpoint.raw(bytes([part]))
            endpoint.alert(0, 1)
            finish(endpoint.connection)

        self.strike(act, {"end"})


class Senders(attack.AttackTest):
    """A guest that sends much more than buffers hold."""

    SIZE = 64 << 20

    def strike(self, act, **limits):
        identity = support.pki().identity("ecdsa")
        words = (f"send={self.SIZE}", "patience=500")

        def shake(endpoint):
            endpoint.handshake()
            act(endpoint)

        for attack_role, start in (
                (self.attack_client, lambda connection: shake(Server(connection, identity))),
                (self.attack_server, lambda connection: shake(Client(connection)))):
            with self.subTest(role=attack_role.__name__):
                attack_role(start, {"EAGAIN"}, words=words, memory=self.MEMORY, **limits)

    # The guest's own bytes come on top.
    MEMORY = attack.MEMORY_MAX + (SIZE >> 10)

    def judge(self, outcome, *more, **limits):
        super().judge(outcome, *more, **limits)
        count, ending = outcome.last("sent").split(" ")
        self.assertEqual(ending, "EAGAIN", outcome)
        self.assertLess(int(count), self.SIZE, outcome)

    def test_to_somebody_who_reads_nothing(self):
        """What the guest could not send does not keep it from ending either."""
        self.strike(lambda endpoint: was_hung_up(endpoint.connection, LONG))

    def test_to_somebody_who_reads_a_byte_a_second(self):
        def act(endpoint):
            end = time.monotonic() + LONG
            while time.monotonic() < end and not was_hung_up(endpoint.connection, 1):
                endpoint.connection.recv(1)

        self.strike(act)


if __name__ == "__main__":
    attack.main()
