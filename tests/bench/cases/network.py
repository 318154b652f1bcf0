"""Sockets: clients and servers over loopback, with TLS by the host beside OpenSSL on the socket."""

import contextlib
import multiprocessing
import os
import shutil
import subprocess

import support
from harness import Missing, case, curve, run, told, used
from support.peers import NAME, NginxPeer, free_port, wait_until
from support.servers import HttpsServer, ManyClients, allow_descriptors

from cases.sides import (BIG, Served, client_words, file_server, native, native_environment, native_tls,
                         need)

TWIN = "the same C file with OpenSSL on the socket"
SAME = "same source, same server, same OpenSSL; both measure themselves after the handshake"
BEFORE_THE_NEXT = "each request is answered before the next, so each costs one waking"
BUFFER = 65536
SPARE = 100  # descriptors for all else


def clients(program, words, per, scale, curl=None, loader=()):
    """Both I/O engines and the native twin of a guest that is a client; what one of `per` costs. With a
    `loader`, which starts programs with other libraries, the native twin as it is comes last."""
    guest, twin = support.program(program), native_tls(program)

    def side(path, env, loader=loader):
        return lambda: told([*loader, path, *words], env) / per * scale

    sides = {"timecraft": side(guest, support.environment(TIMECRAFT_IO="uring")),
             "native": side(twin, native_environment()),
             "syscall engine": side(guest, support.environment(TIMECRAFT_IO="syscall"))}
    if loader:
        sides["native, distribution's OpenSSL"] = side(twin, native_environment(), ())
    if curl and shutil.which("curl"):
        sides["curl"] = curl
    return sides


def curl_fetches(server, name, count, per, scale):
    """curl reads the URLs from a range: one connection, kept. Starting is taken off."""
    def command(last):
        return ["curl", "--silent", "--cacert", support.pki().ca_file, "--resolve",
                f"{NAME}:{server.port}:{server.host}", "--output", "/dev/null",
                f"https://{NAME}:{server.port}/file/{name}?[1-{last}]"]

    def fetch():
        first = run(command(1)) if name == "small" else 0
        return (run(command(count)) - first) / per * scale
    return fetch


def newer_openssl():
    """Starts a program with the OpenSSL, and the libc, that the newer wasm2c is installed with."""
    folder = support.PREFIX / "lib/timecraft/wabt/usr/lib/x86_64-linux-gnu"
    words = [str(folder / "ld-linux-x86-64.so.2"), "--library-path", str(folder)]
    if not all((folder / name).exists() for name in ("ld-linux-x86-64.so.2", "libssl.so.3")):
        raise Missing("no OpenSSL is installed but the distribution's")
    return words


def downloads(quick, **more):
    count = 4 if quick else 15
    with file_server() as server:
        size = count * BIG / 1e9
        curl = None if more else curl_fetches(server, "big", count, size, 1)
        yield clients("keep_fetching", client_words(server, "/file/big", count, BUFFER), size, 1, curl, **more)


def uploads(quick, **more):
    size = 0.25 if quick else 1
    with file_server() as server:
        yield clients("uploading", client_words(server, "/", int(size * 1e9)), size, 1, **more)


FORGETS = SAME + "; nginx reads and forgets"
NEWER = ", OpenSSL of a newer distribution"
case("download", "1 GB download", "s/GB", TWIN, SAME, 0.80)(downloads)
case("upload", "1 GB upload", "s/GB", TWIN, FORGETS, 0.90)(uploads)
case("download.newer", "1 GB download" + NEWER, "s/GB", TWIN, SAME, 0.80)(
    lambda quick: downloads(quick, loader=newer_openssl()))
case("upload.newer", "1 GB upload" + NEWER, "s/GB", TWIN, FORGETS, 0.90)(
    lambda quick: uploads(quick, loader=newer_openssl()))


@case("request", "request of 100 bytes, one connection kept", "us", TWIN, SAME, 0.95)
def request(quick):
    count = 5000 if quick else 20000
    with file_server() as server:
        yield clients("keep_fetching", client_words(server, "/file/small", count, BUFFER), count, 1e6,
                      curl_fetches(server, "small", count, count, 1e6))


def many(count, active, requests, how):
    words = ("/file/small", count, active, requests, how)

    def sides(quick):
        with file_server() as server:
            number = requests // 4 if quick else requests
            yield clients("many_requests", client_words(server, *words[:3], number, how), number, 1e6)
    return sides


for connections in (64, 512):
    case(f"client.{connections}", f"client with {connections} connections, one thread", "us", TWIN,
         SAME + ", poll in both", 0.95)(many(connections, connections, 40000, "poll"))
    case(f"client.{connections}.epoll", f"client with {connections} connections, readiness queue", "us",
         TWIN, SAME + ", epoll in both", 0.95)(many(connections, connections, 40000, "epoll"))

case("idle.poll", "client polling 1,000 connections, one used", "us", TWIN, SAME + ", poll in both",
     0.80)(many(1000, 1, 8000, "poll"))


# Servers.


@contextlib.contextmanager
def nginx(body):
    need("nginx")

    class Page(NginxPeer):
        hello = body
        config = (NginxPeer.config.replace("worker_connections 4096", "worker_connections 20000")
                  .replace("worker_rlimit_nofile 8192", "worker_rlimit_nofile 21000")
                  .replace("http {{", "http {{ keepalive_timeout 600s;"))

    with Page(support.pki().identity("ecdsa")) as server:
        yield server


# What https-server answers is about as long.
PAGE = "Hello from nginx, over TLS 1.3 with TLS_AES_256_GCM_SHA384. You are nobody I know."


def beside_nginx(connections):
    def sides(quick):
        need("wrk")
        seconds = 2 if quick else 5
        with HttpsServer() as ours, nginx(PAGE) as other:
            yield {"timecraft": Served(f"https://{ours}/", ours.process.pid, connections, seconds),
                   "nginx": Served(f"https://{other}/", other.process.pid, connections, seconds)}
    return sides


for connections in (64, 512):
    case(f"server.{connections}", f"server with {connections} connections", "us", "nginx, one worker",
         "same OpenSSL, same cipher, a fixed page as long; wrk asks both in turn, and only the server's "
         "CPU time counts", 1.0)(beside_nginx(connections))


def hold(server, count, ready):
    """A process that has so many connections until the other end of its pipe is closed."""
    with ManyClients(server) as clients_:
        clients_.open(count)
        ready.send(count)
        with contextlib.suppress(EOFError):
            ready.recv()


@contextlib.contextmanager
def one_of_many(server, count):
    """A connection of its own to a server that has so many. A process of their own has the others:
    those to two servers would be more descriptors than one process may have as a rule."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=lambda: (ours.close(), hold(server, count - 1, theirs)))
    process.start()
    theirs.close()
    try:
        ours.recv()
        with ManyClients(server) as client:
            client.open(1)
            yield client.connections[0]
    finally:
        ours.close()
        process.join()


@contextlib.contextmanager
def on_one_processor(pid):
    """This process and another, which take turns. On two processors each wake-up is an interrupt from one
    to the other: 50 us of a virtual machine, for every server."""
    ours = os.sched_getaffinity(0)
    tasks = [0, *map(int, os.listdir(f"/proc/{pid}/task"))]
    try:
        for task in tasks:
            os.sched_setaffinity(task, {max(ours)})
        yield
    finally:
        for task in tasks:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(task, ours)


def ask(tls, pid, count):
    """The CPU microseconds of a server, of which all other connections are idle."""
    with on_one_processor(pid):
        begin = used(pid)
        for _ in range(count):
            tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            tls.recv(4096)
        return (used(pid) - begin) / count * 1e6


def with_idle(connections, requests, serve=HttpsServer, serve_natively=lambda: nginx(PAGE), native="nginx"):
    if not allow_descriptors(connections + SPARE):
        raise Missing(f"{connections + SPARE} descriptors are not allowed: raise ulimit -Hn")
    with serve() as ours, serve_natively() as other, one_of_many(ours, connections) as one, \
            one_of_many(other, connections) as two:
        yield {"timecraft": lambda: ask(one, ours.process.pid, requests),
               native: lambda: ask(two, other.process.pid, requests)}


@case("idle.server", "server with 10,000 idle connections, one used", "us", "nginx, one worker",
      BEFORE_THE_NEXT, 60, judged="cost", quick=False)
def idle_server(quick):
    yield from with_idle(10000, 300)


@case("idle.memory", "an idle TLS connection of a server", "KiB", "nginx, one worker",
      "resident memory of the process with the connections less that before, by their number", 14,
      judged="cost", rounds=1)
def idle_memory(quick):
    count = 500 if quick else 5000
    if not allow_descriptors(2 * count + SPARE):
        raise Missing(f"{2 * count + SPARE} descriptors are not allowed: raise ulimit -Hn")

    def held(server, pid):
        def measure():
            with ManyClients(server) as first:
                first.open(1)
            before = support.resident_memory(pid)
            with ManyClients(server) as clients_:
                clients_.open(count)
                wait_until(lambda: support.open_descriptors(pid) >= count, "the connections", 60)
                return (support.resident_memory(pid) - before) / count
        return measure

    with HttpsServer() as ours, nginx(PAGE) as other:
        yield {"timecraft": held(ours, ours.process.pid), "nginx": held(other, other.process.pid)}


@curve("connections", "A request of a server with idle connections", "idle connections", "us",
       "nginx, one worker", "only the server's CPU time counts", (1, 10, 100, 1000, 10000),
       (1, 100, 1000))
def over_connections(quick, idle):
    yield from with_idle(idle, 300)


@curve("bytes", "A fetch over a kept connection", "bytes", "s", TWIN, SAME,
       (1, 1000, 1000000, 100000000, 1000000000), (1, 1000, 1000000, 100000000))
def over_bytes(quick, size):
    count = max(1, min(5000, 100_000_000 // (size + 20000)))
    with file_server(one=size) as server:
        yield clients("keep_fetching", client_words(server, "/file/one", count, BUFFER), count, 1)


# Datagrams.


def datagrams(window, count):
    def sides(quick):
        number = count // 4 if quick else count
        twin = native("datagrams")
        guest = support.program("datagrams")
        port = str(free_port("127.0.0.1"))
        with subprocess.Popen([twin, "server", port], stdout=subprocess.PIPE,
                              preexec_fn=support.die_with_parent) as server:
            server.stdout.readline()
            words = ["client", port, str(window), str(number)]
            try:
                yield {"timecraft": lambda: told([guest, *words], support.environment()) / number * 1e6,
                       "native": lambda: told([twin, *words], dict(os.environ)) / number * 1e6}
            finally:
                server.kill()
    return sides


for window in (1, 32):
    case(f"udp.{window}", f"UDP of 100 bytes, {window} on their way", "us",
         "the same C file", "same source, same server, which is native", 1.1)(datagrams(window, 100000))
