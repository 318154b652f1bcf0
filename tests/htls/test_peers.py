"""The same guest fetches over hTLS from every kind of server there is here: five TLS stacks, IPv4
and IPv6, TLS 1.2 and 1.3, RSA and ECDSA certificates, and a chain with an intermediate."""

import unittest

import support
from support.peers import EVERY_SERVER, NAME, TLS12, TLS13

HOSTS = {"ipv4": "127.0.0.1", "ipv6": "::1"}
VERSIONS = {"tls12": TLS12, "tls13": TLS13}
CERTIFICATES = ("rsa", "ecdsa", "chain")


class FetchesFrom(support.GuestTest):
    def fetch(self, server, host, version, certificate):
        identity = support.pki().identity(certificate)
        with server(identity, host=host, minimum=version, maximum=version) as peer:
            result = self.run_guest("tls_fetch", host, peer.port, NAME, "/index")
            self.assertIn(server.hello, result.stdout, result)
            self.assertEqual(result.stderr, "", result)

    def test_a_server_that_leaves_the_version_open(self):
        for server in (EVERY_SERVER["openssl"], EVERY_SERVER["python"]):
            with self.subTest(server.__name__), server(support.pki().identity("ecdsa")) as peer:
                result = self.run_guest("tls_fetch", peer.host, peer.port, NAME, "/index")
                self.assertIn(server.hello, result.stdout, result)

    def test_a_server_found_by_name(self):
        server = EVERY_SERVER["python"]
        with server(support.pki().identity("ecdsa")) as peer:
            result = self.run_guest("tls_fetch", "localhost", peer.port, NAME, "/index")
            self.assertIn(server.hello, result.stdout, result)


def add_test(kind, server, family, version, certificate):
    @unittest.skipIf(server.missing(), f"{kind} is not installed")
    def test(self):
        self.fetch(server, HOSTS[family], VERSIONS[version], certificate)

    setattr(FetchesFrom, f"test_{kind}_over_{family}_with_{version}_and_{certificate}", test)


for kind, server in EVERY_SERVER.items():
    for family in HOSTS:
        for version in VERSIONS:
            for certificate in CERTIFICATES:
                add_test(kind, server, family, version, certificate)

if __name__ == "__main__":
    support.main()
