"""What the cases of tests/bench/run have in common: they are measured side by side, and judged by
what one costs of the other.

A case is a generator that makes what it needs, yields its sides, and takes it all away. A side is a
function that does the work once and returns what it cost. The first side is ours, the second the
peer's, further ones are shown beside them. In each round every side is measured once, one after the
other, and the ratio is taken within the round, so that a machine that changes its clock or is shared
for a while does little harm. Told is the median over the rounds, and from where to where it went.
"""

import contextlib
import dataclasses
import os
import platform
import statistics
import subprocess
import tempfile
import time
from typing import Callable

import support


class Missing(Exception):
    """What a case needs is not on this machine."""


@dataclasses.dataclass
class Case:
    name: str
    title: str
    unit: str  # of what a side costs
    against: str  # who the second side is
    fair: str  # why comparing the two is
    target: float
    judged: str  # "ratio", or "cost": the target is of what ours costs, in `unit`
    sides: Callable
    quick: bool  # whether --quick has it
    rounds: int  # at most


@dataclasses.dataclass
class Curve:
    """The same work at several sizes."""
    name: str
    title: str
    x: str
    unit: str
    against: str
    fair: str
    points: tuple
    quick_points: tuple
    sides: Callable  # takes a point too


@dataclasses.dataclass
class Mean:
    """The geometric mean of the ratios of the cases whose names begin so."""
    name: str
    title: str
    of: str
    target: float


CASES, CURVES, MEANS = {}, {}, []


def case(name, title, unit, against, fair, target, judged="ratio", quick=True, rounds=99):
    def add(sides):
        CASES[name] = Case(name, title, unit, against, fair, target, judged, sides, quick, rounds)
        return sides
    return add


def curve(name, title, x, unit, against, fair, points, quick_points):
    def add(sides):
        CURVES[name] = Curve(name, title, x, unit, against, fair, points, quick_points, sides)
        return sides
    return add


def mean(name, title, of, target):
    MEANS.append(Mean(name, title, of, target))


# What a side costs.


def finish(process, command):
    """Waits for a process, which must succeed, and returns what it used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(map(str, command))}")
    return usage


def run(command, env=None, stdin=None, **more):
    """CPU seconds of a process and its children, in user mode and in the kernel. `more` for Popen: with
    `preexec_fn`, as by default, what Python takes until it has become the process is in them."""
    more.setdefault("preexec_fn", support.die_with_parent)
    with contextlib.ExitStack() as stack:
        if isinstance(stdin, bytes):
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(stdin)
            file.seek(0)
            stdin = file
        process = subprocess.Popen(command, env=env, stdin=stdin or subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        usage = finish(process, command)
    return usage.ru_utime + usage.ru_stime


def told(command, env=None, **more):
    """CPU seconds that a program says it took, on a line `cpu NANOSECONDS` (see guests/cpu_time.h): a
    program that measures itself leaves out what comes before."""
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          preexec_fn=support.die_with_parent, **more)
    for line in done.stdout.splitlines():
        if line.startswith("cpu ") and done.returncode == 0:
            return int(line.split()[1]) / 1e9
    raise RuntimeError(f"exit status {done.returncode}: {' '.join(map(str, command))}\n"
                       f"{done.stdout[-500:]}{done.stderr[-500:]}")


def used(pid):
    """CPU seconds that a running process has used by now, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


# Measuring.


def measure(sides, rounds):
    """Costs by side, a list over the rounds; in each round another side begins."""
    costs = {label: [] for label in sides}
    labels = list(sides)
    for number in range(rounds):
        turn = number % len(labels)
        for label in labels[turn:] + labels[:turn]:
            costs[label].append(sides[label]())
    return costs


def ratios(costs, label, base):
    return [one / other for one, other in zip(costs[label], costs[base])]


def summary(values):
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "least": ordered[0], "most": ordered[-1]}


def measure_case(one, quick, rounds):
    """A dictionary for the table and the JSON file."""
    result = {"name": one.name, "title": one.title, "unit": one.unit, "against": one.against,
              "fair": one.fair, "target": one.target, "judged": one.judged}
    begin = time.monotonic()
    try:
        with contextlib.contextmanager(one.sides)(quick) as sides:
            costs = measure(sides, min(rounds, one.rounds))
    except Missing as missing:
        return {**result, "skipped": str(missing)}
    except (RuntimeError, OSError) as error:  # the other cases can still be measured
        return {**result, "skipped": f"it failed: {error}"}
    labels = list(costs)
    result["costs"] = costs
    result["cost"] = summary(costs[labels[0]])
    if len(labels) > 1:
        result["ratio"] = summary(ratios(costs, labels[0], labels[1]))
        result["others"] = {label: summary(ratios(costs, label, labels[1])) for label in labels[2:]}
    judged = result[one.judged]["median"]
    result["met"] = judged <= one.target
    result["seconds"] = time.monotonic() - begin
    return result


def measure_curve(one, quick, rounds):
    result = {"name": one.name, "title": one.title, "x": one.x, "unit": one.unit,
              "against": one.against, "fair": one.fair, "sides": {}}
    for point in one.quick_points if quick else one.points:
        try:
            with contextlib.contextmanager(one.sides)(quick, point) as sides:
                for label, costs in measure(sides, rounds).items():
                    result["sides"].setdefault(label, []).append((point, statistics.median(costs)))
        except Missing as missing:
            return {**result, "skipped": str(missing)}
    return result


def geometric_means(results):
    rows = []
    for one in MEANS:
        values = {r["name"]: r["ratio"]["median"] for r in results
                  if r["name"].startswith(one.of) and "ratio" in r}
        if not values:
            continue
        total = statistics.geometric_mean(values.values())
        labels = {label for r in results if r["name"] in values for label in r["others"]}
        others = {label: statistics.geometric_mean(
            r["others"][label]["median"] for r in results
            if r["name"] in values and label in r["others"]) for label in sorted(labels)}
        rows.append({"name": one.name, "title": f"{one.title}, geometric mean of {len(values)}",
                     "target": one.target, "judged": "ratio", "met": total <= one.target,
                     "ratio": {"median": total, "least": min(values.values()),
                               "most": max(values.values())},
                     "others": {label: summary([value]) for label, value in others.items()}})
    return rows


# What was measured with.


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return (done.stdout + done.stderr).strip().split("\n")[0]


def congestion_control():
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        return file.read().strip()


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "load": os.getloadavg()[0], "tcp": congestion_control(),
            "cc": first_line("cc", "--version"), "openssl": first_line("openssl", "version"),
            "wasm2c": next((line for line in support.toolchain_text().splitlines()
                            if "wasm2c" in line), None),
            "nginx": first_line("/usr/sbin/nginx", "-v"), "node": first_line("node", "--version")}
