"""Guests of the WasmEdge socket extension see what the libraries that were released for it expect:
the layouts of the crate wasmedge_wasi_socket, in guests/crate_layouts.c."""

import support

INET4 = ["get_local: type 4, loopback"] * 2 + ["send_to: error 0",
                                               "recv_from: error 0, hello from 127.0.0.1:sender"]
INET6 = ["get_local: type 6, loopback"] * 2 + ["send_to: error 0"]
# WASI has 14 for ECONNREFUSED; 1 is the extension's number of datagrams.
OPTIONS = ["get_local: type 4, loopback",
           "type: error 0, value 1, size 4, 0 bytes behind it changed",
           "receive timeout: error 0, value 0, size 16, 0 bytes behind it changed",
           "connect: error 14",
           "take_error: error 0, value 0, size 4, 0 bytes behind it changed"]


class Crate(support.GuestTest):
    def sees(self, release, *lines):
        program = support.program("crate_layouts", f"-DCRATE={release}", sdk=False)
        result = support.run([program], support.environment())
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stdout.splitlines(), list(lines), result)

    def test_0_4_3_sees_the_sender_and_its_options(self):
        self.sees(4, *INET4, *INET6, "recv_from: error 0, hello from [::]:sender", *OPTIONS)

    def test_0_5_5_sees_the_sender_and_its_options(self):
        self.sees(5, *INET4, *INET6, "recv_from: error 0, hello from [::1]:sender", *OPTIONS)

    def test_a_trace_tells_what_it_was_told(self):
        for release in (4, 5):
            program = support.program("crate_layouts", f"-DCRATE={release}", sdk=False)
            result = support.run([program], support.environment(f"{support.ALL_NETWORK} --trace"))
            self.assertRegex(result.stderr,
                             r'sock_recv_from\(.*\) = 5, "hello", 127\.0\.0\.1:\d+ ')
            self.assertRegex(result.stderr,
                             r"sock_getsockopt\(.*, socket, error, .*\) = 0 ")


if __name__ == "__main__":
    support.main()
