"""What the tests of hTLS in full share: guests with settings, guests that serve, and what they tell.
"""

import os
import threading

import support
from support.peers import NAME, wait_until
from support.servers import ServingGuest

TLS_1_2, TLS_1_3 = "0x0303", "0x0304"


pki = support.pki


def grants(*more):
    """All of the network, and the folder of the certificates."""
    return " ".join([support.ALL_NETWORK, f"--dir={pki().folder}::/pki:ro", *more])


def inside(path):
    """A file of the certificates' folder as the guest sees it."""
    return "/pki/" + os.path.basename(path)


def both_file(name):
    """Certificates and key of an identity in one file, as the identity option wants them."""
    identity = pki().identity(name)
    path = os.path.join(pki().folder, name + "-both.pem")
    if not os.path.exists(path):
        with open(path, "w") as both:
            for part in (identity.cert_file, identity.key_file):
                with open(part) as file:
                    both.write(file.read())
    return path


def identity_of(name):
    """A setting of the guests, see guests/settings.h."""
    return "identity=" + inside(both_file(name))


def anchors():
    return "anchors=" + inside(pki().ca_file)


class Report(dict):
    """What a guest tells of a connection: a value a word; lists where lines repeat; the server's
    `answer`; and the reason why it `failed`, else ""."""

    def __init__(self, text):
        super().__init__(failed="", subject=[], name=[])
        head, _, rest = text.partition("answer\n")
        self["answer"] = rest.partition("\nfailed ")[0]
        for line in head.splitlines():
            word, _, value = line.partition(" ")
            if word in ("subject", "name"):
                self[word].append(value)
            else:
                self[word] = value
        if "\nfailed " in rest:
            self["failed"] = rest.partition("\nfailed ")[2].rstrip("\n")


def page_of(text):
    """The report that a client got from the tls_server guest, out of all that it printed."""
    if "version 0x" not in text:
        raise ValueError("no page: " + text)
    return Report(text[text.index("version 0x"):].replace("\r", ""))


class GuestServer(ServingGuest):
    """The guest tls_server; str() is the address of its first listening socket."""

    host = "127.0.0.1"

    def __init__(self, *settings, options="", **env):
        self.process = support.start(
            [support.program("tls_server"), "127.0.0.1:0", *settings],
            support.environment(grants(options), **env))
        self.ports, self.failures, self.errors = [], [], ""
        self.threads = [threading.Thread(target=read) for read in (self._read, self._read_errors)]
        for thread in self.threads:
            thread.start()
        wanted = 1 + settings.count("+")
        try:
            wait_until(lambda: len(self.ports) == wanted or self.process.poll() is not None,
                       "the guest to listen")
            if len(self.ports) != wanted:
                raise RuntimeError(f"the guest does not serve: {self.failures} {self.errors}")
        except BaseException:
            self.stop()
            raise

    def _read(self):
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "listening":
                self.ports.append(int(rest.rsplit(":", 1)[1]))
            else:
                self.failures.append(rest if word == "failed" else line.rstrip("\n"))

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    @property
    def port(self):
        return self.ports[0]

    def address(self, index=0):
        return f"{self.host}:{self.ports[index]}"

    def __str__(self):
        return self.address()

    def wait_for_failure(self, count=1):
        wait_until(lambda: len(self.failures) >= count, "the guest to tell of a failure")
        return self.failures[count - 1]

    def stop(self):
        self.process.kill()
        for thread in self.threads:
            thread.join()
        super().stop()


class TlsTest(support.GuestTest):
    def enter(self, context):  # unittest's enterContext, which Python has from 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def serve(self, *settings, **more):
        return self.enter(GuestServer(*settings, **more))

    def visits(self, peer, *settings, name=NAME, options="", status=0, **env):
        """Runs the guest tls_client: a Report of each of its connections."""
        words = [support.program("tls_client"), str(peer), name, *settings]
        self.result = support.run(words, support.environment(grants(options), **env))
        self.assertEqual(self.result.returncode, status, self.result)
        return [Report(text) for text in self.result.stdout.split("connection\n")[1:]]

    def visit(self, peer, *settings, **more):
        reports = self.visits(peer, *settings, **more)
        self.assertEqual(len(reports), 1, self.result)
        return reports[0]

    def fails(self, peer, *settings, **more):
        """The reason why a guest's connection fails."""
        return self.visit(peer, *settings, status=1, **more)["failed"]
