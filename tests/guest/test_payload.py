"""What is appended to a program's file: the guest reads it through --payload, and words at its end
are applied between those of the build and those of the environment.
"""

import os
import pathlib
import struct
import subprocess
import unittest

import support
from support import TIMECRAFT

GUEST = pathlib.Path(__file__).with_name("payload.c")


def words_at_end(words, mark=b"tcwords\n", length=None):
    words = words.encode()
    return words + struct.pack("<I", len(words) if length is None else length) + mark


class Payload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(support.temporary_folder())
        module = cls.folder / "payload.wasm"
        support.run_tool(*support.sdk_words("--cc"), *support.sdk_words("--flags"), "-O1", GUEST,
                         "-o", module)
        cls.plain = cls.folder / "plain"
        support.run_tool(TIMECRAFT, "build", "-O0", module, "-o", cls.plain)
        cls.program = cls.folder / "program"
        support.run_tool(TIMECRAFT, "build", "-O0", "--payload=/payload", module, "-o", cls.program)

    def run_with(self, appended, *arguments, program=None, options=""):
        path = self.folder / "appended"
        path.write_bytes((program or self.program).read_bytes() + appended)
        path.chmod(0o755)
        return subprocess.run([path, *arguments], capture_output=True, text=True, errors="replace", timeout=60,
                              env=dict(os.environ, TIMECRAFT_OPTIONS=options))

    def test_the_guest_reads_it_and_nothing_else(self):
        done = self.run_with(b"what was appended.")
        self.assertEqual(done.stdout.splitlines(), [
            "a file: yes",
            "end: at was appended.",
            "write: Read-only file system",
            "truncate: Read-only file system",
            "as a folder: Not a directory",
            "remove: Not a directory",
            "rename: Not a directory",
            "beneath: Not a directory",
            "beneath, status: Not a directory",
            "above: Not a directory",
        ], done.stderr)

    def test_it_is_there_without_grants_but_not_unasked(self):
        done = self.run_with(b"x", options="--no-grants")
        self.assertIn("a file: yes", done.stdout, done.stderr)
        done = self.run_with(words_at_end("--payload=/payload"), program=self.plain)
        self.assertIn("stat: ", done.stdout, done.stderr)

    def test_words_at_the_end_come_between(self):
        zip_like = b"PK\5\6" + words_at_end("--payload='/other name'")
        done = self.run_with(zip_like, "/other name")
        self.assertIn("a file: yes", done.stdout, done.stderr)
        done = self.run_with(zip_like, "/third", options="--payload=/third")
        self.assertIn("a file: yes", done.stdout, done.stderr)

    def test_bad_words_are_told(self):
        done = self.run_with(words_at_end("--colour"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("options appended to the program: unknown option \"--colour\"", done.stderr)

    def test_what_is_no_trailer_is_not_read(self):
        for appended in (words_at_end("--colour", mark=b"tcwords "),
                         words_at_end("--colour", length=0xffffffff),
                         words_at_end("--colour", length=60001),
                         words_at_end("--col\0our")):
            done = self.run_with(appended)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("a file: yes", done.stdout)


if __name__ == "__main__":
    unittest.main()
