"""Every function that a module may import is called by a guest of the tests: preview 1's by one of
this folder, which also makes it fail where it can; the socket extension's by one of tests/net.
"""
import pathlib
import re
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
IMPORTS = TESTS.parent / "rt/wasi/imports.def"
CANNOT_FAIL = {"proc_exit", "sched_yield"}
# They need peers, which stand in tests/net and the folders beside it.
NEED_PEERS = {"sock_recv", "sock_send", "sock_shutdown", "sock_accept"}


def names():
    """(preview 1's functions, the extension's)"""
    preview, extension = IMPORTS.read_text().split("/* The WasmEdge socket extension. */")
    extension = extension.split("TC_IMPORT_UNSTABLE")[0]
    return (set(re.findall(r"^TC_IMPORT\((\w+),", preview, re.M)),
            set(re.findall(r"^TC_IMPORT\((\w+),", extension, re.M)))


def text_of(*patterns):
    return "\n".join(path.read_text() for pattern in patterns for path in TESTS.glob(pattern))


class EveryFunction(unittest.TestCase):
    def setUp(self):
        self.preview, self.extension = names()
        # Helpers stand in headers; the declarations there are not calls.
        self.guests = re.sub(r"WASI\(\w+\)", "", text_of("wasi/*.c", "wasi/*.h"))

    def test_the_list_is_whole(self):
        self.assertEqual((len(self.preview), len(self.extension)), (46, 11))

    def test_preview_1_is_called(self):
        for name in sorted(self.preview):
            with self.subTest(name):
                self.assertRegex(self.guests, rf"\b{name}\(")

    def test_preview_1_is_made_to_fail(self):
        for name in sorted(self.preview - CANNOT_FAIL):
            with self.subTest(name):
                self.assertRegex(self.guests, rf"EXPECT\(E[A-Z]+,\s*{name}\(")

    def test_the_extension_is_called(self):
        guests = text_of("net/guests/*.c", "net/guests/*.h", "support/guests/*.c",
                         "support/guests/*.h")
        for name in sorted(self.extension | NEED_PEERS):
            with self.subTest(name):
                self.assertRegex(guests, rf"\b{name}\b")


if __name__ == "__main__":
    unittest.main(verbosity=2)
