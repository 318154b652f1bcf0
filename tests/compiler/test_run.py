"""`timecraft run` builds once, then only runs."""

import subprocess
import threading
import unittest

from support import TIMECRAFT
from support.command import Case, SEVEN

SHOW = """#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    const char *one = getenv("ONE"), *two = getenv("TWO");
    printf(" %s %s\\n", one ? one : "-", two ? two : "-");
    return 5;
}
"""


class Run(Case):
    def programs(self):
        return list((self.cache / "timecraft/programs").iterdir())

    def test_second_run_starts_no_compiler(self):
        module = self.wat(SEVEN)
        cc, calls = self.logged("cc")
        self.assertEqual(self.timecraft("run", "--cc", cc, module).status, 7)
        before = len(calls())
        self.assertGreater(before, 1)
        result = self.timecraft("run", "--cc", cc, module)
        self.assertEqual((result.status, result.err), (7, ""))
        self.assertEqual(len(calls()), before)

    def test_second_run_starts_no_program_but_the_guest(self):
        module = self.wat(SEVEN)
        self.timecraft("run", module)
        result = self.timecraft("-f", "-e", "trace=execve,execveat", "-o", self.folder / "calls",
                                TIMECRAFT, "run", module, command="strace",
                                env={"ASAN_OPTIONS": "detect_leaks=0"})  # it cannot be traced
        self.assertEqual(result.status, 7, result)
        calls = (self.folder / "calls").read_text()
        self.assertEqual(calls.count("execve"), 2, calls)

    def test_arguments_are_the_guests(self):
        module = self.c(SHOW)
        self.assertEqual(self.timecraft("run", module, "-O0", "--env=ONE=1", "--help", "x").out,
                         "[guest.wasm][-O0][--env=ONE=1][--help][x] - -\n")
        self.assertEqual(self.timecraft("run", module, "--", "--", "y").out,
                         "[guest.wasm][--][y] - -\n")
        self.assertEqual(self.timecraft("run", "--", module, "z").out, "[guest.wasm][z] - -\n")
        self.assertEqual(self.timecraft("run", module).out, "[guest.wasm] - -\n")

    def test_argument_0_is_the_modules_name_or_the_one_given(self):
        module = self.c(SHOW)
        self.assertEqual(self.timecraft("run", "-O0", "--argv0=tool", module, "x").out,
                         "[tool][x] - -\n")
        self.assertEqual(self.timecraft("run", "-O0", "--argv0", "/usr/bin/tool", "--", module).out,
                         "[/usr/bin/tool] - -\n")
        self.assertEqual(self.timecraft("run", "-O0", "--no-cache", "--argv0=a b", module).out,
                         "[a b] - -\n")
        self.assertEqual(len(self.programs()), 1)

    def test_argument_0_of_a_built_program_is_its_runners(self):
        self.assertRefused(self.timecraft("build", "--argv0=tool", self.wat(SEVEN), "-o", "program"),
                           "--argv0 is for timecraft run", status=2)

    def test_grants_reach_the_guest_and_need_no_other_build(self):
        module = self.c(SHOW)
        self.timecraft("run", module)
        result = self.timecraft("run", "--env", "ONE=a b", module)
        self.assertEqual(result.out, "[guest.wasm] a b -\n")
        self.assertEqual(len(self.programs()), 1)

    def test_grants_stand_in_front_of_those_of_the_environment(self):
        module = self.c(SHOW)
        more = {"TIMECRAFT_OPTIONS": "--env TWO=2"}
        self.assertEqual(self.timecraft("run", "--env", "ONE=1", module, env=more).out,
                         "[guest.wasm] 1 2\n")
        none = {"TIMECRAFT_OPTIONS": "--no-grants --env TWO=2"}
        self.assertEqual(self.timecraft("run", "--env", "ONE=1", module, env=none).out,
                         "[guest.wasm] - 2\n")

    def test_changed_module_is_built_again(self):
        module = self.wat(SEVEN)
        self.assertEqual(self.timecraft("run", module).status, 7)
        self.wat(SEVEN.replace("7", "8"))
        self.assertEqual(self.timecraft("run", module).status, 8)

    def test_other_level_is_another_program(self):
        module = self.wat(SEVEN)
        self.timecraft("run", "-O1", module)
        self.timecraft("run", "-O2", module)
        self.assertEqual(len(self.programs()), 2)

    def test_module_that_cannot_be_built(self):
        module = self.wat('(module (import "env" "foo" (func)) (func (export "_start")))')
        result = self.timecraft("run", module)
        self.assertRefused(result, "env.foo")

    def test_damaged_program_is_built_again(self):
        module = self.wat(SEVEN)
        self.timecraft("run", module)
        self.programs()[0].write_bytes(b"")
        self.assertEqual(self.timecraft("run", module).status, 7)

    def test_without_a_cache(self):
        module = self.c(SHOW)
        for words, env in ((["--no-cache"], {}), ([], {"TIMECRAFT_CACHE": "off"}),
                           ([], {"XDG_CACHE_HOME": "/dev/null/x"})):
            result = self.timecraft("run", "-O1", *words, module, "x", env=env)
            self.assertEqual((result.out, result.status), ("[guest.wasm][x] - -\n", 5), result)
            self.assertEqual(list(self.temporary.iterdir()), [])

    def test_first_runs_at_the_same_time(self):
        module = self.wat(SEVEN)
        results = []

        def run():
            results.append(subprocess.run([TIMECRAFT, "run", module],
                                          env=self.environment).returncode)

        threads = [threading.Thread(target=run) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [7] * 5)
        self.assertEqual(len(self.programs()), 1)
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_standard_input_is_the_guests(self):
        module = self.c("""#include <stdio.h>
            int main(void) { char line[99]; puts(fgets(line, 99, stdin) ? line : "none"); }""")
        for _ in range(2):
            result = self.timecraft("run", module, stdin=None, input="a line")
            self.assertEqual(result.out, "a line\n")


if __name__ == "__main__":
    unittest.main()
