"""A long module is translated in parts, so that wasm2c never holds more than one of them."""

import unittest

from support.command import Case
from support.modules import leb, section

PART = 8 << 20 # PART_SIZE of compiler/stages/module/lower.c


def body(code, padding=0):
    """A function, made long by declarations of no locals: they cost nobody anything."""
    content = leb(padding) + b"\0\x7f" * padding + code + b"\x0b"
    return leb(len(content)) + content


PLUS_100 = b"\x10\2\x41\xe4\0\x6a" # what function 2 gives and 100
FROM_TABLE = b"\x41\0\x11\2\0\x41\xe8\7\x6a\x41\0\x2d\0\0\x6b"


def long_module(code_of_start, more=(), first=b"", types=(), type_of_more=b"\2", third=PLUS_100,
                fourth=FROM_TABLE, in_table=3, data=(b"\0\x41\0\x0b\1\7",)):
    """proc_exit is function 0, _start 1; functions 2, 3 and 4 are in parts of their own, and give 10,
    what 2 gives and 100, and what is called through the table and 1000, of which the memory's byte is
    taken."""
    return b"".join([
        b"\0asm\1\0\0\0",
        section(1, b"\x60\1\x7f\0", b"\x60\0\0", b"\x60\0\1\x7f", *types),
        section(2, b"\x16wasi_snapshot_preview1\x09proc_exit\0\0"),
        section(3, b"\1", b"\2", b"\2", b"\2", *[type_of_more] * len(more)),
        section(4, b"\x70\0\1"),
        section(5, b"\0\1"),
        section(7, b"\6_start\0\1", b"\6memory\2\0"),
        section(9, b"\0\x41\0\x0b\1" + leb(in_table)),
        first,
        section(10, body(code_of_start), body(b"\x41\x0a", PART // 2), body(third, PART // 2), body(fourth, PART // 2),
                *[body(code) for code in more]),
        section(11, *data)])


EXIT_WITH_3 = b"\x10\4\x41\x84\7\x6b\x10\0" # function 4's result without 900


class LongModules(Case):
    def translate(self, data, *options):
        path = self.folder / "guest.wasm"
        path.write_bytes(data)
        program, result = self.build(path, "--verbose", *options)
        runs = sum("--num-outputs" in line for line in result.err.splitlines())
        return self.execute(program).status, runs

    def test_functions_of_all_parts_find_each_other(self):
        """10 + 100 + 1000 - 7 - 900 = 203."""
        for level in ("-O0", "-O1"):
            self.assertEqual(self.translate(long_module(EXIT_WITH_3), level), (203, 3))

    def test_a_function_that_is_nothing_but_unreachable(self):
        data = long_module(b"\x41\3\x10\0\x10\5\x1a", more=[b"\0"])
        self.assertEqual(self.translate(data, "-O0"), (3, 4))

    def test_a_function_that_does_what_stands_for_those_of_other_parts(self):
        """An i32.const, a drop and unreachable: with the first constant that is tried."""
        first_tried = b"\x41\x80\x80\x80\x80\4\x1a\0"
        data = long_module(b"\x41\3\x10\0\x10\5\x1a", more=[first_tried])
        self.assertEqual(self.translate(data, "-O0"), (3, 4))

    def test_functions_whose_parameters_wasm2c_writes_on_several_lines(self):
        """Of nine and of twenty parameters; the last one is given back."""
        for count in (9, 20):
            module = long_module(b"\x41\1" * (count - 1) + b"\x41\7\x10\5\x10\0",
                                 more=[b"\x20" + leb(count - 1)], type_of_more=b"\3",
                                 types=[b"\x60" + leb(count) + b"\x7f" * count + b"\1\x7f"])
            for level in ("-O0", "-O1"):
                self.assertEqual(self.translate(module, level), (7, 4))

    def test_references_made_in_one_part_to_a_function_of_another(self):
        """table.set of ref.func 2, then 10 + 1000 - 7 - 900 = 103."""
        data = long_module(b"\x41\0\xd2\2\x26\0" + EXIT_WITH_3,
                           first=b"").replace(section(9, b"\0\x41\0\x0b\1\3"),
                                              section(9, b"\0\x41\0\x0b\1\3", b"\3\0\1\2"))
        self.assertEqual(self.translate(data, "-O0"), (103, 3))

    def test_tail_calls_of_other_parts(self):
        """Function 5 goes on as 3, that by the table as 4, and that as 2, which calls nothing. Each is
        called in the ordinary way too."""
        data = long_module(b"\x10\5\x10\4\x6a\x10\3\x6a\x10\2\x6a\x10\0", more=[b"\x12\3"],
                           third=b"\x41\0\x13\2\0", fourth=b"\x12\2", in_table=4)
        for level in ("-O0", "-O1"):
            self.assertEqual(self.translate(data, level), (40, 4))

    def test_tail_calls_of_other_parts_need_no_stack(self):
        """Functions 3 and 4 go on as each other, two million times."""
        step = (b"\x23\0\x41\1\x6b\x24\0\x23\0\x45\x04\x40\x41\x07\x0f\x0b") # global 0
        data = long_module(b"\x10\3\x10\0", third=step + b"\x12\4",
                           fourth=step + b"\x41\0\x13\2\0").replace(
                               section(7, b"\6_start\0\1", b"\6memory\2\0"),
                               section(6, b"\x7f\1\x41\x80\x89\xfa\0\x0b") +
                               section(7, b"\6_start\0\1", b"\6memory\2\0"))
        for level in ("-O0", "-O1"):
            self.assertEqual(self.translate(data, level), (7, 3))

    def test_data_that_functions_of_other_parts_name(self):
        """memory.init of segments 1 and 2 and data.drop in the last part, of segment 2 in the first;
        nothing names segment 3. Segment 0 is dropped at the start: 0 bytes are all it has."""
        init = lambda segment, to, size: (b"\x41" + leb(to) + b"\x41\0\x41" + leb(size) + b"\xfc\x08" +
                                          leb(segment) + b"\0")
        sum_of_three = b"\x41\1\x2d\0\0\x41\2\x2d\0\0\x6a\x41\3\x2d\0\0\x6a"
        data = [b"\0\x41\0\x0b\1\7", b"\1\1\5", b"\1\2\x1e\x28", b"\1\1\x63"]
        module = long_module(init(2, 2, 2) + b"\x10\5\x10\0", first=b"\x0c\1\4", data=data,
                             more=[init(1, 1, 1) + init(0, 1, 0) + b"\xfc\x09\1" + init(1, 1, 0) +
                                   sum_of_three])
        dropped = long_module(b"\x10\5\x10\0", first=b"\x0c\1\4", data=data,
                              more=[b"\xfc\x09\1" + init(1, 1, 1) + sum_of_three])
        for level in ("-O0", "-O1"):
            self.assertEqual(self.translate(module, level), (75, 4))
            self.assertEqual(self.translate(dropped, level), (134, 4))

    def test_constants_that_name_globals(self):
        """The byte that function 4 takes, and its place in the table, are where global 1 says."""
        named = b"\x23\1\x0b"
        data = long_module(EXIT_WITH_3, data=(b"\0" + named + b"\1\7", b"\0\x41\5\x0b\1\2")).replace(
            section(7, b"\6_start\0\1", b"\6memory\2\0") + section(9, b"\0\x41\0\x0b\1\3"),
            section(6, b"\x7f\0\x41\0\x0b", b"\x7f\0\x23\0\x0b") +
            section(7, b"\6_start\0\1", b"\6memory\2\0") + section(9, b"\0" + named + b"\1\3"))
        for level in ("-O0", "-O1"):
            self.assertEqual(self.translate(data, level), (203, 3))

    def test_damaged_code_is_refused(self):
        data = long_module(EXIT_WITH_3)
        path = self.folder / "guest.wasm"
        path.write_bytes(data.replace(b"\x10\2\x41\xe4\0\x6a\x0b", b"\x10\2\x41\xe4\0\x7c\x0b"))
        self.assertRefused(self.timecraft("build", path, "-o", self.folder / "program"), "type mismatch")


if __name__ == "__main__":
    unittest.main()
