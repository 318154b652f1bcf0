"""Modules of the official test suite, made into ones that `timecraft build` takes: each gets an
`_initialize` that does nothing, since most have nothing to run, and what it imports of the suite's own
module `spectest`, but for functions, becomes its own. Sections that need no change keep their bytes.
"""

# The binary format, https://webassembly.github.io/spec/core/binary/modules.html
TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, ELEMENT, CODE, DATA = 1, 2, 3, 4, 5, 6, 7, 9, 10, 11
ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]  # by which sections follow one another
FUNC, TABLE_KIND, MEMORY_KIND, GLOBAL_KIND, TAG = range(5)
NAMES = {"_initialize", "_start"}

# What spectest exports, https://github.com/WebAssembly/spec/blob/main/interpreter/host/spectest.ml
GLOBALS = {
    "global_i32": b"\x7f\x00\x41\x9a\x05\x0b",
    "global_i64": b"\x7e\x00\x42\x9a\x05\x0b",
    "global_f32": b"\x7d\x00\x43\x66\xa6\x26\x44\x0b",
    "global_f64": b"\x7c\x00\x44\xcd\xcc\xcc\xcc\xcc\xd4\x84\x40\x0b",
}
TABLES = {"table": b"\x70\x01\x0a\x14"}
MEMORIES = {"memory": b"\x01\x01\x02"}


class Unreadable(Exception):
    """Not a module of a kind that is changed here; it is left as it is."""


class Imports(Unreadable):
    """It imports from another module of the suite."""


def leb(number):
    out = b""
    while True:
        byte, number = number & 0x7F, number >> 7
        out += bytes([byte | (0x80 if number else 0)])
        if not number:
            return out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        if self.at >= len(self.data):
            raise Unreadable("it ends early")
        self.at += 1
        return self.data[self.at - 1]

    def leb(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value
            if shift > 63:
                raise Unreadable("a number is too long")

    def bytes(self, count):
        if self.at + count > len(self.data):
            raise Unreadable("it ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def name(self):
        return self.bytes(self.leb()).decode(errors="surrogateescape")

    def value_type(self):
        if self.byte() in (0x63, 0x64):
            self.leb()

    def limits(self):
        flags = self.leb()
        self.leb()
        if flags & 1:
            self.leb()
        if flags & 8:
            self.leb()

    def rest(self):
        return self.data[self.at:]

    def end(self):
        return self.at == len(self.data)


class Folder(Reader):
    """A section whose initializers are copied with constants in place of globals."""

    def __init__(self, data, constants):
        super().__init__(data)
        self.constants, self.done, self.out = constants, 0, b""

    def copy(self):
        self.out += self.data[self.done:self.at]
        self.done = self.at

    def expression(self):
        while True:
            start = self.at
            opcode = self.byte()
            if opcode == 0x0B:
                return
            if opcode in (0x41, 0x42, 0xD2, 0xD0):
                self.leb()
            elif opcode in (0x43, 0x44):
                self.bytes(4 if opcode == 0x43 else 8)
            elif opcode == 0xFD:
                self.leb()
                self.bytes(16)
            elif opcode == 0x23:
                number = self.leb()
                if number < len(self.constants):
                    self.out += self.data[self.done:start] + self.constants[number]
                    self.done = self.at
            elif opcode not in range(0x6A, 0x80):
                raise Unreadable("an initializer of another kind")

    def folded(self, section):
        for _ in range(self.leb()):
            if section == GLOBAL:
                self.value_type()
                self.byte()
                self.expression()
            elif section == DATA:
                kind = self.leb()
                if kind == 2:
                    self.leb()
                if kind != 1:
                    self.expression()
                self.bytes(self.leb())
            else:
                self.element()
        self.at = len(self.data)
        self.copy()
        return self.out

    def element(self):
        kind = self.leb()
        if kind & 1 == 0:
            if kind & 2:
                self.leb()
            self.expression()
        if kind & 3:
            self.value_type()
        for _ in range(self.leb()):
            if kind & 4:
                self.expression()
            else:
                self.leb()


class Module:
    def __init__(self, data):
        if data[:8] != b"\0asm\1\0\0\0":
            raise Unreadable("no module")
        self.sections = []
        reader = Reader(data)
        reader.bytes(8)
        while not reader.end():
            start, number = reader.at, reader.byte()
            payload = reader.bytes(reader.leb())
            self.sections.append((number, payload, data[start:reader.at]))
        self.exports = self.read_exports()

    def section(self, number):
        return next((payload for at, payload, _ in self.sections if at == number), None)

    def counted(self, number):
        """How many entries a section has, and the bytes of them."""
        payload = self.section(number)
        if payload is None:
            return 0, b""
        reader = Reader(payload)
        return reader.leb(), reader.rest()

    def put(self, number, payload):
        new = (number, payload, bytes([number]) + leb(len(payload)) + payload)
        for at, (other, _, _) in enumerate(self.sections):
            if other == number:
                self.sections[at] = new
                return
        before = [at for at, (other, _, _) in enumerate(self.sections)
                  if other in ORDER and ORDER.index(other) < ORDER.index(number)]
        self.sections.insert(before[-1] + 1 if before else 0, new)

    def append(self, number, entry):
        count, entries = self.counted(number)
        self.put(number, leb(count + 1) + entries + entry)
        return count

    def prepend(self, number, new):
        if new:
            count, entries = self.counted(number)
            self.put(number, leb(len(new) + count) + b"".join(new) + entries)

    def read_exports(self):
        """[(name, kind)], in the module's order."""
        reader = Reader(self.section(EXPORT) or b"\0")
        found = []
        for _ in range(reader.leb()):
            name, kind = reader.name(), reader.byte()
            reader.leb()
            found.append((name, kind))
        return found

    def types(self):
        """How many types there are, all of functions."""
        reader = Reader(self.section(TYPE) or b"\0")
        count = reader.leb()
        for _ in range(count):
            if reader.byte() != 0x60:
                raise Unreadable("types other than those of functions")
            for _ in range(2):
                for _ in range(reader.leb()):
                    reader.value_type()
        return count

    def own_imports(self, provided=None):
        """Makes spectest's globals, tables and memory the module's own, and functions that `provided`
        has ({module: {name: code}}), if it imports no others. Returns how many functions it imports
        then."""
        reader = Reader(self.section(IMPORT) or b"\0")
        kept, functions, provided = [], 0, provided or {}
        own = {GLOBAL: [], TABLE: [], MEMORY: [], CODE: [], FUNCTION: []}
        others = set()
        for _ in range(reader.leb()):
            start = reader.at
            module, name, kind = reader.name(), reader.name(), reader.byte()
            code = provided.get(module, {}).get(name) if kind == FUNC else None
            if code:
                own[FUNCTION].append(leb(reader.leb()))
                own[CODE].append(code)
                continue
            if kind == FUNC:
                reader.leb()
                functions += 1
            elif kind == TABLE_KIND:
                reader.value_type()
                reader.limits()
            elif kind == MEMORY_KIND:
                reader.limits()
            elif kind == GLOBAL_KIND:
                reader.value_type()
                if reader.byte() > 1:
                    raise Unreadable("mutability of another kind")
            elif kind == TAG:
                reader.byte()
                reader.leb()
            else:
                raise Unreadable("an import of another kind")
            if module != "spectest":
                others.add(module)
            section, known = {GLOBAL_KIND: (GLOBAL, GLOBALS), TABLE_KIND: (TABLE, TABLES),
                              MEMORY_KIND: (MEMORY, MEMORIES)}.get(kind, (0, {}))
            if module == "spectest" and name in known:
                own[section].append(known[name])
            else:
                kept.append(reader.data[start:reader.at])
        if others or functions and own[CODE]:
            raise Imports(sorted(others))
        if any(own.values()):
            self.put(IMPORT, leb(len(kept)) + b"".join(kept))
            self.fold([entry[2:-1] for entry in own[GLOBAL]])
            for section, entries in own.items():
                self.prepend(section, entries)
        return functions

    def fold(self, constants):
        """Puts constants in place of the imported globals that initializers name: these may name
        imported ones only."""
        if not constants:
            return
        for number in (GLOBAL, ELEMENT, DATA):
            if self.section(number) is not None:
                self.put(number, Folder(self.section(number), constants).folded(number))

    def initialize(self, imported):
        """Adds the export `_initialize`, unless there is something to run."""
        if any(name in NAMES for name, _ in self.exports):
            return
        self.append(TYPE, b"\x60\0\0")
        index = imported + self.append(FUNCTION, leb(self.types() - 1))
        self.append(CODE, b"\2\0\x0b")
        self.prepend(EXPORT, [b"\x0b_initialize\0" + leb(index)])
        self.exports = self.read_exports()

    def bytes(self):
        return b"\0asm\1\0\0\0" + b"".join(raw for _, _, raw in self.sections)


def runnable(data, provided=None):
    """The module as `timecraft build` takes it, and its exports."""
    module = Module(data)
    module.initialize(module.own_imports(provided))
    return module.bytes(), module.exports


def with_initialize(data):
    """The module with all its imports, so that it can be refused for them."""
    module = Module(data)
    module.initialize(module.counted(IMPORT)[0])
    return module.bytes()


def has_no_functions(data):
    try:
        module = Module(data)
        return not module.counted(FUNCTION)[0] and not module.counted(IMPORT)[0]
    except Unreadable:
        return False


def imported_modules(data, provided=None):
    """The modules that it imports from, but for spectest."""
    try:
        Module(data).own_imports(provided)
    except Imports as names:
        return names.args[0]
    except Unreadable:
        pass
    return []


def constant_functions(data):
    """{name: code} of the exported functions that do nothing but give a constant."""
    try:
        module = Module(data)
        imported = module.own_imports()
        reader, codes = Reader(module.section(CODE) or b"\0"), []
        for _ in range(reader.leb()):
            start = reader.at
            reader.bytes(reader.leb())
            codes.append(reader.data[start:reader.at])
        exports, found = Reader(module.section(EXPORT) or b"\0"), {}
        for _ in range(exports.leb()):
            name, kind, number = exports.name(), exports.byte(), exports.leb()
            if kind == FUNC and number >= imported and is_constant(codes[number - imported]):
                found[name] = codes[number - imported]
        return found
    except Unreadable:
        return {}


def is_constant(code):
    """No locals, a constant, the end."""
    reader = Reader(code)
    reader.leb()
    if reader.byte() != 0:
        return False
    opcode = reader.byte()
    if opcode in (0x41, 0x42):
        reader.leb()
    elif opcode in (0x43, 0x44):
        reader.bytes(4 if opcode == 0x43 else 8)
    else:
        return False
    return reader.rest() == b"\x0b"


INVOKED = "a function of the test"


def with_export(data):
    """The module with its first function exported as INVOKED, so that there is something to run and
    yet no function, and no type, that was not there before."""
    module = Module(data)
    if not module.counted(FUNCTION)[0] and not module.section(IMPORT):
        raise Unreadable("no functions")
    module.prepend(EXPORT, [leb(len(INVOKED)) + INVOKED.encode() + b"\0\0"])
    return module.bytes()
