"""perf sees the guest's names and lines."""

import re
import shutil
import subprocess
import unittest

from lines import Case, GUESTS, line_of
from support import SANITIZED


def perf_works():
    if not shutil.which("perf"):
        return False
    return subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", "/dev/null", "true"],
                          capture_output=True).returncode == 0


@unittest.skipIf(SANITIZED, "what perf sees is tested in the optimised build")
@unittest.skipUnless(perf_works(), "perf is not installed, or may not be used here")
class Perf(Case):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "perf.data"
        module = self.compile("mill.cc", "-O2")
        # At -O1 a function is not put into the one that calls it.
        self.program = self.build(module, "-g", "-O1")[0]
        subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "--call-graph=dwarf", "-F", "199",
                        "-o", self.data, self.program],
                       check=True, cwd=GUESTS, stdout=subprocess.DEVNULL)

    def perf(self, *words):
        return subprocess.run(["perf", *words, "--stdio", "-i", self.data], check=True, cwd=GUESTS,
                              capture_output=True, text=True).stdout

    def top(self, *words):
        lines = self.perf("report", "--no-children", "-g", "none", *words).splitlines()
        return [line for line in lines if line and not line.startswith("#")][0]

    def test_names_and_lines(self):
        self.assertIn("mill::Wheel::turn(int)", self.top())
        self.assertRegex(self.top("-s", "srcline"),
                         rf"mill\.cc:({line_of('mill.cc', 'state * 1664525')}|"
                         rf"{line_of('mill.cc', 'i < times')})\b")

    def test_callers(self):
        shown = self.perf("report", "--no-children", "-g", "caller")
        self.assertRegex(shown, re.compile(r"_start\n.*_original_main.*mill::grind.*mill::Wheel::turn",
                                           re.DOTALL))

    def test_annotated_source(self):
        shown = self.perf("annotate", "-s", "mill::Wheel::turn(int)", "-l")
        self.assertIn("state = state * 1664525 + (state >> 7);", shown)


if __name__ == "__main__":
    unittest.main()
