"""The go command, and guests built with it.

TIMECRAFT_GO    the go command; by default the newest of the one that setup.sh unpacked in the build
                tree, the one on PATH, and those in /usr/lib/go-*
"""

import glob
import os
import re
import shutil
import signal
import subprocess

import support

TREE = support.TREE
BIN = os.path.dirname(support.TIMECRAFT)
SDK = os.path.join(TREE, "sdk", "go", "timecraft")
MODULE = "github.com/stealthrocket/timecraft/sdk/go/timecraft"
OLDEST = (1, 21)


def skip_if_sanitized():
    """For what tests Go's side, which no sanitizer looks at: one run of it will do."""
    if support.SANITIZED:
        support.skip("this is tested in the optimised build; sanitized is the test of many "
                     "goroutines")


def version(command):
    """The version of a go command, such as (1, 21); None if it does not run."""
    try:
        done = subprocess.run([command, "version"], capture_output=True, text=True, env=BASE_ENV)
    except OSError:
        return None
    found = re.match(r"go version go(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else None


def find_go():
    wanted = os.environ.get("TIMECRAFT_GO")
    if wanted:
        return wanted
    found = [os.path.join(tree, "go", "bin", "go")
             for tree in (support.PREFIX, os.path.join(TREE, "build"))]
    found += [shutil.which("go"), *glob.glob("/usr/lib/go-*/bin/go"), "/usr/local/go/bin/go"]
    usable = [(version(path), path) for path in found if path and os.access(path, os.X_OK)]
    usable = [one for one in usable if one[0] and one[0] >= OLDEST]
    return max(usable)[1] if usable else None


# A test builds with the release that it was given, and downloads none. All of them have the same
# flags and the caller's own cache, so that the standard library is compiled once, not once for each
# build tree and each set of flags.
FLAGS = "-trimpath -buildvcs=false -ldflags=-w"
GOCACHE = os.environ.get("GOCACHE") or os.path.join(os.path.expanduser("~"), ".cache", "go-build")
BASE_ENV = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": FLAGS, "GOWORK": "off",
            "GOCACHE": GOCACHE, "CGO_ENABLED": "0"}
BASE_ENV.pop("GOOS", None)
BASE_ENV.pop("GOARCH", None)

GO = find_go()  # None: there is none that is new enough
GO_VERSION = GO and version(GO)


def need():
    """Ends a test program that can do nothing without Go."""
    if GO is None:
        support.skip("no Go 1.21 or newer was found; compiler/setup.sh test gets one")


def go_environment(guest=True, **more):
    """For the go command: as a guest's, it finds its program runner on PATH."""
    env = {**BASE_ENV, **more, "PATH": os.pathsep.join([BIN, os.path.dirname(GO), os.environ["PATH"]])}
    if guest:
        env.update(GOOS="wasip1", GOARCH="wasm")
    return env


def run_in(folder, command, env, timeout):
    """support.run in another folder. What a command that is killed has started goes with it."""
    process = support.start(command, env, cwd=folder, stdin=subprocess.DEVNULL,
                            start_new_session=True)
    try:
        stdout, stderr = process.communicate(timeout=timeout * support.SLOWNESS)
        return support.Result(command, process.returncode, stdout, stderr)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        return support.Result(command, None, stdout, stderr + "\n(killed: it did not end in time)")


def run_go(*words, cwd=SDK, guest=True, timeout=900, **more):
    """Runs the go command to its end. Returns a support.Result."""
    return run_in(cwd, [GO, *words], go_environment(guest, **more), timeout)


def must(result):
    if result.returncode != 0:
        raise AssertionError(str(result))
    return result


def sources(folder):
    """What a guest in a folder is built from, the SDK included."""
    patterns = [os.path.join(folder, "*.go"), os.path.join(folder, "go.*"),
                os.path.join(SDK, "*.go"), os.path.join(SDK, "go.mod")]
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


def module(folder, *flags):
    """The WebAssembly module of the main package in a folder; of the current Go release."""
    def build(path):
        must(run_go("build", *flags, "-o", path, ".", cwd=folder))

    return support.made_once(os.path.basename(folder) + ".wasm", sources(folder),
                             [GO, str(GO_VERSION), *flags], build)


def program(folder, *flags):
    """The native program of the main package in a folder."""
    wasm = module(folder, *flags)

    def build(path):
        support.run_tool(support.TIMECRAFT, "build", support.LEVEL, wasm, "-o", path)

    words = [support.LEVEL, support.toolchain_text()]
    return support.made_once(os.path.basename(folder), [wasm] + support.runtime_files(), words, build)


def new_module(folder, name, files, requires=(), go="1.21"):
    """Writes a module with the SDK at hand. `files` has their contents by name."""
    os.makedirs(folder, exist_ok=True)
    lines = [f"module {name}", f"go {go}", f"require {MODULE} v0.0.0",
             f"replace {MODULE} => {SDK}", *(f"require {one}" for one in requires)]
    for path, text in {"go.mod": "\n".join(lines) + "\n", **files}.items():
        with open(os.path.join(folder, path), "w") as file:
            file.write(text)
    return folder
