#!/usr/bin/python3
"""A server and a client that run for an hour: do they hold and cost at the end what they did before?

    tests/bench/soak.py [--guests c|go|python] [--minutes 60] [--connections 10000] [--rate 200]
                        [--client-rate 20] [--engine uring|syscall] [--output soak.svg]

The server is the example https-server, Go's example server, or Python's https_server.py. Up to so many clients of it come, ask, stay idle, ask again,
and go in every way that there is: with close_notify and without, with a reset, in the middle of a
handshake, with garbage; --rate of these a second. The client (guests/many.c, tests/go/load, guests/fetch_forever.py) makes one
connection after the other to a server here, --client-rate of them a second. Both are looked at every
hundredth of the time: memory, descriptors beyond those of open connections, CPU time for each thing done.

Told, and drawn, is each of them over time. The exit status is 1 where the last quarter has more than a
tenth over the second quarter, and that is not noise: 1 MiB, 8 descriptors, twice the CPU time, which
others on the machine change too.
"""
import argparse
import collections
import os
import random
import re
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

import support
from support import gotools
from support.peers import NAME, TlsPeer, client_context, echo, has_asked, reset
from support.servers import (PER_ADDRESS, REQUEST, HttpsServer, ServingGuest, allow_descriptors,
                             connect_from)

GUESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guests")
FOREVER = "100000000"
SAMPLES = 100
SPARE = 200  # descriptors of this program for all else
SLACK = {"memory": 1 << 20, "descriptors": 8}
Sample = collections.namedtuple("Sample", "seconds memory descriptors cpu")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watched:
    """A process, and what it has done: samples of it. What it says is read, or its pipe were full some day."""

    def __init__(self, name, process):
        self.name, self.process = name, process
        self.samples, self.done, self.before = [], 0, (0, 0.0)
        self.said = collections.deque(maxlen=20)
        self.readers = [threading.Thread(target=self.said.extend, args=(stream,), daemon=True)
                        for stream in (process.stdout, process.stderr)]
        for reader in self.readers:
            reader.start()

    def end(self):
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()

    def sample(self, seconds, connections):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended, with status {self.process.returncode}: "
                               f"{''.join(self.said)[-500:]}")
        done, cpu = self.done, cpu_seconds(self.process.pid)
        each = (cpu - self.before[1]) / max(1, done - self.before[0])
        self.before = done, cpu
        self.samples.append(Sample(seconds, support.resident_memory(self.process.pid) * 1024,
                                   support.open_descriptors(self.process.pid) - connections, each))

    def quarter(self, number, field):
        size = len(self.samples) // 4
        part = sorted(getattr(one, field) for one in self.samples[number * size:(number + 1) * size])
        return part[len(part) // 2] if part else 0

    def grown(self):
        """What has grown, in words."""
        found = []
        for field in ("memory", "descriptors", "cpu"):
            before, after = self.quarter(1, field), self.quarter(3, field)
            slack = before if field == "cpu" else SLACK[field]
            if after > before * 1.1 and after > before + slack:
                found.append(f"{self.name}: {field} {before:.6g} -> {after:.6g}")
        return found


class Crowd:
    """Clients of a server that come and go."""

    def __init__(self, watched, server, most, seed):
        self.watched, self.server, self.most = watched, server, most
        self.chance, self.context = random.Random(seed), client_context()
        self.open, self.number = [], 0

    def connect(self):
        self.number += 1
        return connect_from(self.number % (1 + self.most // PER_ADDRESS), self.server, timeout=20)

    def come(self):
        self.open.append(self.context.wrap_socket(self.connect(), server_hostname=NAME))

    def ask(self):
        """Of one that was idle for long, the server may have tired (which C's never does)."""
        at = self.chance.randrange(len(self.open))
        tls = self.open[at]
        try:
            tls.sendall(REQUEST)
            answer = tls.recv(4096)
        except (ConnectionError, ssl.SSLEOFError):
            answer = b""
        if answer.startswith(b"HTTP/1.1 200"):
            return
        if answer or not self.server.tires:
            raise RuntimeError(f"a request was not answered but with {answer}")
        self.open[at] = self.open[-1]
        self.open.pop()
        tls.close()

    def forget_gone(self):
        """Those that the server has closed."""
        poll = select.poll()
        for tls in self.open:
            poll.register(tls, select.POLLRDHUP)
        gone = {fd for fd, _ in poll.poll(0)}
        for tls in self.open:
            if tls.fileno() in gone:
                tls.close()
        self.open = [tls for tls in self.open if tls.fileno() >= 0]

    def go(self):
        at = self.chance.randrange(len(self.open))
        self.open[at], self.open[-1] = self.open[-1], self.open[at]
        tls = self.open.pop()
        how = self.chance.randrange(4)
        if how == 0:
            try:
                tls.unwrap().close()
            except (OSError, ssl.SSLError):
                tls.close()
        elif how == 1:
            reset(tls)
        elif how == 2:  # garbage, where a record should be
            with socket.socket(fileno=tls.detach()) as raw:
                raw.sendall(self.chance.randbytes(50))
        else:
            tls.close()

    def fail(self):
        """A handshake that ends early."""
        with self.connect() as raw:
            raw.sendall(self.chance.choice((b"", b"\x16", b"\x16\3\1\2\0", os.urandom(100), b"GET /\r\n\r\n")))

    def act(self):
        """One thing: more come than go, until there are enough."""
        kinds = [self.come] * (4 if len(self.open) < self.most else 0) + [self.fail]
        if self.open:
            kinds += [self.ask] * 4 + [self.go] * (1 if len(self.open) < self.most else 5)
        self.chance.choice(kinds)()
        self.watched.done += 1


def chart(watched, field, factor, unit, top):
    """A line over time, in SVG."""
    width, height = 420, 130
    values = [getattr(one, field) * factor for one in watched.samples]
    most, last = max(values + [1e-9]) * 1.1, watched.samples[-1].seconds or 1
    points = " ".join(f"{40 + one.seconds / last * width:.1f},{top + height - value / most * height:.1f}"
                      for one, value in zip(watched.samples, values))
    return (f'<text x="40" y="{top - 6}">{watched.name}: {field}, {unit}, up to {max(values):.4g}</text>'
            f'<rect x="40" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999"/>'
            f'<polyline points="{points}" fill="none" stroke="#06c"/>')


def draw(all_watched, path):
    parts, top = [], 30
    for watched in all_watched:
        for field, factor, unit in (("memory", 1 / (1 << 20), "MiB"), ("descriptors", 1, "beyond connections"),
                                    ("cpu", 1e6, "µs each")):
            parts.append(chart(watched, field, factor, unit, top))
            top += 170
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="{top}" '
                   f'font-family="sans-serif" font-size="12">{"".join(parts)}</svg>\n')


def paced(rate, handler):
    """Lets so many connections a second through, where they come one after the other."""
    def wait(connection):
        time.sleep(1 / rate)
        handler(connection)
    return wait


def page(connection):
    """A request of HTTP, and its answer."""
    if has_asked(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


class Server(ServingGuest):
    """A guest that says "https://ADDRESS:PORT" in its first line."""

    host, tires = "127.0.0.1", True

    def __init__(self, command, stream, options=""):
        identity = support.pki().identity("ecdsa")
        held = f"--identity=www={identity.cert_file},{identity.key_file}"
        self.process = support.start([word.replace("HELD", held) for word in command],
                                     support.environment(options and f"{options} {held}"))
        line = getattr(self.process, stream).readline()
        found = re.search(r"https://\S*:(\d+)", line)
        if not found:
            self.stop()
            raise RuntimeError(f"the server does not serve: {line}")
        self.port = int(found[1])


def c_guests(peer):
    server = HttpsServer()
    server.tires = False
    return server, [support.program("many"), "sequential", str(peer), NAME, FOREVER], None


def go_guests(peer):
    server = Server([gotools.program(os.path.join(support.TREE, "examples/go/server")), "-listen",
                     "127.0.0.1:0", "-identity", "www"], "stderr", "--allow-listen=127.0.0.1")
    return server, [gotools.program(os.path.join(support.TREE, "tests/go/load")), f"https://{peer}/",
                    "1", FOREVER, "1"], None


def python_guests(peer):
    python = os.path.join(support.PREFIX, "bin", "timecraft-python")
    if not os.access(python, os.X_OK):
        sys.exit("soak.py: there is no timecraft-python; sdk/python/build makes it")
    server = Server([python, "--allow-listen=127.0.0.1", "HELD",
                     os.path.join(support.TREE, "examples/python/https_server.py"), "--port=0",
                     "--identity=www"], "stdout")
    return server, [python, "--allow-net=127.0.0.1", os.path.join(GUESTS, "fetch_forever.py"),
                    f"https://{peer}/"], ""


# What starts them, whom their peer is, and what it does.
GUESTS_OF = {"c": (c_guests, "ecdsa", echo), "go": (go_guests, "addresses", page),
             "python": (python_guests, "addresses", page)}


def start_client(command, options):
    """It goes on by itself; its connections are counted where they arrive."""
    process = support.start(command, support.environment(*([] if options is None else [options])),
                            stdin=subprocess.PIPE)
    process.stdin.write("\n")  # what the Go guest waits for
    process.stdin.flush()
    return Watched("client", process)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--guests", choices=GUESTS_OF, default="c")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--client-rate", type=int, default=20)
    parser.add_argument("--engine", default="uring")
    parser.add_argument("--output", default="soak.svg")
    arguments = parser.parse_args()
    if not allow_descriptors(arguments.connections + SPARE):
        sys.exit(f"soak.py: {arguments.connections} connections need as many descriptors; be root, or raise "
                 "the limit")
    os.environ["TIMECRAFT_IO"] = arguments.engine
    guests, identity, handler = GUESTS_OF[arguments.guests]
    with TlsPeer(support.pki().identity(identity), paced(arguments.client_rate, handler)) as peer:
        server, *client = guests(peer)
        measure(arguments, server, start_client(*client), peer)


def measure(arguments, server, client, peer):
    with server:
        served = Watched("server", server.process)
        crowd = Crowd(served, server, arguments.connections, 1)
        begin, length = time.monotonic(), arguments.minutes * 60
        acts = 0
        for number in range(1, SAMPLES + 1):
            end = begin + length * number / SAMPLES
            while time.monotonic() < end:
                if acts < (time.monotonic() - begin) * arguments.rate:
                    crowd.act()
                    acts += 1
                else:
                    time.sleep(0.005)
            time.sleep(0.2)  # what has just gone
            # Threads that are done need not be remembered for an hour.
            client.done = len(peer.server_names)
            peer.threads[:] = [thread for thread in peer.threads if thread.is_alive()]
            peer.connections[:] = [one for one in peer.connections if one.fileno() >= 0]
            crowd.forget_gone()
            seconds = time.monotonic() - begin
            served.sample(seconds, len(crowd.open))
            client.sample(seconds, 0)
        client.end()
        served.end()
        draw([served, client], arguments.output)
        grown = served.grown() + client.grown()
        for watched in (served, client):
            print(f"{watched.name}: {watched.done} done; memory {watched.quarter(1, 'memory') / 2**20:.1f} -> "
                  f"{watched.quarter(3, 'memory') / 2**20:.1f} MiB, descriptors "
                  f"{watched.quarter(1, 'descriptors')} -> {watched.quarter(3, 'descriptors')}, CPU "
                  f"{watched.quarter(1, 'cpu') * 1e6:.0f} -> {watched.quarter(3, 'cpu') * 1e6:.0f} µs each")
        print(f"{len(crowd.open)} connections were open at the end; drawn in {arguments.output}")
    for one in grown:
        print("grown:", one)
    sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
