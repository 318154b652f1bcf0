"""Runs the tests of one module of CPython's suite, in a guest: for cpython-suite.

    cpython_suite_guest.py MODULE LEFT-OUT PORT

LEFT-OUT is a file that names tests not to run, one a line. What happens is told on standard output,
in lines that begin with @suite. At PORT are servers for the tests that would start some in threads.
"""

import base64
import json
import socket
import sys
import traceback
import types
import unittest

import ssl
import test.ssl_servers
import test.support.socket_helper

# The suite believes that no guest of WASI has sockets.
test.support.has_socket_support = True
test.support.socket_helper.has_gethostname = True

# test_ssl looks into the standard ssl's inside.
ssl._PROTOCOL_NAMES = {method: name for name, method in ssl._SSLMethod.__members__.items()}
ssl._TLSContentType = ssl._TLSMessageType = ssl._TLSAlertType = ssl.AlertDescription
sys.modules["_ssl"] = types.ModuleType("_ssl")


class Servers:
    """The TLS servers of the suite, run by the native interpreter."""

    def __init__(self, port):
        self.port = port

    def ask(self, **question):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            answer = json.loads(connection.makefile().readline())
        if "error" in answer:
            raise RuntimeError("the server for this test: " + answer["error"])
        return answer

    @staticmethod
    def description(context):
        """A context as another process can make it again."""
        return {
            "protocol": context.protocol, "verify_mode": context.verify_mode,
            "minimum_version": context.minimum_version, "maximum_version": context.maximum_version,
            "options": context.options, "verify_flags": context.verify_flags,
            "identities": [value.decode() for _, value in context._identities],
            "anchors": base64.b64encode(b"".join(context.get_ca_certs(True))).decode(),
            "curve": (context._groups or b"").decode(),
            "ciphers": ":".join(suite.name for suite in context._suites or ()),
            "alpn": list(context._alpn or b""),
        }


class EchoServer:
    """In the place of test_ssl.ThreadedEchoServer."""

    servers = None

    def __init__(self, certificate=None, ssl_version=None, certreqs=None, cacerts=None, chatty=True,
                 connectionchatty=False, starttls_server=False, alpn_protocols=None, ciphers=None,
                 context=None):
        if not context:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if ssl_version is None else ssl_version)
            context.verify_mode = ssl.CERT_NONE if certreqs is None else certreqs
            if cacerts:
                context.load_verify_locations(cacerts)
            if certificate:
                context.load_cert_chain(certificate)
            if alpn_protocols:
                context.set_alpn_protocols(alpn_protocols)
            if ciphers:
                context.set_ciphers(ciphers)
        self.context = context
        answer = self.servers.ask(start="echo", starttls=starttls_server,
                                  context=Servers.description(context))
        self.id, self.port = answer["id"], answer["port"]
        self.selected_alpn_protocols, self.shared_ciphers, self.conn_errors = [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        answer = self.servers.ask(stop=self.id)
        for name in "selected_alpn_protocols", "shared_ciphers", "conn_errors":
            getattr(self, name).extend(answer[name])


def make_https_server(case, *, context=None, certfile=None, host=None, handler_class=None):
    """In the place of that in test.ssl_servers."""
    if handler_class is not None:
        raise unittest.SkipTest(NO_THREADS)
    if context is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certfile or test.ssl_servers.CERTFILE)
    server = types.SimpleNamespace()
    answer = EchoServer.servers.ask(start="https", context=Servers.description(context))
    server.port = answer["port"]
    case.addCleanup(EchoServer.servers.ask, stop=answer["id"])
    return server


NO_THREADS = "needs threads"
# What no guest can do, by what its errors say.
IMPOSSIBLE = {
    "can't start new thread": NO_THREADS,
    "cannot join thread before it is started": NO_THREADS,
    "wasi does not support processes": "needs processes",
    "module 'os' has no attribute 'fork'": "needs processes",
    "module 'os' has no attribute 'pipe'": "needs pipes",
    "No module named '_testcapi'": "needs a module of tests in C",
    "No module named '_testinternalcapi'": "needs a module of tests in C",
}


def tell(test, how, text=""):
    # Some tests put something else in the place of sys.stdout.
    print(f"\n@suite {json.dumps([str(test), how, text])}", file=sys.__stdout__, flush=True)


def why_impossible(error):
    while error is not None:
        for words, reason in IMPOSSIBLE.items():
            if words in str(error):
                return reason
        error = error.__cause__ or error.__context__
    return None


class Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.told = False
        tell(test.id(), "begin")

    def stopTest(self, test):
        super().stopTest(test)
        if not self.told:
            tell(test.id(), "passed")

    def tell(self, test, how, text=""):
        self.told = True
        test = getattr(test, "test_case", test)  # of a subtest
        tell(test.id(), how, text)

    def tell_failure(self, test, error):
        impossible = why_impossible(error[1])
        if impossible:
            self.tell(test, "skipped", impossible)
        else:
            frames = [frame for frame in traceback.extract_tb(error[2])
                      if "/unittest/" not in frame.filename]
            lines = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}: {frame.line}\n"
                     for frame in frames]
            text = "".join(lines[-6:]) + "".join(traceback.format_exception_only(*error[:2]))
            self.tell(test, "failed", text[-1500:])

    addError = addFailure = tell_failure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.tell_failure(subtest, error)

    def addSkip(self, test, reason):
        self.tell(test, "skipped", reason)

    def addExpectedFailure(self, test, error):
        pass

    def addUnexpectedSuccess(self, test):
        self.tell(test, "failed", "unexpected success")


def tests_in(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from tests_in(one)
        else:
            yield one


def without(suite, left_out):
    """The suite with its structure, which fixtures of classes and modules need."""
    kept = unittest.TestSuite()
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            kept.addTest(without(one, left_out))
        elif one.id() not in left_out:
            kept.addTest(one)
    return kept


def main(name, left_out, port):
    EchoServer.servers = Servers(int(port))
    test.ssl_servers.make_https_server = make_https_server
    with open(left_out) as file:
        done = set(file.read().splitlines())
    sys.argv[1:] = []
    # It believes that there are no pairs of sockets, which here are made over loopback.
    test.support.is_wasi = name != "test_selectors"
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName("test." + name)
    except unittest.SkipTest as skip:
        tell("test." + name, "skipped", str(skip))
        tell("", "end")
        return
    if name.startswith("test_ssl"):
        sys.modules["test.test_ssl"].ThreadedEchoServer = EchoServer
    without(suite, done).run(Result())
    tell("", "end")


if __name__ == "__main__":
    main(*sys.argv[1:])
