"""Lua passes its own test suite as a guest, as it does natively.

The suite's "user" tests: those that need popen, or much memory or time, are not among them. By hand
all of the portable ones, long: TIMECRAFT_TEST_LEVEL=-O2 tests/programs/test_lua.py --long
"""
import re
import shutil
import sys
import unittest

import programs

LONG = "--long" in sys.argv


class Lua(programs.SideBySide):
    options = "--dir=.::. --dir=.::/tmp --env=PATH"

    @classmethod
    def setUpClass(cls):
        programs.skip_under_sanitizers()
        cls.source = programs.source("lua")
        # Natively with POSIX: without, it uses tmpnam, which linkers warn of.
        cls.program = programs.Program("lua", [cls.source / "onelua.c"], ["-O1"],
                                       native_flags=["-O0", "-DLUA_USE_POSIX"], **programs.POSIX)

    def test_its_own_suite(self):
        parts = {}
        for kind, folder in self.folders.items():
            shutil.copytree(self.source / "testes", folder, dirs_exist_ok=True)
            status, out, err = self.run_one(kind, "-e_port=true" if LONG else "-e_U=true",
                                            "all.lua")
            self.assertEqual(status, 0, (kind, out[-2000:], err))
            self.assertIn(b"final OK !!!", out, (kind, err))
            parts[kind] = re.findall(rb"^\*\*\*\*\* FILE '(.*)'", out, re.M)
        self.assertIn(b"coroutine.lua", parts["native"])
        self.assertEqual(parts["guest"], parts["native"])


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--long"], verbosity=2)
