"""No call of the socket imports, however wrong, crashes the host: each gets an errno, and the
socket goes on working. In both versions of the socket extension, over plain sockets and hTLS."""


import support
from support.peers import NAME, TlsPeer, echo

GROUPS = ("accept", "bind", "connect", "getaddrinfo", "getaddrinfo_results", "getlocaladdr",
          "getpeeraddr", "getsockopt", "listen", "open", "poll", "recv", "recv_from", "recv_odd",
          "send", "send_to", "setsockopt", "shutdown")
GROUPS_OVER_HTLS = ("getlocaladdr", "getpeeraddr", "poll", "recv", "recv_odd", "send", "shutdown")


class HostileCalls(support.GuestTest):
    def survives(self, version, group, *server):
        program = support.program("hostile", f"-DSOCK_VERSION={version}", sdk=False)
        options = f"{support.ALL_NETWORK} --dir={support.temporary_folder()}::."
        result = support.run([program, group, *server], support.environment(options))
        self.assertEqual(result.returncode, 0, result)
        lines = result.stdout.splitlines()
        self.assertEqual(lines[-1:], [f"done {group}"], result)
        self.assertGreater(sum(line.startswith("ok ") for line in lines), 3, result)
        wrong = [line for line in lines if line.startswith("not ok")]
        self.assertEqual(wrong, [], result)


def add_tests(version, group):
    def over_plain_sockets(self):
        self.survives(version, group)

    def over_htls(self):
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            self.survives(version, group, str(peer.port), NAME)

    setattr(HostileCalls, f"test_of_{group}_in_version_{version}", over_plain_sockets)
    if group in GROUPS_OVER_HTLS:
        setattr(HostileCalls, f"test_of_{group}_in_version_{version}_over_htls", over_htls)


for version in (1, 2):
    for group in GROUPS:
        add_tests(version, group)

if __name__ == "__main__":
    support.main()
