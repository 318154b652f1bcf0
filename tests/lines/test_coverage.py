"""Guests that count which of their lines have run write that down as they do elsewhere."""

import os
import re
import subprocess
import unittest

from lines import FLAGS, Case, GUESTS
from support import SANITIZED, TIMECRAFT, gotools

# With the counts of two runs.
COUNTED = """#include <stdio.h>
static int half(int n) {
    if (n % 2) // 8
        return (n - 1) / 2; // 0
    return n / 2; // 8
}
int main(void) {
    for (int i = 0; i < 3; i++)
        half(2 * i); // 6
    printf("%d\\n", half(4)); // 2
}
"""


class Coverage(Case):
    def test_c(self):
        """The branch that no run has taken has the count 0, in a profile of two runs."""
        config = os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config")
        file = subprocess.run([config, "--coverage"], capture_output=True, text=True,
                              check=True).stdout.strip()
        counting = ["-fprofile-instr-generate", "-fcoverage-mapping"]
        source = self.folder / "guest.c"
        source.write_text(COUNTED)
        module = self.folder / "guest.wasm"
        subprocess.run(["clang", *FLAGS, "-Wall", "-Wextra", "-Werror", *counting, source, file, "-o",
                        module], check=True)
        program = self.build(module, "-O1", f"--dir={self.folder}::.", "--inherit-env")[0]
        for run in ("one", "two"):
            self.assertEqual(self.execute(program, env={"LLVM_PROFILE_FILE": f"{run}.profraw"}).out,
                             "2\n")
        tool = subprocess.run(["llvm-profdata", "merge", "-o", "both.profdata", "one.profraw",
                               "two.profraw"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(tool.returncode, 0, tool.stderr)
        subprocess.run(["clang", *counting, "-c", source, "-o", "native.o"], check=True,
                       cwd=self.folder)
        shown = subprocess.run(["llvm-cov", "show", "native.o", "-instr-profile=both.profdata"],
                               cwd=self.folder, capture_output=True, text=True, check=True).stdout
        for number, line in enumerate(COUNTED.splitlines()):
            count = re.search(r"// (\d+)$", line)
            if count:
                self.assertRegex(shown, rf"(?m)^ *{number + 1}\| +{count[1]}\|")

    def test_where_no_folder_is_granted_a_message_says_so(self):
        config = os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config")
        file = subprocess.run([config, "--coverage"], capture_output=True, text=True,
                              check=True).stdout.strip()
        source = self.folder / "guest.c"
        source.write_text(COUNTED)
        module = self.folder / "guest.wasm"
        subprocess.run(["clang", *FLAGS, "-fprofile-instr-generate", source, file, "-o", module],
                       check=True)
        done = self.execute(self.build(module, "-O1")[0])
        self.assertEqual((done.status, done.out), (0, "2\n"), done)
        self.assertIn("coverage: the profile cannot be written; grant a folder with --dir", done.err)

    def test_go(self):
        go = gotools.find_go()
        if not go:
            self.skipTest("there is no Go here")
        if SANITIZED:
            self.skipTest("Go programs are tested in the optimised build")
        source = self.folder / "covered"
        source.mkdir()
        (source / "go.mod").write_text("module covered\ngo 1.21\n")
        (source / "main.go").write_text((GUESTS / "shares.go").read_text())
        environment = dict(gotools.BASE_ENV, GOOS="wasip1", GOARCH="wasm")
        subprocess.run([go, "build", "-cover", "-o", self.folder / "guest.wasm", "."], check=True,
                       cwd=source, env=environment)
        data = self.folder / "data"
        data.mkdir()
        done = self.timecraft("run", "-O0", f"--dir={data}::/data", "--env", "GOCOVERDIR=/data",
                              self.folder / "guest.wasm", "one")
        self.assertEqual((done.status, done.out), (0, "start\n1\n"), done)
        shown = subprocess.run([go, "tool", "covdata", "func", "-i", data], check=True, env=gotools.BASE_ENV,
                               capture_output=True, text=True, cwd=source).stdout
        self.assertRegex(shown, r"main\.go:\d+:\s+\*account\.share\s+100\.0%")
        self.assertRegex(shown, r"main\.go:\d+:\s+main\s+100\.0%")


if __name__ == "__main__":
    unittest.main()
