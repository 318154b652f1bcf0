"""Guests that count which of their lines have run write that down as they do elsewhere."""

import subprocess
import unittest

from lines import Case, GUESTS
from support import gotools


class Coverage(Case):
    def test_go(self):
        go = gotools.find_go()
        if not go:
            self.skipTest("there is no Go here")
        gotools.skip_if_sanitized()
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
