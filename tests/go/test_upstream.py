"""Programs built with upstream's own packages run unchanged, hTLS included."""

import json
import os
import shutil
import unittest
import urllib.request

import support
from support import gotools, peers

gotools.need()
gotools.skip_if_sanitized()

HERE = os.path.dirname(os.path.abspath(__file__))
NET = "github.com/stealthrocket/net"
UPSTREAM = "github.com/stealthrocket/timecraft"
# What the module proxy must give: release and hash.
MODULES = {
    NET: ("v0.2.1", "h1:PehPGAAjuV46zaeHGlNgakFV7QDGUAREMcEQsZQ8NLo="),
    UPSTREAM: ("v0.1.1", "h1:8TnoDTpd+oo4t9uLAOicsZ0OwB/6Ve3OnmOvhc/BnkY="),
}
# The checksum database does not know all of them; the hashes above are instead of it.
ENV = {"GONOSUMDB": "github.com/stealthrocket/*", "GOFLAGS": "-mod=mod " + gotools.FLAGS}


def fetched(module):
    """Whether the module can be had, and is the right one."""
    release, wanted = MODULES[module]
    result = gotools.run_go("mod", "download", "-json", f"{module}@{release}", **ENV)
    if result.returncode != 0:
        return False
    found = json.loads(result.stdout)["Sum"]
    if found != wanted:
        raise AssertionError(f"{module}@{release} has the hash {found}")
    return True


if not all(map(fetched, MODULES)):
    support.skip("upstream's modules cannot be fetched here")


def built(name, change, *tags):
    """The program with its go.mod edited by `change`."""
    source = os.path.join(HERE, "upstream", "main.go")

    def make(path):
        folder = os.path.join(support.FOLDER, name)
        os.makedirs(folder)
        shutil.copy(source, folder)
        with open(os.path.join(folder, "go.mod"), "w") as file:
            file.write("module upstream\ngo 1.21\n")
        edits = [f"-require={module}@{release}" for module, (release, _) in MODULES.items()]
        for words in (["mod", "edit", *edits], *change, ["build", *tags, "-o", "guest.wasm", "."]):
            gotools.must(gotools.run_go(*words, cwd=folder, **ENV))
        support.run_tool(support.TIMECRAFT, "build", support.LEVEL,
                         os.path.join(folder, "guest.wasm"), "-o", path)

    words = [gotools.GO, str(gotools.GO_VERSION), str(change), *tags, support.toolchain_text()]
    return support.made_once(name, gotools.sources(os.path.dirname(source)) +
                             support.runtime_files(), words, make)


class Upstream(unittest.TestCase):
    def check_fetching(self, program, name, options):
        here = support.pki()._leaf("here", names=["localhost", "127.0.0.1"])
        with peers.OpensslPeer(here) as server:
            env = support.environment(options)
            address = f"{name}:{server.port}"
            result = support.run([program, "get", f"https://{address}/index"], env, timeout=60)
            self.assertIn(server.hello, result.stdout, result)
            result = support.run([program, "tls", address], env, timeout=60)
            self.assertIn("HTTP/1.0 ", result.stdout, result)
        with peers.OpensslPeer(support.pki().identity("wrong_name")) as server:
            result = support.run([program, "get", f"https://{server}/index"], env, timeout=60)
            self.assertEqual(result.returncode, 1, result)

    def check_serving(self, program):
        with support.start([program, "serve", "127.0.0.1:0"]) as process:
            address = process.stdout.readline().strip()
            with urllib.request.urlopen(f"http://{address}/", timeout=60) as page:
                self.assertIn(b"hello 127.0.0.1:", page.read())
            process.kill()

    def test_as_it_is(self):
        # Its resolver is Go's own: it reads /etc, and asks a server if the name is not there.
        program = built("upstream", [])
        self.check_fetching(program, "127.0.0.1", support.ALL_NETWORK)
        self.check_fetching(program, "localhost", support.ALL_NETWORK + " --dir=/etc:ro")
        self.check_serving(program)

    def test_with_this_sdk_and_the_hosts_resolver(self):
        change = [["mod", "edit", f"-droprequire={UPSTREAM}",
                   f"-require={gotools.MODULE}@v0.0.0", f"-replace={gotools.MODULE}={gotools.SDK}"]]
        program = built("upstream-replaced", change, "-tags=getaddrinfo")
        self.check_fetching(program, "localhost", support.ALL_NETWORK)
        self.check_serving(program)


if __name__ == "__main__":
    support.main()
