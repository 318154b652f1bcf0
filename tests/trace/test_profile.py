#!/usr/bin/python3
"""`timecraft profile`: where the guest's CPU time goes, by functions and by call paths."""
import gzip
import pathlib
import re
import shutil
import socket
import subprocess
import unittest
import unittest.mock
import xml.etree.ElementTree

import support
from support import command, gotools, peers, servers

# Calls go through pointers, so that no compiler puts one function into another.
BURNS = r"""
#include <stdio.h>
#include <stdlib.h>
typedef unsigned long long u64;
static u64 burn(u64 n) {
    u64 s = 1;
    for (u64 i = 1; i < n; i++) {
        s = s * 2862933555777941757u + i;
        s ^= s >> 7;
    }
    return s;
}
static u64 (*volatile inner)(u64) = burn;
static u64 middle(u64 n) {
    u64 s = 0;
    for (int i = 0; i < 10; i++)
        s += inner(n / 10);
    return s;
}
static u64 (*volatile outer)(u64) = middle;
int main(int count, char **words) {
    printf("%llu\n", outer((u64)atoll(words[1])));
    for (int i = 0; i < (count > 2 ? atoi(words[2]) : 0); i++) {
        putchar('x');
        fflush(stdout);
    }
    return 5;
}
"""
N = "120000000"
BUILT = {}

EVIL = r"<script>alert(1)</script>;&\22'\1b[31m\0a"


def burning(*names):
    """A module whose functions have these names and burn one after the other."""
    functions = "".join(f'''(func $"{name}" (param i32) (local i32)
        (loop (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 17)) (local.get 0)))
              (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.store (i32.const 0) (local.get 1)))''' for name in names)
    calls = "".join(f'(call $"{name}" (i32.const 10000000))' for name in names)
    return f'(module (memory (export "memory") 1) {functions} (func (export "_start") {calls}))'


def fields(data):
    """The fields of a message of Protocol Buffers."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 0x7f) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                return value
    while at < len(data):
        key = varint()
        value = varint()
        if key & 7 == 2:
            at += value
            value = data[at - value:at]
        else:
            assert key & 7 == 0
        yield key >> 3, value


def varints(data):
    return [value for _, value in fields(b"".join(b"\x08" + number for number in
                                                  re.findall(rb"[\x80-\xff]*[\x00-\x7f]", data)))]


def decode_places(path):
    """Samples of a pprof file, as (locations from the innermost outwards, values); a location is a
    list of (function, file, line), of which each is inlined in the next."""
    parts = list(fields(gzip.decompress(path.read_bytes())))
    strings = [value.decode() for field, value in parts if field == 6]
    functions = {}
    locations = {}
    for field, value in parts:
        if field == 5:
            function = dict(fields(value))
            functions[function[1]] = strings[function[2]], strings[function.get(4, 0)]
    for field, value in parts:
        if field == 4:
            lines = [dict(fields(line)) for number, line in fields(value) if number == 4]
            locations[dict(fields(value))[1]] = [(*functions[line[1]], line.get(2, 0))
                                                 for line in lines]
    types = [strings[dict(fields(value))[1]] for field, value in parts if field == 1]
    samples = [dict(fields(value)) for field, value in parts if field == 2]
    return types, [([locations[one] for one in varints(sample[1])], varints(sample[2]))
                   for sample in samples]


def decode(path):
    """The same, as (names from the innermost outwards, values)."""
    types, samples = decode_places(path)
    return types, [([name for location in stack for name, _, _ in location], values)
                   for stack, values in samples]


# What burns is inlined, by either compiler.
MIXES = r"""
#include <stdio.h>
#include <stdlib.h>
typedef unsigned long long u64;
static u64 mix(u64 s, u64 i) {
    return (s * 2862933555777941757u + i) ^ s >> 7; /* here */
}
static u64 burn(u64 n) {
    u64 s = 1;
    for (u64 i = 1; i < n; i++)
        s = mix(s, i); /* there */
    return s;
}
int main(int count, char **words) {
    printf("%llu\n", burn((u64)atoll(words[count - 1])));
    return 5;
}
"""


class Case(command.Case):
    def burner(self, level="-O2"):
        """BURNS, built once at each level."""
        if level not in BUILT:
            BUILT[level] = pathlib.Path(support.temporary_folder()) / "burns"
            shutil.move(self.build(self.c(BURNS), "-q", level)[0], BUILT[level])
        return BUILT[level]

    def profile(self, *words, status=5, **more):
        result = self.timecraft("profile", *words, **more)
        self.assertEqual(result.status, status, result)
        return result

    def stacks(self, *words, **more):
        path = self.folder / "out.folded"
        self.profile("-o", path, *words, **more)
        return {stack: int(time) for stack, time in
                (line.rsplit(" ", 1) for line in path.read_text().splitlines())}

    def assertTopIsBurn(self, table):
        self.assertRegex(table.splitlines()[2], r"^ *\d+\.\d{3} s +(9\d|100)\.\d %.* burn$", table)


class Profile(Case):
    def test_the_table_names_the_function_that_burns(self):
        result = self.profile("--", self.burner(), N)
        self.assertTopIsBurn(result.err)
        self.assertRegex(result.err, r"(?m)^ *0\.\d{3} s .*\d %  +\d.* middle$")
        self.assertRegex(result.out, r"\A\d+\n\Z")

    def test_a_replay_has_the_same_top_and_output(self):
        program, record = self.burner(), self.folder / "r.tcrec"
        first = self.execute(program, N, env={"TIMECRAFT_OPTIONS": f"--record={record}"})
        self.assertEqual(first.status, 5, first)
        result = self.profile(record)
        self.assertEqual(result.out, first.out)
        self.assertTopIsBurn(result.err)

    def test_folded_stacks_have_the_callers(self):
        for level in ("-O0", "-O2"):
            with self.subTest(level):
                stacks = self.stacks("--", self.burner(level), N if level == "-O2" else "20000000")
                top = max(stacks, key=stacks.get)
                self.assertRegex(top, r"^_start;.*;main;middle;burn$")

    def test_the_host_is_shown_by_its_import(self):
        stacks = self.stacks("--", self.burner(), "10", "200000")
        top = max(stacks, key=stacks.get)
        self.assertTrue(top.endswith("__wasi_fd_write;[host] fd_write"), stacks)

    def test_pprof(self):
        path = self.folder / "out.pb.gz"
        self.profile("-o", path, "--", self.burner(), N)
        types, samples = decode(path)
        self.assertEqual(types, ["samples", "cpu"])
        names, (count, time) = max(samples, key=lambda sample: sample[1][1])
        self.assertEqual(names[:3], ["burn", "middle", "main"])
        self.assertGreater(count, 5)
        self.assertGreater(time, 10_000_000)
        go = gotools.find_go()
        if go:
            top = subprocess.run([go, "tool", "pprof", "-top", path], check=True, text=True,
                                 capture_output=True,
                                 env={**gotools.BASE_ENV, "PPROF_TMPDIR": str(self.temporary)})
            self.assertRegex(top.stdout.splitlines()[6], r" burn$", top)

    def test_files_lines_and_inlined_functions_of_a_program_with_lines(self):
        module = self.c(MIXES, "guest.wasm", "-g")
        here, there = (1 + [text in line for line in MIXES.splitlines()].index(True)
                       for text in ("/* here */", "/* there */"))
        path = self.folder / "out.pb.gz"
        for level in ("-O0", "-O2"):
            for strips in (False, True):
                with self.subTest(level=level, stripped=strips):
                    program, _ = self.build(module, "-q", "-g", level)
                    if strips:
                        subprocess.run(["strip", program], check=True)
                    self.profile("-o", path, "--", program, "100000000")
                    self.assertMixes(path, here, there)
        stack = max(self.stacks("--", program, "100000000").items(), key=lambda one: one[1])[0]
        self.assertRegex(stack, r"^_start;.*;main;burn(;mix)?$")

    def assertMixes(self, path, here, there):
        _, samples = decode_places(path)
        source = str(self.folder / "guest.c")
        stacks = [stack for stack, _ in samples if stack[0][0] == ("mix", source, here)]
        self.assertTrue(stacks, samples)
        self.assertEqual(stacks[0][0][1], ("burn", source, there))
        self.assertEqual([name for location in stacks[0] for name, _, _ in location][:3],
                         ["mix", "burn", "main"])
        go = gotools.find_go()
        if go:
            shown = subprocess.run([go, "tool", "pprof", "-list=^mix$", path], check=True, text=True,
                                   capture_output=True,
                                   env={**gotools.BASE_ENV, "PPROF_TMPDIR": str(self.temporary)})
            self.assertRegex(shown.stdout, rf"(?m)^ +\d.* {here}: .*/\* here \*/$", shown)

    def test_hostile_names_are_no_markup(self):
        program, _ = self.build(self.wat(burning(EVIL)), "-q", "-O0")
        path = self.folder / "out.svg"
        self.profile("-o", path, "--", program, status=0)
        tree = xml.etree.ElementTree.parse(path)
        self.assertFalse([one for one in tree.iter() if one.tag.endswith("script")])
        titles = [one.text for one in tree.iter("{http://www.w3.org/2000/svg}title")]
        self.assertTrue([title for title in titles if "<script>alert(1)</script>" in title], titles)
        stacks = self.stacks("--", program, status=0)
        top = max(stacks, key=stacks.get)
        self.assertTrue(top.split(";")[-1].startswith("<script>alert(1)</script>,&"), top)
        self.assertNotIn("\x1b", path.read_text() + top)

    def test_names_of_cxx_and_rust_are_demangled(self):
        names = {"_ZN4work4Mill5grindEy": "work::Mill::grind(unsigned long long)",
                 "_ZN4core3fmt5write17h0123456789abcdefE": "core::fmt::write",
                 "_RNvNtCs1234_7mycrate3foo3bar": "mycrate::foo::bar"}
        program, _ = self.build(self.wat(burning(*names)), "-q", "-O0")
        stacks = self.stacks("--", program, status=0)
        self.assertEqual(set(names.values()) - {stack.split(";")[-1] for stack in stacks}, set())

    def test_a_program_that_is_stopped_has_a_profile(self):
        result = self.profile("--", self.burner(), "99000000000", status=124,
                              env={"TIMECRAFT_OPTIONS": "--timeout=0.3"})
        self.assertTrue(re.search(r"(?m) burn$", result.err), result)

    def test_a_server_answers_while_it_is_sampled(self):
        path = self.folder / "out.folded"
        started = support.start
        with unittest.mock.patch.object(support, "start", lambda words, *more: started(
                [support.TIMECRAFT, "profile", "--frequency=10000", "-o", path, "--", *words],
                *more)):
            server = servers.HttpsServer()
        context = peers.client_context()
        # Answers that wait for an acknowledgement (tcp(7), TCP_NODELAY) come right behind a tick of the
        # kernel's clock, and are over before the next one: the other handshakes are sampled.
        for number in range(300):
            with socket.create_connection((server.host, server.port)) as plain, \
                    context.wrap_socket(plain, server_hostname=peers.NAME) as tls:
                if number % 3:
                    continue
                tls.sendall(servers.REQUEST)
                answer = b""
                while servers.ANSWER not in answer:
                    part = tls.recv(4096)
                    self.assertTrue(part, answer)
                    answer += part
        server.process.terminate()
        _, said = server.process.communicate(timeout=30 * support.SLOWNESS)
        self.assertEqual(server.process.returncode, 0, said)  # it has drained
        self.assertIn(";[host] ", path.read_text())


class Refusals(Case):
    def refused(self, *words, status=2, text):
        self.assertRefused(self.timecraft("profile", *words), text, status=status)

    def test_words_that_say_too_little(self):
        self.refused(text="of what?")
        self.refused("--", text="of what?")
        self.refused("--format=svg", "record", text="where to?")
        self.refused("-o", "file.xyz", "record", text="in which format")
        self.refused("--format=gif", "record", text="not gif")
        self.refused("--frequency=0", "record", text="samples a second")
        self.refused("--what", "record", text="no option --what")

    def test_other_programs_are_not_started(self):
        self.refused("--", "sh", "-c", "exit 3", status=1, text="no program that Timecraft has built")

    def test_the_environment_alone_starts_nothing(self):
        program, _ = self.build(self.wat(command.SEVEN), "-q")
        for text in ("1,100", "77,100", "x"):
            with self.subTest(text):
                result = self.execute(program, env={"TIMECRAFT_PROFILE": text})
                self.assertIn(result.status, (2, 7), result)
                if text != "1,100":
                    self.assertIn("no profile can be made", result.err)


if __name__ == "__main__":
    unittest.main()
