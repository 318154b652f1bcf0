#!/usr/bin/python3
"""How much memory an idle TLS connection takes of a guest that serves.

    tests/bench/idle_connections.py [--connections N] [--engine uring|syscall]... [--guest-level=-O2]

For each I/O engine, the example https-server is given N connections (10000), whose handshakes are
done and which then do nothing. Told is what the server holds for each: all that lies in memory of
its process, host and guest; what the kernel holds for a socket is not in it. Then each connection
asks for a page, and must be answered; and all of them go, twice over, which shows what stays behind.

It and the server need a descriptor a connection: where the limit is lower, be root, or raise it.
"""

import argparse
import sys
import time

import support
from support.peers import wait_until
from support.servers import HttpsServer, ManyClients, allow_descriptors

SPARE = 100  # descriptors for all else
GONE = 16  # descriptors that a server without connections has, at most


def hold(server, count):
    """Seconds that connecting took, bytes held with all connections idle, seconds that all the
    answers took."""
    with ManyClients(server) as clients:
        begin = time.monotonic()
        clients.open(count)
        wait_until(lambda: server.descriptors >= count, "the connections", 60)
        connected = time.monotonic()
        time.sleep(1)
        held = server.memory
        asked = time.monotonic()
        answered = clients.ask()
        if answered != count:
            raise RuntimeError(f"{count - answered} of {count} connections were not answered")
        seconds = time.monotonic() - asked
    wait_until(lambda: server.descriptors <= GONE, "the connections to be closed", 60)
    return connected - begin, held, seconds


def measure(engine, count):
    with HttpsServer(TIMECRAFT_IO=engine) as server:
        with ManyClients(server) as first:  # what is made once, such as the engine
            first.open(1)
            first.ask()
        empty = server.memory
        opening, held, answering = hold(server, count)
        after = server.memory
        hold(server, count)
        again = server.memory
    print(f"{engine:8} {count:6} connections: {(held - empty) / count / 1024:6.1f} KiB each, "
          f"made in {opening:.1f} s, all answered in {answering:.1f} s; the server held "
          f"{empty >> 20} MiB before, {held >> 20} with them, {after >> 20} after, "
          f"{again >> 20} after as many again", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--engine", action="append", choices=("uring", "syscall"))
    parser.add_argument("--guest-level", default="-O2")
    choice = parser.parse_args()
    if not allow_descriptors(choice.connections + SPARE):
        sys.exit(f"{choice.connections + SPARE} descriptors are not allowed: raise ulimit -Hn")
    support.LEVEL = choice.guest_level
    for engine in choice.engine or ("uring", "syscall"):
        measure(engine, choice.connections)


if __name__ == "__main__":
    main()
