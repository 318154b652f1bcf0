"""A guest with vector instructions computes what its scalar build does.
"""
import pathlib
import tempfile
import unittest

from support import kernels


class Simd(unittest.TestCase):
    def test_vectors_and_scalars_give_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            scalars, _ = kernels.run(kernels.build_guest(folder, "scalars", level="-O1"), 1)
            self.assertEqual(len(scalars.splitlines()), 5)
            for level in ("-O0", "-O1", "-O3"):
                with self.subTest(level):
                    program = kernels.build_guest(folder, "vectors", "-msimd128", level=level)
                    self.assertEqual(kernels.run(program, 1)[0], scalars)


if __name__ == "__main__":
    unittest.main(verbosity=2)
