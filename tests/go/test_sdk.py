"""The Go SDK's own tests pass natively, and as a guest with each I/O engine."""

import os
import unittest

import support
from support import gotools

gotools.need()
gotools.skip_if_sanitized()

HERE = os.path.dirname(os.path.abspath(__file__))


class Sdk(unittest.TestCase):
    def test_it_is_formatted_and_vetted(self):
        gofmt = os.path.join(os.path.dirname(gotools.GO), "gofmt")
        folders = [gotools.SDK, os.path.join(gotools.TREE, "examples", "go"), HERE]
        self.assertEqual(support.run_tool(gofmt, "-l", *folders), "")
        gotools.must(gotools.run_go("vet", "./..."))

    def test_it_needs_nothing_but_the_standard_library(self):
        listed = gotools.must(gotools.run_go("list", "-deps", "-f",
                                             "{{if not .Standard}}{{.ImportPath}}{{end}}", "."))
        self.assertEqual(listed.stdout.split(), [gotools.MODULE])

    def test_natively(self):
        gotools.must(gotools.run_go("test", "-vet=off", "-count=1", ".", guest=False))

    def test_as_a_guest(self):
        # The go command finds go_wasip1_wasm_exec on PATH. The second run comes from the cache.
        path = os.path.join(support.FOLDER, "unix")
        for engine in ("uring", "syscall"):
            with self.subTest(engine=engine):
                options = f"--allow-net=unix:{path} --allow-listen=unix:{path}"
                gotools.must(gotools.run_go("test", "-vet=off", "-count=1", "-timeout=5m", ".",
                                            TIMECRAFT_IO=engine, TIMECRAFT_OPTIONS=options,
                                            TIMECRAFT_TEST_UNIX=path))
                if os.path.exists(path):
                    os.unlink(path)


if __name__ == "__main__":
    support.main()
