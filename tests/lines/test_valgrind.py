"""valgrind runs a program that was built with -g -O0, and has the guest's functions and lines, as the guide
(sdk/gdb/README.md) says."""

import re
import shutil
import subprocess
import unittest

from lines import Case, GUESTS, line_of
from support import SANITIZED


@unittest.skipIf(SANITIZED, "valgrind and the sanitizers exclude each other")
@unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
class Valgrind(Case):
    def setUp(self):
        super().setUp()
        self.program = self.build(self.compile("divide.c", "-O0"), "-g", "-O0")[0]

    def valgrind(self, *words):
        return subprocess.run(["valgrind", *words], capture_output=True, text=True, cwd=GUESTS, timeout=120,
                              env={**self.environment, "TIMECRAFT_OPTIONS": "--no-confinement"})

    def test_memcheck_has_nothing_to_say_of_the_runtime(self):
        done = self.valgrind("--error-exitcode=9", "--soname-synonyms=somalloc=nouserintercepts",
                             self.program, "5")
        self.assertEqual((done.returncode, done.stdout), (0, "start 5\n8\n"), done)
        self.assertIn("ERROR SUMMARY: 0 errors", done.stderr)

    def test_a_trap_has_its_lines(self):
        done = self.valgrind("--soname-synonyms=somalloc=nouserintercepts", self.program, "0")
        self.assertEqual(done.returncode, 134, done)
        self.assertIn(f"at divide (divide.c:{line_of('divide.c', 'a / b')})", done.stderr)

    def test_callgrind_counts_lines(self):
        counts = self.folder / "callgrind.out"
        done = self.valgrind("--tool=callgrind", f"--callgrind-out-file={counts}", self.program, "5")
        self.assertEqual(done.returncode, 0, done)
        shown = subprocess.run(["callgrind_annotate", "--threshold=100", counts, GUESTS / "divide.c"],
                               capture_output=True, text=True, cwd=GUESTS).stdout
        self.assertRegex(shown, r"\bdivide\.c:twice\b")
        self.assertTrue(re.search(r"^ *\d+ .*return a / b;", shown, re.MULTILINE), shown)


if __name__ == "__main__":
    unittest.main()
