"""--chaos: calls fail as they might, the program lives or says why not, and a seed repeats it all."""

import re
import unittest

import reader
import support
from support import peers
from test_replay import ReplayTest

CHAOS = 4  # TC_CALL_CHAOS
SEEDS = range(12)


def faults(trace):
    """The calls that --chaos has changed, by their names and results."""
    return [re.sub(r" <[0-9.]+>$", "", line) for line in trace.splitlines() if "(chaos)" in line]


class Chaos(ReplayTest):
    def say(self, ratio, options=""):
        return self.run_recorded(support.program("replayed"), "say",
                                 options=f"--chaos={ratio} {options}")

    def test_a_seed_repeats_its_faults(self):
        seen = set()
        for seed in SEEDS:
            runs = []
            for _ in range(2):
                result = self.say(f"0.3,seed={seed}", options="--trace=calls.txt")
                self.assertIn(result.returncode, (3,), result)
                runs.append([line.split("(")[0] for line in
                             faults((self.folder / "calls.txt").read_text())])
                (self.folder / "data/out").unlink(missing_ok=True)
            self.assertEqual(*runs)
            seen.add(tuple(runs[0]))
        self.assertGreater(len(seen), 3, "seeds differ")

    def test_a_seed_that_was_not_given_is_told(self):
        result = self.say("0.5")
        told = re.search(r"its faults come again with --chaos=0\.5,seed=(\d+)", result.stderr)
        self.assertTrue(told, result)

    def test_none_without_a_ratio(self):
        result = self.say("0", options="--trace=calls.txt")
        self.assertEqual(faults((self.folder / "calls.txt").read_text()), [], result)

    def test_every_call_at_once(self):
        """All that can fail does, but whoever tries again gets on."""
        result = self.say("1,seed=1", options="--trace=calls.txt")
        self.assertIn(result.returncode, (3, 71), result)
        self.assertTrue(faults((self.folder / "calls.txt").read_text()))

    def test_the_record_marks_them(self):
        self.say("0.5,seed=3", options="--trace=calls.txt")
        marked = [call for call in reader.Record(self.record).calls if call.flags & CHAOS]
        self.assertEqual(len(marked), len(faults((self.folder / "calls.txt").read_text())))
        self.assertTrue(marked)

    def test_a_clock_that_jumped_stays_ahead(self):
        """The guest waits no longer for it: what it waits for is told to the host in its own time."""
        for seed in range(4):
            result = self.run_recorded(support.program("replayed"), "many",
                                       options=f"--chaos=1,seed={seed}")
            self.assertEqual(result.returncode, 0, result)

    def calls_of(self, *steps, seed, ratio=0.5):
        """The lines of a trace of the guest `probe`, which talks to an echo."""
        with peers.ThreadPeer(peers.echo) as peer:
            steps = [step.format(peer=peer) for step in steps]
            result = self.run_recorded(
                support.program("probe"), *steps,
                options=f"{support.ALL_NETWORK} --chaos={ratio},seed={seed} --trace=calls.txt")
        self.assertEqual(result.returncode, 0, result)
        return (self.folder / "calls.txt").read_text().splitlines()

    def test_a_connection_that_was_reset_stays_reset(self):
        steps = ["socket:tcp4", "connect:{peer}", *["send:a", "recv:1"] * 8]
        seen = set()
        for seed in range(40):
            lines = self.calls_of(*steps, seed=seed)
            broken = next((i for i, line in enumerate(lines) if "ECONNRESET" in line), None)
            if broken is None:
                continue
            self.assertIn("(chaos)", lines[broken])
            seen.add(lines[broken].split("(")[0])
            for line in lines[broken + 1:]:
                if line.startswith("sock_send("):
                    self.assertIn(" = EPIPE ", line, lines)
                elif line.startswith("sock_recv("):
                    self.assertIn(" = 0,", line, lines)
            if seen == {"sock_send", "sock_recv"}:
                return
        self.fail(f"reset were only {seen}")

    def test_a_connection_that_does_not_come_about_says_so_once_asked(self):
        """SO_ERROR has the reason, and the socket is of no use."""
        steps = ["socket:tcp4", "connect:{peer}", "so_error", "send:a"]
        for seed in range(60):
            lines = self.calls_of(*steps, seed=seed)
            told = next((i for i, line in enumerate(lines)
                         if line.startswith("sock_getsockopt") and "(chaos)" in line), None)
            if told is None:
                continue
            call = reader.Record(self.record).named("sock_getsockopt")[0]
            value = int.from_bytes(call.chunk(3, reader.OUT).data, "little")
            self.assertEqual(value, 73)  # ETIMEDOUT
            self.assertTrue(any("= EPIPE " in line for line in lines[told:]), lines)
            return
        self.fail("it came about each time")

    def test_a_clock_jumps_forward_for_good(self):
        self.run_recorded(support.program("replayed"), "many", options="--chaos=1,seed=1")
        record = reader.Record(self.record)
        ahead, jumps = 0, 0
        for call in record.named("clock_time_get"):
            value = int.from_bytes(call.chunk(2, reader.OUT).data, "little")
            now = value - record.started - call.time
            if call.flags & CHAOS:
                self.assertGreater(now, ahead + 500_000)
                self.assertLess(now, ahead + 61_000_000_000)
                jumps += 1
                ahead = now
            self.assertLess(abs(now - ahead), 500_000_000)
        self.assertGreater(jumps, 100)

    def test_a_failure_is_replayed(self):
        failed = 0
        with peers.NginxPeer(support.pki().identity("addresses")) as server:
            runs = []
            for seed in SEEDS:
                result = self.run_recorded(
                    support.program("htls-get"), "127.0.0.1", server.port, "/",
                    options=f"{support.ALL_NETWORK} --chaos=0.3,seed={seed}")
                self.assertIn(result.returncode, (0, 1), result)
                self.assertNotIn("Sanitizer", result.stderr)
                failed += result.returncode
                runs.append((result, self.record.rename(self.folder / f"{seed}.tcrec")))
        self.assertTrue(0 < failed, "no seed fails")
        for first, record in runs:
            again = self.replay(record=record)
            self.assertEqual((again.returncode, again.stdout), (first.returncode, first.stdout),
                             f"{first}\n{again}")


class Options(unittest.TestCase):
    def test_wrong_ratios(self):
        for value in ("", "2", "x", "-1", "0.5,seed", "0.5,seed=", "0.5,seed=x", "0.5,other=1"):
            result = support.run([support.program("replayed"), "say"],
                                 support.environment(f"--chaos={value}"))
            self.assertEqual(result.returncode, 2, result)
            self.assertIn("--chaos", result.stderr)


if __name__ == "__main__":
    support.main()
