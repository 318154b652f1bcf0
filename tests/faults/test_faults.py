"""Calls of the runtime that fail, some of each kind; `run` has each of them fail, with each error."""

import unittest

import faults
import support


class Faults(unittest.TestCase):
    def suffer(self, program, most=1, libraries=6):
        good = faults.run(program)
        self.assertEqual(good.status, 0, good)
        injected = 0
        for call, plan in faults.plans(good.counts, most, libraries, errors=1):
            kind, fault = faults.judge(program, good, plan, faults.run(program, plan))
            injected += 1
            with self.subTest(plan=plan):
                self.assertEqual(fault, "")
        self.assertGreater(injected, 20)

    def test_of_a_guest_with_files(self):
        self.suffer(faults.Files)

    def test_of_a_client_of_tls(self):
        self.suffer(faults.TlsClient, 2)

    def test_of_a_server_of_tls(self):
        self.suffer(faults.TlsServer)

    def test_of_a_connection_with_itself(self):
        self.suffer(faults.BothSides)

    def refused(self, plan):
        """What the fault made of the option, and of what was sent behind it."""
        outcome = faults.run(faults.TlsClient, plan)
        self.assertNotIn(faults.SECRET.encode(), outcome.seen)
        return dict(line.split("\t", 1) for line in outcome.out.splitlines())

    def test_htls_that_cannot_begin_leaves_no_clear_text(self):
        """The guest goes on as if nothing had been: it has the error again, until TLS is on."""
        said = self.refused("malloc@library:1:12")
        self.assertEqual(said[f"send:{faults.SECRET}"], "ENOMEM")
        self.assertEqual(said["recv:999"], "ENOMEM")

    def test_a_socket_whose_state_the_kernel_does_not_tell_leaves_no_clear_text(self):
        """It counts as it did before, so that hTLS begins or has been refused for good."""
        good = faults.run(faults.TlsClient)
        self.assertGreater(good.counts["getsockopt"], 0)
        for number in range(1, good.counts["getsockopt"] + 1):
            with self.subTest(number=number):
                self.refused(f"getsockopt:{number}:105")

    def test_an_option_that_found_no_room_keeps_htls_from_beginning(self):
        """Without it more might be trusted than the guest has asked for."""
        good, lost = faults.run(faults.Configured), 0
        for call in ("malloc", "calloc", "reallocarray", "realloc", "strdup", "strndup"):
            for number in range(1, good.counts.get(call, 0) + 1):
                outcome = faults.run(faults.Configured, f"{call}:{number}:12")
                said = [line.split("\t", 1) for line in outcome.out.splitlines()]
                if any(step.startswith("opt") and told == "ENOMEM" for step, told in said):
                    lost += 1
                    with self.subTest(call=call, number=number):
                        self.assertIn(["htls:server.example.test", "ENOMEM"], said)
                        self.assertNotIn(faults.SECRET.encode(), outcome.seen)
        self.assertGreater(lost, 0, "no option was lost")

    def test_bytes_that_find_no_room_end_the_connection(self):
        """They were to stand in the middle of a stream, of which nothing may be missing."""
        counts = faults.run(faults.TlsClient).counts
        for number in range(1, counts["realloc"] + 1):
            with self.subTest(number=number):
                outcome = faults.run(faults.TlsClient, f"realloc:{number}:12")
                self.assertNotEqual(outcome.status, None, "it did not end")


if __name__ == "__main__":
    if support.SANITIZED:
        support.skip("sanitizers replace the same functions")
    support.main()
