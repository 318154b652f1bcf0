"""Runs the public WASI test suite (github.com/WebAssembly/wasi-testsuite) with `timecraft run`:

    TIMECRAFT=build/bin/timecraft wasi-testsuite/run-tests -r tests/wasi/wasi_testsuite_adapter.py

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


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    """The command line for one test: its arguments, environment, and folder to grant as /."""
    del proposals, wasi_world, wasi_version
    arguments, environment, root = args_env_root
    options = [f"--env={name}={value}" for name, value in environment.items()]
    if root:
        options.append(f"--dir={root}::/")
    return [*TIMECRAFT, "run", "-O0", *options, test_path, "--", *arguments]
