"""gdb in a program that `timecraft build -g` has made: the guest's memory, globals and stack.

    gdb -x "$(timecraft-config --gdb)" ./program

    tc-x[/FORMAT] ADDRESS   examine memory by the guest's address, as x does: tc-x/4wx 0x1000
    tc-bt [COUNT]           the stack without the host's functions
    tc-globals [NAME]       the guest's globals; variables of C and other languages are in its memory
    tc-sp                   the pointer of the stack that the guest has in its memory
    $tc_host(ADDRESS)       where the guest's address is, for expressions: *(int *)$tc_host(0x1000)

The binding of a program with -g has the table tc_debug_variables for this: entries of a name as wasm2c
writes it, a type (u32, u64, f32, f64, memory), a place, and for a memory the offset of its size; each
of eight bytes, the last one all zero. The pointer to a memory's bytes is its first member.
"""
import re
import struct

import gdb

TYPES = {"u32": "<I", "u64": "<Q", "f32": "<f", "f64": "<d"}
NAME = re.compile(r"0x([0-9A-F]{2})")
STACK_POINTERS = ("__stack_pointer", "SP")


def read(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def read_text(address):
    return gdb.Value(address).cast(gdb.lookup_type("char").pointer()).string(errors="replace")


def variables():
    """Pairs of a name and a type, an address, and the offset of a memory's size."""
    try:
        at = int(gdb.parse_and_eval("(unsigned long)&tc_debug_variables"))
    except gdb.error:
        raise gdb.GdbError("this is no program that was built with timecraft build -g") from None
    if not gdb.selected_inferior().pid:
        raise gdb.GdbError("there is no guest yet; start the program first: break main, run")
    while True:
        name, kind, place, offset = struct.unpack("<4Q", read(at, 32))
        if not name:
            return
        yield (NAME.sub(lambda byte: chr(int(byte[1], 16)), read_text(name)), read_text(kind),
               place, offset)
        at += 32


def memory():
    """The address of the guest's memory, and its size; of several, the first."""
    try:
        for _, kind, place, offset in variables():
            if kind == "memory":
                base, = struct.unpack("<Q", read(place, 8))
                size, = struct.unpack("<Q", read(place + offset, 8))
                if base:
                    return base, size
    except gdb.MemoryError:
        pass
    raise gdb.GdbError("the guest has no memory yet, or none at all")


def guest_address(text):
    base, size = memory()
    # What a program says of its own pointers is 32 bits wide, and may have a sign.
    address = int(gdb.parse_and_eval(text)) & 0xffffffffffffffff
    if address >> 31 == 0x1ffffffff:
        address &= 0xffffffff
    if address >= size:
        raise gdb.GdbError(f"{address:#x} is outside of the guest's memory, which has {size:#x} "
                           "bytes")
    return base, address


class Examine(gdb.Command):
    """Examine memory by the guest's address: tc-x/FORMAT ADDRESS, with the formats of x."""

    def __init__(self):
        super().__init__("tc-x", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        form = ""
        if argument.startswith("/"):
            form, _, argument = argument.partition(" ")
        if not argument:
            raise gdb.GdbError("which address? tc-x/4wx 0x1000")
        base, address = guest_address(argument)
        shown = gdb.execute(f"x{form} {base + address:#x}", False, True)
        for line in shown.splitlines():
            place, colon, rest = line.partition(":")
            match = re.match(r"0x[0-9a-f]+", place)
            print(f"{int(match[0], 16) - base:#x}{colon}{rest}" if match else line)


def is_guest(frame):
    """The only functions of the program of which anything but a symbol is known are the guest's."""
    function = frame.function()
    return function is not None and function.symtab is not None and \
        function.symtab.objfile.filename == gdb.current_progspace().filename


class Backtrace(gdb.Command):
    """The stack without the host's functions: tc-bt [COUNT]."""

    def __init__(self):
        super().__init__("tc-bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        left = int(gdb.parse_and_eval(argument)) if argument else -1
        try:
            frame, number = gdb.newest_frame(), 0
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from None
        while frame and frame.is_valid() and left:
            if is_guest(frame):
                left -= 1
                place = frame.find_sal()
                where = f" at {place.symtab.filename}:{place.line}" if place.symtab and place.line \
                    else ""
                print(f"#{number:<3}{frame.name()}{where}")
            frame, number = frame.older(), number + 1


def show(kind, place):
    value, = struct.unpack(TYPES[kind], read(place, struct.calcsize(TYPES[kind])))
    return f"{value:#x} ({value})" if kind[0] == "u" else repr(value)


class Globals(gdb.Command):
    """The guest's globals: tc-globals [NAME]."""

    def __init__(self):
        super().__init__("tc-globals", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        found = [(name, kind, place) for name, kind, place, _ in variables()
                 if kind in TYPES and argument in ("", name)]
        for name, kind, place in found:
            print(f"{name} = {show(kind, place)}")
        if not found:
            raise gdb.GdbError(f"the guest has no global {argument}" if argument else
                               "the guest has no globals")


class StackPointer(gdb.Command):
    """The pointer of the stack that the guest has in its memory."""

    def __init__(self):
        super().__init__("tc-sp", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for name, kind, place, _ in variables():
            # The name that wasm2c writes for __stack_pointer depends on its version.
            if kind == "u32" and (name in STACK_POINTERS or name.endswith("_stack_pointer")):
                print(f"{name} = {show(kind, place)}")
                return
        raise gdb.GdbError("the guest has no global __stack_pointer; tc-globals shows those that it "
                           "has")


class Host(gdb.Function):
    """Where the guest's address is, in the host's memory."""

    def __init__(self):
        super().__init__("tc_host")

    def invoke(self, address):
        base, offset = guest_address(str(int(address)))
        return gdb.Value(base + offset).cast(gdb.lookup_type("char").pointer())


Examine()
Backtrace()
Globals()
StackPointer()
Host()
