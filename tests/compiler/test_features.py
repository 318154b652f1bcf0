"""Features of WebAssembly: those that are not built are refused by their proposals' names, with where
they come from and what to do; `timecraft inspect` lists them all, from the module's own bytes."""

import unittest

from support.command import Case
from support.modules import leb, section

I32, I64, V128, FUNCREF, EXNREF = b"\x7f", b"\x7e", b"\x7b", b"\x70", b"\x69"


def body(code, locals_=b"\0"):
    content = locals_ + code + b"\x0b"
    return leb(len(content)) + content


def module(code=b"", types=(), imports=b"", memory=b"\0\1", table=b"", globals_=b"", tag=b"",
           locals_=b"\0", more=b""):
    """A module whose _start has this code; with sections in the order of the format."""
    return (b"\0asm\1\0\0\0" + section(1, b"\x60\0\0", *types) + imports + section(3, b"\0") + table +
            section(5, memory) + tag + globals_ + section(7, b"\6_start\0\0") +
            section(10, body(code, locals_)) + more)


UNBUILT = {
    # name in the message: a module, where it says the feature is, what to do
    "threads": (module(memory=b"\3\1\2"), "memory 0", "without -pthread"),
    "memory64": (module(memory=b"\4\1"), "memory 0", "wasm32"),
    "memory64 of a table": (module(table=section(4, FUNCREF + b"\4\1")), "table 0", "wasm32"),
    "custom-page-sizes": (module(memory=b"\x08\1\0"), "memory 0", "--page-size"),
    "wide-arithmetic": (module(b"\x42\0\x42\0\xfc\x15\x1a\x1a"), "function 0", "-mno-wide-arithmetic"),
    "wide-arithmetic of additions": (module(b"\x42\0\x42\0\x42\0\x42\0\xfc\x13\x1a\x1a"), "function 0",
                                     "-mno-wide-arithmetic"),
    "function-references": (module(b"\xd2\0\x14\0"), "function 0", "-mno-gc"),
    "function-references of locals": (module(locals_=b"\1\1\x63\0"), "function 0", "linear memory"),
    "gc": (module(types=[b"\x5f\1\x7f\0"]), "type 1", "linear memory"),
    "gc of groups": (module(types=[b"\x4e\2\x5f\0\x50\0\x5e\x78\1"]), "type 1", "linear memory"),
    "gc of instructions": (module(b"\x41\0\xfb\x1c\x1a"), "function 0", "linear memory"),
    "gc of globals": (module(globals_=section(6, b"\x6e\0\xd0\x6e\x0b")), "global 0", "linear memory"),
    "custom-descriptors": (module(types=[b"\x4d\2\x5f\0", b"\x4c\1\x5f\0"]), "type 1", "leave"),
    "stringref": (module(b"\xfb\x82\x01\0\x1a"), "function 0", "leave that option out"),
    "stack-switching": (module(types=[b"\x5d\0"]), "type 1", "--asyncify"),
    "stack-switching of instructions": (module(b"\xd2\0\xe0\1\xe3\1\0"), "function 0", "--asyncify"),
    "shared-everything-threads": (module(types=[b"\x65\x5f\0"]), "type 1", "leave that option out"),
    "shared-everything-threads of globals": (module(globals_=section(6, I32 + b"\3\x41\0\x0b")),
                                             "global 0", "leave that option out"),
    "fp16": (module(b"\x41\0\xfc\x30\1\0\x1a"), "function 0", "-mno-fp16"),
    "fp16 of vectors": (module(b"\x43\0\0\0\0\xfd\xa0\x02\x1a"), "function 0", "-mno-fp16"),
    "memory-control": (module(b"\x41\0\x41\0\xfc\x12\0"), "function 0", "compile without"),
    "(unknown)": (module(b"\xf7\0"), "function 0", "-mcpu"),
    "(unknown) behind a prefix": (module(b"\xfc\xff\xff\3"), "function 0", "-mcpu"),
}


class Refusals(Case):
    def write(self, data):
        path = self.folder / "guest.wasm"
        path.write_bytes(data)
        return path

    def check(self, name, data, place, remedy):
        guest = self.write(data)
        result = self.timecraft("build", guest, "-o", self.folder / "program")
        self.assertRefused(result, "guest.wasm", f"{name}: ", f"first in {place}, byte ", remedy)
        self.assertNotIn("error: ", result.err) # wasm2c's
        result = self.timecraft("inspect", guest)
        self.assertEqual((result.status, result.err), (0, ""))
        self.assertIn(f"not built: {name} (", result.out)
        self.assertIn(remedy, result.out)
        self.assertIn("_start () -> ()", result.out)


for title, values in UNBUILT.items():
    def refuses(self, title=title, values=values):
        self.check(title.split(" of ")[0].split(" behind ")[0], *values)
    setattr(Refusals, "test_" + title.strip("()").replace(" ", "_").replace("-", "_"), refuses)


class GarbageCollection(Case):
    def test_toolchains_that_emit_it_are_named(self):
        guest = self.folder / "guest.wasm"
        guest.write_bytes(module(types=[b"\x5f\1\x7f\0"]))
        self.assertRefused(self.timecraft("build", guest, "-o", self.folder / "program"), "Kotlin/Wasm",
                           "Dart", "J2Wasm", "wasm_of_ocaml", "Guile Hoot", "WEBASSEMBLY_WASI",
                           "need an engine with GC")


class Inspection(Case):
    def inspect(self, data):
        path = self.folder / "guest.wasm"
        path.write_bytes(data)
        result = self.timecraft("inspect", path)
        self.assertEqual((result.status, result.err), (0, ""))
        return result.out

    def features(self, data):
        line = next(line for line in self.inspect(data).splitlines() if line.startswith("features:"))
        return line.removeprefix("features: ").split(", ")

    def test_a_module_of_the_first_version(self):
        self.assertEqual(self.features(module()), ["those of the first version"])

    def test_features_are_found_in_every_section(self):
        cases = {
            "mutable-globals": module(globals_=section(6, I32 + b"\1\x41\0\x0b"))
                               .replace(section(7, b"\6_start\0\0"),
                                        section(7, b"\6_start\0\0", b"\1g\3\0")),
            "sign-ext": module(b"\x41\0\xc0\x1a"),
            "nontrapping-fptoint": module(b"\x43\0\0\0\0\xfc\0\x1a"),
            "multivalue": module(types=[b"\x60\0\2" + I32 + I32]),
            "bulk-memory": module(b"\x41\0\x41\0\x41\0\xfc\x0b\0"),
            "reference-types": module(b"\xd0\x70\x1a"),
            "simd128": module(locals_=b"\1\1" + V128),
            "relaxed-simd": module(b"\xfd\x0c" + bytes(16) + b"\xfd\x0c" + bytes(16) +
                                   b"\xfd\x80\x02\x1a"),
            "extended-const": module(globals_=section(6, I32 + b"\0\x41\0\x41\0\x6a\x0b")),
            "multi-memory": module().replace(section(5, b"\0\1"), section(5, b"\0\1", b"\0\1")),
            "tail-call": module(b"\x12\0"),
            "exception-handling": module(tag=section(13, b"\0\0")),
            "exception-handling (exnref)": module(locals_=b"\1\1" + EXNREF),
            "atomics": module(b"\xfe\3\0"),
            "branch-hinting": module(more=b"\0\x1a\x19metadata.code.branch_hint"),
        }
        for name, data in cases.items():
            with self.subTest(name):
                text = self.inspect(data)
                self.assertRegex(text, rf"features: .*{name.replace('(', '.').replace(')', '.')}"
                                 if f"not built: {name}" not in text else "wasm2c")

    def test_instructions_of_all_lengths_are_stepped_over(self):
        """What follows each is still found: a tail call."""
        for code in (b"\x02\x40\x0b", b"\x02\x7f\x41\0\x0b\x1a", b"\x41\x80\x80\x80\x80\x78\x1a",
                     b"\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\x1a", b"\x43\x12\x12\x12\x12\x1a",
                     b"\x44" + b"\x12" * 8 + b"\x1a", b"\xfd\x0c" + b"\x12" * 16 + b"\x1a",
                     b"\x41\0\x0e\2\0\0\0", b"\x41\0\x28\2\x12\x1a", b"\x41\0\x28\x42\0\x12\x1a",
                     b"\x41\0\xfd\x54\0\x12\x12\x1a", b"\x1f\x40\2\0\0\0\2\0\x0b",
                     b"\x41\0\x41\0\x41\0\x1c\1\x7f\x1a", b"\x11\x12\0", b"\xd0\x12\x1a"):
            with self.subTest(code.hex()):
                self.assertIn("tail-call", self.inspect(module(code + b"\x12\0")))
                self.assertNotIn("tail-call", self.inspect(module(code)))

    def test_types_of_exported_globals(self):
        kinds = [(I32, b"\x41\0"), (I64, b"\x42\0"), (b"\x7d", b"\x43\0\0\0\0"), (b"\x7c", b"\x44" + bytes(8)),
                 (V128, b"\xfd\x0c" + bytes(16)), (FUNCREF, b"\xd2\0"), (b"\x6f", b"\xd0\x6f")]
        data = module(globals_=section(6, *[kind + b"\0" + code + b"\x0b" for kind, code in kinds]))
        data = data.replace(section(7, b"\6_start\0\0"), section(
            7, b"\6_start\0\0", *[b"\1" + bytes([97 + i]) + b"\3" + bytes([i]) for i in range(len(kinds))]))
        text = self.inspect(data)
        for letter, name in zip("abcdefg", ("i32", "i64", "f32", "f64", "v128", "funcref", "externref")):
            self.assertIn(f"  {letter} global {name}\n", text)

    def test_damaged_code_is_no_problem(self):
        for code in (b"\x41", b"\x0e\xff\xff\xff\xff\x0f", b"\x1c\xff\xff\xff\xff\x0f", b"\xfd",
                     b"\x1f\x40\xff\xff\xff\xff\x0f", b"\xe3\0\xff\xff\xff\xff\x0f"):
            self.inspect(module(code))


class Lowering(Case):
    """What wasm2c gets in other words."""

    def test_compact_imports(self):
        """Each form: an empty name, then a type for each import or one for all."""
        types = [b"\x60\1\x7f\0", b"\x60\4\x7f\x7f\x7f\x7f\1\x7f"]
        each = b"\x16wasi_snapshot_preview1\0\x7f\2\x09proc_exit\0\1\x08fd_write\0\2"
        one = b"\x16wasi_snapshot_preview1\0\x7e\0\2\2\x08fd_write\x07fd_read"
        last = b"\x16wasi_snapshot_preview1\x09proc_exit\0\1"
        content = b"\5" + each + one + last
        data = module(b"\x41\x07\x10\0", types, imports=b"\2" + leb(len(content)) + content)
        data = data.replace(section(7, b"\6_start\0\0"), section(7, b"\6_start\0\5"))
        path = self.folder / "guest.wasm"
        path.write_bytes(data)
        self.assertIn("imports: 5", self.timecraft("inspect", path).out)
        program, _ = self.build(path)
        self.assertEqual(self.execute(program).status, 7)

    def test_more_compact_imports_than_the_section_says(self):
        content = b"\1\1m\0\x7f\2\1a\0\0\1b\0\0"
        path = self.folder / "guest.wasm"
        path.write_bytes(module(imports=b"\2" + leb(len(content)) + content))
        self.assertRefused(self.timecraft("build", path, "-o", self.folder / "program"),
                           "the import section", "more entries than it says")

    def test_large_custom_sections_are_not_for_wasm2c(self):
        data = b"x" * (1 << 20)
        name = b"\x0b.debug_info"
        path = self.folder / "guest.wasm"
        path.write_bytes(module(more=b"\0" + leb(len(name) + len(data)) + name + data))
        self.build(path)


if __name__ == "__main__":
    unittest.main()
