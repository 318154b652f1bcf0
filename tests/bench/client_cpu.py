#!/usr/bin/python3
"""How much CPU time an hTLS client takes, beside curl and beside OpenSSL on the socket.

    tests/bench/client_cpu.py [--rounds N] [--gigabytes N] [--requests N] [--guest-level=-O2]

Each round runs every client once against the same nginx on loopback, one after the other; figures
are medians over the rounds, ratios are taken within a round. What a client needs to start and to
shake hands is measured with a small request and taken off. This is no test: nothing fails for being
slow. See README.md for figures and what they mean.
"""

import argparse
import os
import shutil
import statistics
import subprocess

import support
from cases.sides import BIG, FileServer, native_environment, native_tls
from support.peers import NAME

BUFFER = 65536


class Client:
    """A program that fetches PATH COUNT times over one connection."""

    def __init__(self, label, command, env):
        self.label, self.command, self.env = label, command, env

    def run(self, path, count, output=subprocess.DEVNULL):
        """Returns the CPU seconds that one run took."""
        words = self.command(path, count)
        process = subprocess.Popen(words, stdout=output, env=self.env,
                                   preexec_fn=support.die_with_parent)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{self.label}: status {process.returncode}: {words}")
        return usage.ru_utime + usage.ru_stime


def guest(label, engine, level, server, *more):
    support.LEVEL = level
    path = support.program("keep_fetching")
    return Client(label, lambda url, count: [path, str(server), NAME, url, str(count),
                                             str(BUFFER), *more],
                  support.environment(TIMECRAFT_IO=engine))


def native(label, server, **env):
    path = native_tls("keep_fetching")
    return Client(label, lambda url, count: [path, str(server), NAME, url, str(count),
                                             str(BUFFER)],
                  native_environment(**env))


def curl(server):
    """curl reads the URLs from a range: one connection, kept."""
    return Client("curl", lambda url, count: [
        "curl", "--silent", "--cacert", support.pki().ca_file, "--resolve",
        f"{NAME}:{server.port}:{server.host}", "--output", "/dev/null",
        f"https://{NAME}:{server.port}{url}?[1-{count}]"], dict(os.environ))


def measure(clients, rounds, path, count):
    """CPU seconds of each client, a list over the rounds, without what starting costs."""
    taken = {client.label: [] for client in clients}
    for _ in range(rounds):
        for client in clients:
            start = min(client.run("/file/small", 1) for _ in range(2))
            taken[client.label].append(client.run(path, count) - start)
    return taken


def show(title, unit, scale, taken, base):
    print(f"\n{title}\n{'client':34}{unit:>12}{'of ' + base:>28}")
    for label, values in taken.items():
        ratio = statistics.median(one / other for one, other in zip(values, taken[base]))
        print(f"{label:34}{statistics.median(values) * scale:12.2f}{ratio:28.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--guest-level", default="-O2")
    choice = parser.parse_args()
    with FileServer(support.pki().identity("ecdsa")) as server:
        base = "OpenSSL on the socket"
        clients = [native(base, server), native("OpenSSL, read_ahead of 64 KB", server,
                                                READ_AHEAD="1")]
        for engine in ("uring", "syscall"):
            clients.append(guest(f"hTLS, {engine}", engine, choice.guest_level, server))
            clients.append(guest(f"hTLS, {engine}, non-blocking with poll", engine,
                                 choice.guest_level, server, "poll"))
        if shutil.which("curl"):
            clients.append(curl(server))
        count = max(1, round(choice.gigabytes * 1e9 / BIG))
        taken = measure(clients, choice.rounds, "/file/big", count)
        show(f"Download of {count * BIG / 1e9:.2f} GB from nginx over loopback, buffers of 64 KiB",
             "CPU s/GB", 1e9 / (count * BIG), taken, base)
        taken = measure(clients, choice.rounds, "/file/small", choice.requests)
        show(f"{choice.requests} requests of 100 bytes, one after the other, on one connection",
             "CPU us each", 1e6 / choice.requests, taken, base)


if __name__ == "__main__":
    main()
