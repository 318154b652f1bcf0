"""A guest with vector instructions computes what its scalar build does.

Environment: TIMECRAFT, the command; CLANG, the guests' compiler.
"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench/simd"))
import run as bench  # noqa: E402


class Simd(unittest.TestCase):
    def test_vectors_and_scalars_give_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            scalars, _ = bench.run(bench.build_guest(folder, "scalars", level="-O1"), 1)
            self.assertEqual(len(scalars.splitlines()), 5)
            for level in ("-O0", "-O1", "-O3"):
                with self.subTest(level):
                    program = bench.build_guest(folder, "vectors", "-msimd128", level=level)
                    self.assertEqual(bench.run(program, 1)[0], scalars)


if __name__ == "__main__":
    unittest.main(verbosity=2)
