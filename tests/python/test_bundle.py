"""timecraft-python bundle makes one executable that needs no Python and no packages."""

import os
import shutil
import subprocess

import python_support
from python_support import PYTHON, PythonTest, packages

import support
from support import peers

APP = """
import sys
import helper
import requests
print(sys.argv[1:], __name__, helper.value, helper.data(), requests.__version__)
print(requests.get(sys.argv[1], headers={"X": "y"}).text)
helper.fail()
"""
HELPER = """
import importlib.resources
value = "beside"
def data():
    return importlib.resources.files("local").joinpath("data.txt").read_text()
def fail():
    import local.inner
    local.inner.fail()
"""


class Bundle(PythonTest):
    def setUp(self):
        self.folder = support.temporary_folder()
        self.write("app.py", APP)
        self.write("helper.py", HELPER)
        self.write("local/__init__.py", "")
        self.write("local/inner.py", "def fail():\n    raise ValueError('inner')\n")
        self.write("local/data.txt", "some data")
        self.write("unrelated.py", "raise SystemExit('not for the program')")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def bundle(self, *arguments):
        return support.run([PYTHON, "bundle", *arguments], python_support.environment(), 120)

    def made(self, *arguments):
        """The path of the executable, in a folder of its own."""
        output = os.path.join(support.temporary_folder(), "program")
        done = self.bundle(*arguments, "-o", output)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertEqual(os.listdir(os.path.dirname(output)), ["program"])
        return output

    def check_runs(self, program):
        identity = support.pki()._leaf("localhost", names=["localhost"])
        with peers.PythonPeer(identity) as peer:
            url = f"https://localhost:{peer.port}/"
            # Nothing of the machine: no Python on PATH, no variables of Python, another folder.
            done = subprocess.run(
                [program, url, "-h"], capture_output=True, text=True, cwd="/",
                env={"SSL_CERT_FILE": support.pki().ca_file, "PATH": "/nonexistent",
                     "PYTHONPATH": self.folder, "PYTHONHOME": "/x", "PYTHONINSPECT": "1"})
        self.assertEqual(done.returncode, 1, done)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith(f"['{url}', '-h'] __main__ beside some data 2."), done)
        self.assertEqual(lines[1], "hello from python")
        self.assertIn("ValueError: inner", done.stderr)
        return done

    def test_a_script_with_what_it_imports(self):
        program = self.made("--allow-net=localhost", f"--packages={packages()}",
                            os.path.join(self.folder, "app.py"))
        self.check_runs(program)
        with open(program, "rb") as file:
            self.assertNotIn(b"app/unrelated.py", file.read())
        # The grants can be taken away, the program's own files not.
        done = support.run([program, "https://localhost:1/"], support.environment("--no-grants"))
        self.assertIn("beside some data", done.stdout)
        self.assertIn("--allow-net", done.stderr)

    def test_a_folder(self):
        os.rename(os.path.join(self.folder, "app.py"), os.path.join(self.folder, "__main__.py"))
        self.check_runs(self.made("--allow-net", "--packages", packages(), self.folder))

    def test_the_program_is_on_its_own(self):
        self.write("own.py", "import os, sys\nprint(len(os.environ), sys.argv[0] != '', sys.path)\n"
                             "try: open('/etc/passwd')\nexcept OSError as error: print(error)")
        program = self.made(os.path.join(self.folder, "own.py"))
        done = subprocess.run([program], capture_output=True, text=True, env={"A": "b"}, cwd="/")
        self.assertIn("0 True ['/usr/lib/timecraft-program.zip/app'", done.stdout)
        self.assertIn("Errno", done.stdout)

    def test_it_runs_where_there_is_no_python_and_nothing_else(self):
        """In a folder that is all of the system: the program, and the C and TLS libraries."""
        self.need_namespaces()
        program = self.made("--allow-net=127.0.0.1", f"--packages={packages()}",
                            os.path.join(self.folder, "app.py"))
        root = support.temporary_folder()
        libraries = [word for word in support.run_tool("ldd", program).split()
                     if word.startswith("/")]
        for path in program, *libraries, support.pki().ca_file:
            place = root + os.path.realpath(path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy(path, place)
            if path != os.path.realpath(path):  # where the loader looks for it
                os.makedirs(os.path.dirname(root + path), exist_ok=True)
                shutil.copy(path, root + path)
        os.mkdir(os.path.join(root, "proc"))
        within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                  'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"', root]
        identity = support.pki()._leaf("address", names=["127.0.0.1"])
        with peers.PythonPeer(identity) as peer:
            done = support.run([*within, program, f"https://127.0.0.1:{peer.port}/"],
                               support.environment(options=""), 60)
        self.assertIn("hello from python", done.stdout, done)
        self.assertIn("ValueError: inner", done.stderr)

    def test_what_cannot_be_bundled(self):
        output = os.path.join(self.folder, "out")
        script = os.path.join(self.folder, "app.py")
        self.write("wrong.py", "x = (")
        wrong = os.path.join(self.folder, "wrong.py")
        for arguments, message in (
                (["-o", output], "which program?"),
                ([script], "where should the program go?"),
                ([script, script, "-o", output], "one program only"),
                (["/nonexistent.py", "-o", output], "there is no /nonexistent.py"),
                ([script, "-o", "/nonexistent/out"], "there is no folder for /nonexistent/out"),
                ([script, "--packages=/nonexistent", "-o", output], "no folder /nonexistent"),
                ([script, "--colour", "-o", output], "--colour is not an option"),
                ([wrong, "-o", output], "SyntaxError"),
                ([self.folder, "-o", output], "has no __main__.py"),
                ([script, "-o"], "-o needs a value")):
            with self.subTest(message):
                done = self.bundle(*arguments)
                self.assertNotEqual(done.returncode, 0, done)
                self.assertIn(message, done.stderr)
                self.assertFalse([name for name in os.listdir(self.folder) if "out" in name])


if __name__ == "__main__":
    python_support.main()
