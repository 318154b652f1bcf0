"""What several folders of tests use, benches included; here the common ground: the command under
test, what is built once and kept, guests that are built, run and listened to.

Each folder that uses it has a link `support` to it, so that `import support` and
`from support import peers` find it wherever a script is started from.

    certs         certificates of every kind, good and bad
    peers         servers on loopback that guests talk to
    servers       guests that serve, and many clients of one
    command       a test case that calls the command itself
    guest_runner  runs a guest as comments at the top of its source ask for
    gotools       Go's command, and guests in Go
    kernels       a guest that computes, with vector instructions and without
    guests/       guests that several folders run, and what their own are compiled with

TIMECRAFT             the command under test; build/bin/timecraft of this tree by default
TIMECRAFT_WAT2WASM    wat2wasm, for guests in WAT; by default what the command itself would use
TIMECRAFT_IO          the I/O engine under test (uring or syscall), passed on to the guests
TIMECRAFT_TEST_DIR    where built guests are kept between runs; by default a folder that is removed
TIMECRAFT_TEST_LEVEL  how guests are built; -O0 by default, the quickest
"""

import atexit
import ctypes
import fcntl
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
# The script's own guests, then those that folders share.
GUEST_DIRS = [os.path.join(sys.path[0], "guests"), os.path.join(HERE, "guests")]
SKIPPED = 77  # the exit status of a test program that found nothing to test here

TIMECRAFT = os.path.abspath(os.environ.get("TIMECRAFT") or
                            os.path.join(TREE, "build", "bin", "timecraft"))
PREFIX = pathlib.Path(TIMECRAFT).parent.parent
WAT2WASM = os.environ.get("TIMECRAFT_WAT2WASM") or shutil.which("wat2wasm") or os.path.join(
    PREFIX, "lib", "timecraft", "wabt", "bin", "wat2wasm")
ENGINE = os.environ.get("TIMECRAFT_IO", "")
LEVEL = os.environ.get("TIMECRAFT_TEST_LEVEL", "-O0")

ALL_NETWORK = "--allow-net --allow-listen"


def toolchain_text():
    try:
        with open(os.path.join(PREFIX, "lib", "timecraft", "toolchain.conf")) as file:
            return file.read()
    except FileNotFoundError:
        return ""


SANITIZED = "-fsanitize" in toolchain_text()
# Sanitized programs are several times slower, and so is a bad network (htls/bad_network); nothing
# else about the tests changes.
SLOWNESS = 6 if SANITIZED or "TIMECRAFT_TEST_LISTEN" in os.environ else 1


def skip(*why):
    """Ends the test program: nothing of it can be tested here."""
    print("skipped:", *why)
    sys.exit(SKIPPED)


def temporary_folder():
    """A folder that is gone when this program ends."""
    folder = tempfile.mkdtemp(prefix="timecraft-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


FOLDER = temporary_folder()
KEPT_FOLDER = os.path.abspath(os.environ.get("TIMECRAFT_TEST_DIR") or os.path.join(FOLDER, "kept"))


def die_with_parent():
    """For a child between fork and exec: it gets SIGKILL when this program dies."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# Building.


def content_key(files, words):
    """Names a result by everything that it depends on."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:24]


def made_once(name, files, words, make):
    """The path of what `make(path)` makes from `files` and `words`. Several test programs may ask
    at once: one makes it, the others wait."""
    os.makedirs(KEPT_FOLDER, exist_ok=True)
    path = os.path.join(KEPT_FOLDER, f"{content_key(files, words)}-{name}")
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            make(path + ".new")
            os.rename(path + ".new", path)
    return path


def run_tool(*command, cwd=None):
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(map(str, command))}: status {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done.stdout


def runtime_files():
    """What a built program consists of beside the guest."""
    return [TIMECRAFT, os.path.join(PREFIX, "lib", "timecraft", "libtimecraft.a")]


def sdk_words(what):
    """What the SDK's timecraft-config says: the compiler of guests and its flags."""
    return shlex.split(run_tool(os.path.join(os.path.dirname(TIMECRAFT), "timecraft-config"), what))


def sdk_files():
    top = os.path.join(PREFIX, "share", "timecraft", "sdk", "c")
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(top)
                  for name in names)


def guest_source(name):
    for folder in GUEST_DIRS:
        path = os.path.join(folder, name + ".c")
        if os.path.exists(path):
            return path
    raise FileNotFoundError(name + ".c")


def guest_headers():
    return [os.path.join(folder, name) for folder in GUEST_DIRS if os.path.isdir(folder)
            for name in sorted(os.listdir(folder)) if name.endswith(".h")]


def wasm(name, *flags, sdk=True):
    """The module compiled from guests/NAME.c: with the SDK and guest.c, or by itself."""
    sources = [guest_source(name)] + ([guest_source("guest")] if sdk else [])
    cflags = sdk_words("--cflags") if sdk else ["--target=wasm32-wasi"]
    libs = sdk_words("--libs") if sdk else []
    includes = [f"-I{folder}" for folder in GUEST_DIRS]
    compiler = os.environ.get("WASM_CC", "clang")

    def compile_guest(path):
        run_tool(compiler, *cflags, "-O2", "-Wall", "-Wextra", *includes, *flags, *sources, *libs,
                 "-o", path)

    files = sources + guest_headers() + (sdk_files() if sdk else [])
    return made_once(name + ".wasm", files, [*cflags, *libs, *flags], compile_guest)


def program(name, *flags, sdk=True, build_options=()):
    """The native program built from guests/NAME.c."""
    module = wasm(name, *flags, sdk=sdk)

    def build(path):
        run_tool(TIMECRAFT, "build", LEVEL, *build_options, module, "-o", path)

    words = [LEVEL, *build_options, toolchain_text()]
    return made_once(name, [module] + runtime_files(), words, build)


# Running.


class Result:
    """What a guest did: its exit status and what it printed."""

    def __init__(self, command, returncode, stdout, stderr):
        self.command, self.returncode = command, returncode
        self.stdout, self.stderr = stdout, stderr

    def __str__(self):
        return (f"$ {shlex.join(self.command)}\nexit status {self.returncode}\n"
                f"--- standard output\n{self.stdout}\n--- standard error\n{self.stderr}")


def environment(options=ALL_NETWORK, **more):
    """What a guest's process gets: the test's trust store, its grants, nothing of the caller's."""
    kept = {name: os.environ[name] for name in
            ("PATH", "TIMECRAFT_IO", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
            if name in os.environ}
    return {**kept, "SSL_CERT_FILE": pki().ca_file, "SSL_CERT_DIR": "/nonexistent",
            "TIMECRAFT_OPTIONS": options, **more}


class Process(subprocess.Popen):
    """One whose test has failed is not waited for."""

    def __exit__(self, failure, *more):
        if failure:
            self.kill()
        super().__exit__(failure, *more)


def start(command, env=None, **more):
    """A running process that cannot outlive the test program. Use it with `with`, or stop it."""
    return Process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                   errors="backslashreplace", env=env or environment(),
                   preexec_fn=die_with_parent, **more)


def run(command, env=None, timeout=20):
    """Runs to the end. A process that takes longer than `timeout` seconds is killed and reported
    with exit status None."""
    process = start(command, env, stdin=subprocess.DEVNULL)
    try:
        stdout, stderr = process.communicate(timeout=timeout * SLOWNESS)
        return Result(command, process.returncode, stdout, stderr)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        return Result(command, None, stdout, stderr + "\n(killed: it did not end in time)")


_pki = None
_pki_lock = threading.Lock()


def pki():
    """The one of this process, for any of its threads."""
    global _pki
    with _pki_lock:
        if _pki is None:
            from support.certs import Pki  # not all tests need it
            _pki = Pki(os.path.join(FOLDER, "pki"))
        return _pki


class Step:
    """A line of a script: `STEP -> OUTCOME`, where the outcome may be left out (anything will do),
    be several (`A | B`), or a regular expression between slashes."""

    def __init__(self, line):
        self.line = line
        self.step, arrow, outcomes = line.partition(" -> ")
        self.step = self.step.strip()
        self.outcomes = outcomes.strip().split(" | ") if arrow else []

    def accepts(self, outcome):
        return not self.outcomes or any(self._matches(wanted, outcome) for wanted in self.outcomes)

    @staticmethod
    def _matches(wanted, outcome):
        if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
            return re.search(wanted[1:-1], outcome) is not None
        return wanted == outcome


class GuestTest(unittest.TestCase):
    """A test that plays scripts in a guest (guests/probe.c)."""

    longMessage = True
    maxDiff = None

    def play(self, script, options=ALL_NETWORK, timeout=20, command=(), **env):
        """Runs the script's steps in one guest; each must have the outcome that its line says.
        Returns what the guest said, {step: outcome}, with the whole result as `result`."""
        steps = [Step(line.strip()) for line in script.strip().splitlines() if line.strip()]
        words = [*command, program("probe"), *(step.step for step in steps)]
        result = run(words, environment(options, **env), timeout)
        self.check_steps(steps, result)
        return result

    def check_steps(self, steps, result):
        # A line without a tab is not a step's.
        lines = [line.split("\t", 1) for line in result.stdout.splitlines() if "\t" in line]
        for number, step in enumerate(steps):
            if number >= len(lines):
                self.fail(f"the guest ended before: {step.line}\n{result}")
            outcome = lines[number][1] if len(lines[number]) > 1 else ""
            if not step.accepts(outcome):
                self.fail(f"wanted {step.line}\ngot    {step.step} -> {outcome}\n{result}")
        self.assertEqual(result.returncode, 0, result)

    def run_guest(self, name, *arguments, options=ALL_NETWORK, timeout=20, **env):
        """Runs another guest of guests/ to its end; it must succeed."""
        result = run([program(name), *map(str, arguments)], environment(options, **env), timeout)
        self.assertEqual(result.returncode, 0, result)
        return result


def can_be_direct(folder):
    """Whether files of the folder can be written past the page cache."""
    try:
        os.close(os.open(os.path.join(folder, "direct"), os.O_WRONLY | os.O_CREAT | os.O_DIRECT))
        return True
    except OSError:
        return False


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_memory(pid):
    """In KiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def check_leaves_nothing_behind(test, peer, name, count):
    """Makes `count` connections to an echoing peer, one after the other: the process must hold no
    more at the end than after the first tenth. See guests/many.c."""
    process = start([program("many"), "sequential", str(peer), name, str(count)],
                    stdin=subprocess.PIPE)
    with process:
        held = []
        for _ in range(2):
            test.assertEqual(process.stdout.readline(), "paused\n", process.poll())
            held.append((open_descriptors(process.pid), resident_memory(process.pid)))
            process.stdin.write("\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=20 * SLOWNESS)
    test.assertIn(f"{count} connections", out, err)
    # A few closed ones may still linger, so that the peer gets all that was sent.
    test.assertAlmostEqual(held[0][0], held[1][0], delta=16, msg="the host's open descriptors")
    if not SANITIZED:  # which keep what is freed for a while
        grown = (held[1][1] - held[0][1]) * 1024 / (count * 9 // 10)
        test.assertLess(grown, 512, "bytes of memory that each connection left")


def main():
    unittest.main()
