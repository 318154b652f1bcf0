#!/usr/bin/python3
"""What `-g` costs a build and a program: CPU time and memory of the build, size, and CPU time of a run, each
with it and without, and the ratio.

    TIMECRAFT=build/bin/timecraft tests/bench/lines_cost.py [--rounds N] [--level -O2] [--input FILE]
        [MODULE.wasm ARGUMENT...]

The module is one with debugging information, and does some seconds of work with these arguments, and FILE
as its standard input. Without one it is SQLite's shell, which is fetched and compiled as its test does,
and sorts, joins and counts. Builds use no cache. Runs of both programs take turns; the ratio is the median
of the rounds', with the least and the most.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMECRAFT = os.path.abspath(os.environ.get("TIMECRAFT", "build/bin/timecraft"))
SQL = """create table t(a integer primary key, b integer, c text);
insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 800000)
  select i, (i * 2654435761) % 1000003, printf('%08x', i * 40503 % 65536) from n;
create index tb on t(b);
select count(*), sum(x.b) from t x join t y on x.b = y.a where x.c > '00008000';
select c, count(*), avg(b) from t group by c having count(*) > 3 order by 2 desc, 1 limit 5;
select sum(length(replace(c, '0', 'oo'))) from t;
"""


def sqlite():
    """The module of the test, compiled with -g."""
    sys.path.insert(0, str(HERE.parent / "programs"))
    import programs
    import test_sqlite
    folder = test_sqlite.one_file(programs.source("sqlite3"))
    return programs.Program("sqlite3-lines", [folder / "sqlite3.c", folder / "shell.c"],
                            [f"-I{folder}", *test_sqlite.OPTIONS, "-O2", "-g"],
                            **programs.POSIX).module


def measured(words, **options):
    """CPU seconds, and the most memory of one process in MB."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0: # a process of its own, which waits for no other children
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(writing, f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}".encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 100)
    os.close(reading)
    os.waitpid(child, 0)
    if not said:
        sys.exit(f"{words[0]} failed")
    return map(float, said.split())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--level", default="-O2")
    parser.add_argument("--input", type=pathlib.Path)
    parser.add_argument("module", nargs="?", type=pathlib.Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="timecraft-bench-") as name:
        folder = pathlib.Path(name)
        text = given.input.read_bytes() if given.input else b"" if given.module else SQL.encode()
        (folder / "input").write_bytes(text)
        module = given.module or sqlite()
        programs, times = {}, {}
        print(f"{'':>12} {'build, s':>9} {'memory, MB':>11} {'size, MB':>9}")
        for kind, words in (("without", []), ("with -g", ["-g"])):
            program = programs[kind] = folder / f"program{len(programs)}"
            cpu, memory = measured([TIMECRAFT, "build", "-q", given.level, *words, "--dir=.", module,
                                    "-o", program], env={**os.environ, "TIMECRAFT_CACHE": "off"})
            print(f"{kind:>12} {cpu:9.1f} {memory:11.0f} {program.stat().st_size / 1e6:9.2f}", flush=True)
        for _ in range(given.rounds):
            for kind, program in programs.items():
                with open(folder / "input", "rb") as stdin:
                    cpu, _ = measured([program, *given.arguments], stdin=stdin)
                times.setdefault(kind, []).append(cpu)
        ratios = sorted(b / a for a, b in zip(*times.values()))
        print(f"a run: {statistics.median(times['without']):.2f} s of CPU without, ratio "
              f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} … {ratios[-1]:.3f})")


if __name__ == "__main__":
    main()
