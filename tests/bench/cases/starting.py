"""Starting: a program that says one line, and a first HTTPS request."""

import os

import support
from harness import Missing, case, run
from support.peers import NAME

from cases.sides import file_server, native, native_environment, native_tls

ROOTS = "/etc/ssl/certs/ca-certificates.crt"


def often(command, env, times, **more):
    return lambda: sum(run(command, env, **more) for _ in range(times)) / times * 1e3


@case("hello", "hello world without sockets, start to exit", "ms", "the same C file, native",
      "whole processes from exec to exit, fifty a round", 1.4, judged="cost")
def hello(quick):
    times = 20 if quick else 50
    yield {"timecraft": often([support.program("hello", sdk=False)], {}, times, preexec_fn=None),
           "native": often([native("hello")], {}, times, preexec_fn=None)}


def memory(program):
    """MB that a process had in memory at most."""
    return lambda: int(support.run_tool(native("peak"), program)) / 1000


@case("hello.memory", "hello world, memory at most", "MB", "the same C file, native",
      "as the kernel tells when the process has ended", 2, judged="cost", rounds=3)
def hello_memory(quick):
    yield {"timecraft": memory(support.program("hello", sdk=False)), "native": memory(native("hello"))}


@case("first", "first HTTPS request, a bundle of all roots", "ms", "the same C file with OpenSSL",
      "whole processes: start, the machine's bundle of roots with the server's, handshake, a request", 12,
      judged="cost")
def first(quick):
    if not os.path.exists(ROOTS):
        raise Missing(f"there is no {ROOTS}")
    bundle = os.path.join(support.temporary_folder(), "roots.pem")
    with open(bundle, "w") as out, open(ROOTS) as roots, open(support.pki().ca_file) as own:
        out.write(roots.read() + own.read())
    times = 5 if quick else 20
    with file_server() as server:
        words = [str(server), NAME, "/file/small", "1", "65536"]
        home = support.temporary_folder()
        yield {"timecraft": often([support.program("keep_fetching"), *words],
                                  support.environment(SSL_CERT_FILE=bundle, HOME=home), times),
               "native": often([native_tls("keep_fetching"), *words],
                               native_environment(SSL_CERT_FILE=bundle), times)}
