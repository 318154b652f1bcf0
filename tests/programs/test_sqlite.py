"""SQLite's shell as a guest says what it says natively, and leaves the same databases behind.
"""
import unittest

import programs

OPTIONS = ["-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_POPEN",
           "-DSQLITE_NOHAVE_SYSTEM", "-DSQLITE_OMIT_WAL", "-DSQLITE_MAX_MMAP_SIZE=0",
           "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_RTREE", "-DSQLITE_ENABLE_MATH_FUNCTIONS",
           "-DSQLITE_ENABLE_STAT4", "-DSQLITE_ENABLE_DBSTAT_VTAB",
           "-DLONGDOUBLE_TYPE=double"]  # which has other precisions elsewhere
MAKEFILE = """TOP = {source}
BCC = {cc}
TCC = {cc} -I.
TCLSH_CMD = tclsh
TCLSH = tclsh
include {source}/main.mk
"""


def one_file(source):
    """A folder with sqlite3.c, all of the library as its authors put it together, and shell.c."""
    def make(folder):
        programs.support.run_tool("mkdir", "-p", folder)
        with open(f"{folder}/Makefile", "w") as file:
            file.write(MAKEFILE.format(source=source, cc=programs.CC))
        programs.support.run_tool("make", "-C", folder, "sqlite3.c", "shell.c")

    return programs.pathlib.Path(programs.support.made_once(
        "sqlite", [source / "timecraft-version"], [programs.CC], make))


class Sqlite(programs.SideBySide):
    options = "--dir=.::. --env=HOME --env=TZ"

    @classmethod
    def setUpClass(cls):
        programs.need("make", "tclsh")
        folder = one_file(programs.source("sqlite3"))
        # Unoptimized: a compiler takes a minute for this file otherwise.
        cls.program = programs.Program("sqlite3", [folder / "sqlite3.c", folder / "shell.c"],
                                       [f"-I{folder}", *OPTIONS, "-O0"], **programs.POSIX)

    def script(self, name):
        return (programs.HERE / "sqlite" / name).read_bytes()

    def test_a_long_script(self):
        self.made("people.csv", b"id,name,born\n" + b"".join(
            f"{number},\"person \"\"{number}\"\"\",{1900 + number % 100}\n".encode()
            for number in range(2000)))
        said = self.run_both("-batch", "main.db", stdin=self.script("everything.sql"))
        self.assertIn(b"\nthe end\n", said)
        self.assertNotIn(b"Error", said)
        files = self.assert_same_files()
        self.assertIn("other.db", files)
        self.assertNotIn("main.db-journal", files)
        self.assertEqual(self.run_both("-readonly", "main.db", "pragma integrity_check"), b"ok\n")

    def test_errors(self):
        self.made("nonsense.db", b"this is no database" * 100)
        for status, sql in (
                (1, "select nothing from nowhere"),
                (1, "selekt"),
                (19, "create table t(a primary key); insert into t values(1), (1)"),
                (1, ".nonsense"),
                (1, ".read missing"),
                (1, "select json('{')"),
                (1, "select abs(-9223372036854775808)"),
                (14, "attach '/etc/x/y' as z")):
            with self.subTest(sql):
                self.run_both("-batch", "errors.db", sql, status=status)
        self.run_both("-batch", "nonsense.db", ".tables", status=1)
        self.run_both("-batch", "-readonly", "missing.db", "select 1 from t", status=1)

    def test_what_a_killed_program_left_is_rolled_back(self):
        for kind in self.folders:
            with self.start(kind, "-batch", "bank.db") as process:
                process.stdin.write(self.script("interrupted.sql"))
                process.stdin.flush()
                while process.stdout.readline() != b"half of it is written\n":
                    self.assertIsNone(process.poll())
                process.kill()
            self.assertGreater((self.folders[kind] / "bank.db-journal").stat().st_size, 0)
        self.assertEqual(self.run_both("-batch", "bank.db", "select sum(amount) from account; "
                                       "pragma integrity_check"), b"1000000\nok\n")
        self.assertNotIn("bank.db-journal", self.assert_same_files())


if __name__ == "__main__":
    unittest.main(verbosity=2)
