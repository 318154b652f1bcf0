"""What a compiler may do that `timecraft build` starts: a module can be made to attack it, or wasm2c,
which run behind a wall too. Here the compiler is a script that tries, and fails with what came of it."""

import os
import socket
import unittest

from support.command import Case

MODULE = '(module (memory (export "memory") 1) (func (export "_start")))'
SCRIPT = """#!/bin/sh
attempt() {{
    name=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "$name: reached"; else echo "$name: refused"; fi
}}
attempt read cat {secret}
attempt write sh -c 'echo >{folder}/written'
attempt remove rm -f {folder}/removable
attempt connect /usr/bin/python3 -c 'import socket; socket.create_connection(("127.0.0.1", {port}))'
attempt socket /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX)'
attempt signal kill -0 {parent}
attempt trace /usr/bin/python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).ptrace(0x4206, {parent}, 0, 0) != 0)'
attempt namespace unshare -U true
attempt work sh -c 'echo >here && test "$TMPDIR" = "$(pwd)" && mktemp'
attempt headers cat /usr/include/stdio.h
exit 1
"""
OUTSIDE = ("read", "write", "remove", "connect", "socket", "signal")


class Tools(Case):
    def outcomes(self, **environment):
        (self.folder / "secret").write_text("secret")
        (self.folder / "removable").touch()
        os.makedirs(self.folder / "tool", exist_ok=True)
        script = self.folder / "tool" / "cc"
        with socket.create_server(("127.0.0.1", 0)) as server:
            script.write_text(SCRIPT.format(secret=self.folder / "secret", folder=self.folder,
                                            port=server.getsockname()[1], parent=os.getpid()))
            script.chmod(0o755)
            result = self.timecraft("build", "-O1", "--no-cache", "--cc", script,
                                    self.wat(MODULE), "-o", "program", env=environment)
        self.assertEqual(result.status, 1, result)
        return dict(line.strip().split(": ") for line in result.err.splitlines()
                    if line.endswith((": reached", ": refused")))

    def test_they_see_the_work_folder_and_the_system(self):
        found = self.outcomes()
        self.assertEqual({name for name, what in found.items() if what == "reached"},
                         {"work", "headers"}, found)
        self.assertEqual(len(found), 10)
        self.assertFalse((self.folder / "written").exists())

    def test_without_the_wall_they_see_more(self):
        found = self.outcomes(TIMECRAFT_OPTIONS="--no-confinement")
        self.assertEqual({name: found[name] for name in OUTSIDE}, dict.fromkeys(OUTSIDE, "reached"))


if __name__ == "__main__":
    unittest.main()
