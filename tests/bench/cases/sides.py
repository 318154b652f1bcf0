"""What several cases make: guests with their native twins, servers, and Go programs."""

import os
import re
import shutil
import subprocess
import tempfile

import support
from harness import Missing, used
from support import gotools
from support.peers import NAME, NginxPeer

BIG = 64 << 20  # bytes of the large file, fetched again and again
GUESTS = os.path.join(support.TREE, "tests", "bench", "guests")


def need(*programs):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program, path=path) is None:
            raise Missing(f"{program} is not installed")


def native(name, *flags):
    """guests/NAME.c as a program of the host, compiled as Debian compiles."""
    source = support.guest_source(name)
    headers = [os.path.join(GUESTS, one) for one in ("connection.h", "cpu_time.h")]

    def build(path):
        support.run_tool("cc", "-D_GNU_SOURCE", "-DNATIVE", "-O2", source, "-o", path, *flags)

    return support.made_once(f"{name}-native", [source, *headers], list(flags), build)


def native_tls(name):
    return native(name, "-lssl", "-lcrypto")


def native_environment(**more):
    return {**os.environ, "SSL_CERT_FILE": support.pki().ca_file, **more}


class FileServer(NginxPeer):
    """nginx with files of several sizes below /file, which reads and forgets what is sent to it."""

    config = NginxPeer.config.replace(
        "location / ", "client_max_body_size 0; location /file/ {{ root {folder}; }}\n"
        "                location / ")
    sizes = {"small": 100, "big": BIG}

    def launch(self):
        os.mkdir(os.path.join(self.folder, "file"))
        for name, size in self.sizes.items():
            with open(os.path.join(self.folder, "file", name), "wb") as file:
                if size <= BIG:
                    file.write(os.urandom(size))
                else:
                    file.truncate(size)
        super().launch()


def file_server(identity="ecdsa", **sizes):
    need("nginx")

    class Sized(FileServer):
        pass

    if sizes:
        Sized.sizes = sizes
    return Sized(support.pki().identity(identity))


class Served:
    """CPU microseconds a request of a server under wrk. Its handshakes are in a short run as in a long
    one: what the long one had more is what counts."""

    def __init__(self, url, pid, connections, seconds):
        self.command = ["wrk", "-t1", f"-c{connections}", url]
        self.pid, self.seconds = pid, seconds

    def load(self, seconds):
        begin = used(self.pid)
        done = subprocess.run([*self.command, f"-d{seconds}s"], capture_output=True, text=True, check=True)
        spent = used(self.pid) - begin
        count = int(re.search(r"(\d+) requests in", done.stdout)[1])
        if "Non-2xx" in done.stdout:
            raise RuntimeError(done.stdout)
        return spent, count

    def __call__(self):
        (few_spent, few), (spent, count) = self.load(1), self.load(1 + self.seconds)
        return (spent - few_spent) / (count - few) * 1e6


def need_go():
    if gotools.GO is None:
        raise Missing("Go 1.21 or newer is not installed")


def go_module(folder):
    need_go()
    return gotools.module(folder)


def take_profile(path, module, *words, **how):
    """Of what the module's program does, as -O0 builds it; `how`: for subprocess.run."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        support.run_tool(support.TIMECRAFT, "build", "-q", "-O0", module, "-o", program)
        subprocess.run([support.TIMECRAFT, "profile", "--format=pprof", "-o", path, "--", program, *words],
                       stdout=subprocess.DEVNULL, check=True, **how)


def go(folder, guest):
    """The main package of a folder, natively or as a guest."""
    need_go()
    if guest:
        return gotools.program(folder)
    return support.made_once(
        os.path.basename(folder) + "-native", gotools.sources(folder), [str(gotools.GO_VERSION)],
        lambda path: gotools.must(gotools.run_go("build", "-o", path, ".", cwd=folder, guest=False)))


def client_words(server, *words):
    return [str(server), NAME, *map(str, words)]
