"""Records (rt/trace/record.h) made by hand: of connections that never were, damaged, hostile."""
import ctypes
import ipaddress
import pathlib
import re
import struct

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MASK = (1 << 64) - 1
CALL, PROGRAM, ARGUMENTS, ENVIRONMENT, CLOCK, IMPORTS, DESCRIPTOR, CONNECTION, TLS, TRAP, END = \
    range(1, 12)
OUT, SCATTERED = 1, 2
EAGAIN, ECONNREFUSED, ECONNRESET, EINPROGRESS = 6, 14, 15, 26


_xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits_withSeed
_xxh3.argtypes, _xxh3.restype = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64], ctypes.c_uint64


def xxh3(data, seed=0):
    return _xxh3(bytes(data), len(data), seed & MASK)


def imports():
    """[(function, "module name type")], in the order of the imports' numbers."""
    text = (SOURCE / "rt/wasi/imports.def").read_text()
    found = re.findall(r'^(TC_IMPORT\w*)\((\w+), "([iI]*:i?)", (\w+),', text, re.MULTILINE)
    return [(function, f"{'wasi_unstable' if 'UNSTABLE' in macro else 'wasi_snapshot_preview1'} "
                       f"{name} {kind}") for macro, name, kind, function in found]


IMPORTS_LIST = imports()
NAMES = [function.removeprefix("tc_wasi_") for function, _ in IMPORTS_LIST]


def padded(data):
    return data + bytes(-len(data) % 8)


def address(text):
    """A tc_record_address of "192.0.2.1:80", "[::1]:80", "unix:/run/x"."""
    if text.startswith("unix:"):
        path = text[5:].encode()
        return struct.pack("<HHI108s4x", 3, 0, len(path), path)
    host, port = text.rsplit(":", 1)
    ip = ipaddress.ip_address(host.strip("[]"))
    return struct.pack("<HHI108s4x", 1 if ip.version == 4 else 2, int(port), len(ip.packed),
                       ip.packed)


class Record:
    """Events, and the file that has them. Times are in seconds."""

    def __init__(self, detail=2, salt=0x1234567890ABCDEF, started=1_700_000_000_000_000_000,
                 arguments=("program",), environment=("SECRET=hunter2",), known=NAMES):
        """known: the imports that the record lists."""
        self.known = list(known)
        self.detail, self.salt, self.started = detail, salt, started
        self.events = []   # (bytes without their check, time, index of a call or None)
        self.time = 0
        self.calls = 0
        self.arguments, self.environment = arguments, environment
        self.state = []
        self.fields(PROGRAM, [(1, b"program.wasm"), (2, bytes(range(32))), (3, b"0.1.0"),
                              (5, b"/tmp/program"), (6, 4711), (7, b"--allow-connect=*")])
        self.fields(ARGUMENTS, [(16, word.encode()) for word in arguments])
        self.fields(ENVIRONMENT, [(16, word.encode()) for word in environment])
        self.fields(CLOCK, [(24, started), (25, 12345)])
        self.fields(IMPORTS, [(32, dict(zip(NAMES, IMPORTS_LIST))[name][1].encode())
                              for name in self.known])
        self.state = list(self.events)

    # ---- events ----

    def fields(self, kind, fields, fd=0, time=None):
        time = self.time if time is None else int(time * 1e9)
        body = struct.pack("<Q", time)
        for key, value in fields:
            value = struct.pack("<Q", value) if isinstance(value, int) else value
            body += struct.pack("<HHI", key, 0, len(value)) + padded(value)
        self.events.append((struct.pack("<IHBBI", 16 + len(body), kind, 0, 0, fd) + body, time,
                            None))

    def call(self, name, arguments=(), chunks=(), result=0, took=0.0001, flags=0):
        """chunks: (parameter, flags, bytes) or (parameter, flags, bytes, length)."""
        body = struct.pack(f"<{len(arguments)}Q", *arguments)
        for parameter, chunk_flags, data, *length in chunks:
            body += struct.pack("<IIIBBH", 1024, length[0] if length else len(data), len(data),
                                parameter, chunk_flags, 0) + padded(data)
        nanoseconds = int(took * 1e9)
        head = struct.pack("<QQIHH", self.calls, self.time, nanoseconds & 0xffffffff,
                           self.known.index(name), nanoseconds >> 32)
        self.events.append((struct.pack("<IHBBI", 40 + len(body), CALL, len(arguments), flags,
                                        result) + head + body, self.time, self.calls))
        self.calls += 1
        self.time += nanoseconds

    def wait(self, seconds):
        self.time += int(seconds * 1e9)

    # ---- what programs do ----

    def socket(self, fd, family=1, kind=2):
        self.call("sock_open", (family, kind, 64), [(2, OUT, struct.pack("<I", fd))])

    def connect(self, fd, peer, local="192.0.2.7:40000", host=None, result=0, took=0.002):
        self.socket(fd, struct.unpack_from("<H", address(peer))[0])
        raw = address(peer)
        family, port, length = struct.unpack_from("<HHI", raw)
        bytes_ = raw[8:8 + length] if family != 3 else (b"\3\0" + raw[8:8 + length]).ljust(128,
                                                                                       b"\0")
        self.call("sock_connect", (fd, 64, port),
                  [(1, 0, struct.pack("<II", 2048, len(bytes_))), (1, 0, bytes_)], result, took)
        if result in (0, EINPROGRESS):
            self.connection(fd, local, peer, host)

    def connection(self, fd, local, peer, host=None, server=0):
        self.fields(CONNECTION, [(48, address(local)), (49, address(peer))] +
                    ([(50, host.encode())] if host else []) +
                    [(51, server), (52, self.calls - 1)], fd)

    def listen(self, fd, local):
        raw = address(local)
        self.socket(fd, struct.unpack_from("<H", raw)[0])
        length, = struct.unpack_from("<I", raw, 4)
        self.call("sock_bind", (fd, 64, struct.unpack_from("<H", raw, 2)[0]),
                  [(1, 0, struct.pack("<II", 2048, length)), (1, 0, raw[8:8 + length])])
        self.call("sock_listen", (fd, 10))

    def accept(self, listener, fd, local, peer):
        self.call("sock_accept", (listener, 0, 64), [(2, OUT, struct.pack("<I", fd))])
        self.connection(fd, local, peer, server=1)

    def lookup(self, name, answers, result=0, took=0.003):
        chunks = [(0, 0, name.encode()), (2, 0, b"443")]
        for one in answers if result == 0 else []:
            raw = address(one)
            family, port, length = struct.unpack_from("<HHI", raw)
            data = struct.pack(">H", port) + raw[8:8 + length]
            chunks += [(5, OUT, bytes(28)), (5, OUT, struct.pack("<III", family, len(data), 4096)),
                       (5, OUT, data)]
        chunks += [(7, OUT, struct.pack("<I", len(answers)))]
        self.call("sock_getaddrinfo", (64, len(name), 128, 3, 0, 256, 10, 512), chunks, result,
                  took)

    def tls(self, fd, took=0.004, error=0, reason=None, server=0, **texts):
        keys = {"cipher": 69, "group": 70, "alpn": 71, "server_name": 72, "peer_info": 74}
        begun = self.time
        self.wait(took)
        fields = [(64, begun), (65, int(took * 1e9)), (51, server), (66, error)]
        fields += [(67, reason.encode())] if reason else []
        fields += [(68, 0x0304)] if not error else []
        fields += [(keys[name], text.encode()) for name, text in texts.items()]
        self.fields(TLS, fields, fd)

    def kept(self, data):
        return data if self.detail == 2 else data[:8192] if self.detail == 1 else b""

    def send(self, fd, data, kept=None, took=0.0001):
        kept = self.kept(data) if kept is None else kept
        self.call("sock_send", (fd, 64, 1, 0, 128),
                  [(1, 0, struct.pack("<II", 1024, len(data))), (1, SCATTERED, kept, len(data)),
                   (4, OUT, struct.pack("<I", len(data)))], took=took)

    def receive(self, fd, data, kept=None, took=0.0001, result=0):
        kept = self.kept(data) if kept is None else kept
        chunks = [(1, 0, struct.pack("<II", 1024, 65536))]
        if result == 0:
            chunks += [(1, OUT | SCATTERED, kept, len(data)),
                       (4, OUT, struct.pack("<I", len(data))), (5, OUT, struct.pack("<H", 0))]
        self.call("sock_recv", (fd, 64, 1, 0, 128, 132), chunks, result, took)

    def write(self, fd, data):
        kept = self.kept(data)
        self.call("fd_write", (fd, 64, 1, 128),
                  [(1, 0, struct.pack("<II", 1024, len(data))), (1, SCATTERED, kept, len(data)),
                   (3, OUT, struct.pack("<I", len(data)))])

    def shutdown(self, fd, how=2):
        self.call("sock_shutdown", (fd, how))

    def close(self, fd):
        self.call("fd_close", (fd,))

    def end(self, status=0, cause=1):
        self.fields(END, [(88, cause), (89, status)])

    # ---- the file ----

    def header(self, segment_size=0, segment_count=1, version=3, staging_size=0, slots=1):
        head = struct.pack("<8sIIQQIBB2xQQ", b"\x89TCREC\r\n", version, 4096, self.salt,
                           segment_size, segment_count if segment_size else 0, self.detail,
                           slots if staging_size else 0, self.started, staging_size)
        return (head + struct.pack("<Q", xxh3(head))).ljust(4096, b"\0")

    def block(self, events, number, segment=0, sealed=True, compress=None, room=None,
              break_event=None):
        """One block. compress: a function that makes a Zstandard frame."""
        body = b""
        for i, (event, _, _) in enumerate(events):
            check = xxh3(event, self.salt + number) & 0xffffffff
            body += struct.pack("<I", check ^ (1 if i == break_event else 0)) + event
        stored = compress(body) if compress else body
        room = max(room or 0, len(body))
        first = next((index for _, _, index in events if index is not None), self.calls)
        head = struct.pack("<IIQQQQQ", 0x4b4c4254, 1 if compress else 0, segment, number, first,
                           min((time for _, time, index in events if index is not None),
                               default=events[0][1] if events else 0), room)
        opened = xxh3(head, self.salt) & 0xffffffff
        head += struct.pack("<II", len(body) if sealed else 0, len(stored) if sealed else 0)
        seal = xxh3(head, self.salt) & 0xffffffff if sealed else 0
        return head + struct.pack("<II", opened, seal) + stored + \
            bytes(0 if sealed else room - len(body))

    def file(self, per_block=None, sealed_last=True, compress=None, room=None, break_event=None):
        """The file's bytes: one segment, so many events in each block."""
        out = self.header()
        per_block = per_block or len(self.events)
        groups = [self.events[i:i + per_block] for i in range(0, len(self.events), per_block)]
        for number, group in enumerate(groups):
            out += bytes(-len(out) % 4096)
            out += self.block(group, number,
                              sealed=sealed_last or number < len(groups) - 1, room=room,
                              compress=compress if number < len(groups) - 1 or sealed_last
                              else None, break_event=break_event if number == 0 else None)
        return out

    def staged(self, placed, staged, room=8192, sealed=False, broken=0):
        """The file's bytes with a staging area: so many blocks of two events in their places, and in
        the slots the blocks with the numbers `staged`, of which None is not valid. All of them are
        sealed but the one with the highest number, which may be. broken: of the last one in its
        place so many bytes are missing, as if its writing had been broken off."""
        groups = [self.events[i:i + 2] for i in range(0, len(self.events), 2)]
        out = self.header(staging_size=room + 4096, slots=len(staged))
        newest = max((number for number in staged if number is not None), default=None)
        for number in staged:
            block = b"" if number is None else self.block(
                groups[number], number, sealed=sealed or number != newest, room=room)
            out += block.ljust(room + 4096, b"\0")
        for number, group in enumerate(groups[:placed]):
            block = self.block(group, number)
            if number == placed - 1 and broken:
                block = block[:-broken]
            out += block + bytes(-len(block) % 4096)
        return out

    def segmented(self, segment_size, segment_count, per_segment):
        """A file with a limit: each segment begins with the state, and has one block."""
        events = self.events[len(self.state):]
        segments = [events[i:i + per_segment] for i in range(0, len(events), per_segment)]
        file = bytearray(self.header(segment_size, segment_count).ljust(
            4096 + segment_size * segment_count, b"\0"))
        for number, group in enumerate(segments):
            block = self.block(self.state + group, number, number)
            assert len(block) <= segment_size
            at = 4096 + number % segment_count * segment_size
            file[at:at + segment_size] = block.ljust(segment_size, b"\0")
        return bytes(file)


def zstd_frame(data):
    """Data as a Zstandard frame (RFC 8878, 3.1.1) whose blocks are raw: of the right form, no
    smaller."""
    parts = [data[i:i + 100_000] for i in range(0, len(data), 100_000)] or [b""]
    blocks = b"".join(struct.pack("<I", len(part) << 3 | (part is parts[-1]))[:3] + part
                      for part in parts)
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data)) + blocks


def frame(kind, flags, stream, payload=b""):
    """A frame of HTTP/2 (RFC 9113, 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def hpack(*pairs):
    """Fields as HPACK (RFC 7541, 6.2.2): literals that no table keeps."""
    out, rest = b"", [text.encode() for pair in pairs for text in pair]
    for name, value in zip(rest[::2], rest[1::2]):
        out += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    return out


def websocket(opcode, payload, mask=None, final=True, compressed=False):
    """A frame of WebSocket (RFC 6455, 5.2)."""
    head = bytes([(0x80 if final else 0) | (0x40 if compressed else 0) | opcode])
    length = len(payload)
    size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length) \
        if length < 65536 else b"\x7f" + struct.pack(">Q", length)
    if mask:
        size = bytes([size[0] | 0x80]) + size[1:] + mask
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + size + payload
