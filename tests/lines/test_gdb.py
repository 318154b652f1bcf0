"""gdb in a program that was built with -g: breakpoints by the guest's files and lines, steps of one
line, the stack with lines.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import unittest

from lines import Case, GUESTS, WAYS, line_of
from support import SANITIZED, TIMECRAFT


@unittest.skipIf(SANITIZED, "what gdb sees is tested in the optimised build")
@unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
class Gdb(Case):
    def gdb(self, program, *commands):
        words = [word for command in commands for word in ("-ex", command)]
        done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "set style enabled off",
                               "-ex", "set debuginfod enabled off", *words, program],
                              capture_output=True, text=True, env=self.environment, cwd=GUESTS,
                              timeout=120, stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    def assertShown(self, output, *texts):
        """All of them, in this order."""
        at = 0
        for text in texts:
            found = re.compile(text, re.MULTILINE).search(output, at)
            self.assertTrue(found, f"{text!r} is not in, or not there:\n{output}")
            at = found.end()

    def assertStepped(self, source, first, main, below, *options):
        """Breaks at a line, steps three times where nothing is optimised, shows the stack, which for
        gdb ends with a function main."""
        module = self.compile(source, *options)
        for level, cc in WAYS:
            program = self.build(module, "-g", level, "--cc", cc)[0]
            steps = 3 if level == "-O0" else 0
            output = self.gdb(program, f"break {source}:{first}", "run 5", *["next"] * steps, "bt")
            lines = [rf"^{first + step}\t" for step in range(steps + 1)]
            place = rf"{main} \(.*\) at {re.escape(source)}:"
            self.assertShown(output, rf"hit Breakpoint 1, {place}{first}$", *lines,
                             rf"^#0  {place}{first + steps}$", below)

    def test_c(self):
        self.assertStepped("divide.c", line_of("divide.c", "atoi(argv[1])"), "main",
                           "", "-O0")

    def test_inlined_functions_of_an_optimised_guest(self):
        program = self.build(self.compile("divide.c", "-O1"), "-g")[0]
        place = line_of("divide.c", "a / b")
        call = line_of("divide.c", "divide(a, b);")
        output = self.gdb(program, f"break divide.c:{place}", "run 5", "bt")
        self.assertShown(output, rf"hit Breakpoint 1, divide \(\) at divide\.c:{place}$",
                         rf"^#0  divide \(\) at divide\.c:{place}$",
                         rf"^#1  twice \(\) at divide\.c:{call}$",
                         rf"^#2  main \(\) at divide\.c:{line_of('divide.c', 'twice(argc')}$")

    def test_a_step_goes_into_a_function(self):
        program = self.build(self.compile("divide.c", "-O0"), "-g", "-O0")[0]
        call = line_of("divide.c", "twice(argc")
        output = self.gdb(program, f"break divide.c:{call}", "run 5", "step", "bt 2", "finish",
                          "continue")
        self.assertShown(output, r"^twice \(\) at divide\.c:\d+$", r"^#0  .*twice \(\) at divide\.c:",
                         rf"^#1  .*main \(\) at divide\.c:{call}$", 
                         rf"^0x\w+ in main \(\) at divide\.c:{call}$", r"^8$", "exited normally")

    def test_cxx(self):
        self.assertStepped("basket.cc", line_of("basket.cc", "basket.add(argc)"), "main",
                           "", "-O0")

    def test_cxx_function_by_its_name(self):
        program = self.build(self.compile("basket.cc", "-O0"), "-g", "-O1")[0]
        output = self.gdb(program, "break shop::Basket<int>::share", "run 5", "bt 2")
        self.assertShown(output, r"hit Breakpoint 1.* shop::Basket<int>::share",
                         r"^#1  .*main \(\) at basket\.cc:")

    def test_rust(self):
        self.assertStepped("ring.rs", line_of("ring.rs", "let n = env::args"), "ring::main",
                           r"__rust_begin_short_backtrace.* at .*library/std/src/sys/backtrace\.rs:\d+$")

    def test_a_replay_has_the_commands_of_ours(self):
        program = self.build(self.compile("divide.c", "-O0"), "-g", "-O0")[0]
        record, commands = self.folder / "run.rec", self.folder / "commands"
        self.execute(program, "5", env={"TIMECRAFT_OPTIONS": f"--record={record}"})
        commands.write_text(f"break divide.c:{line_of('divide.c', 'a / b')}\ncontinue\ntc-bt\n")
        with open(commands, "rb") as given:
            result = self.timecraft("replay", "--gdb", record, stdin=given)
        self.assertShown(result.out, r"^(\(gdb\) )*#0  divide at divide\.c:\d+$",
                         r"^#1  twice at divide\.c:\d+$")

    def test_commands_of_ours(self):
        script = subprocess.run([os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config"), "--gdb"],
                                capture_output=True, text=True, check=True).stdout.strip()
        place = line_of("divide.c", "a / b")
        module = self.compile("divide.c", "-O0")
        for level in ("-O0", "-O2"): # where the memory is at any address, and at one that is constant
            program = self.build(module, "-g", level)[0]
            output = self.gdb(program, f"source {script}", "tc-sp", f"break divide.c:{place}", "run 5",
                              "tc-bt", "tc-bt 1", "tc-globals", "tc-sp",
                              "find /b $tc_host(1024), +0x180000, 's', 't', 'a', 'r', 't', ' ', '%', 'd'",
                              "set $at = (unsigned long)$_ - (unsigned long)$tc_host(0)",
                              "tc-x/s $at", "tc-x/2xb $at", "p *(char *)$tc_host($at)",
                              "tc-x/4xw 0xfffffff0", "tc-x", "tc-globals nothing")
            self.assertShown(
                output, "hit Breakpoint 1",
                rf"^#0  divide at divide\.c:{place}$", r"^#1  twice at divide\.c:\d+$",
                r"^#2  main at divide\.c:\d+$", r"^#0  divide at divide\.c",
                r"^__stack_pointer = 0x\w+ \(\d+\)$", r"^__stack_pointer = 0x\w+ \(\d+\)$",
                r'^0x\w+:\t"start %d\\n"$', r"^0x\w+:\t0x73\t0x74$", r"= 115 's'$",
                "^there is no guest yet; start the program first",
                "^0xfffffff0 is outside of the guest's memory, which has 0x",
                "^which address\\? tc-x/4wx 0x1000$", "^the guest has no global nothing$")
            self.assertNotIn("run_module", output)

    def test_what_vs_code_sends(self):
        """Its C/C++ extension speaks gdb's machine interface (gdb(1), GDB/MI), after the commands of
        the guide's launch.json."""
        guide = (GUESTS.parents[2] / "sdk/gdb/README.md").read_text()
        [launch] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
        [configuration] = json.loads(launch)["configurations"]
        self.assertEqual((configuration["type"], configuration["MIMode"]), ("cppdbg", "gdb"))
        script = subprocess.run([os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config"), "--gdb"],
                                capture_output=True, text=True, check=True).stdout.strip()
        setup = [re.sub(r"(?<=source )/usr/\S*/timecraft\.py$", script, command["text"])
                 for command in configuration["setupCommands"]]
        self.assertIn(f"source {script}", setup)
        environment = {one["name"]: one["value"] for one in configuration["environment"]}
        module = self.compile("divide.c", "-O0")
        place, call = line_of("divide.c", "a / b"), line_of("divide.c", "divide(a, b);")
        program = self.build(module, "-g", "-O0")[0]
        gdb = subprocess.Popen(["gdb", "-nx", "--interpreter=mi"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=GUESTS,
                               env={**self.environment, **environment})
        self.addCleanup(gdb.wait)
        self.addCleanup(gdb.kill)

        def ask(command, until=r"\d+\^"):
            """The record that answers, or the first one that begins so."""
            gdb.stdin.write(f"1{command}\n")
            gdb.stdin.flush()
            said = []
            for line in gdb.stdout:
                said.append(line)
                self.assertNotIn("^error", line, said)
                if re.match(until, line):
                    return line
            self.fail(said)

        with gdb.stdin, gdb.stdout:
            for command in ("-gdb-set mi-async on", "-gdb-set pagination off",
                            "-gdb-set debuginfod enabled off", *(
                                f'-interpreter-exec console "{words}"' for words in setup),
                            f"-environment-cd {self.folder}", f"-file-exec-and-symbols {program}",
                            "-exec-arguments 5"):
                ask(command)
            found = ask(f"-break-insert -f divide.c:{place}")
            self.assertIn(f'func="divide",file="divide.c",fullname="{GUESTS / "divide.c"}",'
                          f'line="{place}"', found)
            stopped = ask("-exec-run", r"\*stopped")
            self.assertIn('reason="breakpoint-hit"', stopped)
            thread = re.search(r'thread-id="(\d+)"', stopped)[1]
            self.assertRegex(ask("-thread-info"), rf'id="{thread}",[^}}]*func="divide"')
            stack = ask(f"-stack-list-frames --thread {thread} 0 1000")
            self.assertEqual(re.findall(r'func="(\w+)",file="divide\.c",fullname="[^"]*",line="(\d+)"', stack),
                             [("divide", str(place)), ("twice", str(call)),
                              ("main", str(line_of("divide.c", "twice(argc")))])
            self.assertIn("variables=[]", ask(f"-stack-list-variables --thread {thread} --frame 0 0"))
            self.assertRegex(ask('-var-create - * "*(int *)$tc_host(0)"'), 'name="var1".*type="int"')
            self.assertIn(f'line="{call + 1}"', ask(f"-exec-next --thread {thread}", r"\*stopped"))
            self.assertIn("exited-normally", ask("-exec-continue", r"\*stopped"))
            ask("-gdb-exit")

    def test_a_program_without_lines_is_refused(self):
        script = subprocess.run([os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config"), "--gdb"],
                                capture_output=True, text=True, check=True).stdout.strip()
        program = self.build(self.compile("divide.c", "-O0"), "-O1")[0]
        self.assertIn("this is no program that was built with timecraft build -g",
                      self.gdb(program, f"source {script}", "tc-x 0"))

    def test_core_dump_of_a_trap(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if hard == 0 or "/" in pattern or pattern.startswith("|"):
            self.skipTest(f"core dumps go elsewhere here, or nowhere: {pattern}")
        program = self.build(self.compile("divide.c", "-O1"), "-g", "--core")[0]
        done = self.execute(program)
        self.assertEqual(done.status, -signal.SIGABRT, done)
        self.assertIn("    at divide (divide.c:", done.err)
        [core] = self.folder.glob("core*")
        done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "bt", program, core], env=self.environment,
                              capture_output=True, text=True, cwd=GUESTS, timeout=120)
        self.assertShown(done.stdout, "signal SIGABRT", r"tc_trap \(\)",
                         rf"divide \(\) at divide\.c:{line_of('divide.c', 'a / b')}$",
                         r"^#\d+ +twice \(\) at divide\.c:\d+$", r"^#\d+ +main \(\) at divide\.c:\d+$")


if __name__ == "__main__":
    unittest.main()
