#!/usr/bin/python3
"""Writes the inputs in record_fuzz/ and replay_fuzz/: small records of each kind, as record_input.h
has them."""
import gzip
import pathlib
import struct
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import records  # noqa: E402
from support.records import frame, hpack, websocket  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "record_fuzz"
REPLAY = FOLDER.parent / "replay_fuzz"
CALLS = ["sock_open", "sock_connect", "sock_send", "sock_recv", "sock_accept", "sock_bind",
         "sock_listen", "sock_getaddrinfo", "sock_shutdown", "fd_close", "fd_write", "fd_renumber",
         "poll_oneoff", "sock_send_to", "environ_get", "path_open"]


def client(*moves, detail=2, **tls):
    """A connection whose guest sends (bytes first) and receives in turn."""
    record = records.Record(detail=detail, known=CALLS)
    record.lookup("a.test", ["192.0.2.1:80"])
    record.connect(5, "192.0.2.1:80", host="a.test")
    if tls:
        record.tls(5, **tls)
    for i, data in enumerate(moves):
        (record.receive if i % 2 else record.send)(5, data)
    record.close(5)
    record.end()
    return record


def keep(name, record, flags=1, per_block=None, folder=FOLDER, compress=None, sealed=True,
         **options):
    """sealed: whether the last block is, or open as in a program that was killed."""
    per_block = per_block or len(record.events)
    out = bytes([flags]) + record.header(**options)[:64]
    groups = [record.events[i:i + per_block] for i in range(0, len(record.events), per_block)]
    for number, group in enumerate(groups):
        last = number == len(groups) - 1
        block = record.block(group, number, compress=compress, sealed=sealed or not last)
        out += struct.pack("<H", len(block)) + block
    (folder / name).write_bytes(out)


def keep_staged(name, record, per_block, folder=FOLDER):
    """The last block comes first: in a slot."""
    out = b"\1" + record.header(staging_size=4096)[:64]
    groups = [record.events[i:i + per_block] for i in range(0, len(record.events), per_block)]
    blocks = [record.block(group, number) for number, group in enumerate(groups)]
    for block in blocks[-1:] + blocks[:-1]:
        out += struct.pack("<H", len(block)) + block
    assert len(blocks[-1]) <= 4096
    (folder / name).write_bytes(out)


def server():
    record = records.Record(known=CALLS)
    record.listen(3, "[::1]:80")
    record.accept(3, 4, "[::1]:80", "[::1]:5000")
    record.receive(4, b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n")
    record.send(4, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                   b"\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\nHTTP/1.1 204 No\r\n\r\n")
    record.call("fd_renumber", (4, 9))
    record.shutdown(9)
    record.connect(6, "unix:/run/x", "unix:/run/y", result=records.EINPROGRESS)
    record.connect(7, "192.0.2.9:1", result=records.ECONNREFUSED)
    return record


def keep_for_replay():
    REPLAY.mkdir(exist_ok=True)
    record = client(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n")
    for name, options in (("plain", {}), ("blocks", {"per_block": 4}), ("unmended", {"flags": 0}),
                          ("killed", {"per_block": 6, "sealed": False}),
                          ("compressed", {"per_block": 5, "compress": records.zstd_frame}),
                          ("segments", {"segment_size": 8192, "segment_count": 2})):
        keep(name, record, folder=REPLAY, **options)
    keep_staged("staging", record, 6, REPLAY)


def main():
    keep_for_replay()
    FOLDER.mkdir(exist_ok=True)
    keep_staged("staging", client(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"), 6)
    keep("http1", client(b"GET / HTTP/1.1\r\nCookie: a=b\r\n\r\n",
                         b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" +
                         gzip.compress(b"hello", mtime=0), cipher="X", alpn="http/1.1",
                         peer_info="subject: CN=a.test"), per_block=6)
    keep("server", server())
    keep("http2", client(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, struct.pack(">HI", 1, 0)) +
        frame(1, 4, 1, hpack((":method", "POST"), (":path", "/s/m"), ("content-type",
                                                                    "application/grpc"))) +
        frame(0, 9, 1, b"\2" + b"\0\0\0\0\1x" + b"\0\0"),
        frame(4, 0, 0) + frame(4, 1, 0) + frame(1, 0, 1, hpack((":status", "200"))) +
        frame(9, 4, 1, b"\x88") + frame(0, 0, 1, b"abc") +
        frame(1, 5, 1, hpack(("grpc-status", "14"))) + frame(3, 0, 3, b"\0\0\0\x08")))
    deflate = zlib.compressobj(wbits=-15)
    packed = (deflate.compress(b"hello hello") + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    keep("websocket", client(
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
        b"\r\n" + websocket(1, packed, compressed=True) + websocket(9, b"p"),
        websocket(1, b"hel", b"abcd", final=False) + websocket(0, b"lo", b"efgh") +
        websocket(8, b"\x03\xe8bye", b"ijkl")))
    keep("headers", client(b"PUT / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000,
                           b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", detail=0))
    keep("segments", client(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nx"),
         segment_size=8192, segment_count=2)
    keep("raw", client(b"x"), flags=0)


main()
