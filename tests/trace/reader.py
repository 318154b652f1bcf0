"""Reads records by what the opening comment of rt/trace/record.h says, and by nothing else (but for
XXH3): another reader than the command's, so that the format is what its comment says. What is
changed in a record's bytes can be saved with valid checks: damage that only its meaning shows."""

import struct

from support.records import (ARGUMENTS, CALL, CLOCK, CONNECTION, DESCRIPTOR, END, ENVIRONMENT,
                             IMPORTS, OUT, PROGRAM, SCATTERED, TLS, TRAP, xxh3)

ZEROES = 4
NAME, HASH, VERSION, BUILD_ID, EXECUTABLE, PID, GRANTS = range(1, 8)
WORD, REALTIME, MONOTONIC, IMPORT = 16, 24, 25, 32
KIND, PATH = 40, 41
LOCAL, PEER, HOST, SERVER, BY_CALL = 48, 49, 50, 51, 52
BEGUN, DURATION, ERROR, REASON, TLS_VERSION, CIPHER, GROUP, ALPN, SERVER_NAME, RESUMED, PEER_INFO = \
    range(64, 75)
FRAME, CAUSE, STATUS, PENDING = 80, 88, 89, 90
EXIT, TRAPPED, TIMED_OUT, UNWRITABLE = 1, 2, 3, 4


def rounded(size, to):
    return (size + to - 1) // to * to


class Chunk:
    """`at`: where in the file its structure is, of 16 bytes, which its data follows."""

    def __init__(self, at, parameter, flags, address, length, data):
        self.at, self.parameter, self.flags = at, parameter, flags
        self.address, self.length, self.data = address, length, data


class Event:
    """`at`: where in the file it is."""

    def __init__(self, file, at, size, number):
        """number: of its block."""
        self.file, self.at, self.block_number = file, at, number
        self.data = bytes(file[at:at + size])
        _, self.size, self.type, self.detail0, self.flags, self.detail = \
            struct.unpack_from("<IIHBBI", self.data)
        if self.type == CALL:
            self.read_call()
        else:
            self.read_fields()

    def read_call(self):
        self.index, self.time, low, self.import_number, high = struct.unpack_from("<QQIHH",
                                                                                  self.data, 16)
        self.duration = low | high << 32
        self.result = self.detail
        self.arguments = struct.unpack_from(f"<{self.detail0}Q", self.data, 40)
        self.chunks = []
        at = 40 + 8 * self.detail0
        while at < self.size:
            address, length, kept, parameter, flags, _ = struct.unpack_from("<IIIBBH", self.data,
                                                                            at)
            assert kept <= length and at + 16 + kept <= self.size
            self.chunks.append(Chunk(self.at + at, parameter, flags, address, length,
                                     self.data[at + 16:at + 16 + kept]))
            at += 16 + rounded(kept, 8)
        assert at == self.size

    def set_flags(self, flags):
        self.file[self.at + 11] = flags

    def set_argument(self, number, value):
        struct.pack_into("<Q", self.file, self.at + 40 + 8 * number, value)

    def set_check(self, salt):
        check = xxh3(self.file[self.at + 4:self.at + self.size], salt + self.block_number) & 0xffffffff
        struct.pack_into("<I", self.file, self.at, check)

    def read_fields(self):
        self.time = struct.unpack_from("<Q", self.data, 16)[0]
        self.fields = []
        at = 24
        while at < self.size:
            key, _, length = struct.unpack_from("<HHI", self.data, at)
            assert at + 8 + length <= self.size
            self.fields.append((key, self.data[at + 8:at + 8 + length]))
            at += 8 + rounded(length, 8)
        assert at == self.size

    def all(self, key):
        return [value for found, value in self.fields if found == key]

    def bytes(self, key):
        return (self.all(key) or [None])[0]

    def text(self, key):
        value = self.bytes(key)
        return None if value is None else value.decode()

    def number(self, key):
        value = self.bytes(key)
        return None if value is None else struct.unpack("<Q", value)[0]

    def address(self, key):
        """"127.0.0.1:80" """
        family, port, length, data = struct.unpack_from("<HHI108s", self.bytes(key))
        assert family == 1 and length == 4
        return ".".join(map(str, data[:4])) + f":{port}"

    def chunk(self, parameter, flags):
        return next((chunk for chunk in self.chunks
                     if chunk.parameter == parameter and chunk.flags == flags), None)


class Record:
    """`events`: of all segments in their order; `segments`: how many; `whole`: ends with END."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.file = bytearray(file.read())
        (magic, version, header_size, self.salt, self.segment_size, self.segment_count, self.detail,
         staging_count, self.started, staging_size, check) = \
            struct.unpack_from("<8sIIQQIBB2xQQQ", self.file)
        assert magic == b"\x89TCREC\r\n" and version == 3 and header_size == 4096
        assert check == xxh3(self.file[:56], 0)
        start = 4096 + staging_count * staging_size
        starts = [start + i * self.segment_size for i in range(self.segment_count)]
        firsts = sorted((self.block(at)[0], at) for at in starts if self.block(at))
        slots = [4096 + i * staging_size for i in range(staging_count)]
        self.staged = {self.block(at)[:2]: at for at in slots if self.block(at)}
        for segment in sorted({segment for segment, _ in self.staged}):
            if not firsts or segment > firsts[-1][0]:
                firsts.append((segment, start + segment % self.segment_count * self.segment_size))
        self.segments = len(firsts)
        assert [first for first, _ in firsts] == \
            list(range(firsts[0][0], firsts[0][0] + len(firsts))) if firsts else True
        self.per_segment = [list(self.segment_events(number, start)) for number, start in firsts]
        self.events = [event for segment in self.per_segment for event in segment]
        self.calls = [event for event in self.events if event.type == CALL]
        self.whole = bool(self.events) and self.events[-1].type == END
        imports = next((event for event in self.events if event.type == IMPORTS), None)
        self.imports = [text.decode().split()[1] for text in imports.all(IMPORT)] if imports else []

    def block(self, at):
        """(segment, number, room, used or None, stored) of the valid block there, or None."""
        head = self.file[at:at + 64]
        if len(head) < 64:
            return None
        (magic, encoding, segment, number, _, _, room, used, stored, open_check,
         seal_check) = struct.unpack("<IIQQQQQIIII", head)
        if magic != 0x4b4c4254 or open_check != xxh3(head[:48], self.salt) & 0xffffffff:
            return None
        sealed = seal_check == xxh3(head[:56], self.salt) & 0xffffffff and used <= room
        assert encoding == 0
        return segment, number, room, used if sealed else None, stored

    def segment_events(self, segment, at):
        end = at + self.segment_size if self.segment_size else 1 << 63
        head = self.block(at)
        number = head[1] if head and head[0] == segment else \
            min(number for one, number in self.staged if one == segment)
        while at < end:
            source = self.staged.get((segment, number), at)
            block = self.block(source)
            if not block or block[:2] != (segment, number):
                return
            _, _, room, used, stored = block
            limit = min(source + 64 + (room if used is None else used), len(self.file))
            yield from self.block_events(source + 64, limit, number)
            if used is None:
                return
            at = rounded(at + 64 + stored, 4096)
            number += 1

    def block_events(self, at, limit, number):
        while limit - at >= 16:
            check, size = struct.unpack_from("<II", self.file, at)
            if size < 16 or size % 8 or size > limit - at or check != \
                    xxh3(self.file[at + 4:at + size], self.salt + number) & 0xffffffff:
                return
            yield Event(self.file, at, size, number)
            at += size

    def of(self, kind):
        return [event for event in self.events if event.type == kind]

    def named(self, name):
        return [call for call in self.calls if self.imports[call.import_number] == name]

    def output(self, fd=1):
        """What the guest wrote to a descriptor."""
        return b"".join(chunk.data for call in self.named("fd_write") if call.arguments[0] == fd
                        for chunk in call.chunks if chunk.flags == SCATTERED)

    # ---- what is changed ----

    def save(self, path):
        for event in self.events:
            event.set_check(self.salt)
        with open(path, "wb") as file:
            file.write(self.file)
        return path

    def save_compressed(self, path, compress):
        """The same, of one block in a slot, which then is compressed."""
        at, end = 4096, self.events[-1].at + self.events[-1].size
        events = self.file[at + 64:end]
        packed = compress(events)
        struct.pack_into("<I", self.file, at + 4, 1)
        struct.pack_into("<II", self.file, at + 48, len(events), len(packed))
        for place, size in ((56, 48), (60, 56)):
            check = xxh3(self.file[at:at + size], self.salt) & 0xffffffff
            struct.pack_into("<I", self.file, at + place, check)
        with open(path, "wb") as file:
            file.write(self.file[:at + 64] + packed)
