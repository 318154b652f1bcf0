"""Debugging information that is not what it should be: a warning, and the same program without lines;
no crash, no endless build, and no other C.
"""

import random
import struct
import subprocess
import time
import unittest

from lines import Case
from support.modules import leb

GUEST = r"""
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit")))
_Noreturn void proc_exit(int);
static int twice(int x) { return x + x; }
__attribute__((noinline)) int seven(int x) { return twice(x) + 1; }
void _start(void) { proc_exit(seven(3)); }
"""


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def sections(data):
    """Pairs of a custom section's name, or else its number, and its content."""
    at = 8
    while at < len(data):
        number = data[at]
        size, at = read_leb(data, at + 1)
        content = data[at:at + size]
        at += size
        if number == 0:
            length, start = read_leb(content, 0)
            yield content[start:start + length].decode(), content[start + length:]
        else:
            yield number, content


def module(parts):
    out = bytearray(b"\0asm\1\0\0\0")
    for name, content in parts:
        if isinstance(name, str):
            content = leb(len(name)) + name.encode() + content
            name = 0
        out += bytes([name]) + leb(len(content)) + content
    return bytes(out)


class Hostile(Case):
    def setUp(self):
        super().setUp()
        source = self.folder / "guest.c"
        source.write_text(GUEST)
        self.good = self.folder / "good.wasm"
        subprocess.run(["clang", "--target=wasm32-wasi", "-nostdlib", "-O1", "-g", source, "-o",
                        self.good], check=True)
        self.parts = dict(sections(self.good.read_bytes()))

    def built(self, **changes):
        """Builds it with other sections and runs it; what the build said. It is the program it was,
        whatever the sections hold."""
        path = self.folder / "guest.wasm"
        path.write_bytes(module({**self.parts, **changes}.items()))
        start = time.monotonic()
        program, result = self.build(path, "-g", "-O0")
        self.assertLess(time.monotonic() - start, 300)
        self.assertEqual(self.execute(program).status, 7)
        for word in ("Sanitizer", "cannot be translated", "cannot compile"):
            self.assertNotIn(word, result.err)
        return result

    def assertWithout(self, why, **changes):
        self.assertIn("guest.wasm is built without the lines of its source, because its debugging "
                      f"information (DWARF) cannot be used: {why}", self.built(**changes).err)

    def test_as_it_is(self):
        self.assertNotIn("without", self.built().err)

    def test_truncated(self):
        for name in (".debug_info", ".debug_line", ".debug_abbrev"):
            with self.subTest(name):
                self.assertWithout("it is damaged", **{name: self.parts[name][:-40]})

    def test_empty_or_missing_sections(self):
        for name in [name for name in self.parts if str(name).startswith(".debug_")]:
            with self.subTest(name):
                self.built(**{name: b""})

    def test_names_with_control_characters(self):
        strings = self.parts[".debug_str"]
        self.assertIn(b"seven\0", strings)
        for name in (b"s\nven\0", b"s\x1bven\0"):
            self.assertWithout("it has names with control characters in them",
                               **{".debug_str": strings.replace(b"seven\0", name)})

    def test_names_that_c_would_not_like(self):
        """They are in no C: the lines are those of a file that is called so."""
        line = self.parts[".debug_line"]
        self.assertIn(b"guest.c\0", line)
        for name in (b'g"\\s*/c\0', b"%s%n??/\0", b"\xff\xfe\xfd\xfc%%d\0"):
            with self.subTest(name):
                result = self.built(**{".debug_line": line.replace(b"guest.c\0", name)})
                self.assertNotIn("without", result.err)

    def test_references_in_a_circle(self):
        """Each entry's abstract origin, of four bytes, becomes the entry of an inlined function itself."""
        info = bytearray(self.parts[".debug_info"])
        shown = subprocess.run(["llvm-dwarfdump", "--debug-info", self.good], capture_output=True,
                               text=True, check=True).stdout
        [entry] = [int(line.split(":")[0], 16) for line in shown.splitlines()
                   if "DW_TAG_inlined_subroutine" in line]
        info[entry + 1:entry + 5] = struct.pack("<I", entry)
        self.built(**{".debug_info": bytes(info)})

    def test_a_line_table_that_goes_on_for_ever(self):
        """Two million rows a function back and forth, far more than its instructions."""
        line = bytearray(self.parts[".debug_line"])
        size, = struct.unpack_from("<I", line, 0)
        header, = struct.unpack_from("<I", line, 6)
        program = bytes(line[10 + header:4 + size])
        start = program[:7]  # sets the address of the first function
        self.assertEqual(start[:3], b"\0\5\2")
        rows = start + 1_000_000 * b"\x12\x13" + b"\0\1\1"
        made = bytes(line[:10 + header]) + program + rows
        made = struct.pack("<I", len(made) - 4) + made[4:]
        self.built(**{".debug_line": made + bytes(line[4 + size:])})

    def test_lines_out_of_order(self):
        """Addresses that go back, and lines far beyond any file."""
        line = bytearray(self.parts[".debug_line"])
        size, = struct.unpack_from("<I", line, 0)
        header, = struct.unpack_from("<I", line, 6)
        program = bytes(line[10 + header:4 + size])
        start = program[:7]
        rows = b"\x02\x04\x01" + start + b"\x03\xff\xff\xff\xff\x07\x01" + start + b"\x03\x80\x7f\x01" + b"\0\1\1"
        made = bytes(line[:10 + header]) + start + rows + program
        made = struct.pack("<I", len(made) - 4) + made[4:]
        self.built(**{".debug_line": made + bytes(line[4 + size:])})

    def test_random_bytes(self):
        chance = random.Random(14)
        names = [name for name in self.parts if str(name).startswith(".debug_")]
        for _ in range(24):
            name = chance.choice(names)
            content = bytearray(self.parts[name])
            for _ in range(chance.choice((1, 4, 64))):
                content[chance.randrange(len(content))] = chance.randrange(256)
            self.built(**{name: bytes(content)})

    def test_thousands_of_nested_entries(self):
        """An entry of each, with children, in the one before it: deeper than any stack."""
        abbreviations = b"\1\x11\1\0\0" + b"\2\x0b\1\0\0" + b"\0"
        info = b"\4\0" + struct.pack("<I", 0) + b"\4" + b"\1" + 300_000 * b"\2"
        self.built(**{".debug_abbrev": abbreviations,
                      ".debug_info": struct.pack("<I", len(info)) + info})


if __name__ == "__main__":
    unittest.main()
