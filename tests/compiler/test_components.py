"""A component around a preview 1 command is built as that command; other components are refused with
what to do instead.

The components are written here, section by section (WebAssembly/component-model, Binary.md), in the
shape in which wit-component makes them: the command, the adapter, a shim and what fills its table.
"""

import random
import unittest

from support.command import Case, SEVEN
from support.modules import leb

PREAMBLE = b"\0asm\x0d\0\1\0"
CUSTOM, MODULE, COMPONENT, EXPORT = 0, 1, 4, 11

ADAPTER = """(module
    (import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))
    (import "__main_module__" "_start" (func $start))
    (import "env" "memory" (memory 0))
    (func (export "proc_exit") (param i32) (call $exit (local.get 0)))
    (func (export "wasi:cli/run@0.2.6#run") (result i32) (call $start) (i32.const 0)))"""
SHIM = """(module (type $t (func (param i32))) (table (export "$imports") 1 1 funcref)
    (func (export "0") (param i32) (call_indirect (type $t) (local.get 0) (i32.const 0))))"""
REACTOR = '(module (func (export "cabi_realloc") (result i32) (i32.const 0)))'


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def text(name):
    return leb(len(name.encode())) + name.encode()


def producers(field, name, version="1.0"):
    return section(CUSTOM, text("producers") + leb(1) + text(field) + leb(1) + text(name) + text(version))


def component(*sections):
    return PREAMBLE + b"".join(sections)


class Components(Case):
    def module(self, wat):
        return section(MODULE, self.wat(wat, "part.wasm").read_bytes())

    def file(self, data):
        path = self.folder / "component.wasm"
        path.write_bytes(data)
        return path

    def adapted(self, *more):
        """What wit-component makes of a command; the component in it joins parts of its parent."""
        joining = section(COMPONENT, component(section(EXPORT, b"\0")))
        return component(self.module(SEVEN), self.module(ADAPTER), self.module(SHIM), joining, *more,
                         producers("processed-by", "wit-component"))

    def refuse(self, data, *texts, lacks=()):
        result = self.timecraft("build", self.file(data), "-o", self.folder / "program")
        self.assertRefused(result, "component.wasm", *texts)
        for word in lacks:
            self.assertNotIn(word, result.err)

    def test_command_with_the_adapter_is_built_as_the_command(self):
        program, _ = self.build(self.file(self.adapted()), "-O0")
        self.assertEqual(self.execute(program).status, 7)
        result = self.timecraft("run", "-O0", self.folder / "component.wasm")
        self.assertEqual(result.status, 7, result)

    def test_inspect_shows_the_command(self):
        result = self.timecraft("inspect", self.file(self.adapted()))
        self.assertEqual(result.status, 0, result)
        self.assertIn("inside a component", result.out)
        self.assertIn("wasi_snapshot_preview1.proc_exit (i32) -> (): provided", result.out)
        self.assertNotIn("wasi:cli", result.out)

    def test_reactor(self):
        self.refuse(component(self.module(REACTOR), self.module(ADAPTER)), "no module in it exports _start",
                    "wasm32-wasip1", "GOOS=wasip1")

    def test_command_that_imports_more_than_preview_1(self):
        program = SEVEN.replace('(memory', '(import "wasi:http/types@0.2.0" "x" (func)) (memory', 1)
        self.refuse(component(self.module(program), self.module(ADAPTER)),
                    "imports wasi:http/types@0.2.0.x, which is not preview 1")

    def test_preview_1_that_is_not_the_adapters(self):
        own = '(module (func (export "proc_exit") (param i32) unreachable))'
        self.refuse(component(self.module(SEVEN), self.module(own)), "its preview 1 is not the adapter's")
        self.refuse(component(self.module(SEVEN)), "its preview 1 is not the adapter's")

    def test_two_commands(self):
        self.refuse(self.adapted(self.module(SEVEN)), "more than one command")

    def test_composed_of_several(self):
        self.refuse(self.adapted(section(COMPONENT, self.adapted())), "composed of several components")

    def test_advice_is_for_the_toolchain_that_made_it(self):
        for field, name, advice in (
                ("processed-by", "rustc", "cargo build --target wasm32-wasip1"),
                ("processed-by", "clang", "--target=wasm32-wasip1"),
                ("language", "Go", "GOOS=wasip1 GOARCH=wasm go build"),
                ("processed-by", "TinyGo", "tinygo build -target=wasip1"),
                ("processed-by", "componentize-py", "timecraft-python"),
                ("processed-by", "ComponentizeJS", "QuickJS")):
            module = self.wat(REACTOR, "part.wasm").read_bytes() + producers(field, name)
            self.refuse(component(section(MODULE, module)), advice,
                        lacks=[word for word in ("cargo", "GOOS", "tinygo", "QuickJS")
                               if word not in advice])

    def test_empty_component(self):
        self.refuse(PREAMBLE, "component", "_start")

    def test_module_in_it_that_is_none(self):
        self.refuse(component(section(MODULE, b"")), "not a valid WebAssembly component", "byte 10")
        self.refuse(component(section(MODULE, b"\0asm\2\0\0\0")), "not a valid WebAssembly component")
        self.refuse(component(section(COMPONENT, b"\0asm\1\0\0\0")), "not a valid WebAssembly component")

    def test_sizes_that_do_not_fit(self):
        for size in (b"\x7f", b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x7f", b"\x80\x80\x80\x80\x80\0"):
            for number in (CUSTOM, MODULE, COMPONENT, EXPORT):
                self.refuse(PREAMBLE + bytes([number]) + size, "does not fit in the file (at byte 8)")

    def test_nested_without_end(self):
        data = PREAMBLE
        for _ in range(1000):
            data = component(section(COMPONENT, data))
        self.refuse(data, "nested too deeply")

    def test_many_modules(self):
        empty = section(MODULE, b"\0asm\1\0\0\0")
        self.refuse(component(empty * 100000), "too many modules")

    def test_every_prefix_is_read_without_a_crash(self):
        data = self.adapted()
        for length in range(8, len(data)):
            result = self.timecraft("inspect", self.file(data[:length]))
            self.assertIn(result.status, (0, 1), result)
            self.assertNotIn("Sanitizer", result.err)

    def test_random_bytes_in_it_are_read_without_a_crash(self):
        data, chance = self.adapted(), random.Random(11)
        for _ in range(150):
            mutant = bytearray(data)
            for _ in range(chance.randrange(1, 6)):
                mutant[chance.randrange(8, len(mutant))] = chance.randrange(256)
            result = self.timecraft("inspect", self.file(bytes(mutant)))
            self.assertIn(result.status, (0, 1), result)
            self.assertNotIn("Sanitizer", result.err)


if __name__ == "__main__":
    unittest.main()
