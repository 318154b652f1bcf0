"""Guests of which every call of the runtime fails once: what `run` and `test_faults.py` share.

A program is run once with nothing wrong, and preload.c counts what it calls. Then it is run again for
each call and each error that call may have, and judged: it ends by itself, in time, not by a signal;
with what it would have done anyway, with an errno that the guest was told, or with a message; no byte
of a secret has left in clear text; and where it ended well, with no more open descriptors than usual.
"""
import collections
import errno
import functools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import support
from support.peers import NAME, Relay, ThreadPeer, TlsPeer, client_context, echo, free_port

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "correct-horse-battery-staple"
# A connection that was closed may still be sending when the process ends.
LINGERING = 2
LIMIT = 6 * support.SLOWNESS  # seconds, of a run; one with nothing wrong takes some tenths

COMMON = "EINTR ENOMEM"
OF_FILES = "EIO ENOSPC EDQUOT EACCES EPERM"
OF_OPENING = "EMFILE ENFILE EACCES ENOENT ENOMEM EINTR"
OF_STREAMS = "ECONNRESET EPIPE ETIMEDOUT ENOBUFS EAGAIN EINTR ENETUNREACH EBADF"
# What each call may answer (its man page); the others get COMMON and EINVAL.
ERRORS = {
    **dict.fromkeys(("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "malloc@library",
                     "calloc@library", "realloc@library", "reallocarray@library", "strdup@library",
                     "strndup@library", "open_memstream"), "ENOMEM"),
    **dict.fromkeys(("send", "sendmsg", "recv", "recvmsg"), OF_STREAMS),
    # What had come is lost then, so that it cannot be one after which the call is made again.
    "completion": "ECONNRESET EPIPE ETIMEDOUT ENOBUFS ENETUNREACH EBADF ENOMEM ECANCELED EIO",
    # Fails only for clocks that do not exist.
    "clock_gettime": "", "clock_getres": "",
    # Likewise, for descriptors that are no sockets.
    "getsockopt": "", "getsockname": "ENOBUFS", "getpeername": "ENOBUFS ENOTCONN",
    **dict.fromkeys(("write", "writev", "pwrite", "pwritev"), f"{OF_FILES} EPIPE EAGAIN EINTR EFBIG"),
    **dict.fromkeys(("read", "readv", "pread", "preadv"), "EIO EINTR EAGAIN EISDIR"),
    **dict.fromkeys(("fsync", "fdatasync", "close", "ftruncate"), "EIO EINTR ENOSPC EDQUOT"),
    **dict.fromkeys(("fallocate", "posix_fallocate"), "ENOSPC EOPNOTSUPP EINTR EIO"),
    **dict.fromkeys(("open", "openat", "opendir", "fdopendir"), OF_OPENING),
    **dict.fromkeys(("socket", "socketpair"), "EMFILE ENFILE ENOBUFS EACCES EAFNOSUPPORT"),
    "accept4": "EMFILE ENFILE ENOBUFS ECONNABORTED EAGAIN EINTR EPERM",
    **dict.fromkeys(("connect", "bind", "listen"), "ECONNREFUSED ETIMEDOUT ENETUNREACH EADDRINUSE "
                                                   "EADDRNOTAVAIL EACCES EINTR EAGAIN"),
    **dict.fromkeys(("epoll_create1", "eventfd", "dup2"), "EMFILE ENFILE ENOMEM"),
    **dict.fromkeys(("epoll_ctl", "epoll_wait", "poll", "ppoll"), "ENOMEM EINTR ENOSPC EINVAL"),
    **dict.fromkeys(("mmap", "mprotect", "madvise", "munmap"), "ENOMEM EAGAIN EACCES EPERM"),
    "pthread_create": "EAGAIN EPERM",
    **dict.fromkeys(("io_uring_queue_init_params", "io_uring_register_buf_ring",
                     "io_uring_register_eventfd"), "EPERM ENOSYS ENOMEM EMFILE EINVAL"),
    **dict.fromkeys(("io_uring_submit", "io_uring_submit_and_wait_timeout", "io_uring_get_events",
                     "__io_uring_get_cqe"), "EINTR EAGAIN EBUSY ENOMEM EBADR"),
    **dict.fromkeys(("getaddrinfo", "getaddrinfo_a", "getnameinfo"), ""),
    "clock_nanosleep": "EINTR",
    "getrandom": "ENOSYS EAGAIN EINTR",
    "dlopen": "ENOENT",
}
# getaddrinfo(3) has errors of its own: EAI_AGAIN, EAI_FAIL, EAI_MEMORY, EAI_NONAME, EAI_SYSTEM.
NAME_ERRORS = (-3, -4, -10, -2, -11)


def errors_of(call):
    """The numbers."""
    if call in ("getaddrinfo", "getaddrinfo_a", "getnameinfo"):
        return NAME_ERRORS
    return [getattr(errno, name) for name in ERRORS.get(call, f"{COMMON} EINVAL").split()]


def preload():
    """The library, built once."""
    def build(path):
        support.run_tool(os.environ.get("CC", "cc"), "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1",
                         "-fPIC", "-shared", str(HERE / "preload.c"), "-o", path)

    return support.made_once("faults-preload.so", [HERE / "preload.c"], [], build)


@functools.cache
def built(guest):
    return support.program(guest, sdk=guest != "files")


# ---- programs ----


class Program:
    """One run: `words` of the guest, its options, a peer while it runs, what the peer has seen."""

    guest, options = "probe", f"{support.ALL_NETWORK} --tls-handshake-timeout=2"
    has_secret = False  # nothing of SECRET may be seen on the wire

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=support.FOLDER))
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self):
        return []

    def begin(self, process):
        """The guest has started."""

    def seen(self):
        return b""

    def comparable(self, out):
        """Without what differs between two runs."""
        return re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", out)


class Files(Program):
    """Files, folders, links, clocks, random numbers, standard input."""
    guest, options = "files", ""

    def words(self):
        (self.folder / "granted").mkdir()
        return ["word"]

    @property
    def folder_options(self):
        return f"--dir {self.folder}/granted::/ --env A=B"


class WithPeer(Program):
    """A relay to an echoing server."""
    peer = None

    def make_peer(self):
        return TlsPeer(support.pki().identity("ecdsa"), echo)

    def __enter__(self):
        super().__enter__()
        self.peer = self.make_peer()
        self.relay = Relay(self.peer)
        return self

    def __exit__(self, *exception):
        self.relay.stop()
        self.peer.stop()
        super().__exit__(*exception)

    def seen(self):
        return bytes(self.relay.from_guest)


class TlsClient(WithPeer):
    """A blocking client of TLS."""
    has_secret = True

    def words(self):
        return ["socket:tcp4", f"connect:{self.relay}", "rcvtimeo:1000", f"htls:{NAME}", f"send:{SECRET}",
                "recv:999", "close"]


class Configured(TlsClient):
    """A client that chooses what it trusts, and more."""

    def words(self):
        before = TlsClient.words(self)
        at = before.index(f"htls:{NAME}")
        anchors = "optf:anchors:/ca/" + os.path.basename(support.pki().ca_file)
        return [*before[:at], anchors, "optn:min:771", "optn:max:771", *before[at:]]

    @property
    def folder_options(self):
        return f"--dir {os.path.dirname(support.pki().ca_file)}::/ca:ro"


class TlsClientWithPoll(WithPeer):
    """One that does not block."""
    has_secret = True

    def words(self):
        return ["socket:tcp4", "nonblock", f"connect:{self.relay}", f"htls:{NAME}", f"insist:0:{SECRET}",
                "handshake:3000", f"send:{SECRET}", "block", "rcvtimeo:1000", "recv:999", "close"]


class TwoConnections(WithPeer):
    """Two, of which the second resumes the first's session."""
    has_secret = True

    def words(self):
        return TlsClient.words(self) * 2


class Traced(TlsClient):
    """Every call of it is printed."""
    options = f"{TlsClient.options} --trace"


class Recorded(TlsClient):
    """Every call of it is written to a record."""

    @property
    def folder_options(self):
        return f"--record={self.folder}/rec"


class Plain(WithPeer):
    """A connection without TLS."""

    def make_peer(self):
        return ThreadPeer(echo)

    def words(self):
        return ["socket:tcp4", f"connect:{self.relay}", "rcvtimeo:1000", "send:hello", "recv:5",
                "getsockname", "getpeername", "getopt:nodelay", "shutdown:w", "recv:5", "close"]


class TlsServer(Program):
    """A server of TLS, to which somebody connects."""
    guest = "attacked"

    def words(self):
        self.port = free_port("127.0.0.1")
        return ["server", f"127.0.0.1:{self.port}", "identity=own", "blocking", "patience=1000"]

    @property
    def folder_options(self):
        identity = support.pki().identity("ecdsa")
        return f"--identity=own={identity.cert_file},{identity.key_file}"

    def begin(self, process):
        threading.Thread(target=self._connect, args=(process,), daemon=True).start()

    def _connect(self, process):
        """Not by what the guest says: that may be what fails."""
        while process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT) as connection:
                    with client_context().wrap_socket(connection, server_hostname=NAME) as tls:
                        tls.sendall(b"hello")
                        tls.unwrap()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
            except OSError:
                return


class BothSides(Program):
    """A guest that listens, and connects to itself."""

    def words(self):
        return ["socket:tcp4", "bind:127.0.0.1:0", "listen:5", "slot:1", "socket:tcp4", "connect:@0",
                "send:hello", "slot:0", "poll:r:1000", "nonblock", "slot:2", "accept:0", "rcvtimeo:1000", "recv:5",
                "poll:r:100", "close", "slot:1", "close", "slot:0", "close"]


class Datagrams(Program):
    """UDP to itself."""

    def words(self):
        return ["socket:udp4", "bind:127.0.0.1:0", "rcvtimeo:1000", "sendto:@0=hello", "recvfrom:99", "close"]


class Names(Program):
    """Names that are looked up."""

    def words(self):
        return ["resolve:localhost:80", "resolve:127.0.0.1:80"]


PROGRAMS = [Files, TlsClient, Configured, TlsClientWithPoll, TwoConnections, Traced, Recorded, Plain,
            TlsServer, BothSides, Datagrams, Names]

# ---- runs ----

Run = collections.namedtuple("Run", "status out err counts seen")


def run(program_class, plan=""):
    """One run of a program, `plan` as preload.c has it."""
    with program_class() as program:
        words = [built(program.guest), *program.words()]
        counts = program.folder / "counts"
        # preload.c writes its counts at the end, where the kernel's wall would stop it.
        options = f"{program.options} {getattr(program, 'folder_options', '')} --no-confinement"
        env = support.environment(options, LD_PRELOAD=preload(), FAULTS_COUNT=str(counts), FAULTS_PLAN=plan)
        process = support.start(words, env, stdin=subprocess.DEVNULL)
        program.begin(process)
        try:
            out, err = process.communicate(timeout=LIMIT)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = None
        found = {}
        if counts.exists():
            for line in counts.read_text().splitlines():
                name, _, number = line.partition(" ")
                found[name] = int(number)
        return Run(status, program.comparable(out), err, found, program.seen())


def judge(program_class, good, plan, outcome):
    """(kind, fault): what came of it, and what is wrong with that, "" if nothing is."""
    fault = ""
    if outcome.status is None:
        fault = "it did not end"
    elif outcome.status < 0:
        fault = f"signal {-outcome.status}"
    elif "AddressSanitizer" in outcome.err or "runtime error" in outcome.err:
        fault = "a sanitizer's word"
    elif program_class.has_secret and SECRET.encode() in outcome.seen:
        fault = "clear text"
    elif outcome.status == 134:
        fault = "a trap"
    elif outcome.status == 0 and outcome.counts.get("descriptors", 0) > good.counts["descriptors"] + LINGERING:
        fault = (f"{outcome.counts['descriptors']} descriptors are open at the end, "
                 f"not {good.counts['descriptors']}")
    elif outcome.status != 0 and not outcome.err.strip() and outcome.out == good.out:
        fault = f"status {outcome.status} without a word"
    if fault:
        return "fault", fault
    if outcome.status == 0:
        return ("nothing", "") if outcome.out == good.out else ("errno", "")
    return ("message", "") if "timecraft: " in outcome.err else ("errno", "")


def numbers(count, most):
    """Which of so many calls: all, or `most` of them, spread evenly."""
    if count <= most:
        return range(1, count + 1)
    if most == 1:
        return [(count + 1) // 2]
    return sorted({1 + step * (count - 1) // (most - 1) for step in range(most)})


def plans(counts, most=40, most_in_libraries=40, errors=None):
    for call in sorted(counts):
        if call == "descriptors":
            continue
        kinds = errors_of(call)
        for number in numbers(counts[call], most_in_libraries if call.endswith("@library") else most):
            for error in kinds[:errors]:
                yield call, f"{call}:{number}:{error}"


MEMORY = ("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "open_memstream")


def group(call):
    """The kind of a call, for tables."""
    name, _, where = call.partition("@")
    if name in MEMORY:
        return "memory, by libraries" if where else "memory"
    if name == "completion" or "io_uring" in name:
        return "io_uring"
    if name in ("getaddrinfo", "getaddrinfo_a", "getnameinfo"):
        return "names"
    if name.startswith(("pthread", "sig", "timer")):
        return "threads, signals and timers"
    if name in ("mmap", "mprotect", "munmap", "madvise"):
        return "address space"
    if name in ("accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
                "recvmsg", "send", "sendmsg", "setsockopt", "shutdown", "socket", "socketpair"):
        return "sockets"
    if name.startswith(("epoll", "poll", "ppoll", "eventfd", "clock")):
        return "waiting and clocks"
    return "files"
