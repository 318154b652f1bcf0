"""timecraft runs what `go test` and `go run` build for GOOS=wasip1."""

import os
import unittest

import support
from support import gotools

gotools.need()
gotools.skip_if_sanitized()

TESTS = """package guest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFilesBesideIt(t *testing.T) {
	text, err := os.ReadFile("testdata/text")
	if err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if matches, err := filepath.Glob("*.go"); err != nil || len(matches) != 2 {
		t.Errorf("%v, %v", matches, err)
	}
}

func TestTemporaryFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	if os.Getenv("GREETING") != "hello" {
		t.Error(os.Environ())
	}
}

func TestThatFails(t *testing.T) {
	if os.Getenv("FAIL") != "" {
		t.Error("as it was told to")
	}
}
"""

MAIN = """package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile("testdata/text")
	fmt.Println(len(os.Args), os.Args[1:], string(text), err)
	_, err = os.OpenFile("testdata/text", os.O_WRONLY, 0)
	fmt.Println(err)
	if len(os.Args) > 2 {
		var nothing map[string]int
		nothing["x"] = 1
	}
	os.Exit(3)
}
"""


class Runner(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.join(support.FOLDER, "runner")
        os.makedirs(os.path.join(cls.folder, "testdata"))
        with open(os.path.join(cls.folder, "testdata", "text"), "w") as file:
            file.write("hello")
        gotools.new_module(cls.folder, "guest", {"guest.go": "package guest\n",
                                                 "guest_test.go": TESTS})
        cls.main = os.path.join(cls.folder, "main")
        os.makedirs(cls.main)
        with open(os.path.join(cls.main, "main.go"), "w") as file:
            file.write(MAIN)

    def test_go_test_finds_it_on_path(self):
        gotools.must(gotools.run_go("test", "-vet=off", ".", cwd=self.folder, GREETING="hello"))

    def test_go_test_exec(self):
        wrapper = os.path.join(gotools.BIN, "go_wasip1_wasm_exec")
        result = gotools.run_go("test", "-vet=off", "-exec", wrapper, "-v", ".", cwd=self.folder,
                                GREETING="hello", FAIL="1", TIMECRAFT_GO_BUILD="-O0 --quiet")
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("--- FAIL: TestThatFails", result.stdout)
        self.assertEqual(result.stdout.count("--- PASS"), 3, result)

    def test_go_run(self):
        grants = f"--dir={self.folder}::/:ro --env=PWD=/"
        result = gotools.run_go("run", "./main", "a", cwd=self.folder, TIMECRAFT_GO_GRANTS=grants)
        self.assertEqual(result.stdout.splitlines()[0], "2 [a] hello <nil>", result)
        self.assertIn("Read-only file system", result.stdout.splitlines()[1], result)
        self.assertIn("exit status 3", result.stderr)

    def test_a_panic_has_its_stack(self):
        result = gotools.run_go("run", "./main", "a", "b", cwd=self.folder)
        self.assertIn("assignment to entry in nil map", result.stderr)
        self.assertIn("main.go:15", result.stderr)

    def test_standard_library(self):
        # One that stands for the others; tests/go/std has the long list.
        packages = ["sync"]
        result = gotools.run_go("test", "-vet=off", "-short", "-count=1", *packages)
        self.assertEqual(gotools.must(result).stdout.count("ok"), len(packages), result)


if __name__ == "__main__":
    support.main()
