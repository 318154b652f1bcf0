"""Runs Python programs in guests: shared by the tests of the Python distribution.

The interpreter is bin/timecraft-python beside the command under test, made by sdk/python/build. Where
it was not made, the tests are skipped.
"""

import os
import shlex
import shutil
import subprocess
import sys
import unittest

import support

PYTHON = os.path.join(support.PREFIX, "bin", "timecraft-python")
INTERPRETER = os.path.join(support.PREFIX, "lib", "timecraft", "python", "interpreter")
LOOPBACK = ["--allow-net=127.0.0.1,localhost,[::1]", "--allow-listen=127.0.0.1,[::1]"]

# Modules of the distribution that tests run unchanged, by the package that has them.
PACKAGES = ["python3-requests", "python3-urllib3", "python3-certifi", "python3-idna",
            "python3-chardet", "python3-six"]


def environment(**more):
    """A guest's process gets nothing of the caller's but the engine, and trusts the tests' CA."""
    return support.environment(options="", **more)


def run(arguments, grants=LOOPBACK, timeout=60, **env):
    """Runs timecraft-python to its end."""
    return support.run([PYTHON, *grants, *map(str, arguments)], environment(**env), timeout)


class PythonTest(unittest.TestCase):
    longMessage = True
    maxDiff = None

    def need_namespaces(self):
        command = ["unshare", "--user", "--map-root-user", "--mount", "--net", "mount", "--bind",
                   "/etc/hosts", "/etc/hosts"]
        try:
            works = subprocess.run(command, capture_output=True).returncode == 0
        except FileNotFoundError:
            works = False
        if not works:
            self.skipTest("this machine lets nobody make namespaces (unshare --user --mount --net)")

    def script(self, source, *arguments, grants=LOOPBACK, timeout=60, folder=None, **env):
        """Runs a program as a script, which must succeed; returns its standard output."""
        result = self.failing_script(source, *arguments, grants=grants, timeout=timeout,
                                     folder=folder, **env)
        self.assertEqual(result.returncode, 0, result)
        return result.stdout

    def failing_script(self, source, *arguments, grants=LOOPBACK, timeout=60, folder=None, **env):
        folder = folder or support.temporary_folder()
        path = os.path.join(folder, "script.py")
        with open(path, "w") as file:
            file.write(source)
        return run([path, *arguments], grants, timeout, **env)


def packages():
    """A folder with requests and what it needs, from the distribution's packages."""
    def unpack(folder):
        shutil.rmtree(folder, ignore_errors=True)  # of an attempt that failed
        os.makedirs(folder)
        try:
            support.run_tool("sh", "-c", f"cd {shlex.quote(folder)} && apt-get -q download "
                             f"{' '.join(PACKAGES)} && for deb in *.deb; do dpkg -x $deb .; done")
        except RuntimeError as error:
            raise unittest.SkipTest(f"the packages could not be fetched: {error}")

    root = support.made_once("python-packages", [], PACKAGES, unpack)
    return os.path.join(root, "usr", "lib", "python3", "dist-packages")


def pip_packages(*names):
    """A folder with packages from the index that pip is configured for."""
    def install(folder):
        done = subprocess.run([sys.executable, "-m", "pip", "-q", "install", "--target", folder,
                               "--only-binary=:all:", *names], capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"pip could not install {names}: {done.stderr}")

    return support.made_once("pip-packages", [], names, install)


def why_not_made():
    try:
        with open(os.path.join(support.PREFIX, "python", "failure")) as file:
            return file.read().strip()
    except FileNotFoundError:
        return f"that takes minutes; sdk/python/build {support.PREFIX} does it"


def main():
    if not os.path.exists(PYTHON) or not os.path.exists(INTERPRETER):
        support.skip(f"{INTERPRETER} was not made: {why_not_made()}")
    unittest.main()
