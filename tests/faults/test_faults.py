"""Calls of the runtime that fail, some of each kind; `run` has each of them fail, with each error."""

import collections
import errno
import os
import re
import unittest

import faults
import support

# Calls that cannot fail.
UNFAILING = {"getpid", "getppid", "gettid", "sched_yield", "exit", "time"}


def spread(plans, most):
    """So many of them, the middle one if that is one."""
    if len(plans) <= most:
        return plans
    if most == 1:
        return [plans[len(plans) // 2]]
    return [plans[step * (len(plans) - 1) // (most - 1)] for step in range(most)]


class Calls(unittest.TestCase):
    def test_of_the_runtime_can_all_be_made_to_fail(self):
        """What it takes from elsewhere and has a system call's name, or allocates: preload.c has it."""
        archive = os.path.join(support.PREFIX, "lib", "timecraft", "libtimecraft.a")
        needed = set(re.findall(r" U (\w+)", support.run_tool("nm", "-u", archive)))
        injected = set(re.findall(r" T (\w+)", support.run_tool("nm", "-D", "--defined-only", faults.preload())))
        calls = set(faults.system_calls().values()) | set(faults.MEMORY)
        self.assertGreater(len(needed & calls), 60)
        self.assertEqual(needed & calls - injected - UNFAILING, set())


class Faults(unittest.TestCase):
    def suffer(self, program, plans_of, at_least):
        """plans_of: of {call: its plans} those that are to be."""
        good, by_call = faults.run_well(program), collections.defaultdict(list)
        for call, plan in faults.plans(good.counts, errors=1):
            by_call[faults.spelled(call)].append(plan)
        chosen = plans_of(by_call)
        self.assertGreaterEqual(len(chosen), at_least)
        for plan in chosen:
            with self.subTest(plan=plan):
                self.assertEqual(faults.suffer(program, good, plan)[1], "")

    def suffer_some(self, program, most=1, libraries=6):
        """So many of each call, spread over its sites."""
        def some(by_call):
            return [plan for call, plans in by_call.items()
                    for plan in spread(plans, libraries if call.endswith("@library") else most)]
        self.suffer(program, some, 20)

    def suffer_all_of(self, program, *calls):
        """Every site of these, each of which there is at least once."""
        def all_of(by_call):
            return [plan for call in calls for plan in by_call[call]]
        self.suffer(program, all_of, len(calls))

    def test_of_a_guest_with_files(self):
        self.suffer_some(faults.Files)

    def test_of_a_client_of_tls(self):
        self.suffer_some(faults.TlsClient, 2)

    def test_of_a_server_of_tls(self):
        self.suffer_some(faults.TlsServer)

    def test_of_a_connection_with_itself(self):
        self.suffer_some(faults.BothSides)

    def test_of_the_process_that_looks_up_names(self):
        """It is not left behind, its program does not wait for ever for what it cannot send, and is not stopped by
        its own wall when it asks one that has ended again."""
        self.suffer_all_of(faults.Names, "syscall-close_range", "dup2", "fork", "socketpair", "send", "recv", "prctl",
                           "malloc", "pthread_create")

    def test_of_a_wall_that_is_required(self):
        """There is the whole, of every process, or a message."""
        wall = ["prctl", "syscall-landlock_create_ruleset", "syscall-landlock_add_rule",
                "syscall-landlock_restrict_self", "syscall-seccomp", "calloc", "strdup"]
        self.suffer_all_of(faults.Confined, *wall)
        self.suffer_all_of(faults.ConfinedNames, *wall)

    def test_of_a_worker_and_its_supervisor(self):
        """The worker does not wait for ever for an answer; a place that found no room is not out of reach later."""
        self.suffer_all_of(faults.Workers, "sendmsg", "recvmsg", "strdup", "realloc", "prctl", "fork", "socketpair",
                           "syscall-seccomp", "syscall-landlock_restrict_self")

    def test_of_standard_streams_is_told(self):
        self.suffer_all_of(faults.Files, "fstat", "calloc", "fcntl")

    @unittest.skipIf(support.ENGINE == "syscall", "of the other engine")
    def test_of_the_ring_ends_the_program_with_a_message(self):
        """The kernel has lost completions then; it is no crash."""
        good, told = faults.run_well(faults.TlsClient, 3), 0
        for site in good.counts:
            if site.startswith("io_uring_submit/"):
                outcome = faults.run(faults.TlsClient, f"{site}:1:{errno.EBADR}")
                self.assertIn(outcome.status, (0, 1), outcome)
                told += "timecraft: io_uring refuses work" in outcome.err
        self.assertGreater(told, 0)

    def test_of_the_end_of_a_record_is_told(self):
        self.suffer_all_of(faults.Recorded, "on_exit")

    @unittest.skipIf(support.ENGINE == "syscall", "the same with either engine")
    def test_a_record_that_found_no_room_for_something_ends_there(self):
        """With a message: what comes before is whole."""
        self.suffer_all_of(faults.Recorded, "realloc", "strndup")
        self.suffer_all_of(faults.RecordedWithLimit, "malloc", "calloc")

    @unittest.skipIf(support.ENGINE == "syscall", "the same with either engine")
    def test_a_call_that_the_trace_leaves_out_is_told(self):
        sites = [site for site in faults.run(faults.Traced).counts if site.startswith("realloc/")]
        outcomes = [faults.run(faults.Traced, f"{site}:1:{errno.ENOMEM}") for site in sites]
        self.assertTrue(any("+++ a call is left out" in outcome.err for outcome in outcomes))

    @unittest.skipIf(support.ENGINE == "syscall", "the same with either engine")
    def test_of_a_traced_call_show_nothing_of_a_secret_that_goes_on_in_the_next(self):
        good = faults.run(faults.TracedSecret)
        self.assertIn('"Cookie: ** ** ", si_flags', good.err)
        for site, count in good.counts.items():
            if site.startswith("realloc/"):
                for number in range(1, count + 1):
                    outcome = faults.run(faults.TracedSecret, f"{site}:{number}:{errno.ENOMEM}")
                    sent = [line for line in outcome.err.splitlines() if line.startswith("sock_send(")]
                    self.assertNotIn("yellow", "".join(sent))

    @unittest.skipIf(support.ENGINE == "syscall", "the same with either engine")
    @unittest.skipUnless(support.can_be_direct(support.temporary_folder()), "no O_DIRECT here")
    def test_of_a_record_past_the_page_cache_are_no_matter(self):
        self.suffer_all_of(faults.RecordedLong, "syscall-io_setup", "syscall-io_submit", "syscall-io_getevents", "aio",
                           "fallocate", "posix_fallocate")

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
        support.skip("they would take minutes; faults.md has what `run` shows with sanitizers")
    support.main()
