"""Pieces of modules, as the binary format of WebAssembly has them."""


def leb(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes([*out, value])


def section(number, *entries):
    content = leb(len(entries)) + b"".join(entries)
    return bytes([number]) + leb(len(content)) + content
