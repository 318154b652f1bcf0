#!/usr/bin/python3
"""PHP from the distribution's source, unchanged: compiled natively and, with the SDK, as a guest, and
its own tests (.phpt) run in both.

    tests/programs/php.py [--folder DIR] [--level=-O0] [--list FILE] [DIR...]

Each test of the folders of PHP's source that are given (Zend/tests, tests/lang, ext/standard/tests/array
...; those in TESTS unless given) runs natively and as a guest, in folders of their own. A test counts
if its sections are among those that are understood here, and if the native program, built with the same
switches, passes it. Printed is how many pass as guests too and, by REASONS, why the others do not; --list
writes each of them. The exit status is 1 if one fails for none of these reasons, and 77 if the source
could not be fetched. tests/programs/world has PHP among its programs.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
TIMECRAFT = os.path.abspath(os.environ.get("TIMECRAFT") or TREE / "build/bin/timecraft")
CONFIG = pathlib.Path(TIMECRAFT).with_name("timecraft-config")

# Of the extensions those that need no other library. PHP's own machine code for regular expressions is
# none of WebAssembly's.
SWITCHES = ["--disable-all", "--enable-cli", "--disable-cgi", "--disable-phpdbg", "--without-pear", "--without-valgrind",
            "--without-pcre-jit", "--disable-opcache", "--disable-mbregex",
            *(f"--enable-{name}" for name in ("bcmath", "calendar", "ctype", "filter", "mbstring", "phar",
                                              "session", "sockets", "tokenizer"))]
# What configure finds by running a program, which it cannot when it compiles for another machine. And it ends
# where there are no fibers: world_guests/php has them as a header, and PHP throws an exception where one is
# started, for want of mprotect(). It has random numbers too.
ANSWERS = ["ac_cv_write_stdout=yes", "ac_cv_header_ucontext_h=yes", "ac_cv_func_getaddrinfo=yes", "ac_cv_pread=yes",
           "ac_cv_pwrite=yes", "CPPFLAGS=-DHAVE_FNMATCH=1 -DHAVE_COMMONCRYPTO_COMMONRANDOM_H=1"]
# Numbers of 64 bits with pointers of 32, as PHP has them for x32.
NUMBERS = "-DZEND_ENABLE_ZVAL_LONG64=1"


class Unavailable(Exception):
    """The source or a tool is not to be had."""


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode == 77:
        raise Unavailable(done.stdout.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stdout[-2000:]}")
    return done.stdout


def source(folder):
    for tool in ("make", "clang", "llvm-ar"):
        if not shutil.which(tool):
            raise Unavailable(f"no {tool}")
    return pathlib.Path(run(HERE / "fetch", folder / "sources", "php8.2").splitlines()[-1])


def made(folder, configure, make):
    """Configures and makes once in the folder: the program's path."""
    program = folder / "sapi/cli/php"
    if not program.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(*configure, cwd=folder)
        run("make", f"-j{os.cpu_count()}", *make, cwd=folder)
    return program


def native(folder):
    return made(folder / "php-native", [source(folder) / "configure", "-q", *SWITCHES], [])


def guest(folder):
    """The module, made by the SDK."""
    compiler, flags = (run(CONFIG, f"--{what}").strip() for what in ("cc", "flags"))
    ours = HERE / "world_guests/php"
    missing = folder / "php-missing.o"
    run(compiler, *flags.split(), "-O1", f"-I{ours}", "-c", ours / "missing.c", "-o", missing)
    # With the compiler's name, since PHP's configure does not hand the linker's words on.
    return made(
        folder / "php-guest",
        [source(folder) / "configure", "-q", "--host=wasm32-unknown-wasi",
         f"--build={run('cc', '-dumpmachine').strip()}", *SWITCHES, "--disable-fiber-asm", *ANSWERS,
         f"CC={compiler} {flags}", "AR=llvm-ar", "RANLIB=llvm-ar s", f"CFLAGS=-O2 -w -I{ours} {NUMBERS}"],
        [f"EXTRA_LIBS={missing} -lm"])


# ---- its tests -----------------------------------------------------------------------------------

TESTS = ["Zend/tests", "tests/lang", "tests/classes", "tests/basic", "tests/func", "tests/output", "tests/strings",
         *(f"ext/{name}/tests" for name in ("bcmath", "calendar", "ctype", "date", "filter", "hash", "json", "mbstring",
                                            "pcre", "phar", "random", "reflection", "session", "sockets", "spl",
                                            "standard", "tokenizer"))]

UNDERSTOOD = {"TEST", "DESCRIPTION", "CREDITS", "FILE", "FILEEOF", "EXPECT", "EXPECTF", "EXPECTREGEX", "INI", "SKIPIF", "CLEAN",
              "ENV", "ARGS", "STDIN", "EXTENSIONS", "CONFLICTS", "WHITESPACE_SENSITIVE"}

# run-tests.php's own, for every test.
SETTINGS = {"output_handler": "", "open_basedir": "", "disable_functions": "", "output_buffering": "Off",
            "error_reporting": "32767", "display_errors": "1", "display_startup_errors": "1", "log_errors": "0",
            "html_errors": "0", "track_errors": "0", "report_memleaks": "1", "report_zend_debug": "0", "docref_root": "",
            "docref_ext": ".html", "error_prepend_string": "", "error_append_string": "", "auto_prepend_file": "",
            "auto_append_file": "", "ignore_repeated_errors": "0", "precision": "14", "serialize_precision": "-1",
            "memory_limit": "128M", "zend.assertions": "1", "zend.exception_ignore_args": "0",
            "zend.exception_string_param_max_len": "15", "short_open_tag": "On"}

# How EXPECTF's marks read as regular expressions (run-tests.php's documentation).
MARKS = {"%e": "/", "%s": r"[^\r\n]+", "%S": r"[^\r\n]*", "%a": r".+?", "%A": r".*?", "%w": r"\s*", "%i": r"[+-]?\d+",
         "%d": r"\d+", "%x": r"[0-9a-fA-F]+", "%f": r"[+-]?(?:\d+|(?=\.\d))(?:\.\d+)?(?:[Ee][+-]?\d+)?", "%c": r".",
         "%0": "\0"}

# Why a test of a guest may fail: what its source, or what it prints and should not, has of it.
REASONS = {
    "WASI has no stacks to switch to: fibers": (rb"(?i)\bfiber\b", rb"Fiber stack protect failed"),
    "WASI has no timers that interrupt: limits of time": (rb"(?i)set_time_limit|max_execution_time", rb"^\(it did not end\)$"),
    "no grant covers the path, which is not the native ENOENT then": (None, rb"Capabilities insufficient"),
    "strings have offsets of 32 bits": (None, rb'^string\(1\) "\x00"\n'),
    "a time that -O0 does not keep": (rb"\$t_max", None),
    "WASI has no locks": (rb"(?i)\bflock\(|LOCK_(EX|SH)", None),
    "WASI has no permissions": (rb"(?i)\b(ch(mod|own|grp)|umask|fileperms|is_(writable|executable))\(", None),
    "WASI has no processes": (rb"(?i)\b(proc_open|popen|exec|shell_exec|system|passthru)\(", rb"Unable to (fork|execute)"),
}


def sections(path):
    parts = re.split(rb"^--([A-Z_]+)--[ \t]*\r?\n", path.read_bytes(), flags=re.M)
    return {name.decode(): content for name, content in zip(parts[1::2], parts[2::2])}


def pattern(test):
    """The expected output as a regular expression of bytes, or None."""
    def tidy(text):
        return text.replace(b"\r\n", b"\n").strip()

    if "EXPECT" in test:
        return re.compile(re.escape(tidy(test["EXPECT"])))
    if "EXPECTREGEX" in test:
        return re.compile(tidy(test["EXPECTREGEX"]), re.S)
    if "EXPECTF" in test:
        out = b""
        for part in re.split(rb"(%r.*?%r|%[esSaAwidxfc0])", tidy(test["EXPECTF"]), flags=re.S):
            if part.startswith(b"%r") and len(part) > 3:
                out += b"(" + part[2:-2] + b")"
            elif part.decode("latin-1") in MARKS:
                out += MARKS[part.decode("latin-1")].encode()
            else:
                out += re.escape(part)
        return re.compile(out, re.S)
    return None


class Phpt:
    def __init__(self, root, path):
        self.name = str(path.relative_to(root))
        self.test = sections(path)
        self.pattern = None
        if set(self.test) <= UNDERSTOOD and ("FILE" in self.test or "FILEEOF" in self.test):
            try:
                self.pattern = pattern(self.test)
            except re.error:
                pass
        self.script = self.test.get("FILE", self.test.get("FILEEOF", b"").rstrip(b"\r\n"))

    def words(self, file):
        settings = dict(SETTINGS)
        for line in self.test.get("INI", b"").decode("latin-1").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                settings[name.strip()] = value.strip().replace("{PWD}", os.path.dirname(file)).replace("{TMP}", "/tmp")
        words = ["-n"]
        for name, value in settings.items():
            words += ["-d", f"{name}={value}"]
        return [*words, "-f", file]

    def run(self, program, place, environment):
        """What it prints, in a copy of the folder it is in that `place` has."""
        file = place / self.name
        script = file.with_suffix(".php")
        more = {}
        for line in self.test.get("ENV", b"").decode("latin-1").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                more[name.strip()] = value.strip()
        guests = f" {' '.join(f'--env {name}={value}' for name, value in more.items())}" if more else ""
        # Its folder is where a guest starts, "/", too.
        options = {"TIMECRAFT_OPTIONS": f"{environment.get('TIMECRAFT_OPTIONS', '')} --dir {script.parent}::/{guests}"}
        whole = {**environment, **more, **options}

        def start(code, words=(), stdin=b""):
            script.write_bytes(code)
            try:
                done = subprocess.run([program, *self.words(str(script)), *words], input=stdin, cwd=script.parent,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=whole, timeout=20)
            except subprocess.TimeoutExpired:
                return b"(it did not end)"
            finally:
                script.unlink(missing_ok=True)
            return done.stdout.replace(b"\r\n", b"\n").strip()

        if "SKIPIF" in self.test and start(self.test["SKIPIF"]).lower().startswith(b"skip"):
            return None
        arguments = self.test.get("ARGS", b"").decode("latin-1").split()
        out = start(self.script, ["--", *arguments] if arguments else [], self.test.get("STDIN", b""))
        if "CLEAN" in self.test:
            start(self.test["CLEAN"])
        return out

    def passes(self, out):
        return out is not None and self.pattern.fullmatch(out) is not None


def why(phpt, out):
    """Which of REASONS has what a guest printed instead."""
    for reason, (of_source, of_output) in REASONS.items():
        if (of_source and re.search(of_source, phpt.script + phpt.test.get("SKIPIF", b""))) or \
                (of_output and re.search(of_output, out)):
            return reason
    return None


def copied(root, place, names):
    """The folders' content below `place`, where tests may write."""
    for name in names:
        shutil.copytree(root / name, place / name, symlinks=True, dirs_exist_ok=True)
    for name in ("Zend/tests", "tests", "run-tests.php"):
        if (root / name).is_dir():
            shutil.copytree(root / name, place / name, symlinks=True, dirs_exist_ok=True)
    return place


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=pathlib.Path, default=TREE / "build/world")
    parser.add_argument("--level", default="-O0")
    parser.add_argument("--list", type=pathlib.Path)
    parser.add_argument("folders", nargs="*", metavar="DIR")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        root, by_kind = source(folder), {"native": native(folder)}
        module = guest(folder)
    except Unavailable as reason:
        print(f"php: {reason}", file=sys.stderr)
        return 77
    by_kind["guest"] = folder / f"php{options.level}"
    run(TIMECRAFT, "build", "-q", options.level, module, "-o", by_kind["guest"])
    names = options.folders or TESTS
    with tempfile.TemporaryDirectory() as top:
        top = pathlib.Path(top)
        places = {kind: copied(root, top / kind, names) for kind in by_kind}
        base = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C"}
        environments = {"native": base, "guest": {**base, "TIMECRAFT_OPTIONS": (
            f"--dir {places['guest']} --dir /tmp --allow-net=127.0.0.0/8,::1 --allow-listen --env TZ=UTC")}}
        tests = [Phpt(root, path) for name in names for path in sorted((root / name).rglob("*.phpt"))]

        def both(phpt):
            if not phpt.pattern:
                return "not understood", None
            if not phpt.passes(phpt.run(by_kind["native"], places["native"], environments["native"])):
                return "not passed natively", None
            out = phpt.run(by_kind["guest"], places["guest"], environments["guest"])
            return ("skips itself" if out is None else "passed" if phpt.passes(out) else "failed"), out

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            ends = list(pool.map(both, tests))
    counts, reasons, unexplained = collections.Counter(), collections.Counter(), 0
    listing = []
    for phpt, (how, out) in zip(tests, ends):
        counts[how] += 1
        if how == "failed":
            reason = why(phpt, out)
            reasons[reason or "no known reason"] += 1
            unexplained += reason is None
            how = f"failed: {reason or 'no known reason'}"
            if not reason:
                how += f": {out[-700:]!r}"
        listing.append(f"{phpt.name} {how}\n")
    if options.list:
        options.list.write_text("".join(listing))
    print(", ".join(f"{count} {how}" for how, count in counts.most_common()))
    for reason, count in reasons.most_common():
        print(f"{count:6} {reason}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
