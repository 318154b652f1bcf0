"""Building: what `timecraft build` costs, cold, warm and after a change."""

import os
import shutil
import subprocess

import build_memory
import support
from harness import case, curve, run
from support import gotools

from cases.computing import SQL, posix_program, wasmtime
from cases.languages import GO_REQUESTS, requests_profile
from cases.sides import go_module, need_go, take_profile

DOCUMENT = os.path.join(support.TREE, "examples", "go", "document")


class Builds:
    """Builds of a module with a cache of its own."""

    def __init__(self, *options):
        self.options = options
        self.folder = support.temporary_folder()
        self.cache = os.path.join(self.folder, "cache")

    def build(self, module):
        return run([support.TIMECRAFT, "build", "-q", *self.options, module, "-o",
                    os.path.join(self.folder, "program")], {**os.environ, "XDG_CACHE_HOME": self.cache})

    def cold(self, module):
        shutil.rmtree(self.cache, ignore_errors=True)
        return self.build(module)


def compiled_by_wasmtime(module):
    """A side, or none where wasmtime is not to be had."""
    engine = wasmtime()
    if not engine:
        return {}
    out = os.path.join(support.temporary_folder(), "out.cwasm")
    return {"wasmtime compile": lambda: run([engine, "compile", "-o", out, module])}


GO_TITLE = "a Go program with net/http"
FAIR = "both compile the whole module; CPU seconds of all their processes"


@case("build.go.-O0", f"{GO_TITLE}, -O0, cold", "s", "wasmtime compile", FAIR, 5, judged="cost", rounds=3)
def go_cold(quick):
    module, builds = go_module(DOCUMENT), Builds("-O0")
    yield {"timecraft": lambda: builds.cold(module), **compiled_by_wasmtime(module)}


@case("build.go.-O0.warm", f"{GO_TITLE}, -O0, again", "s", "nobody", "nothing has changed", 2,
      judged="cost", rounds=3)
def go_warm(quick):
    module, builds = go_module(DOCUMENT), Builds("-O0")
    builds.cold(module)
    yield {"timecraft": lambda: builds.build(module)}


@case("build.go.-O0.change", f"{GO_TITLE}, -O0, after one change", "s", "nobody",
      "a number that the program prints is another each time", 4, judged="cost", rounds=3)
def go_change(quick):
    need_go()
    builds, numbers = Builds("-O0"), iter(range(1000))

    def after_a_change():
        return builds.build(go_with_number(next(numbers)))

    builds.cold(go_with_number(next(numbers)))
    yield {"timecraft": after_a_change}


def go_with_number(number):
    """examples/go/document, which also says a number when it ends."""
    folder = os.path.join(support.temporary_folder(), "document")
    files = {}
    for name in os.listdir(DOCUMENT):
        if name.endswith(".go"):
            with open(os.path.join(DOCUMENT, name)) as source:
                files[name] = source.read()
    files["number.go"] = f'''package main

import "fmt"

func init() {{ fmt.Println("number {number}") }}
'''
    return gotools.module(gotools.new_module(folder, "document", files, go="1.21"))


@case("build.go.-O2", f"{GO_TITLE}, -O2, cold", "s", "wasmtime compile", FAIR, 80, judged="cost",
      quick=False, rounds=1)
def go_optimised(quick):
    module, builds = go_module(DOCUMENT), Builds("-O2")
    yield {"timecraft": lambda: builds.cold(module), **compiled_by_wasmtime(module)}


@case("build.go.profile", f"{GO_TITLE}, -O2 with --profile, cold", "s", "wasmtime compile",
      f"{FAIR}; ours optimises the functions that were sampled in some seconds of requests", 80,
      judged="cost", quick=False, rounds=3)
def go_with_profile(quick):
    module, builds = go_module(GO_REQUESTS), Builds("-O2", f"--profile={requests_profile()}")
    yield {"timecraft": lambda: builds.cold(module), **compiled_by_wasmtime(module)}


@case("build.sqlite.-O2", "SQLite's shell, -O2, cold", "s", "wasmtime compile", FAIR, 35, judged="cost",
      quick=False, rounds=1)
def sqlite_optimised(quick):
    module, builds = posix_program("sqlite").module, Builds("-O2")
    yield {"timecraft": lambda: builds.cold(module), **compiled_by_wasmtime(module)}


def sqlite_profile(module):
    """Of the script of program.sqlite, ten times: some seconds of the program that -O0 builds."""
    return support.made_once(
        "sqlite.pprof", [module, *support.runtime_files()], [],
        lambda path: take_profile(path, module, input=10 * SQL, stderr=subprocess.DEVNULL))


@case("build.sqlite.profile", "SQLite's shell, -O2 with --profile, cold", "s", "wasmtime compile",
      f"{FAIR}; ours optimises the functions that were sampled in some seconds of a script", 35,
      judged="cost", quick=False, rounds=3)
def sqlite_with_profile(quick):
    module = posix_program("sqlite").module
    builds = Builds("-O2", f"--profile={sqlite_profile(module)}")
    yield {"timecraft": lambda: builds.cold(module), **compiled_by_wasmtime(module)}


@curve("modules", "Building a module at -O0", "MB of code", "s", "wasmtime compile", FAIR,
       (1, 4, 16, 35, 70), (1, 4))
def over_modules(quick, size):
    path = os.path.join(support.temporary_folder(), "made.wasm")
    with open(path, "wb") as file:
        file.write(build_memory.make(size))
    builds = Builds("-O0")
    yield {"timecraft": lambda: builds.cold(path), **compiled_by_wasmtime(path)}
