"""The programs of as_native/, compiled natively and as guests, say the same line by line."""
import os
import pathlib
import shlex
import subprocess
import unittest

import support

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "sdk/c/include/timecraft"


class AsNative(unittest.TestCase):
    def program(self, name):
        """The program natively and as a guest."""
        source = HERE / "as_native" / f"{name}.c"
        made_of = [source, HERE / "as_native/as_native.h", INCLUDE / "options.h"]
        # Of the SDK, natively, only the header that needs no other.
        folder = pathlib.Path(support.temporary_folder())
        (folder / "timecraft").symlink_to(INCLUDE)
        native = support.made_once(
            f"{name}-native", made_of, [], lambda path: support.run_tool(
                os.environ.get("CC", "cc"), "-w", f"-I{folder}", source, "-o", path))
        config = pathlib.Path(support.TIMECRAFT).with_name("timecraft-config")

        def build(path):
            module = f"{path}.wasm"
            support.run_tool(*shlex.split(support.run_tool(config, "--cc")), "-w", "-O1", source,
                             *shlex.split(support.run_tool(config, "--flags")), "-o", module)
            support.run_tool(support.TIMECRAFT, "build", "-q", support.LEVEL, module, "-o", path)

        guest = support.made_once(f"{name}-guest", [*made_of, *support.sdk_files(),
                                                    *support.runtime_files()],
                                  [support.LEVEL, support.toolchain_text()], build)
        return native, guest

    def assert_alike(self, name, options, before=()):
        native, guest = (
            subprocess.run([*before, program], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=60, preexec_fn=support.die_with_parent,
                           env={**os.environ, "TIMECRAFT_OPTIONS": options})
            for program in self.program(name))
        self.assertEqual((native.returncode, native.stderr), (0, ""))
        self.assertEqual((guest.returncode, guest.stderr), (0, ""))
        self.assertGreater(len(native.stdout.splitlines()), 5)
        for line, (of_native, of_guest) in enumerate(zip(native.stdout.splitlines(),
                                                         guest.stdout.splitlines())):
            self.assertEqual(of_guest, of_native, f"line {line + 1}")
        self.assertEqual(guest.stdout, native.stdout)

    def test_options(self):
        self.assert_alike("options", "--allow-net --allow-listen")

    def test_words(self):
        self.assert_alike("words", "")

    def test_names(self):
        """With /etc/hosts and nsswitch.conf of the test's own: no name server is asked."""
        folder = pathlib.Path(support.temporary_folder())
        (folder / "hosts").write_text("127.0.0.1 localhost\n192.0.2.77 printer.example.test printer\n"
                                      "192.0.2.78 plotter\n2001:db8::77 scanner.example.test\n")
        (folder / "nsswitch.conf").write_text("hosts: files\n")
        alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec",
                 'for file in hosts nsswitch.conf; do'
                 '   mount --bind "$0/$file" "/etc/$file"; done; exec "$@"', folder]
        if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace is to be had here")
        self.assert_alike("names", "--allow-net=192.0.2.0/24,[2001:db8::]/32", alone)

    def test_pairs(self):
        self.assert_alike("pairs", "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
