"""Lists of options that cannot be made from timecraft/options.h agree with it: those of the SDKs for
Go and Python, and the names that a trace shows."""
import pathlib
import re
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
HEADER = (TREE / "sdk/c/include/timecraft/options.h").read_text()
GO = TREE / "sdk/go/timecraft"


def plain(name):
    return name.replace("_", "").lower()


def own_options():
    """Number by name, such as "servername", of the options that are Timecraft's alone."""
    found = re.findall(r"^#define (TIMECRAFT_|)(\w+)_OPTION +(\d+)$", HEADER, re.MULTILINE)
    return {plain(name): int(number) for _, name, number in found}


def linux_options(*forms):
    """Number by (level, name)."""
    found = re.findall(r"X\((\d+), (\w+), (\w+), (\w+)\)", HEADER)
    return {(level, name): int(number) for number, level, name, form in found
            if not forms or form in forms}


class OptionLists(unittest.TestCase):
    def test_no_number_is_taken_twice(self):
        numbers = [*own_options().values(), *linux_options().values()]
        self.assertGreater(len(numbers), 60)
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_go_has_all_that_take_a_number(self):
        text = (GO / "sockopt_wasip1.go").read_text()
        found = re.findall(r"\{(\w+), (\w+)\}: +(\d+),", text)
        self.assertEqual({(level, name): int(number) for level, name, number in found},
                         linux_options("INT", "BYTE"))

    def assert_agrees(self, pairs, least):
        found = {plain(name): int(number) for name, number in pairs}
        self.assertGreaterEqual(len(found), least)
        own = own_options()
        self.assertEqual(found, {name: own.get(name) for name in found})
        return found

    def test_gos_of_host_tls_agree(self):
        text = (GO / "options_wasip1.go").read_text()
        self.assert_agrees(re.findall(r"^\toption(\w+) += (\d+)$", text, re.MULTILINE), 22)

    def test_pythons_of_host_tls_agree(self):
        text = (TREE / "sdk/python/lib/_htls.py").read_text()
        listed = text[text.index("\nHTLS = "):text.index("\n# Values of TRUST")]
        pairs = re.findall(r"^(\w+) = (\d+)$", listed, re.MULTILINE)
        self.assert_agrees([("HTLS_ERROR" if name == "ERROR" else name, number)
                            for name, number in pairs], 23)

    def test_a_trace_names_those_of_host_tls_and_pairs(self):
        text = (TREE / "rt/trace/names.c").read_text()
        found = self.assert_agrees([(name, number) for number, name in re.findall(
            r'\{TIMECRAFT, (\d+), "(\w+)"', text)], 25)
        self.assertLessEqual({name for name, number in own_options().items()
                              if number < 64 or name == "pair"}, set(found))


if __name__ == "__main__":
    unittest.main(verbosity=2)
