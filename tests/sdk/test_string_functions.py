"""The SDK's string functions, with and without vector instructions, are those that a guest is linked
with, and say what simple loops say.
"""
import pathlib
import re
import subprocess
import unittest

import support

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE / "strings/string_functions.c"
FUNCTIONS = ["memchr", "memcmp", "memcpy", "memmove", "memset", "strchr", "strchrnul", "strcspn",
             "strlen", "strspn", "strstr"]


def words(what, simd):
    config = pathlib.Path(support.TIMECRAFT).with_name("timecraft-config")
    return support.run_tool(config, what, *simd).split()


class StringFunctions(unittest.TestCase):
    def module(self, simd):
        def build(path):
            support.run_tool(*words("--cc", []), "-Wall", "-Wextra", "-Werror", "-O1", SOURCE,
                             *words("--flags", simd), f"-Wl,-Map={path}.map", "-o", path)
            pathlib.Path(f"{path}.map").rename(path.removesuffix(".new") + ".map")

        return support.made_once(f"string-functions{''.join(simd)}.wasm",
                                 [SOURCE, HERE / "check.h", *support.sdk_files()],
                                 words("--flags", simd), build)

    def check(self, simd, library):
        module = self.module(simd)
        linked = pathlib.Path(f"{module}.map").read_text()
        for name in FUNCTIONS:
            archives = set(re.findall(rf"lib([\w-]+)\.a\({name}\.o\)", linked))
            self.assertEqual(archives, {library}, name)
        program = support.made_once(
            "string-functions", [module, *support.runtime_files()],
            [support.LEVEL, support.toolchain_text()],
            lambda path: support.run_tool(support.TIMECRAFT, "build", "-q", support.LEVEL, module,
                                          "-o", path))
        done = subprocess.run([program], capture_output=True, text=True, timeout=300,
                              preexec_fn=support.die_with_parent)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_eight_bytes_at_a_time(self):
        self.check([], "timecraft-guest")

    def test_vectors(self):
        self.check(["--simd"], "timecraft-guest-simd")


if __name__ == "__main__":
    unittest.main(verbosity=2)
