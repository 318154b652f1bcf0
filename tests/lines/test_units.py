"""What -g changes of a build: no C but for numbers of lines, and nothing that was compiled before when
lines move.
"""

import pathlib
import re
import unittest

from lines import Case, GUESTS, line_of


class Units(Case):
    def setUp(self):
        super().setUp()
        self.environment["XDG_CACHE_HOME"] = str(self.cache)

    def c_of(self, module, *options):
        """The C, without what does nothing: numbers of lines, and lists of names of variables."""
        folder = self.folder / "c"
        self.build(module, f"--keep-c={folder}", "-O1", *options)
        functions = {}
        for unit in folder.glob("unit_*.c"):
            for name, body in re.findall(r"^\w[^;{}]* (w2c_guest_\w+)\([^{}]*\) \{\n(.*?)^\}", 
                                         unit.read_text(), re.MULTILINE | re.DOTALL):
                functions[name] = [line for line in body.splitlines()
                                   if not re.fullmatch(r"  \w+ var_\w+(, var_\w+)*;", line)]
        return functions

    def test_c_is_that_of_a_build_without(self):
        module = self.compile("divide.c", "-O1")
        with_lines = self.c_of(module, "-g")
        self.assertGreater(len(with_lines), 30)
        self.assertEqual(with_lines, self.c_of(module))

    def test_builds_without_do_not_notice_those_with(self):
        module = self.compile("divide.c", "-O1")
        first = self.build(module, "-O1")[1]
        self.assertEqual(self.build(module, "-g", "-O1")[1].cached, 0)
        self.forget_programs()
        again = self.build(module, "-O1")[1]
        self.assertEqual((again.compiled, again.cached), (0, first.compiled))

    def test_nothing_is_compiled_again_where_lines_move(self):
        text = (GUESTS / "divide.c").read_text()
        place = line_of("divide.c", "a / b")
        for moved in (0, 1, 1000):
            folder = self.folder / str(moved)
            folder.mkdir()
            (folder / "moved.c").write_text(moved * "\n" + text)
            module = self.compile(str(folder / "moved.c"), "-O1", f"-fdebug-prefix-map={folder}=.")
            program, built = self.build(module, "-g", "-O1")
            self.assertTrapped(self.execute(program), f"divide (moved.c:{place + moved})")
            # The binding has the module's digest.
            self.assertEqual(built.compiled == 1, moved > 0, built)


if __name__ == "__main__":
    unittest.main()
