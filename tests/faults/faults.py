"""Guests of which every call of the runtime fails once: what `run` and `test_faults.py` share.

A program is run with nothing wrong, and preload.c counts what it calls, and from where: a site is a call
with its callers up to the guest. Then it is run again for each site and each error that the call may have,
and judged: it ends by itself, in time, not by a signal; with what it would have done anyway, with an errno
that the guest was told, or with a message; no byte of a secret has left in clear text; and where it ended
well, with no more open descriptors than usual, and behind its wall.
"""
import collections
import concurrent.futures
import errno
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import reader
import support
from support.peers import NAME, Relay, ThreadPeer, TlsPeer, client_context, echo, free_port

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "correct-horse-battery-staple"
LIMIT = 6 * support.SLOWNESS  # seconds, of a run; one with nothing wrong takes some tenths
CUT = 2  # in a call's flags: TC_CALL_CUT of rt/trace/record.h

# What each call may answer, as its man page has it, but for what only a fault of the caller brings (EFAULT,
# EINVAL, a bad descriptor), unless an old kernel or a wall of others answers with that.
OF_PATHS = "EACCES EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM"
OF_CHANGES = f"{OF_PATHS} EDQUOT EEXIST ENOSPC EROFS EBUSY"
OF_OPENING = f"{OF_CHANGES} EINTR EMFILE ENFILE EAGAIN EISDIR ENXIO ETXTBSY"
OF_STREAMS = ("ECONNRESET EPIPE ETIMEDOUT ENOBUFS ENOMEM EAGAIN EINTR ENETUNREACH EHOSTUNREACH ECONNREFUSED "
              "EACCES EPERM EMSGSIZE ENOTCONN EBADF")
OF_WRITING = "EIO ENOSPC EDQUOT EACCES EPERM EPIPE EAGAIN EINTR EFBIG"
OF_WALLS = "EACCES EAGAIN EBUSY ENOMEM ENOSYS EPERM EINVAL EOPNOTSUPP"
ERRORS = {
    **dict.fromkeys(("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "open_memstream",
                     "on_exit"), "ENOMEM"),
    **dict.fromkeys(("send", "sendmsg", "sendto", "recv", "recvmsg", "syscall-sendto", "syscall-recvfrom"),
                    OF_STREAMS),
    # What had come is lost then, so that it cannot be one after which the call is made again.
    "completion": "ECONNRESET EPIPE ETIMEDOUT ENOBUFS ENETUNREACH EBADF ENOMEM ECANCELED EIO EINVAL EOPNOTSUPP",
    # Fails only for clocks that do not exist.
    "clock_gettime": "", "clock_getres": "", "pthread_getcpuclockid": "ENOENT ENOSYS",
    # Likewise, for descriptors that are no sockets, and for what is not known.
    "getsockopt": "ENOBUFS ENOMEM ENOPROTOOPT", "getsockname": "ENOBUFS", "getpeername": "ENOBUFS ENOTCONN",
    "setsockopt": "ENOMEM ENOBUFS ENOPROTOOPT EPERM EINVAL", "shutdown": "ENOTCONN",
    **dict.fromkeys(("write", "writev", "pwrite", "pwritev", "syscall-write"), OF_WRITING),
    **dict.fromkeys(("read", "readv", "pread", "preadv"), "EIO EINTR EAGAIN EISDIR EACCES EPERM"),
    **dict.fromkeys(("fsync", "fdatasync", "close", "ftruncate"), "EIO EINTR ENOSPC EDQUOT EROFS EFBIG EPERM"),
    **dict.fromkeys(("fallocate", "posix_fallocate"), "ENOSPC EOPNOTSUPP EINTR EIO ENOSYS EPERM EFBIG"),
    "posix_fadvise": "ESPIPE EINVAL",
    "lseek": "ESPIPE EOVERFLOW ENXIO",
    **dict.fromkeys(("open", "openat", "__open_2", "opendir", "fdopendir"), OF_OPENING),
    "syscall-openat2": f"{OF_OPENING} ENOSYS EXDEV EOPNOTSUPP E2BIG",
    **dict.fromkeys(("fstat", "fstatat", "stat"), f"{OF_PATHS} EOVERFLOW"),
    **dict.fromkeys(("linkat", "mkdirat", "rename", "renameat", "symlinkat", "unlink", "unlinkat"),
                    f"{OF_CHANGES} EMLINK ENOTEMPTY EXDEV EISDIR"),
    **dict.fromkeys(("readlink", "readlinkat", "__realpath_chk", "getcwd"), f"{OF_PATHS} ERANGE"),
    **dict.fromkeys(("futimens", "utimensat"), f"{OF_PATHS} EROFS ENOSYS"),
    **dict.fromkeys(("readdir", "syscall-getdents64"), "EIO ENOENT ENOTDIR ENOMEM"),
    "fcntl": "EAGAIN EACCES EINTR EMFILE ENOLCK EPERM EDEADLK",
    "flock": "EINTR ENOLCK EAGAIN",
    "ioctl": "ENOTTY EINVAL EIO EPERM", "isatty": "ENOTTY",
    **dict.fromkeys(("socket", "socketpair"), "EMFILE ENFILE ENOBUFS ENOMEM EACCES EPERM EAFNOSUPPORT "
                                              "EPROTONOSUPPORT EINVAL"),
    "accept4": "EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EAGAIN EINTR EPERM EPROTO ENETDOWN EHOSTUNREACH",
    **dict.fromkeys(("connect", "bind", "listen"), "ECONNREFUSED ETIMEDOUT ENETUNREACH EHOSTUNREACH EADDRINUSE "
                                                   "EADDRNOTAVAIL EACCES EPERM EINTR EAGAIN ENOMEM ENOBUFS "
                                                   "ECONNRESET"),
    **dict.fromkeys(("epoll_create1", "eventfd", "dup2", "dup3", "signalfd"),
                    "EMFILE ENFILE ENOMEM EBUSY EINTR"),
    "epoll_ctl": "ENOMEM ENOSPC EPERM EEXIST ENOENT", "epoll_wait": "EINTR",
    **dict.fromkeys(("poll", "ppoll"), "EINTR ENOMEM EINVAL"),
    **dict.fromkeys(("mmap", "mprotect", "madvise", "munmap"), "ENOMEM EAGAIN EACCES EPERM ENFILE EINVAL"),
    **dict.fromkeys(("pthread_create", "fork"), "EAGAIN ENOMEM EPERM"),
    **dict.fromkeys(("pthread_attr_init", "pthread_attr_setstack"), "ENOMEM EINVAL"),
    # These fail only for signals and threads that do not exist.
    **dict.fromkeys(("pthread_detach", "pthread_sigmask", "sigprocmask", "sigaction", "signal"), ""),
    "sigaltstack": "ENOMEM EPERM",
    **dict.fromkeys(("timer_create", "timer_settime"), "EAGAIN ENOMEM ENOSYS EPERM EINVAL"),
    **dict.fromkeys(("getrlimit", "setrlimit"), "EPERM EINVAL"),
    "sched_getaffinity": "EPERM ESRCH EINVAL", "sysconf": "EINVAL",
    "kill": "EPERM ESRCH", "waitpid": "ECHILD EINTR",
    "prctl": OF_WALLS,
    **dict.fromkeys(("syscall-landlock_create_ruleset", "syscall-landlock_add_rule",
                     "syscall-landlock_restrict_self", "syscall-seccomp"), f"{OF_WALLS} E2BIG EMFILE ENOMSG"),
    "syscall-io_uring_register": "EPERM ENOSYS ENOMEM EINVAL EBUSY EOPNOTSUPP",
    "syscall-close_range": "ENOSYS EMFILE ENOMEM EPERM",
    "syscall-gettid": "",
    "syscall-io_setup": "EAGAIN ENOMEM ENOSYS EPERM EINVAL",
    "syscall-io_submit": "EAGAIN EBADF EINVAL EIO ENOMEM ENOSPC ENOSYS EPERM",
    "syscall-io_getevents": "EINTR EINVAL ENOSYS EPERM",
    "aio": "EIO ENOSPC EDQUOT EAGAIN",
    **dict.fromkeys(("io_uring_queue_init_params", "io_uring_register_buf_ring",
                     "io_uring_register_eventfd"), "EPERM ENOSYS ENOMEM EMFILE ENFILE EINVAL"),
    **dict.fromkeys(("io_uring_submit", "io_uring_submit_and_wait_timeout", "io_uring_get_events",
                     "__io_uring_get_cqe"), "EINTR EAGAIN EBUSY ENOMEM EBADR"),
    **dict.fromkeys(("clock_nanosleep", "nanosleep"), "EINTR"),
    "getrandom": "ENOSYS EAGAIN EINTR EPERM",
    "dlopen": "ENOENT",
}
# getaddrinfo(3) has errors of its own: EAI_AGAIN, EAI_FAIL, EAI_MEMORY, EAI_NONAME, EAI_SYSTEM.
NAME_ERRORS = (-3, -4, -10, -2, -11)


@functools.cache
def system_calls():
    """{number: name} of this machine's."""
    text = support.run_tool(os.environ.get("CC", "cc"), "-E", "-dM", "-include", "sys/syscall.h", "-x", "c",
                            "/dev/null")
    return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}


def spelled(call):
    """A name of preload.c's with the system call's for its number."""
    name, _, number = call.partition("-")
    return f"{name}-{system_calls()[int(number)]}" if number else name


def errors_of(call):
    """The numbers."""
    if call in ("getaddrinfo", "getaddrinfo_a", "getnameinfo"):
        return NAME_ERRORS
    return [getattr(errno, name) for name in ERRORS[spelled(call.removesuffix("@library"))].split()]


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
    confined = False    # it must not run without the whole wall
    told_by = None      # the signal that it is told to end by, which may come too early

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

    def harm(self, _out, _err):
        """What is wrong with what it has left behind, "" if nothing is."""
        return ""

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


class TracedSecret(WithPeer):
    """A header with a secret, in two pieces."""
    options = f"{WithPeer.options} --trace"

    def words(self):
        return ["socket:tcp4", f"connect:{self.relay}", "send:Cookie: it is ", "send:yellow\r\n", "close"]


class Confined(Files):
    """One that is to run behind the whole wall, or not at all."""
    confined = True
    options = "--require-confinement"


class ConfinedNames(Program):
    """The same for the resolver."""
    confined = True
    options = f"{support.ALL_NETWORK} --require-confinement"

    def words(self):
        return ["resolve:localhost:80"]


def told_of_record(err):
    return "record" in err


def read_record(path, out, err, limited=False):
    """(Record, "") if there is one, and a message where it is not whole; or (None, what is wrong)."""
    told = told_of_record(err)
    try:
        record = reader.Record(path)
    except (OSError, AssertionError, struct.error) as error:
        return None, "" if "timecraft: " in err else f"no record: {error!r}"
    kinds, indices = {event.type for event in record.events}, [call.index for call in record.calls]
    if not indices: # it did not begin
        return None, "" if "timecraft: " in err else "an empty record"
    if indices != list(range(indices[0], indices[0] + len(indices))):
        return None, "calls are missing within the record"
    if told:
        return record if record.imports else None, ""
    if not kinds >= {reader.PROGRAM, reader.ARGUMENTS, reader.ENVIRONMENT, reader.CLOCK, reader.IMPORTS,
                     reader.DESCRIPTOR}:
        return None, f"the record has events of these kinds only: {kinds}"
    if not record.whole or record.events[-1].number(reader.CAUSE) != reader.EXIT:
        return None, "the record has no end, and nobody is told"
    if not limited and (indices[0] != 0 or record.output().decode() != out):
        return None, "calls are missing, and nobody is told"
    return record, ""


class Recorded(TlsClient):
    """Every call of it is written to a record."""

    @property
    def folder_options(self):
        return f"--record={self.folder}/rec"

    def harm(self, out, err):
        record, fault = read_record(self.folder / "rec", out, err)
        if fault or not record or told_of_record(err):
            return fault
        connected = [call for call in record.named("sock_connect") if call.result == 0]
        if len(record.of(reader.CONNECTION)) != len(connected):
            return "a connection is missing in the record, and nobody is told"
        return ""


class RecordedLong(Program):
    """A record that goes past the page cache, of events of all sizes (rt/trace/direct.h)."""
    guest, limit = "long", ""
    source = bytes(range(251)) * 3985

    def words(self):
        (self.folder / "granted").mkdir()
        (self.folder / "granted" / "file").write_bytes(self.source[:1_000_000])
        return []

    @property
    def options(self):
        return f"--dir {self.folder}/granted::/:ro --record={self.folder}/rec{self.limit}"

    def harm(self, out, err):
        record, fault = read_record(self.folder / "rec", out, err, bool(self.limit))
        if fault or not record or told_of_record(err):
            return fault
        reads = [call for call in record.named("fd_pread") if call.result == 0 and not call.flags & CUT]
        if any(call.chunk(1, reader.OUT | reader.SCATTERED).data != self.at(call) for call in reads):
            return "a call's data in the record are not what it was"
        # Segments that begin while the file is open have the standard streams, the folder and it.
        for segment in record.per_segment:
            kinds = collections.Counter(event.type for event in segment)
            if kinds[reader.CALL] and not any(record.imports[call.import_number] == "path_open" for call in segment
                                              if call.type == reader.CALL) and kinds[reader.DESCRIPTOR] != 5:
                return f"a segment has a state of {kinds[reader.DESCRIPTOR]} descriptors"
        return ""

    def at(self, call):
        """What was read."""
        length = call.chunk(1, reader.OUT | reader.SCATTERED).length
        return self.source[call.arguments[3]:call.arguments[3] + length]


class RecordedWithLimit(RecordedLong):
    """The same with segments, which are written over."""
    limit = ",limit=18M"


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
        return ["resolve:localhost:80", "resolve:127.0.0.1:80", "resolve:localhost:81"]


class Workers(TlsServer):
    """A worker and its supervisor, who is told to end when somebody has connected."""
    confined = True
    told_by = signal.SIGTERM
    options = f"{Program.options} --workers=1 --require-confinement"

    def _connect(self, process):
        TlsServer._connect(self, process)
        end = time.monotonic() + LIMIT / 3
        while process.poll() is None:  # a worker that has failed is started again
            if time.monotonic() > end:
                process.terminate()
                break
            time.sleep(0.01)


PROGRAMS = [Files, TlsClient, Configured, TlsClientWithPoll, TwoConnections, Traced, Recorded, RecordedLong,
            RecordedWithLimit, Plain, TlsServer, BothSides, Datagrams, Names, Confined, ConfinedNames, Workers]

# ---- runs ----

# counts: {NAME: number, "NAME/SITE": number}. Of preload.c's struct counts: descriptors that were open at the
# end, faults injected, walls in force, answers of a resolver without its own. harm: of what it left behind.
Run = collections.namedtuple("Run", "status out err counts descriptors injected walls bare seen harm")
HEAD, ENTRY = struct.Struct("=8i"), struct.Struct("=2Q32s")


def read_counts(path, all_of_them):
    if not path.exists():
        return {}, 0, 0, 0, 0
    with open(path, "rb") as file:
        _, descriptors, injected, walls, bare, *_ = HEAD.unpack(file.read(HEAD.size))
        if not all_of_them:
            return {}, descriptors, injected, walls, bare
        entries = {name.rstrip(b"\0").decode(): number for key, number, name in ENTRY.iter_unpack(file.read())
                   if key}
    return entries, descriptors, injected, walls, bare


def run(program_class, plan="", engine=None, sanitizer_options=""):
    """One run of a program, `plan` as preload.c has it, with an I/O engine other than the environment's."""
    with program_class() as program:
        words = [built(program.guest), *program.words()]
        counts = program.folder / "counts"
        options = f"{program.options} {getattr(program, 'folder_options', '')}"
        env = support.environment(options, LD_PRELOAD=preload(), FAULTS_COUNT=str(counts), FAULTS_PLAN=plan,
                                  **({"TIMECRAFT_IO": engine} if engine else {}))
        if support.SANITIZED: # whose library must not mind that another is in front of it
            env["ASAN_OPTIONS"] = f"{env.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0:{sanitizer_options}"
        process = support.start(words, env, stdin=subprocess.DEVNULL, start_new_session=True)
        program.begin(process)
        try:
            out, err = process.communicate(timeout=LIMIT) # all processes of it have ended then
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            status = None
        return Run(status, program.comparable(out), err, *read_counts(counts, not plan), program.seen(),
                   program.harm(out, err))


def run_well(program_class, times=1, engine=None):
    """So many runs with nothing wrong as one: of each number the most."""
    runs = [run(program_class, engine=engine) for _ in range(times)]
    for one in runs:
        if one.status != 0 or one.harm:
            raise RuntimeError(f"{program_class.__name__} fails by itself: {one._replace(counts=None)}")
    counts = {name: max(one.counts.get(name, 0) for one in runs) for each in runs for name in each.counts}
    return runs[0]._replace(counts=counts, descriptors=max(one.descriptors for one in runs))


def alone(plan, words=(), options=()):
    """openssl.c with those words and that plan: ({site: number}, its standard error)."""
    def build(path):
        support.run_tool(os.environ.get("CC", "cc"), "-fsanitize=address", "-O1", str(HERE / "openssl.c"), "-lssl",
                         "-lcrypto", "-o", path)

    program = support.made_once("openssl-alone", [HERE / "openssl.c"], [], build)
    with tempfile.TemporaryDirectory(dir=support.FOLDER) as folder:
        counts = pathlib.Path(folder) / "counts"
        done = subprocess.run([program, *words], text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
                              env={"LD_PRELOAD": preload(), "FAULTS_PLAN": plan, "FAULTS_COUNT": str(counts),
                                   "ASAN_OPTIONS": ":".join(("verify_asan_link_order=0", *options))})
        return read_counts(counts, True)[0], done.stderr


SANITIZERS = "a sanitizer's word"
WHOLE_STACKS = "fast_unwind_on_malloc=0"


def leaks(err):
    """Of each stack of LeakSanitizer's the calls in OpenSSL, from the allocation to the one that was called."""
    return {tuple(re.findall(r"/(lib(?:crypto|ssl)\.so\.3\+0x[0-9a-f]+)\)", one))
            for one in re.split(r"\n(?:Direct|Indirect) leak of ", err)[1:]}


@functools.cache
def leaks_of_openssl():
    """Those that openssl.c has, with each of its allocations failing once."""
    def find(path):
        identity = support.pki().identity("ecdsa")
        words = [identity.cert_file, identity.key_file]
        sites = [site for site in alone("", words)[0] if "@library/" in site]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outcomes = pool.map(lambda site: alone(f"{site}:1:{errno.ENOMEM}", words, [WHOLE_STACKS])[1], sites)
            found = set().union(*(leaks(err) for err in outcomes))
        with open(path, "w") as file:
            json.dump(sorted(found - {()}), file)

    path = support.made_once("leaks-of-openssl", [HERE / "openssl.c", HERE / "preload.c"],
                             [ssl.OPENSSL_VERSION], find)
    with open(path) as file:
        return {tuple(one) for one in json.load(file)}


def leaves_only_what_openssl_does(program_class, plan, engine):
    """Whether a sanitizer has found leaks alone, each of which OpenSSL has without the runtime too."""
    err = run(program_class, plan, engine, WHOLE_STACKS).err
    return "ERROR: LeakSanitizer" in err and err.count("ERROR: ") == 1 and "runtime error" not in err and \
        leaks(err) <= leaks_of_openssl()


def judge(program_class, good, plan, outcome):
    """(kind, fault): what came of it, and what is wrong with that, "" if nothing is."""
    fault = ""
    told = set(outcome.out.splitlines()) - set(good.out.splitlines())
    if outcome.status is None:
        fault = "it, or a process of it, did not end"
    elif outcome.status < 0 and -outcome.status != program_class.told_by:
        fault = f"signal {-outcome.status}"
    elif "Sanitizer" in outcome.err or "runtime error" in outcome.err:
        fault = SANITIZERS
    elif program_class.has_secret and SECRET.encode() in outcome.seen:
        fault = "clear text"
    elif outcome.status == 134:
        fault = "a trap"
    elif outcome.status == 0 and outcome.descriptors > good.descriptors:
        fault = f"{outcome.descriptors} descriptors are open at the end, not {good.descriptors}"
    elif "was stopped by the kernel" in outcome.err:
        fault = "its own wall"
    elif program_class.confined and (outcome.bare or (outcome.status == 0 and outcome.walls < good.walls)):
        fault = f"{outcome.walls} walls, not {good.walls}; {outcome.bare} answers of a bare resolver"
    elif outcome.harm:
        fault = outcome.harm
    # One whose output fails cannot tell.
    elif outcome.status != 0 and not outcome.err.strip() and not told and not plan.startswith("write"):
        fault = f"status {outcome.status} without a word"
    if fault:
        return "fault", fault
    if outcome.status == 0:
        return ("nothing", "") if outcome.out == good.out else ("errno", "")
    return ("message", "") if "timecraft: " in outcome.err else ("errno", "")


def suffer(program_class, good, plan, engine=None):
    """What `judge` says of a run with that fault; the kind is "missed" if none of three came to it. Descriptors
    must have stayed open in each of three: what was closed may still be sending when the process ends."""
    verdict = "missed", ""
    for _ in range(3):
        outcome = run(program_class, plan, engine)
        found = judge(program_class, good, plan, outcome)
        if found[1] == SANITIZERS and leaves_only_what_openssl_does(program_class, plan, engine):
            return "leak", ""
        if outcome.injected or found[1]:
            verdict = found
            if "descriptors" not in found[1]:
                break
    return verdict


def plans(counts, errors=None):
    """(call, plan) of each site and each error of it, or so many: the first time that it is come to, and the last; in
    libraries, of which a TLS connection has thousands, the first."""
    for site in sorted(counts):
        call, _, place = site.partition("/")
        if place:
            for number in sorted({1} if call.endswith("@library") else {1, counts[site]}):
                for error in errors_of(call)[:errors]:
                    yield call, f"{site}:{number}:{error}"


MEMORY = ("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "open_memstream")


GROUPS = {
    "memory": (*MEMORY, "on_exit"),
    "address space": ("mmap", "mprotect", "munmap", "madvise"),
    "names": ("getaddrinfo", "getaddrinfo_a", "getnameinfo"),
    "processes": ("fork", "kill", "waitpid", "syscall-close_range"),
    "the wall": ("prctl", "syscall-seccomp"),
    "sockets": ("accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv", "recvmsg",
                "send", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketpair", "syscall-recvfrom",
                "syscall-sendto", "syscall-write"),
}
PREFIXES = {
    "io_uring": ("completion", "io_uring", "__io_uring", "syscall-io_uring"),
    "threads, signals and timers": ("pthread", "sig", "timer", "sched"),
    "the wall": ("syscall-landlock",),
    "waiting and clocks": ("epoll", "poll", "ppoll", "eventfd", "clock", "nanosleep"),
}


def group(call):
    """The kind of a call, for tables."""
    name, _, where = spelled(call).partition("@")
    if where:
        return "memory, by libraries"
    for kind, names in GROUPS.items():
        if name in names:
            return kind
    for kind, beginnings in PREFIXES.items():
        if name.startswith(beginnings):
            return kind
    return "files"
