"""Records, taken apart and put together again with valid checks (rt/trace/record.h): for damage
that only the meaning of what is read can show."""

import struct

from support.records import xxh3

HEADER, BLOCK, EVENT, CALL, CHUNK = 4096, 64, 16, 40, 16
TYPE_CALL, TYPE_PROGRAM = 1, 2


class Call:
    """A TC_EVENT_CALL within a record's bytes; what is set there is sealed by Record.save."""

    def __init__(self, data, at, size):
        self.data, self.at, self.size = data, at, size
        self.flags = data[at + 11]
        self.index, = struct.unpack_from("<Q", data, at + EVENT)
        self.import_number, = struct.unpack_from("<H", data, at + 36)
        count = data[at + 10]
        self.arguments = list(struct.unpack_from(f"<{count}Q", data, at + CALL))
        self.chunks = []  # (place, address, length, kept, parameter, flags)
        place = at + CALL + 8 * count
        while place + CHUNK <= at + size:
            head = struct.unpack_from("<IIIBB", data, place)
            self.chunks.append((place, *head))
            place += CHUNK + (head[2] + 7) // 8 * 8

    def set_flags(self, flags):
        self.data[self.at + 11] = flags

    def set_argument(self, number, value):
        struct.pack_into("<Q", self.data, self.at + CALL + 8 * number, value)


class Record:
    """Of one plain block: a short run."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = bytearray(file.read())
        self.salt, = struct.unpack_from("<Q", self.data, 16)
        self.events = []  # (type, place, size)
        self.imports, self.calls = [], []
        self.number, = struct.unpack_from("<Q", self.data, HEADER + 16)
        at = HEADER + BLOCK
        while at + EVENT <= len(self.data):
            check, size, kind = struct.unpack_from("<IIH", self.data, at)
            if size < EVENT or check != self.check(at, size):
                break
            self.events.append((kind, at, size))
            if kind == 6:
                self.imports = self.texts(at, size)
            if kind == TYPE_CALL:
                self.calls.append(Call(self.data, at, size))
            at += size
        self.end = at

    def check(self, at, size):
        return xxh3(self.data[at + 4:at + size], self.salt + self.number) & 0xffffffff

    def texts(self, at, size):
        found, place = [], at + EVENT + 8
        while place < at + size:
            length, = struct.unpack_from("<I", self.data, place + 4)
            found.append(self.data[place + 8:place + 8 + length].decode())
            place += 8 + (length + 7) // 8 * 8
        return found

    def name(self, call):
        return self.imports[call.import_number].split()[1]

    def find(self, name):
        return [call for call in self.calls if self.name(call) == name]

    def seal(self, used, stored, encoding):
        struct.pack_into("<I", self.data, HEADER + 4, encoding)
        struct.pack_into("<II", self.data, HEADER + 48, used, stored)
        for place, size in ((56, 48), (60, 56)):
            digest = xxh3(self.data[HEADER:HEADER + size], self.salt) & 0xffffffff
            struct.pack_into("<I", self.data, HEADER + place, digest)

    def save(self, path):
        for _, at, size in self.events:
            struct.pack_into("<I", self.data, at, self.check(at, size))
        with open(path, "wb") as file:
            file.write(self.data)
        return path

    def save_compressed(self, path, compress):
        events = bytes(self.data[HEADER + BLOCK:self.end])
        packed = compress(events)
        self.seal(len(events), len(packed), 1)
        with open(path, "wb") as file:
            file.write(self.data[:HEADER + BLOCK] + packed)
        return path
