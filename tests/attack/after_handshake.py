"""What the attacks after a handshake share, whatever the version of TLS: a peer that has shaken hands
in earnest and then misbehaves, and the tests of ends and of records that hold for all versions."""

import attack
import support
from tls13 import ALERT, DATA, RECORD_MAX, WARNING, record

HELLO = b"hello"


class PeerTest(attack.AttackTest):
    """`server(connection, identity)` and `client(connection)` make the endpoints of a version."""

    server = client = None

    def strike(self, act, wanted=("EPROTO",), authentic=HELLO, roles=("client", "server"), **more):
        """`act(endpoint)` happens after HELLO was sent; then the connection ends without a word,
        which the guest must tell from a clean end."""

        def go_on(endpoint):
            try:
                endpoint.handshake()
                endpoint.data(HELLO)
                act(endpoint)
            finally:
                attack.finish(endpoint.connection)

        if "client" in roles:
            with self.subTest(guest="client"):
                identity = support.pki().identity("ecdsa")
                self.attack_client(lambda connection: go_on(self.server(connection, identity)),
                                   wanted, authentic, **more)
        if "server" in roles:
            with self.subTest(guest="server"):
                self.attack_server(lambda connection: go_on(self.client(connection)), wanted,
                                   authentic, **more)


def close(endpoint):
    endpoint.alert(0, WARNING)


class EndsOfAllVersions:
    def test_that_are_clean(self):
        """The other tests prove something because this one passes."""
        self.strike(close, {"end"})

    def test_without_a_word(self):
        self.strike(lambda endpoint: None, {"ECONNRESET"})

    def test_that_somebody_else_says(self):
        """An alert in clear text, which anybody can put in."""
        for level, description in ((1, 0), (2, 0), (2, 40)):
            self.strike(lambda endpoint: endpoint.raw(record(ALERT, bytes([level, description]))))

    def test_data_after_the_end_are_not_delivered(self):
        def act(endpoint):
            close(endpoint)
            endpoint.data(b"EVIL")

        self.strike(act, {"end"})


class RecordsOfAllVersions:
    """What is wrong with a record. CLEAR_TYPES: those that nobody may send in the clear. POSITIONS:
    which bytes are changed."""

    def test_clear_text(self):
        for kind in self.CLEAR_TYPES:
            with self.subTest(type=kind):
                self.strike(lambda endpoint: endpoint.raw(record(kind, b"EVIL" * 10)))

    def test_every_byte_of_a_record_changed(self):
        for position in self.POSITIONS:
            with self.subTest(position=position):
                def act(endpoint):
                    sealed = bytearray(endpoint.sealed(DATA, b"EVIL"))
                    sealed[position] ^= 1
                    endpoint.raw(bytes(sealed))
                    endpoint.raw(bytes(300))  # so that a longer length is filled

                self.strike(act)

    def test_a_record_twice(self):
        def act(endpoint):
            endpoint.raw(endpoint.sealed(DATA, b" again") * 2)

        self.strike(act, authentic=HELLO + b" again")

    def test_records_swapped(self):
        def act(endpoint):
            first, second = endpoint.sealed(DATA, b"1"), endpoint.sealed(DATA, b"2")
            endpoint.raw(second + first)

        self.strike(act)

    def test_a_record_left_out(self):
        def act(endpoint):
            endpoint.sealed(DATA, b"lost")
            endpoint.data(b"EVIL")

        self.strike(act)

    def test_a_record_that_is_cut(self):
        for length in (1, 4, 5, 6, 20):
            with self.subTest(length=length):
                self.strike(lambda endpoint: endpoint.raw(endpoint.sealed(DATA, b"EVIL")[:length]),
                            {"ECONNRESET"})

    def test_a_record_as_long_as_can_be(self):
        self.strike(lambda endpoint: [endpoint.data(b"x" * RECORD_MAX), close(endpoint)], {"end"},
                    HELLO + b"x" * RECORD_MAX)
