"""The other TLS stacks on both sides of a connection: OpenSSL, GnuTLS, nginx, curl, Go's crypto/tls
and Python's ssl.

A server takes the identity it shows and what it is to demand, answers a request of HTTP with what it
knows of the connection, and says in `facts(answer)` what that means. A client fetches from the guest
tls_server, and gives what it printed, which ends with the guest's own report.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess

from tls_support import NAME, pki

import support
from support.peers import (TLS12, TLS13, WAIT, GnutlsPeer, GoPeer, NginxPeer, OpensslPeer, TlsPeer,
                           client_context, go_tls, has_asked, server_context, wait_until)

VERSION_NAMES = {TLS12: "TLSv1.2", TLS13: "TLSv1.3"}


# Servers. `alpn` is a list of protocols; `clients` demands certificates of the tests' root.


class OpensslServer(OpensslPeer):
    """`openssl s_server -www`, whose page tells what was negotiated. Further words are its own."""

    def __init__(self, identity, *words, alpn=(), clients=False, **more):
        self.words = [*words, *(["-alpn", ",".join(alpn)] if alpn else [])]
        if clients:
            self.words += ["-Verify", "3", "-verify_return_error", "-CAfile", pki().ca_file]
        super().__init__(identity, **more)

    def launch(self):
        identity = self.identity
        chain = ["-cert_chain", identity.issuers_file] if os.path.getsize(
            identity.issuers_file) else []
        only = [self.versions[self.minimum]] if self.minimum == self.maximum else []
        self.start("openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", identity.cert_file,
                   "-key", identity.key_file, *chain, *only, *self.words,
                   *([] if self.lines else ["-www"]), stdin=subprocess.PIPE)
        wait_until(self._listens, "openssl s_server to listen")
        self.port = int(self.accept_line().rsplit(":", 1)[1])

    @staticmethod
    def facts(answer):
        found = re.search(r"(New|Reused), (\S+), Cipher is (\S+)", answer)
        return {"resumed": found[1] == "Reused", "version": found[2], "cipher": found[3]}


class GnutlsServer(GnutlsPeer):
    def __init__(self, identity, *words, alpn=(), clients=False, priority="", **more):
        self.words = [*words, *(f"--alpn={protocol}" for protocol in alpn)]
        self.priority = priority
        if clients:
            self.words += ["--require-client-cert", "--verify-client-cert", "--x509cafile",
                           pki().ca_file]
        else:
            self.words += ["--disable-client-cert"]
        super().__init__(identity, **more)

    def _command(self, port):
        wanted = [name for version, name in self.versions.items()
                  if self.minimum <= version <= self.maximum]
        return ["gnutls-serv", "--http", "--port", str(port), "--x509certfile",
                self.identity.cert_file, "--x509keyfile", self.identity.key_file, *self.words,
                "--priority", ":".join(["NORMAL", "-VERS-ALL", *wanted]) + self.priority]

    def facts(self, answer):
        return {"resumed": "This is a resumed session" in self.log_text(),
                "version": "TLSv1.3" if "TLS1.3" in answer else "TLSv1.2"}


class NginxServer(NginxPeer):
    config = NginxPeer.config.replace("{hello}", (
        "nginx: version=$ssl_protocol cipher=$ssl_cipher resumed=$ssl_session_reused "
        "name=$ssl_server_name verified=$ssl_client_verify peer=$ssl_client_s_dn"))
    config = config.replace("ssl backlog=1024;", "ssl {http2} backlog=1024; {clients}")

    def __init__(self, identity, alpn=(), clients=False, **more):
        words = {"{http2}": "http2" if "h2" in alpn else "",
                 "{clients}": f"ssl_verify_client on; ssl_client_certificate {pki().ca_file};"
                 if clients else ""}
        for word, meaning in words.items():
            self.config = self.config.replace(word, meaning.replace("{", "{{"))
        super().__init__(identity, **more)

    @staticmethod
    def facts(answer):
        found = dict(re.findall(r"(\w+)=(\S+)", answer.partition("nginx: ")[2]))
        return {"resumed": found["resumed"] == "r", "version": found["version"],
                "cipher": found["cipher"], "peer": found.get("peer", "")}


class GoServer(GoPeer):
    def __init__(self, identity, alpn=(), clients=False, **more):
        self.words = [f"alpn={','.join(alpn)}"] if alpn else []
        self.words += [f"clients={pki().ca_file}"] if clients else []
        super().__init__(identity, **more)

    @staticmethod
    def facts(answer):
        found = dict(re.findall(r"(\w+)=(\S*)", answer))
        return {"resumed": found["resumed"] == "true", "cipher": found["cipher"],
                "version": {"0x303": "TLSv1.2", "0x304": "TLSv1.3"}[found["version"]],
                "peer": found.get("peer", ""), "exporter": found["exporter"]}


class PythonServer(TlsPeer):
    def __init__(self, identity, alpn=(), clients=False, minimum=TLS12, maximum=TLS13,
                 context=None):
        context = context or server_context(identity, minimum, maximum)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(pki().ca_file)
        super().__init__(identity, self._page, context=context)

    @staticmethod
    def missing():
        return False

    @staticmethod
    def _page(tls):
        if not has_asked(tls):
            return
        peer = (tls.getpeercert() or {}).get("subject", ((("", ""),),))[-1][0][1]
        tls.sendall(f"HTTP/1.0 200 OK\r\n\r\npython: version={tls.version()} "
                    f"cipher={tls.cipher()[0]} resumed={tls.session_reused} "
                    f"alpn={tls.selected_alpn_protocol()} peer={peer}".encode())

    @staticmethod
    def facts(answer):
        found = dict(re.findall(r"(\w+)=(\S*)", answer))
        return {**found, "resumed": found["resumed"] == "True"}


SERVERS = {"openssl": OpensslServer, "gnutls": GnutlsServer, "nginx": NginxServer,
           "go": GoServer, "python": PythonServer}


# Clients. Each is a function (server, minimum, maximum, identity, alpn, name) that gives what the
# program printed; an exchange that fails raises FetchError with it.

REQUEST = "GET / HTTP/1.0\r\n\r\n"


class FetchError(Exception):
    pass


def talk(*command, said=REQUEST, **more):
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=2 * WAIT,
                          errors="backslashreplace", preexec_fn=support.die_with_parent, **more)
    output = done.stdout + done.stderr
    if done.returncode != 0 or "version 0x" not in output:
        raise FetchError(output)
    return output


def openssl_client(server, minimum=TLS12, maximum=TLS13, identity=None, alpn=(), name=NAME,
                   words=(), said=REQUEST):
    versions = {TLS12: "-tls1_2", TLS13: "-tls1_3"}
    only = [versions[minimum]] if minimum == maximum else []
    own = ["-cert", identity.cert_file, "-key", identity.key_file] if identity else []
    if identity and os.path.getsize(identity.issuers_file):
        own += ["-cert_chain", identity.issuers_file]
    named = ["-servername", name, "-verify_hostname", name] if name else ["-noservername"]
    return talk("openssl", "s_client", "-connect", str(server), "-CAfile", pki().ca_file,
                "-verify_return_error", "-ign_eof", *named, *only, *own,
                *(["-alpn", ",".join(alpn)] if alpn else []), *words, said=said)


def gnutls_client(server, minimum=TLS12, maximum=TLS13, identity=None, alpn=(), name=NAME,
                  words=(), priority=""):
    wanted = [word for version, word in GnutlsPeer.versions.items() if minimum <= version <= maximum]
    own = ["--x509certfile", identity.cert_file, "--x509keyfile", identity.key_file] \
        if identity else []
    return talk("gnutls-cli", "--port", str(server.port), "--x509cafile", pki().ca_file,
                "--sni-hostname", name, "--verify-hostname", name, *own,
                "--priority", ":".join(["NORMAL", "-VERS-ALL", *wanted]) + priority,
                *(f"--alpn={protocol}" for protocol in alpn), *words, server.host)


def curl_client(server, minimum=TLS12, maximum=TLS13, identity=None, alpn=(), name=NAME, words=(),
                times=1):
    own = ["--cert", identity.cert_file, "--key", identity.key_file] if identity else []
    version_words = {TLS12: "1.2", TLS13: "1.3"}
    url = f"https://{name}:{server.port}/"
    return talk("curl", "--silent", "--verbose", "--max-time", str(WAIT), "--cacert",
                pki().ca_file, "--resolve", f"{name}:{server.port}:{server.host}",
                f"--tlsv{version_words[minimum]}", "--tls-max", version_words[maximum], *own,
                "--http1.1" if "h2" not in alpn else "--http2", *words, *[url] * times, said="")


def go_client(server, minimum=TLS12, maximum=TLS13, identity=None, alpn=(), name=NAME, times=1):
    own = ["cert=" + identity.cert_file, "key=" + identity.key_file] if identity else []
    return talk(go_tls(), "fetch", f"address={server}", "name=" + name, "ca=" + pki().ca_file,
                f"min={int(minimum)}", f"max={int(maximum)}", f"times={times}", *own,
                *([f"alpn={','.join(alpn)}"] if alpn else []))


def python_session(server, context, name=NAME, session=None):
    """What the server answered, and the session to resume."""
    with socket.create_connection((server.host, server.port), timeout=WAIT) as connection:
        with context.wrap_socket(connection, server_hostname=name, session=session) as tls:
            tls.sendall(REQUEST.encode())
            answer = b""
            while part := tls.recv(65536):
                answer += part
            facts = (f"python: version={tls.version()} cipher={tls.cipher()[0]} "
                     f"resumed={tls.session_reused} alpn={tls.selected_alpn_protocol()}\n")
            return facts + answer.decode(), tls.session


def python_client(server, minimum=TLS12, maximum=TLS13, identity=None, alpn=(), name=NAME):
    try:
        return python_session(server, client_context(minimum, maximum, identity, alpn), name)[0]
    except OSError as error:
        raise FetchError(str(error)) from error


CLIENTS = {"openssl": openssl_client, "gnutls": gnutls_client, "curl": curl_client,
           "go": go_client, "python": python_client}


def missing(kind):
    """Whether a stack's programs are not installed here."""
    if kind == "go":
        return GoPeer.missing()
    programs = {"openssl": ["openssl"], "gnutls": ["gnutls-cli", "gnutls-serv"], "nginx": ["nginx"],
                "curl": ["curl"], "python": []}
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return any(shutil.which(program, path=path) is None for program in programs[kind])
