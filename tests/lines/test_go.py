"""Go writes no debugging information for WebAssembly: its functions' names, and where they are in the
module, are in the messages of traps and in gdb.
"""

import shutil
import subprocess
import unittest

from lines import Case, GUESTS
from support import SANITIZED, gotools


class Go(Case):
    def test_names_and_places_in_a_trap_and_in_gdb(self):
        go = gotools.find_go()
        if not go:
            self.skipTest("there is no Go here")
        if SANITIZED:
            self.skipTest("Go programs are tested in the optimised build")
        module = self.folder / "peek.wasm"
        subprocess.run([go, "build", "-o", module, GUESTS / "peek.go"], check=True, cwd=GUESTS,
                       env=dict(gotools.BASE_ENV, GOOS="wasip1", GOARCH="wasm", GOFLAGS="-trimpath"))
        program, built = self.build(module, "-g", "-O0")
        self.assertIn("has no debugging information (DWARF), because Go writes none for WebAssembly",
                      built.err)
        done = self.execute(program)
        self.assertEqual(done.status, 134, done)
        self.assertRegex(done.err, r"trapped: out-of-bounds memory access\n"
                                   r"    at main\.__account_\.peek \(peek\.wasm\+0x[0-9a-f]+\)\n"
                                   r"    at main\.main \(peek\.wasm\+0x[0-9a-f]+\)\n"
                                   r"    at runtime\.main \(peek\.wasm\+0x[0-9a-f]+\)\n")
        if shutil.which("gdb"):
            shown = subprocess.run(["gdb", "-nx", "-batch", "-ex", "break main.__account_.peek",
                                    "-ex", "run", "-ex", "bt", program], capture_output=True,
                                   text=True, env=self.environment, stdin=subprocess.DEVNULL).stdout
            self.assertRegex(shown, r"#0  0x\w+ in main\.__account_\.peek \(\)\n"
                                    r"#1  0x\w+ in main\.main \(\)")


if __name__ == "__main__":
    unittest.main()
