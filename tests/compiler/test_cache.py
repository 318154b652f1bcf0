"""Objects are compiled once: the cache finds them again, and never does harm."""

import os
import pathlib
import shutil
import subprocess
import threading
import unittest

import support
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

    def build(self, *words, **more):
        self.forget_programs()
        return super().build(*words, **more)

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

    def test_a_compiler_is_asked_once_for_each_set_of_flags_whether_it_knows_them(self):
        module = self.wat(SEVEN)
        for name, knows in (("gcc", True), ("clang", False)):
            if SANITIZED and not knows:
                continue  # clang cannot link gcc's sanitizers
            with self.subTest(name):
                cc, calls = self.logged(name)
                for _ in range(2):
                    program, _ = self.build(module, "-O2", "--no-cache", "--cc", cc)
                    self.assertEqual(self.execute(program).status, 7)
                asked = [call for call in calls() if " -E " in call]
                self.assertTrue(asked)
                self.assertEqual(len(asked), len(set(asked)), asked)
                compiled = [call for call in calls() if " -c unit_" in call]
                self.assertTrue(compiled)
                for flag in ("-fno-ipa-sra", "-fno-dse"):
                    self.assertTrue(all((flag in call) == knows for call in compiled), compiled)

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


class Programs(Case):
    """A module that has not changed is not built again."""

    KEPT = "nothing has changed"

    def files(self):
        return sorted((self.cache / "timecraft/programs").iterdir())

    def is_kept(self, module, *options, status=7, **more):
        """Builds it. Whether the program was there already; it runs well in any case."""
        program, result = self.build(module, *options, **more)
        self.assertEqual(self.execute(program).status, status)
        return self.KEPT in result.err

    def test_an_unchanged_module_calls_no_tool(self):
        module = self.wat(SEVEN)
        cc, calls = self.logged("cc")
        self.assertFalse(self.is_kept(module, "--cc", cc, "-O1"))
        before, first = calls(), (self.folder / "program").read_bytes()
        self.assertTrue(self.is_kept(module, "--cc", cc, "-O1"))
        self.assertEqual(calls(), before)
        self.assertEqual((self.folder / "program").read_bytes(), first)
        self.assertTrue(os.access(self.folder / "program", os.X_OK))
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_whatever_the_program_depends_on_makes_another(self):
        module = self.wat(SEVEN)
        self.assertFalse(self.is_kept(module, "-O1"))
        gcc, _ = self.logged("gcc", name="other")
        for options in (["-O0"], ["-O2"], ["-O1", "--cc", gcc], ["-O1", "--env", "A=1"],
                        ["-O1", "--env", "A=2"], ["-O1", "--stub", "a.b"],
                        ["-O1", "--unknown-imports=trap"]):
            with self.subTest(options):
                self.assertFalse(self.is_kept(module, *options))
                self.assertTrue(self.is_kept(module, *options))
        self.assertTrue(self.is_kept(module, "-O1"))
        self.assertFalse(self.is_kept(self.wat(SEVEN.replace("7", "8")), "-O1", status=8))
        self.assertFalse(self.is_kept(self.wat(SEVEN, "named.wasm"), "-O1"))

    def test_with_lines_is_another(self):
        source, module = self.folder / "seven.c", self.folder / "seven.wasm"
        source.write_text("int main(void) { return 7; }\n")
        support.run_tool(*support.sdk_words("--cc"), *support.sdk_words("--flags"), "-g", source, "-o", module)
        self.assertFalse(self.is_kept(module, "-O1"))
        self.assertFalse(self.is_kept(module, "-O1", "-g"))
        self.assertTrue(self.is_kept(module, "-O1", "-g"))

    def test_of_which_there_was_something_to_say_is_built_again_and_it_is_said_again(self):
        module = self.wat(SEVEN)
        for _ in range(2):
            program, result = self.build(module, "-O1", "-g")
            self.assertIn("has no debugging information", result.err)
            self.assertNotIn(self.KEPT, result.err)
            self.assertEqual(self.execute(program).status, 7)

    def test_another_compiler_of_the_same_name_makes_another(self):
        module = self.wat(SEVEN)
        cc, _ = self.logged("cc")
        self.is_kept(module, "--cc", cc)
        cc.write_text(cc.read_text() + "# another\n")
        self.assertFalse(self.is_kept(module, "--cc", cc))

    def test_another_runtime_makes_another(self):
        place = self.folder / "installed"
        shutil.copytree(pathlib.Path(TIMECRAFT).parent.parent / "lib", place / "lib", symlinks=True)
        (place / "bin").mkdir()
        command = shutil.copy(TIMECRAFT, place / "bin/timecraft")
        module = self.wat(SEVEN)

        def says():
            result = self.timecraft("build", "-O1", module, "-o", self.folder / "program",
                                    command=command)
            self.assertEqual(result.status, 0, result)
            return result.err

        self.assertNotIn(self.KEPT, says())
        self.assertIn(self.KEPT, says())
        for runtime in place.glob("lib/**/libtimecraft.a"):
            os.utime(runtime, (1, 1))
        self.assertNotIn(self.KEPT, says())

    def test_a_damaged_one_is_built_again(self):
        module = self.wat(SEVEN)
        self.is_kept(module, "-O1")
        for damage in (lambda data: b"", lambda data: data[:-1], lambda data: data[:5000],
                       lambda data: data[:9000] + bytes([data[9000] ^ 1]) + data[9001:]):
            path, = self.files()
            path.write_bytes(damage(path.read_bytes()))
            self.assertFalse(self.is_kept(module, "-O1"))
            self.assertTrue(self.is_kept(module, "-O1"))

    def test_none_is_kept_without_a_cache(self):
        module = self.wat(SEVEN)
        self.is_kept(module, "-O1")
        self.assertFalse(self.is_kept(module, "-O1", "--no-cache"))
        self.assertFalse(self.is_kept(module, "-O1", env={"TIMECRAFT_CACHE": "off"}))

    def test_the_c_can_be_kept_of_a_program_that_is(self):
        module = self.wat(SEVEN)
        self.is_kept(module, "-O1")
        self.assertFalse(self.is_kept(module, "-O1", "--keep-c", self.folder / "c"))
        self.assertTrue((self.folder / "c/binding.c").exists())

    def test_what_was_not_used_for_longest_is_deleted(self):
        module = self.wat(SEVEN)
        self.is_kept(module, "-O1")
        old = [self.cache / f"timecraft/programs/{number:064x}" for number in range(2)]
        for number, path in enumerate(old):  # sparse: they take no room
            path.touch()
            os.truncate(path, 1 << 30)
            os.utime(path, (number, number))
        self.assertFalse(self.is_kept(module, "-O2"))
        self.assertEqual([path.exists() for path in old], [False, True])
        self.assertTrue(self.is_kept(module, "-O1"))

    def test_a_run_finds_what_a_build_has_made_and_keeps_one(self):
        module = self.wat(SEVEN)
        cc, calls = self.logged("cc")
        self.is_kept(module, "--cc", cc)
        before = calls()
        self.assertEqual(self.timecraft("run", "--cc", cc, module).status, 7)
        self.assertEqual(calls(), before)
        self.assertEqual(len(self.files()), 2)


if __name__ == "__main__":
    unittest.main()
