"""Go and Python guests, beside the same programs in native Go and Python."""

import os
import subprocess
import tempfile

import support
from harness import Missing, case, told
from support.peers import free_port

from cases.network import BEFORE_THE_NEXT, with_idle
from cases.sides import (Served, client_words, file_server, go, go_module, native_environment, need,
                         take_profile)

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAMS = os.path.join(HERE, "..", "python")
GO_REQUESTS = os.path.join(HERE, "..", "go_requests")
BY_ITSELF = "net/http in both, each as it runs by itself: all threads count"
PYTHON = "/usr/bin/python3"  # the one whose source python.wasm is made of


@case("go.request", "Go: a request of 100 bytes", "us", "native Go of the same release",
      BY_ITSELF + "; TLS is the host's in one, crypto/tls in the other", 1.3,
      quick=False)
def go_request(quick):
    count = 5000
    guest, twin = go(GO_REQUESTS, True), go(GO_REQUESTS, False)
    with file_server("addresses") as server:
        words = ["fetch", f"https://{server}/file/small", str(count)]
        yield {"timecraft": lambda: told([guest, *words], support.environment()) / count * 1e6,
               "native": lambda: told([twin, *words], native_environment()) / count * 1e6}


def requests_profile():
    """A profile of many requests, some seconds long, of the program that -O0 builds in as many."""
    module = go_module(GO_REQUESTS)

    def take(path):
        with file_server("addresses") as server:
            take_profile(path, module, "fetch", f"https://{server}/file/small", "40000",
                         env=support.environment())

    return support.made_once("requests.pprof", [module, *support.runtime_files()], [], take)


@case("go.profiled", "Go: a request, of a build with --profile", "us", "the same with all at -O2",
      "a profile of other requests names the functions that are optimised, the others are tcc's", 1.1,
      quick=False)
def go_profiled(quick):
    count = 5000
    module, profile, whole = go_module(GO_REQUESTS), requests_profile(), go(GO_REQUESTS, True)
    with file_server("addresses") as server, tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "requests")
        support.run_tool(support.TIMECRAFT, "build", "-q", "-O2", f"--profile={profile}", module,
                         "-o", program)
        words = ["fetch", f"https://{server}/file/small", str(count)]
        yield {label: lambda which=which: told([which, *words], support.environment()) / count * 1e6
               for label, which in (("timecraft", program), ("-O2", whole))}


class Server:
    """The words get its address, its certificate and its key; it prints a line when it serves."""

    host = "127.0.0.1"

    def __init__(self, words, env):
        identity = support.pki().identity("ecdsa")
        self.port = free_port(self.host)
        self.process = subprocess.Popen(
            [*words, f"{self.host}:{self.port}", identity.cert_file, identity.key_file], env=env,
            stdout=subprocess.PIPE, preexec_fn=support.die_with_parent)
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def go_guest():
    return Server([go(GO_REQUESTS, True), "serve"], support.environment(f"{support.ALL_NETWORK} --dir=/"))


def go_native():
    return Server([go(GO_REQUESTS, False), "serve"], dict(os.environ))


def go_server(connections):
    def sides(quick):
        need("wrk")
        with go_guest() as ours, go_native() as other:
            yield {label: Served(f"https://127.0.0.1:{server.port}/", server.process.pid, connections, 4)
                   for label, server in (("timecraft", ours), ("native", other))}
    return sides


for connections in (64, 512):
    case(f"go.server.{connections}", f"Go: a server with {connections} connections", "us",
         "native Go of the same release", BY_ITSELF + "; wrk asks in turn", 1.2,
         quick=False)(go_server(connections))


@case("go.idle", "Go: a server with 10,000 idle connections", "us", "native Go of the same release",
      BEFORE_THE_NEXT, 600, judged="cost", quick=False)
def go_idle(quick):
    yield from with_idle(10000, 300, go_guest, go_native, "native")


def python_command():
    python = os.path.join(os.path.dirname(support.TIMECRAFT), "timecraft-python")
    if not os.path.exists(python):
        raise Missing("this build has no timecraft-python (sdk/python/build makes it)")
    return python


@case("python.request", "Python: a request of 100 bytes", "us", "native Python of the same version",
      "http.client in both, over one connection; TLS is the host's in one, ssl's in the other", 1.2)
def python_request(quick):
    python = python_command()
    count = 500 if quick else 3000
    script = os.path.join(PROGRAMS, "fetching.py")
    with file_server() as server:
        words = [script, *client_words(server, "/file/small", count)]
        yield {"timecraft": lambda: told([python, "--allow-net", *words], support.environment(
                   f"{support.ALL_NETWORK} --dir={PROGRAMS}")) / count * 1e6,
               "native": lambda: told([PYTHON, *words], native_environment()) / count * 1e6}


@case("python.idle", "Python: a server with 10,000 idle connections", "us", "nginx, one worker",
      "asyncio; " + BEFORE_THE_NEXT, 60, judged="cost", quick=False)
def python_idle(quick):
    words = [python_command(), os.path.join(PROGRAMS, "serving.py")]
    env = support.environment(f"{support.ALL_NETWORK} --dir=/")
    yield from with_idle(10000, 300, lambda: Server(words, env))
