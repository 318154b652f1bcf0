"""localhost and names below it are the loopback addresses, and nobody is asked (RFC 6761, 6.3)."""

import os
import re
import shutil
import subprocess
import unittest

import support

BOTH = "127.0.0.1:80 ::1:80"
TOLD = [f"{name}: {BOTH}" for name in ("localhost", "LOCALHOST.", "app.localhost", "a.b.LocalHost")
        for _ in range(2)]
TOLD += ["localhost: 127.0.0.1:80", "localhost: ::1:80",
         "app.localhost: 127.0.0.1:80 is app.localhost", "localhost: error 44"]

# Where a resolver looks for names, and for whom to ask.
FILES = ("hosts", "resolv.conf", "host.conf", "nsswitch.conf", "nscd")


class Localhost(support.GuestTest):
    def look_up(self, *before):
        command = [*before, support.program("look_up_localhost", sdk=False)]
        result = support.run(command, support.environment(ASAN_OPTIONS="detect_leaks=0"))
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stdout.splitlines(), TOLD, result)

    def test_is_loopback_at_once(self):
        self.look_up()

    @unittest.skipIf(shutil.which("strace") is None, "strace is not installed")
    def test_is_looked_for_nowhere_and_nobody_is_asked(self):
        path = os.path.join(support.temporary_folder(), "trace")
        self.look_up("strace", "-f", "-o", path, "-e",
                     "trace=open,openat,connect,sendto,sendmsg,sendmmsg")
        with open(path) as file:
            trace = file.read()
        self.assertIn("openat", trace)  # it was traced
        for name in FILES:
            self.assertNotRegex(trace, rf'"[^"]*/{re.escape(name)}[/"]')
        self.assertNotIn("htons(53)", trace)

    def test_is_there_without_etc_hosts(self):
        empty = os.path.join(support.temporary_folder(), "empty")
        with open(empty, "w"):
            pass
        alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec",
                 'for file in /etc/hosts /etc/resolv.conf; do'
                 '   [ ! -e "$file" ] || mount --bind "$0" "$file"; done; exec "$@"', empty]
        if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace is to be had here")
        self.look_up(*alone)


if __name__ == "__main__":
    support.main()
