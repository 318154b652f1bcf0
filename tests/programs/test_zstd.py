"""zstd as a guest compresses to the same bytes as natively, and gets the same back; so do its
dictionaries, refusals and what it does to files.
"""
import random
import unittest

import programs

LEVELS = ["--fast=5", "-1", "-3 --long=20", "-6 --no-check", "-9", "-13", "-19"]


def inputs(source):
    numbers = random.Random(1)
    words = [bytes(numbers.choices(b"etaoin shrdlu", k=numbers.randint(2, 9))) for _ in range(999)]
    return {
        "empty": b"",
        "byte": b"a",
        "zeros": bytes(200_000),
        "random": numbers.randbytes(50_000),
        "words": b" ".join(numbers.choices(words, k=20_000)),
        "code": (source / "lib/compress/zstd_opt.c").read_bytes(),
        **{path.name: path.read_bytes()
           for path in sorted((source / "tests/golden-compression").iterdir())},
    }


class Zstd(programs.SideBySide):
    options = "--dir=.::."

    @classmethod
    def setUpClass(cls):
        programs.skip_under_sanitizers()
        source = programs.source("libzstd")
        cls.source = source
        cls.inputs = inputs(source)
        files = sorted(path for folder in ("common", "compress", "decompress", "dictBuilder")
                       for path in (source / "lib" / folder).glob("*.c"))
        files += sorted((source / "programs").glob("*.c"))
        # It does not know WASI, so that it has to be told that this is as good as POSIX. Natively it
        # would search matches in another way because the processor has vectors.
        cls.program = programs.Program(
            "zstd", files, ["-O1", "-DZSTD_DISABLE_ASM", "-DZSTD_NO_INTRINSICS",
                            "-DXXH_NAMESPACE=ZSTD_", "-DPLATFORM_POSIX_VERSION=200809L",
                            f"-I{source / 'lib'}", f"-I{source / 'lib/common'}"],
            native_flags=["-O0"], **programs.POSIX)

    def test_levels(self):
        for number, words in enumerate(LEVELS):
            for name, content in self.inputs.items():
                with self.subTest(f"{words} {name}"):
                    self.made(name, content)
                    packed = f"{name}.{number}.zst"
                    self.run_both("-q", *words.split(), name, "-o", packed)
                    self.run_both("-q", "-d", "--long=27", packed, "-o", f"{packed}.back")
        files = self.assert_same_files()
        for name, content in files.items():
            if name.endswith(".back"):
                self.assertEqual(content, files[name.split(".")[0]], name)

    def test_pipes(self):
        for name, content in self.inputs.items():
            with self.subTest(name):
                packed = self.run_both("-q", "-c", stdin=content)
                self.assertEqual(self.run_both("-q", "-d", "-c", stdin=packed), content)

    def test_dictionaries(self):
        samples = [self.made(f"samples/{number}",
                             f"user={number} name=sample{number % 7} state=open\n".encode() * 3)
                   for number in range(300)]
        self.run_both("-q", "--train", *samples, "--maxdict=2048", "-o", "dictionary")
        self.run_both("-q", "-D", "dictionary", "samples/5", "-o", "5.zst")
        self.run_both("-q", "-d", "samples/5", "5.zst", "-o", "lost", status=1)
        self.run_both("-q", "-D", "dictionary", "-d", "5.zst", "-o", "5")
        files = self.assert_same_files()
        self.assertEqual(files["5"], files["samples/5"])
        self.assertLess(len(files["5.zst"]), len(files["5"]) / 2)

    def test_what_it_does_to_files(self):
        self.made("folder/a", b"a" * 1000)
        self.made("folder/below/b", b"b" * 1000)
        self.made("kept", b"kept")
        self.run_both("-q", "-r", "--rm", "folder")
        self.run_both("-q", "-r", "folder", "--output-dir-mirror", "mirror")
        self.run_both("-q", "kept", "-o", "folder/a.zst", status=1)  # is there
        self.run_both("-q", "-f", "kept", "-o", "folder/a.zst")
        self.run_both("-l", "folder/a.zst")
        self.run_both("-t", "folder/a.zst", "folder/below/b.zst")
        self.run_both("-q", "missing", status=1)
        files = self.assert_same_files()
        self.assertNotIn("folder/a", files)
        self.assertIn("folder/below/b.zst", files)
        self.assertEqual(self.changed("guest", "folder/below/b.zst"),
                         self.changed("native", "folder/below/b.zst"))  # the time of what was packed

    def test_refuses_what_is_damaged(self):
        packed = bytearray(self.run_both("-q", "-c", stdin=self.inputs["code"]))
        for place in (0, 5, len(packed) // 2, len(packed) - 1):
            with self.subTest(place):
                damaged = packed[:]
                damaged[place] ^= 0x55
                self.made("damaged.zst", bytes(damaged))
                self.run_both("-q", "-d", "-f", "damaged.zst", "-o", "out", status=1)
        self.made("cut.zst", bytes(packed[:-1000]))
        self.run_both("-q", "-d", "-f", "cut.zst", "-o", "out", status=1)
        self.run_both("-t", "cut.zst", status=1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
