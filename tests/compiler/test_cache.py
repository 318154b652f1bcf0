"""Objects are compiled once: the cache finds them again, and never does harm."""

import os
import subprocess
import threading
import unittest

from support import SANITIZED, TIMECRAFT
from support.command import Case, SEVEN

FUNCTIONS = 150


def program(first="", last="", changed=None):
    """A C program of many functions, with a place for more, and one that can be another."""
    lines = ["#include <stdio.h>", "#include <stdlib.h>", first]
    for i in range(FUNCTIONS):
        step = "x ^ 0x5a" if i == changed else f"x * {i + 3}"
        body = "".join(f"    x = {step}; y = y / (x | 1) + {j};\n" for j in range(8))
        lines.append(f"__attribute__((noinline)) unsigned f{i}(unsigned x, unsigned y) {{\n{body}"
                     "    return x + y;\n}")
    calls = "".join(f"    sum += f{i}(sum, argc);\n" for i in range(FUNCTIONS))
    lines += [last, f'int main(int argc, char **argv) {{\n    unsigned sum = argc;\n{calls}'
              '    printf("%u\\n", sum);\n}']
    return "\n".join(lines)


class Objects(Case):
    def files(self):
        return sorted((self.cache / "timecraft/objects").iterdir())

    def test_unchanged_module_compiles_nothing(self):
        module = self.c(program())
        cc, calls = self.logged("cc")
        first = self.build(module, "--cc", cc, "-O1")[1]
        self.assertGreater(first.compiled, 4)
        before = len(calls())
        second = self.build(module, "--cc", cc, "-O1")[1]
        self.assertEqual((second.compiled, second.cached), (0, first.compiled))
        self.assertEqual(len(calls()) - before, 1, "one call, to link")

    def test_slightly_changed_module_compiles_little(self):
        first = self.build(self.c(program()), "-O1")[1]
        total = first.compiled
        changes = {"one function changed": program(changed=70),
                   "a function added in front": program(
                       first='__attribute__((used, noinline)) int added(int x) { return x * x; }'),
                   "a function added at the end": program(
                       last='__attribute__((used, noinline)) int added(int x) { return x * x; }')}
        for name, text in changes.items():
            with self.subTest(name):
                result = self.build(self.c(text), "-O1")[1]
                self.assertGreater(result.compiled, 0)
                self.assertLessEqual(result.compiled, 3)
                self.assertGreaterEqual(result.cached, total - 4)

    def test_other_flags_and_other_compilers_have_other_objects(self):
        module = self.wat(SEVEN)
        self.assertGreater(self.build(module, "-O1")[1].compiled, 0)
        self.assertGreater(self.build(module, "-O2")[1].compiled, 0)
        if not SANITIZED:  # clang cannot link gcc's sanitizers
            self.assertGreater(self.build(module, "-O1", "--cc", "clang")[1].compiled, 0)
        self.assertEqual(self.build(module, "-O2")[1].compiled, 0)

    def test_a_compiler_is_asked_once_which_flags_it_knows(self):
        module = self.wat(SEVEN)
        for name, knows in (("gcc", True), ("clang", False)):
            if SANITIZED and not knows:
                continue  # clang cannot link gcc's sanitizers
            with self.subTest(name):
                cc, calls = self.logged(name)
                for _ in range(2):
                    program, _ = self.build(module, "-O2", "--no-cache", "--cc", cc)
                    self.assertEqual(self.execute(program).status, 7)
                self.assertEqual(sum(" -E " in call for call in calls()), 1, calls())
                compiled = [call for call in calls() if " -c unit_" in call]
                self.assertTrue(compiled)
                self.assertTrue(all(("-fno-ipa-sra" in call) == knows for call in compiled), compiled)

    def test_grants_change_the_binding_only(self):
        module = self.wat(SEVEN)
        self.build(module, "-O1")
        self.assertEqual(self.build(module, "-O1", "--env", "A=1")[1].compiled, 1)

    def test_damaged_objects_are_made_again(self):
        module = self.wat(SEVEN)
        count = self.build(module, "-O1")[1].compiled
        for damage in (lambda data: b"", lambda data: data[:-1], lambda data: data[:100],
                       lambda data: bytes([data[0] ^ 1]) + data[1:]):
            for path in self.files():
                path.write_bytes(damage(path.read_bytes()))
            program, result = self.build(module, "-O1")
            self.assertEqual(result.compiled, count)
            self.assertEqual(self.execute(program).status, 7)
            self.assertEqual(self.build(module, "-O1")[1].compiled, 0)

    def test_cache_that_cannot_be_used_breaks_nothing(self):
        module = self.wat(SEVEN)
        for place in ("/dev/null/cache", "/proc/self/cache", "relative"):
            env = {"XDG_CACHE_HOME": place, "HOME": "/dev/null"}
            program, _ = self.build(module, "-O1", env=env)
            self.assertEqual(self.execute(program).status, 7)
        program, _ = self.build(module, "-O1", env={"XDG_CACHE_HOME": "", "HOME": ""})
        self.assertEqual(self.execute(program).status, 7)

    def test_cache_can_be_turned_off(self):
        module = self.wat(SEVEN)
        self.build(module, "-O1", "--no-cache")
        self.build(module, "-O1", env={"TIMECRAFT_CACHE": "off"})
        self.assertFalse((self.cache / "timecraft/objects").exists())

    def test_what_was_not_used_for_longest_is_deleted(self):
        self.build(self.wat(SEVEN), "-O1")
        recent = self.files()
        old = []
        for number in range(3):  # sparse: they take no room
            path = self.cache / f"timecraft/objects/{number:064x}"
            path.touch()
            os.truncate(path, 1 << 30)
            os.utime(path, (number, number))
            old.append(path)
        self.build(self.wat(SEVEN), "-O3")
        self.assertEqual([path.exists() for path in old], [False, False, True])
        self.assertTrue(all(path.exists() for path in recent))

    def test_forgotten_temporary_files_are_deleted(self):
        self.build(self.wat(SEVEN), "-O1")
        forgotten, fresh = (self.cache / f"timecraft/objects/.new-{name}" for name in ("old", "new"))
        for path in (forgotten, fresh):
            path.touch()
        os.utime(forgotten, (1, 1))
        self.build(self.wat(SEVEN), "-O3")
        self.assertFalse(forgotten.exists())
        self.assertTrue(fresh.exists())

    def test_builds_at_the_same_time(self):
        module = self.c(program())
        results = []

        def build(number):
            target = self.folder / ("same" if number < 3 else f"own{number}")
            results.append(subprocess.run([TIMECRAFT, "build", "-q", "-O1", module, "-o", target],
                                          env=self.environment).returncode)

        threads = [threading.Thread(target=build, args=[number]) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [0] * 5)
        outputs = {self.execute(self.folder / name).out for name in ("same", "own3", "own4")}
        self.assertEqual(len(outputs), 1)
        self.assertFalse([path for path in self.files() if path.name.startswith(".")])


if __name__ == "__main__":
    unittest.main()
