"""Kernels that lack a part of the wall, simulated (lacking.c): the other parts stand, `timecraft
doctor` says what is missing, and --require-confinement ends the program."""

import signal
import subprocess
import unittest

import support
from door import Door, compiled, was_reached


class Kernels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door()
        cls.lacking = compiled("lacking")

    def without(self, parts, name, options="--dir=INSIDE"):
        tag = "-".join(parts) + str(abs(hash(options)))
        return self.door.try_one(name, options, tag, [self.lacking, *parts, "--"])

    def assert_not_started(self, done, *words):
        self.assertEqual(done.returncode, 2, done)
        for word in ("--require-confinement", "timecraft doctor", *words):
            self.assertIn(word, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_without_landlock_calls_are_stopped(self):
        self.assertTrue(was_reached(self.without(["landlock"], "read_secret")))
        self.assertEqual(self.without(["landlock"], "start_program").returncode, -signal.SIGSYS)

    def test_without_seccomp_places_are_out_of_reach(self):
        self.assertTrue(was_reached(self.without(["seccomp"], "fork_once")))
        for name in ("read_secret", "start_program", "connect_elsewhere", "inherited"):
            done = self.without(["seccomp"], name, "--dir=INSIDE --allow-net=127.0.0.1:1")
            self.assertIn("refused", done.stdout, done)

    def test_without_restrictions_of_rings_there_is_none(self):
        done = self.without(["restrictions"], "open_by_ring", "--allow-net")
        self.assertIn("refused", done.stdout, done)
        self.assertEqual(self.without(["restrictions"], "own_ring", "--allow-net").returncode,
                         -signal.SIGSYS)

    def test_required_without_landlock(self):
        self.assert_not_started(
            self.without(["landlock"], "read_inside", "--require-confinement"), "Landlock")

    def test_required_without_seccomp(self):
        self.assert_not_started(
            self.without(["seccomp"], "read_inside", "--require-confinement"), "seccomp")

    def test_the_last_word_counts(self):
        options = "--require-confinement --no-confinement --dir=INSIDE"
        self.assertTrue(was_reached(self.without(["landlock", "seccomp"], "read_secret", options)))

    def test_doctor_says_what_is_missing(self):
        def doctor(*parts):
            return subprocess.run([self.lacking, *parts, "--", support.TIMECRAFT, "doctor"],
                                  capture_output=True, text=True).stdout
        self.assertIn("ok      seccomp", doctor("landlock"))
        self.assertRegex(doctor("landlock"), "-       Landlock +not usable here")
        self.assertIn("ok      Landlock", doctor("seccomp"))
        self.assertRegex(doctor("seccomp"), "-       seccomp +not usable here")


if __name__ == "__main__":
    if support.SANITIZED:
        support.skip("a sanitized runtime has no wall")
    unittest.main()
