"""The socket options of host TLS, as Python values.

Numbers and formats are those of sdk/c/include/timecraft/options.h. A socket here is whatever has
setsockopt and getsockopt; their OSErrors pass through.
"""

import socket

LEVEL = 0x74696d65

HTLS = 1
ERROR = 2
SERVER = 3
UPGRADE = 4
TRUST_ANCHORS = 5
TRUST = 6
VERIFY = 7
IDENTITY = 8
NAMED_IDENTITY = 9
ALPN = 10
MIN_VERSION = 11
MAX_VERSION = 12
CIPHERS = 13
GROUPS = 14
VERSION = 16
CIPHER = 17
GROUP = 18
RESUMED = 19
SERVER_NAME = 20
PEER_CERTIFICATES = 21
PEER_INFO = 22
TLS_EXPORTER = 23
SERVER_END_POINT = 24

# Values of TRUST.
TRUST_SYSTEM, TRUST_GIVEN, TRUST_BOTH = range(3)
# Values of VERIFY.
VERIFY_NONE, VERIFY_CHAIN, VERIFY_FULL, VERIFY_REQUEST, VERIFY_REQUIRE = range(5)

TEXT_ROOM = 1024  # bytes; no text of an option is longer
BLOB_ROOM = 4096  # bytes; what most blobs fit into
BLOB_MAX = 1 << 20  # bytes; what this interpreter's getsockopt takes


def set_u32(sock, option, number):
    sock.setsockopt(LEVEL, option, number.to_bytes(4, "little"))


def get_u32(sock, option):
    return int.from_bytes(sock.getsockopt(LEVEL, option, 4), "little")


def set_bytes(sock, option, value):
    sock.setsockopt(LEVEL, option, value)


def set_text(sock, option, text):
    sock.setsockopt(LEVEL, option, text.encode())


def get_text(sock, option):
    return sock.getsockopt(LEVEL, option, TEXT_ROOM).split(b"\0", 1)[0].decode("utf-8", "replace")


def get_blob(sock, option):
    """A blob says its own length first, so one that does not fit is asked for again."""
    room = BLOB_ROOM
    while True:
        value = sock.getsockopt(LEVEL, option, room)
        length = int.from_bytes(value[:4], "little")
        if 4 + length <= room:
            return value[4:4 + length]
        if 4 + length > BLOB_MAX:
            raise OSError(f"the host's answer of {length} bytes is too long")
        room = 4 + length


def try_value(option, value):
    """Has the host check a value, on a socket that is thrown away: OSError says it will not do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(LEVEL, option, value)


def reason(sock):
    """Why TLS failed on the socket, in words; empty when it has not, or that is not known."""
    try:
        return get_text(sock, ERROR)
    except OSError:
        return ""


def peer_certificates(sock):
    """The peer's certificates in DER, its own first."""
    blob = get_blob(sock, PEER_CERTIFICATES)
    certificates = []
    at = 0
    while at < len(blob):
        length = int.from_bytes(blob[at:at + 4], "little")
        certificates.append(blob[at + 4:at + 4 + length])
        at += 4 + length
    return certificates


def _unescape(text):
    r"""Turns \xHH, which stands for a byte, into what it stands for."""
    if "\\" not in text:
        return text
    escaped = text.encode().decode("unicode_escape").encode("latin-1")
    return escaped.decode("utf-8", "replace")


def peer_info(sock):
    """The main fields of the peer's certificate: pairs (name, value), in its own order."""
    lines = get_blob(sock, PEER_INFO).decode().splitlines()
    pairs = (line.partition(": ") for line in lines)
    return [(name, _unescape(value)) for name, _, value in pairs]
