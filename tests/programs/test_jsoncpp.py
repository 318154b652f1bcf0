"""JsonCpp, a library in C++ with streams and exceptions, passes its own tests as a guest, and its
program that reads and writes JSON files does what it does natively.
"""
import re
import unittest

import programs


def compile_program(name, sources, source):
    return programs.Program(
        name, sources, ["-O1", "-std=c++17", f"-I{source / 'include'}"], native_flags=["-O0"],
        **programs.CXX_EXCEPTIONS)


class JsonCpp(programs.SideBySide):
    @classmethod
    def setUpClass(cls):
        programs.skip_under_sanitizers()
        programs.need(programs.CLANGXX)
        cls.source = programs.source("libjsoncpp")
        cls.library = sorted((cls.source / "src/lib_json").glob("*.cpp"))

    def test_reads_and_writes_what_it_does_natively(self):
        self.program = compile_program(
            "jsontestrunner", [*self.library, self.source / "src/jsontestrunner/main.cpp"],
            self.source)
        inputs = sorted((self.source / "test/data").glob("*.json"))
        self.assertGreater(len(inputs), 50)
        for path in inputs:
            self.made(path.name, path.read_bytes())
            fails = path.name.startswith("fail_")
            with self.subTest(path.name):
                self.run_both(path.name, status=1 if fails else 0)
        files = self.assert_same_files()
        for name in files:
            if name.endswith(".actual"):
                expected = self.source / "test/data" / name.replace(".actual", ".expected")
                self.assertEqual(files[name].strip(), expected.read_bytes().strip(), name)

    def test_its_own_tests(self):
        self.program = compile_program(
            "jsoncpp-test",
            [*self.library, *sorted((self.source / "src/test_lib_json").glob("*.cpp"))],
            self.source)
        passed = re.search(rb"All (\d+) tests passed", self.run_both())
        self.assertGreater(int(passed[1]), 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
