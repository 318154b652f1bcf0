"""Modules of the official test suite, built and asked: facts, which spec_suite.py judges.

A module is built by `timecraft build` with a compiler that leaves the objects behind instead of
linking them; they are linked with spec_harness.py's C, by the words that timecraft has given.

What was learnt is kept in lines of JSON, so that a run goes on where one was stopped, and a module that
comes in several scripts is built once: [KEY, FACT], where the key is the hash of all that the fact depends
on (timecraft, its files, wasm2c, the compiler, this file and the harness, the module, what is asked).
What timecraft refuses before it starts a compiler is known for all compilers at that level.
"""
import collections
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time

import spec_harness

Answers = collections.namedtuple("Answers", "status output said")


class Refused(Exception):
    """`timecraft build` has said no."""


class TimeIsUp(Exception):
    """A fact is not known, and nothing may be built any more."""


def digest(*parts):
    found = hashlib.sha256()
    for part in parts:
        part = part if isinstance(part, bytes) else str(part).encode(errors="surrogateescape")
        found.update(b"%d " % len(part))
        found.update(part)
    return found.hexdigest()


def digest_of_files(*tops):
    """Of what is in them, wherever they are."""
    parts = []
    for top in map(pathlib.Path, tops):
        for path in [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file()):
            parts += [path.relative_to(top), path.read_bytes()]
    return digest(*parts)


class Kept:
    """Facts in a file, or in memory only. Several processes may add to one file."""

    def __init__(self, path=None):
        self.path, self.facts, self.lock = path, {}, threading.Lock()
        if path and path.exists():
            for line in path.read_text().split("\n"):
                try:
                    key, fact = json.loads(line)
                    self.facts[key] = fact
                except ValueError:
                    pass  # the last one of a process that was killed

    def get(self, key):
        return self.facts.get(key)

    def put(self, key, fact):
        with self.lock:
            self.facts[key] = fact
            if self.path:
                with open(self.path, "ab") as file:  # whose last line may have no end
                    file.write(f"\n{json.dumps([key, fact])}\n".encode())


def settings(prefix):
    """toolchain.conf of an installation."""
    return (pathlib.Path(prefix) / "lib" / "timecraft" / "toolchain.conf").read_text()


def wasm2c_of(prefix):
    return pathlib.Path(prefix) / "lib" / "timecraft" / re.search(r"(?m)^wasm2c=(.*)$", settings(prefix))[1]


def wasm2c_version(prefix):
    return subprocess.run([wasm2c_of(prefix), "--version"], capture_output=True, text=True,
                          check=True).stdout.split()[0]


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-600:]}")


def replace(path, make):
    """Whoever uses the path meanwhile, in another run, finds the one that was there or the new one."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    make(new)
    new.rename(path)


class Builder:
    """`timecraft build` of an installation, with a compiler that does not link."""

    def __init__(self, prefix, place, cc, level, keep=None, ends=None):
        """`cc` is gcc or clang, or tcc: then the compiler is not named, and tcc tried first. Facts are
        kept in the file `keep` if it is given; from `ends`, a time.monotonic(), no others are found."""
        prefix, self.place, self.ends = pathlib.Path(prefix), pathlib.Path(place), ends
        self.words = [f"-O{level}"]
        self.chosen = [] if cc == "tcc" else [f"--cc={self.place / 'cc'}"]
        self.cc = cc = "gcc" if cc == "tcc" else cc
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(self.place / "cache")}
        self.environment.pop("TIMECRAFT_REPLAY", None)
        # This compiler writes elsewhere than in the work folder, and the installation is links.
        self.environment["TIMECRAFT_OPTIONS"] = "--no-confinement"
        (self.place / "bin").mkdir(parents=True, exist_ok=True)
        home = self.place / "lib" / "timecraft"
        home.mkdir(parents=True, exist_ok=True)
        for entry in (prefix / "lib" / "timecraft").iterdir():
            if entry.name != "toolchain.conf":
                replace(home / entry.name, lambda new, entry=entry: new.symlink_to(entry.resolve()))
        self.command = self.place / "bin" / "timecraft"
        replace(self.command, lambda new: shutil.copy2(prefix / "bin" / "timecraft", new))
        wrapper = self.place / "cc"
        replace(wrapper, lambda new: new.write_text(
            f"#!/bin/sh\ncase \" $* \" in\n*\" -c \"* | *\" -E \"*) exec {cc} \"$@\" ;;\nesac\n"
            "for word; do printf '%s\\n' \"$word\"; done >\"$SPEC_OUT/words\"\n"
            "for word; do [ \"$before\" != -o ] || : >\"$word\"; before=$word; done\n"
            "cp -- *.o guest.h \"$SPEC_OUT\"\n") and new.chmod(0o755))
        conf = settings(prefix)
        replace(home / "toolchain.conf",
                lambda new: new.write_text(re.sub(r"(?m)^cc=.*$", f"cc={wrapper}", conf)))
        self.include = home / "include"
        cflags = re.search(r"(?m)^cflags=(.*)$", conf)
        self.cflags = shlex.split(cflags[1]) if cflags else []
        self.identify(prefix, conf)
        self.kept = Kept(keep)
        # Whoever compiled the module compiles its harness: they pass vectors differently.
        self.compilers = [["tcc"]] if not self.chosen and shutil.which("tcc") else []
        self.compilers.append([self.cc, "-O0", "-fPIE", *self.cflags])
        self.common = {compiler[0]: self.harness(compiler) for compiler in self.compilers}
        self.known, self.learnt = 0, 0  # facts that were asked for, and were there; were not

    def identify(self, prefix, conf):
        """What facts depend on: on timecraft alone, on the compiler too."""
        here = pathlib.Path(__file__).parent
        self.without_compiler = digest(
            digest_of_files(prefix / "bin" / "timecraft", prefix / "lib" / "timecraft" / "include",
                            prefix / "lib" / "timecraft" / "libtimecraft.a", wasm2c_of(prefix).resolve(),
                            here / "spec_build.py", here / "spec_harness.py"),
            wasm2c_version(prefix), conf, *self.words)
        versions = [subprocess.run(command, capture_output=True, text=True).stdout
                    for command in ([self.cc, "--version"], *([] if self.chosen else [["tcc", "-v"]]))]
        self.with_compiler = digest(self.without_compiler, self.cc, bool(self.chosen), *versions)

    def fact(self, what, parts, learn):
        """What is kept under parts, or what learn() returns; it raises Refused in both cases. The rest
        of what it raises is not kept."""
        alone = digest(self.without_compiler, "refused", *parts)
        key = digest(self.with_compiler, what, *parts)
        kept = self.kept.get(alone) or self.kept.get(key)
        if kept:
            self.known += 1
        else:
            if self.ends and time.monotonic() >= self.ends:
                raise TimeIsUp
            folder = pathlib.Path(tempfile.mkdtemp(prefix="spec-", dir=self.place))
            try:
                kept = {"fact": learn(folder)}
            except Refused as said:
                kept = {"refused": str(said)}
                if not (folder / "c").exists():  # no compiler was started
                    key = alone
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            self.learnt += 1
            self.kept.put(key, kept)
        if "refused" in kept:
            raise Refused(kept["refused"])
        return kept["fact"]

    def translate(self, data, folder, words):
        """The objects of a module, in a folder. Raises Refused with what timecraft has said. The C is
        kept because the program is not taken from the cache then, where it is of a module before."""
        module = folder / "module.wasm"
        module.write_bytes(data)
        done = subprocess.run([self.command, "build", "-q", "-j1", f"--keep-c={folder / 'c'}", *self.words,
                               *self.chosen, *words, module, "-o", folder / "none"],
                              env={**self.environment, "SPEC_OUT": str(folder)},
                              capture_output=True, text=True, errors="replace", timeout=600)
        if done.returncode == 1 and "timecraft: " in done.stderr:
            raise Refused(done.stderr)
        if done.returncode != 0:
            raise RuntimeError(f"timecraft build ended with status {done.returncode}: {done.stderr[-500:]}")

    def compile(self, compiler, text, name, folder):
        """C of the harness becomes an object of that name in the folder."""
        source = folder / f"{name}.c"
        source.write_text(text)
        run([*compiler, "-w", f"-I{self.include}", "-c", source, "-o", folder / name], folder)

    def harness(self, compiler):
        """The object of what all modules' harnesses have."""
        made = self.place / f"common-{compiler[0]}.obj"
        with tempfile.TemporaryDirectory(prefix="spec-", dir=self.place) as folder:
            self.compile(compiler, spec_harness.COMMON, "common.obj", pathlib.Path(folder))
            replace(made, (pathlib.Path(folder) / "common.obj").rename)
        return made

    def program(self, data, exports, folder):
        self.translate(data, folder, ["--unknown-imports=trap"])
        header = (folder / "guest.h").read_text()
        text, wraps = spec_harness.write(header, exports)
        words = (folder / "words").read_text().split("\n")[:-1]
        words[words.index("-o") + 1] = "program"
        by_tcc = "-no-pie" in words and "wasm_multi_" not in header
        compiler = self.compilers[0 if by_tcc else -1]
        self.compile(compiler, text, "module.obj", folder)
        # Nobody debugs it, and the linker has less to do.
        run([self.cc, "-Wl,--strip-debug", *wraps, "module.obj", self.common[compiler[0]], *words], folder)
        return folder / "program"

    def build(self, data, words):
        """Builds a module only. Raises Refused with what timecraft has said."""
        self.fact("build", [data, *words], lambda folder: self.translate(data, folder, words) or "built")

    def ask(self, data, exports, lines):
        """Answers of the program of a module. Raises Refused with what timecraft has said."""
        def learn(folder):
            done = subprocess.run([self.program(data, exports, folder)], text=True, errors="replace",
                                  input="".join(line + "\n" for line in lines), capture_output=True,
                                  timeout=300, env=self.environment)
            return done.returncode, done.stdout, done.stderr[:1000]

        return Answers(*self.fact("ask", ["--unknown-imports=trap", data, *lines], learn))
