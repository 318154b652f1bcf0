"""Builds a guest and runs it as comment lines at the top of its source say; {tmp} is a new folder,
made for each run and removed after it:

    // run: OPTIONS        options of the runtime, as in TIMECRAFT_OPTIONS
    // args: ARGUMENTS     the guest's arguments, quoted as in a shell; \\xHH is a byte
    // env: NAME=VALUE     set in the host's environment
    // setup: SHELL        run before, in {tmp}
    // check: SHELL        run after, in {tmp}; must succeed
    // swap: A B           a thread exchanges the two paths of {tmp} all the time
    // stdin: KIND         file TEXT, pipe TEXT, open (a pipe that nobody writes to), closed, tty,
                           folder (one with a file "secret" in it)
    // stdout: KIND        broken (a pipe that nobody reads), closed, tty, file
    // status: N           the exit status to expect, 0 unless given
    // stdout-has: TEXT    text that must be in the output
    // stderr-has: TEXT
    // stderr-not: TEXT    text that must not
    // stderr-lines: N     how many lines there must be
    // cflags: FLAGS       for compiling the guest
    // timeout: SECONDS    30 unless given
"""
import ctypes
import os
import pty
import re
import shlex
import subprocess
import threading

HEADER = re.compile(r"^(?://|;;) ([a-z-]+): ?(.*)$")
KEYS = {"run", "args", "env", "setup", "check", "swap", "stdin", "stdout", "status", "stdout-has",
        "stderr-has", "stderr-not", "stderr-lines", "cflags", "timeout"}


class Failed(Exception):
    pass


def read_header(source):
    """The lines `// key: value` at the top, as key -> list of values."""
    header = {}
    for line in source.read_text(errors="replace").splitlines():
        match = HEADER.match(line)
        if match and match[1] in KEYS:
            header.setdefault(match[1], []).append(match[2])
        elif not line.startswith(("//", ";;", "/*", " *")):
            break
    return header


def run_tool(command, **options):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    except FileNotFoundError as missing:
        raise Failed(f"{command[0]}: not found") from missing
    if done.returncode != 0:
        raise Failed(f"{shlex.join(map(str, command))}: status {done.returncode}\n"
                     + done.stdout.decode(errors="replace"))


class Swapper:
    """Exchanges two paths, without a moment in which either is missing, until it is stopped."""

    def __init__(self, pairs):
        self.pairs, self.stop = pairs, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        libc, at_fdcwd, exchange = ctypes.CDLL(None, use_errno=True), -100, 2
        while not self.stop.is_set():
            for first, second in self.pairs:
                libc.renameat2(at_fdcwd, first, at_fdcwd, second, exchange)

    def __enter__(self):
        if self.pairs:
            self.thread.start()

    def __exit__(self, *_):
        self.stop.set()
        if self.pairs:
            self.thread.join()


def open_stdin(kind, folder):
    """(descriptor for the program, descriptors to keep open meanwhile)"""
    kind, _, text = kind.partition(" ")
    text = text.encode().decode("unicode_escape").encode("latin-1")
    if kind == "file":
        (folder / "stdin").write_bytes(text)
        return os.open(folder / "stdin", os.O_RDONLY), []
    if kind in ("pipe", "open"):
        reader, writer = os.pipe()
        os.write(writer, text)
        if kind == "open":
            return reader, [writer]
        os.close(writer)
        return reader, []
    if kind == "folder":
        (folder / "stdin").mkdir()
        (folder / "stdin/secret").write_text("secret")
        return os.open(folder / "stdin", os.O_RDONLY), []
    if kind == "tty":
        master, slave = pty.openpty()
        return slave, [master]
    return os.open("/dev/null", os.O_RDONLY), []


def closing(kind, number):
    return lambda: os.close(number) if kind == "closed" else None


def run_program(program, header, folder, extra_environment):
    def one(key, default=""):
        return header.get(key, [default])[-1]

    def filled(text):
        return text.replace("{tmp}", str(folder / "tmp"))

    environment = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
                   "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", ""), **extra_environment}
    for name in ("TIMECRAFT_IO",):
        if name in os.environ:
            environment[name] = os.environ[name]
    environment.update(line.split("=", 1) for line in header.get("env", []))
    environment["TIMECRAFT_OPTIONS"] = filled(" ".join(header.get("run", [])))
    arguments = [part.encode().decode("unicode_escape").encode("latin-1")
                 for line in header.get("args", []) for part in shlex.split(line)]

    tmp = folder / "tmp"
    tmp.mkdir()
    for line in header.get("setup", []):
        run_tool(["sh", "-ec", filled(line)], cwd=tmp)

    stdin, keep = open_stdin(one("stdin"), folder)
    stdout_kind = one("stdout", "capture")
    if stdout_kind == "broken":
        reader, stdout = os.pipe()
        os.close(reader)
    elif stdout_kind == "tty":
        master, stdout = pty.openpty()
        keep.append(master)
    elif stdout_kind == "file":
        stdout = os.open(folder / "stdout", os.O_RDWR | os.O_CREAT)
    else:
        stdout = None

    def close_some():
        closing(one("stdin"), 0)()
        closing(stdout_kind, 1)()

    pairs = [[os.fsencode(tmp / path) for path in line.split()] for line in header.get("swap", [])]
    try:
        with Swapper(pairs):
            done = subprocess.run([os.fsencode(program), *arguments], env=environment, stdin=stdin,
                                  stdout=subprocess.PIPE if stdout is None else stdout,
                                  stderr=subprocess.PIPE, preexec_fn=close_some, cwd=tmp,
                                  timeout=float(one("timeout", "30")))
        output = done.stdout or b""
        if stdout_kind == "file":
            output = (folder / "stdout").read_bytes()
        if stdout_kind == "tty" and done.returncode != 0:
            output = os.read(keep[-1], 65536)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"did not end: {late}\n{(late.stdout or b'').decode(errors='replace')}") from late
    finally:
        for descriptor in [stdin, *keep] + ([stdout] if stdout is not None else []):
            os.close(descriptor)

    said = (output + done.stderr).decode(errors="replace")
    if done.returncode != int(one("status", "0")):
        raise Failed(f"status {done.returncode}\n{said}")
    for text in header.get("stdout-has", []):
        if filled(text).encode() not in output:
            raise Failed(f"not in the output: {filled(text)}\n{said}")
    for text in header.get("stderr-has", []):
        if filled(text).encode() not in done.stderr:
            raise Failed(f"not on standard error: {filled(text)}\n{said}")
    for text in header.get("stderr-not", []):
        if filled(text).encode() in done.stderr:
            raise Failed(f"on standard error: {filled(text)}\n{said}")
    lines = done.stderr.count(b"\n")
    if lines != int(one("stderr-lines", str(lines))):
        raise Failed(f"{lines} lines on standard error\n{said}")
    for line in header.get("check", []):
        run_tool(["sh", "-ec", filled(line)], cwd=tmp)
