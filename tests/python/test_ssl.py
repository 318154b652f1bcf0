"""The ssl module of guests, as Python's documentation describes it, with the TLS done by the host.

Servers are Python's own ssl on the host's side; clients too, where the guest is the server.
"""

import contextlib
import hashlib
import os
import pathlib
import socket
import ssl
import sys
import threading
import unittest

import python_support
from python_support import LOOPBACK, PYTHON, PythonTest, environment

import support
from support import certs, peers

PRELUDE = """
import select, socket, ssl, sys
NAME = "server.example.test"

def connect(**more):
    return socket.create_connection(("127.0.0.1", int(sys.argv[1])), **more)

def tls(context=None, name=NAME, timeout=10, **more):
    return (context or ssl.create_default_context()).wrap_socket(connect(timeout=timeout),
                                                                 server_hostname=name, **more)

def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except Exception as error:
        print(type(error).__name__, error)
        return error
    print("not refused")
"""


def ssl_files(*paths):
    """What stands in them, one after the other."""
    return b"".join(pathlib.Path(path).read_bytes() for path in paths)


class Client(PythonTest):
    """`source` after the prelude runs in the guest, with the peer's port and files as arguments."""

    def play(self, peer, source, *arguments, grants=LOOPBACK, **more):
        with peer:
            return self.script(PRELUDE + source, peer.port, *arguments,
                               grants=[*grants, f"--dir={support.pki().folder}:ro"], **more)

    def echo(self, name="ecdsa", **more):
        return peers.TlsPeer(support.pki().identity(name), peers.echo, **more)

    def test_everything_that_a_socket_has(self):
        out = self.play(self.echo(), """
with tls() as s:
    assert isinstance(s, socket.socket) and s.gettimeout() == 10 and s.fileno() > 2
    assert s.getpeername()[1] == int(sys.argv[1])
    assert s.send(b"one") == 3 and s.recv(100) == b"one"
    assert s.write(b"two") == 3 and s.read(100) == b"two"
    buffer = bytearray(10)
    s.sendall(memoryview(b"three"))
    assert s.recv_into(buffer) == 5 and buffer[:5] == b"three"
    s.sendall(b"four")
    assert s.recv_into(memoryview(buffer)[2:], 3) == 3 and s.read(10, bytearray(1)) == 1
    s.sendall(b"x" * 300000)
    got = 0
    while got < 300000:
        got += len(s.recv(1 << 16))
    with s.makefile("rwb") as file:
        file.write(b"a line\\nanother\\n")
        file.flush()
        print(file.readline(), file.readline())
    with open(sys.argv[2], "rb") as file:
        size = s.sendfile(file)
        while size:
            size -= len(s.recv(1000))
    for call in s.recvfrom, s.recvmsg, s.sendmsg, s.dup:
        refused(call)
    refused(s.recv, 10, socket.MSG_PEEK)
    assert s.pending() == 0 and s.compression() is None and s.server_side is False
    assert s.unwrap() is s
s.close()
assert s.fileno() == -1
""", support.pki().ca_file)
        self.assertEqual(out.splitlines(), [
            "b'a line\\n' b'another\\n'",
            "ValueError recvfrom not allowed on instances of <class 'ssl.SSLSocket'>",
            "NotImplementedError recvmsg not allowed on instances of <class 'ssl.SSLSocket'>",
            "NotImplementedError sendmsg not allowed on instances of <class 'ssl.SSLSocket'>",
            "NotImplementedError Can't dup() SSLSocket instances",
            "ValueError non-zero flags not allowed in calls to recv() on SSLSocket"])

    def test_what_was_negotiated(self):
        identity = support.pki().identity("chain")
        context = peers.server_context(identity)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with open(identity.cert_file) as file:
            der = ssl.PEM_cert_to_DER_cert(file.read().partition("-----END")[0] +
                                           "-----END CERTIFICATE-----")
        out = self.play(peers.TlsPeer(identity, peers.echo, context=context), """
import hashlib
context = ssl.create_default_context()
context.set_alpn_protocols(["http/1.1", "spdy"])
with tls(context) as s:
    print(s.version(), s.cipher(), s.selected_alpn_protocol(), s.session_reused)
    certificate = s.getpeercert()
    print(certificate["subject"], certificate["issuer"], certificate["subjectAltName"])
    print(certificate["version"], int(certificate["serialNumber"], 16))
    print(ssl.cert_time_to_seconds(certificate["notAfter"]) -
          ssl.cert_time_to_seconds(certificate["notBefore"]))
    print(hashlib.sha256(s.getpeercert(True)).hexdigest(), len(s.get_unverified_chain()))
    print(len(s.get_channel_binding("tls-exporter")),
          s.get_channel_binding("tls-server-end-point") ==
          hashlib.sha256(s.getpeercert(True)).digest())
    refused(s.get_channel_binding)
    s.sendall(b"x")
    s.recv(1)
context.maximum_version = ssl.TLSVersion.TLSv1_2
with tls(context) as s:
    print(s.version(), s.session_reused)
""")
        lines = out.splitlines()
        self.assertRegex(lines[0], r"TLSv1.3 \('TLS_AES_256_GCM_SHA384', 'TLSv1.3', 256\) "
                                   "http/1.1 (True|False)")
        self.assertEqual(lines[1], "((('commonName', 'server.example.test'),),) "
                                   "((('commonName', 'Timecraft test intermediate'),),) "
                                   "(('DNS', 'server.example.test'),)")
        native = ssl._ssl._test_decode_cert(identity.cert_file)
        self.assertEqual(lines[2], f"3 {int(native['serialNumber'], 16)}")
        self.assertEqual(int(lines[3]), ssl.cert_time_to_seconds(native["notAfter"]) -
                         ssl.cert_time_to_seconds(native["notBefore"]))
        self.assertEqual(lines[4], f"{hashlib.sha256(der).hexdigest()} 2")
        self.assertEqual(lines[5], "32 True")
        self.assertIn("tls-unique channel binding type not implemented", lines[6])
        self.assertEqual(lines[7], "TLSv1.2 False")

    def test_certificates_that_are_not_accepted(self):
        expected = {
            "expired": "10 certificate has expired",
            "self_signed": "18 self-signed certificate",
            "unknown_ca": "20 unable to get local issuer certificate",
            "missing_intermediate": "20 unable to get local issuer certificate",
            "wrong_name": "62 Hostname mismatch",
            "not_yet_valid": "9 certificate is not yet valid",
        }
        source = """
try:
    tls()
except ssl.SSLCertVerificationError as error:
    assert isinstance(error, (ssl.SSLError, OSError)) and isinstance(error, ValueError)
    assert error.reason == "CERTIFICATE_VERIFY_FAILED" and error.library == "SSL"
    assert error.verify_message in str(error) and error.errno == ssl.SSL_ERROR_SSL
    print(error.verify_code, error.verify_message)
"""
        for name, message in expected.items():
            with self.subTest(name):
                self.assertIn(message, self.play(self.echo(name), source).replace("self signed",
                                                                                  "self-signed"))

    def test_where_trust_comes_from(self):
        out = self.play(self.echo(), """
ca = sys.argv[2]
pem = open(ca).read()
der = ssl.PEM_cert_to_DER_cert(pem)
assert ssl.DER_cert_to_PEM_cert(der).split() == pem.split()
def client(**more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if more:
        context.load_verify_locations(**more)
    return context
for more in {"cafile": ca}, {"capath": ca.rpartition("/")[0]}, {"cadata": pem}, \\
        {"cadata": der + der}, {"cadata": pem + "text" + pem}, {"cafile": "/etc/ssl/cert.pem"}:
    context = client(**more)
    with tls(context) as s:
        print(sorted(more), context.cert_store_stats()["x509"], s.version())
assert client(cadata=der).get_ca_certs(True) == [der]
refused(tls, client())
other = client(cadata=open(sys.argv[3]).read())
refused(tls, other)
other.load_default_certs()
tls(other).close()
for bad in {"cadata": "nothing"}, {"cadata": b"nothing"}, {"cadata": der[:-1]}, {"cafile": ca + ".no"}, \\
        {"cadata": "\\u00e9"}, {"cafile": sys.argv[0]}, {"cafile": None}:
    refused(client, **bad)
""", support.pki().ca_file, support.pki().identity("self_signed").cert_file)
        lines = out.splitlines()
        self.assertEqual(lines[0], "['cafile'] 1 TLSv1.3")
        self.assertRegex(lines[1], r"\['capath'\] \d+ TLSv1.3")
        self.assertEqual(lines[2:6], ["['cadata'] 1 TLSv1.3"] * 3 + ["['cafile'] 0 TLSv1.3"])
        for line in lines[6:8]:
            self.assertIn("unable to get local issuer certificate", line)
        kinds = [line.split()[0] for line in lines[8:]]
        self.assertEqual(kinds, ["SSLError", "SSLError", "SSLError", "FileNotFoundError",
                                 "ValueError", "SSLError", "TypeError"], out)

    def test_verification_is_left_out_only_where_it_was_granted(self):
        source = """
context = ssl._create_unverified_context()
error = refused(tls, context)
context = ssl.create_default_context()
context.check_hostname = False
refused(lambda: tls(context, "other.test"))     # the host looks at the name all the same
refused(lambda: tls(context, None))             # or at the address
context.verifies_name_always = False
refused(lambda: tls(context, "other.test"))
"""
        out = self.play(self.echo(), source).splitlines()
        self.assertIn("--allow-insecure-tls", out[0])
        self.assertIn("Hostname mismatch", out[1])
        self.assertIn("IP address mismatch", out[2])
        self.assertIn("--allow-insecure-tls", out[3])
        out = self.play(self.echo(), source + """
context = ssl._create_unverified_context()
assert tls(context).getpeercert() == {}
print(len(ssl.get_server_certificate(("127.0.0.1", int(sys.argv[1])))) > 100)
""", grants=[*LOOPBACK, "--allow-insecure-tls"]).splitlines()
        self.assertEqual(out[0], "not refused")
        self.assertIn("Hostname mismatch", out[1])
        self.assertIn("IP address mismatch", out[2])
        self.assertEqual(out[3:], ["not refused", "True"])

    def test_non_blocking(self):
        out = self.play(self.echo(), """
with socket.socket() as plain:
    plain.setblocking(False)
    assert plain.connect_ex(("127.0.0.1", int(sys.argv[1]))) in (0, 26, 115)
    select.select([], [plain], [])
    s = ssl.create_default_context().wrap_socket(plain, server_hostname=NAME,
                                                 do_handshake_on_connect=False)
    assert plain.fileno() == -1
while True:
    try:
        s.do_handshake()
        break
    except ssl.SSLWantReadError:
        select.select([s], [], [])
    except ssl.SSLWantWriteError:
        select.select([], [s], [])
print(s.version())
print(type(refused(s.recv, 1)).mro()[1].__name__)
total = 0
try:
    while total < 1 << 26:
        total += s.send(bytes(1 << 20))
except ssl.SSLWantWriteError as error:
    print(error)
received = 0
while received < total:
    select.select([s], [], [], 5)
    try:
        received += len(s.recv(1 << 20))
    except ssl.SSLWantReadError:
        pass
s.setblocking(True)
s.sendall(b"end")
print(s.recv(10))
refused(ssl.create_default_context().wrap_socket, (c := connect(), c.setblocking(False))[0],
        server_hostname=NAME)
""")
        self.assertEqual(out.splitlines(), [
            "TLSv1.3", "SSLWantReadError The operation did not complete (read)", "SSLError",
            "The operation did not complete (write)", "b'end'",
            "ValueError do_handshake_on_connect should not be specified for non-blocking sockets"])

    def test_time_outs(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            out = self.play(self.echo(), """
import time
begin = time.monotonic()
silent = socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=0.3)
refused(ssl.create_default_context().wrap_socket, silent, server_hostname=NAME)
print(0.2 < time.monotonic() - begin < 5)
s = tls()
s.settimeout(0.1)
print(refused(s.recv, 1).__class__ is TimeoutError)
s.settimeout(5)
s.sendall(b"x")
print(s.recv(1))
""", silent.getsockname()[1])
        self.assertEqual(out.splitlines(), [
            "TimeoutError The handshake operation timed out", "True",
            "TimeoutError The read operation timed out", "True", "b'x'"])

    def test_ends_of_streams(self):
        def cut(tls):
            tls.recv(10)
            tls.sendall(b"data")

        def end(tls):
            tls.recv(10)
            tls.sendall(b"data")
            peers.clean_end(tls)

        source = """
for suppress in True, False:
    s = tls(suppress_ragged_eofs=suppress)
    s.sendall(b"x")
    assert s.recv(10) == b"data"
    try:
        print(s.recv(10), s.recv(10))
    except ssl.SSLEOFError as error:
        print(error.errno == ssl.SSL_ERROR_EOF, error)
"""
        ecdsa = support.pki().identity("ecdsa")
        out = self.play(peers.TlsPeer(ecdsa, end), source)
        self.assertEqual(out, "b'' b''\n" * 2)
        out = self.play(peers.TlsPeer(ecdsa, cut, close_notify=False), source).splitlines()
        self.assertEqual(out[0], "b'' b''")
        self.assertRegex(out[1], "True EOF occurred in violation of protocol: .* close_notify")

    def test_peers_that_speak_no_tls(self):
        out = self.play(peers.ThreadPeer(lambda c: c.sendall(b"HTTP/1.0 400 no\r\n\r\n")), """
error = refused(tls)
print(isinstance(error, ssl.SSLError), error.library)
""")
        self.assertRegex(out, r"SSLError \[SSL: [A-Z0-9_]+\] .*\nTrue SSL\n")
        out = self.play(peers.ThreadPeer(lambda c: c.recv(65536)), "refused(tls)")
        self.assertRegex(out, "SSLEOFError EOF occurred in violation of protocol")
        out = self.play(peers.ThreadPeer(peers.reset), "refused(tls)")
        self.assertRegex(out, "^(ConnectionResetError|SSLEOFError|BrokenPipeError)")

    def test_versions_and_suites(self):
        out = self.play(self.echo(), """
V = ssl.TLSVersion
context = ssl.create_default_context()
for lowest, highest in (V.TLSv1_2, V.TLSv1_2), (V.TLSv1_3, V.MAXIMUM_SUPPORTED), \\
        (V.TLSv1, V.TLSv1_2), (V.SSLv3, V.TLSv1_1):
    context.minimum_version, context.maximum_version = lowest, highest
    try:
        print(tls(context).version())
    except ssl.SSLError as error:
        print(error.reason)
context = ssl.create_default_context()
context.options |= ssl.OP_NO_TLSv1_3
context.set_ciphers("ECDHE+CHACHA20:!aNULL")
print([suite["name"] for suite in context.get_ciphers()])
print(tls(context).cipher())
refused(context.set_ciphers, "NULL")
context.set_ecdh_curve("prime256v1")
print(tls(context).version())
refused(context.set_ecdh_curve, "none")
""")
        self.assertEqual(out.splitlines(), [
            "TLSv1.2", "TLSv1.3", "TLSv1.2", "NO_PROTOCOLS_AVAILABLE",
            "['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256', "
            "'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305']",
            "('ECDHE-ECDSA-CHACHA20-POLY1305', 'TLSv1.2', 256)",
            "SSLError No cipher can be selected.", "TLSv1.2",
            "ValueError unknown elliptic curve name 'none'"])

    def test_sessions_are_resumed(self):
        out = self.play(self.echo(), """
context = ssl.create_default_context()
for _ in range(3):
    with tls(context) as s:
        s.sendall(b"x")
        s.recv(1)
        print(s.session_reused, isinstance(s.session, ssl.SSLSession))
""")
        self.assertEqual(out.splitlines(), ["False True", "True True", "True True"])

    def test_a_client_certificate(self):
        client = support.pki()._leaf("client-of-ssl", names=["client.test"],
                                     usages=[(certs.key_usage(digital_signature=True), True)])
        context = peers.server_context(support.pki().identity("rsa"))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(support.pki().ca_file)
        both = os.path.join(support.pki().folder, "both.pem")
        with open(both, "wb") as file:
            file.write(ssl_files(client.key_file, client.cert_file))
        out = self.play(peers.TlsPeer(None, lambda tls: tls.sendall(
            str(tls.getpeercert()["subjectAltName"]).encode()), context=context), """
cert, key, both, other = sys.argv[2:]
for files in (cert, key), (both,):
    context = ssl.create_default_context()
    context.load_cert_chain(*files)
    print(tls(context).recv(100))
context = ssl.create_default_context()
context.load_named_identity("held")
print(tls(context).recv(100))
refused(lambda: tls().recv(1))
for bad in (cert, other), (cert,), (key, key), (cert + ".no", key):
    refused(context.load_cert_chain, *bad)
refused(context.load_named_identity, "unheld")
""", client.cert_file, client.key_file, both, support.pki().identity("ecdsa").key_file,
                        grants=[*LOOPBACK, f"--identity=held={client.cert_file},{client.key_file}"])
        lines = out.splitlines()
        self.assertEqual(lines[:3], ["b\"(('DNS', 'client.test'),)\""] * 3)
        self.assertRegex(lines[3], "SSLError .*certificate")
        self.assertEqual([line.split()[0] for line in lines[4:]],
                         ["SSLError", "SSLError", "SSLError", "FileNotFoundError", "SSLError"],
                         out)
        self.assertIn("KEY_VALUES_MISMATCH", lines[4])

    def test_wrapping_before_and_after(self):
        """Before connect(), and after clear text has passed (STARTTLS)."""
        out = self.play(self.echo(), """
context = ssl.create_default_context()
s = context.wrap_socket(socket.socket(), server_hostname=NAME)
print(s.version(), s.cipher(), s.session, s.selected_alpn_protocol())
refused(s.getpeercert)
refused(s.do_handshake)
s.connect(("127.0.0.1", int(sys.argv[1])))
print(s.version())
refused(s.connect, ("127.0.0.1", 1))
late = tls(do_handshake_on_connect=False)
refused(late.getpeercert)
late.sendall(b"x")          # starts it
print(late.version(), late.recv(1))
refused(context.wrap_socket, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), server_hostname="x")
for name in "", ".x", None, "a\\0b":
    refused(context.wrap_socket, socket.socket(), server_hostname=name)
refused(context.wrap_socket, socket.socket(), server_side=True)
""")
        lines = out.splitlines()
        self.assertEqual(lines[0], "None None None None")
        self.assertEqual([line.split()[0] for line in lines[1:3]], ["OSError", "OSError"])
        self.assertEqual(lines[3], "TLSv1.3")
        self.assertIn("ValueError attempt to connect already-connected", lines[4])
        self.assertEqual(lines[5:7], ["ValueError handshake not done yet", "TLSv1.3 b'x'"])
        self.assertIn("NotImplementedError only stream sockets", lines[7])
        self.assertEqual([line.split()[0] for line in lines[8:]],
                         ["ValueError", "UnicodeError", "ValueError", "TypeError", "SSLError"], out)

        out = self.play(peers.ThreadPeer(peers.upgrade), """
c = connect(timeout=10)
assert c.recv(6) == b"hello\\n"
c.sendall(b"upgrade\\n")
assert c.recv(3) == b"go\\n"
s = ssl.create_default_context().wrap_socket(c, server_hostname=NAME)
s.sendall(b"secret")
print(s.recv(10))
""")
        self.assertEqual(out, "b'secret'\n")


class Server(PythonTest):
    @contextlib.contextmanager
    def serving(self, source, *arguments, grants=LOOPBACK):
        """A guest that prints its port first. Gives the port."""
        process = support.start(
            [PYTHON, *grants, f"--dir={support.pki().folder}:ro", "-u", "-c",
             PRELUDE + source, *arguments], env=environment())
        with process:
            try:
                line = process.stdout.readline()
                self.assertTrue(line.strip().isdigit(), line or process.stderr.read())
                yield int(line), process
            finally:
                process.kill()

    SERVE = """
identity = sys.argv[1:3]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(*identity)
%s
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1])
    with context.wrap_socket(listener, server_side=True) as secure:
        while True:
            try:
                s, address = secure.accept()
                s.settimeout(5)
                s.sendall(repr((s.version(), s.selected_alpn_protocol(), s.server_side,
                                s.getpeercert() and s.getpeercert().get("subjectAltName"),
                                s.shared_ciphers()[0][0])).encode())
                while data := s.recv(1000):
                    s.sendall(data)
                s.close()
            except OSError as error:
                print(type(error).__name__, error)
"""

    def identity(self, name="ecdsa"):
        identity = support.pki().identity(name)
        return identity.cert_file, identity.key_file

    def connect(self, port, context, name=certs.SERVER_NAME):
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        return context.wrap_socket(plain, server_hostname=name)

    def test_a_listening_socket(self):
        context = ssl.create_default_context(cafile=support.pki().ca_file)
        context.set_alpn_protocols(["b", "a"])
        with self.serving(self.SERVE % "context.set_alpn_protocols(['a', 'b'])",
                          *self.identity()) as (port, process):
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                context.maximum_version = version
                with self.connect(port, context) as client:
                    self.assertIn("'a', True, None", client.recv(1000).decode())
                    client.sendall(b"data")
                    self.assertEqual(client.recv(10), b"data")
                    client.unwrap()
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                self.assertRegex(process.stdout.readline(), "^SSLError ")
            with self.connect(port, context) as client:
                self.assertIn("TLSv1.3", client.recv(1000).decode())

    def test_identities_by_name_and_client_certificates(self):
        client = support.pki()._leaf("client-of-server", names=["client.test"], usages=[
            (certs.key_usage(digital_signature=True), True)])
        more = """
context.load_cert_chain(*sys.argv[3:5])
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations(sys.argv[5])
"""
        context = ssl.create_default_context(cafile=support.pki().ca_file)
        with self.serving(self.SERVE % more, *self.identity("ecdsa"), *self.identity("wildcard"),
                          support.pki().ca_file) as (port, process):
            with self.connect(port, context) as without, self.assertRaises(OSError):
                without.recv(1)
            self.assertIn("certificate", process.stdout.readline())
            context.load_cert_chain(client.cert_file, client.key_file)
            for name, wanted in ((certs.SERVER_NAME, certs.SERVER_NAME),
                                 ("other.example.test", "*.example.test")):
                with self.connect(port, context, name) as tls:
                    self.assertEqual(tls.getpeercert()["subjectAltName"], (("DNS", wanted),))
                    self.assertIn("(('DNS', 'client.test'),)", tls.recv(1000).decode())

    def test_a_named_identity(self):
        cert, key = self.identity("rsa")
        source = self.SERVE.replace("context.load_cert_chain(*identity)",
                                    "context.load_named_identity('web')") % ""
        context = ssl.create_default_context(cafile=support.pki().ca_file)
        with self.serving(source, grants=[*LOOPBACK, f"--identity=web={cert},{key}"]) as (port, _):
            with self.connect(port, context) as client:
                self.assertIn("TLSv1.3", client.recv(1000).decode())

    def test_many_clients_at_once_without_blocking(self):
        source = """
import selectors
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])
selector = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", 0))
listener.setblocking(False)
print(listener.getsockname()[1])
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            c, _ = listener.accept()
            c.setblocking(False)
            s = context.wrap_socket(c, server_side=True, do_handshake_on_connect=False)
            selector.register(s, selectors.EVENT_WRITE, "handshake")
            continue
        s = key.fileobj
        try:
            if key.data == "handshake":
                s.do_handshake()
                selector.modify(s, selectors.EVENT_READ, "echo")
            elif data := s.recv(1000):
                s.send(data)
            else:
                selector.unregister(s)
                s.close()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
"""
        context = ssl.create_default_context(cafile=support.pki().ca_file)
        failures = []
        with self.serving(source, *self.identity()) as (port, _):
            def client(number):
                try:
                    with self.connect(port, context) as tls:
                        for _ in range(5):
                            tls.sendall(b"%d" % number)
                            if tls.recv(100) != b"%d" % number:
                                failures.append(number)
                except OSError as error:
                    failures.append(error)
            threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])


class WithoutPeers(PythonTest):
    def test_contexts_and_what_the_host_does_not_do(self):
        out = self.script(PRELUDE + """
import warnings
warnings.simplefilter("ignore")
context = ssl.create_default_context()
print(context.protocol.name, context.verify_mode.name, context.check_hostname)
def unset():
    context.verify_mode = ssl.CERT_NONE
refused(unset)
context.check_hostname = False
unset()
context.check_hostname = True
print(context.verify_mode.name)
server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
print(server.protocol.name, server.verify_mode.name, server.check_hostname)
old = ssl.SSLContext()
print(old.protocol.name, old.verify_mode.name)
def set(name, value):
    setattr(context, name, value)
refused(ssl.MemoryBIO)
refused(ssl.SSLObject)
refused(context.wrap_bio, None, None)
refused(set, "verify_flags", ssl.VERIFY_CRL_CHECK_LEAF)
refused(set, "sni_callback", print)
refused(set, "keylog_filename", "x")
refused(set, "verify_mode", 7)
refused(ssl.SSLSocket)
refused(ssl.create_default_context, "x")
refused(ssl.cert_time_to_seconds, "yesterday")
print(ssl.cert_time_to_seconds("Jan  5 09:34:43 2018 GMT"), ssl.RAND_status(),
      len(ssl.RAND_bytes(5)), ssl.get_protocol_name(16), ssl.Purpose.SERVER_AUTH.oid)
class Own(ssl.SSLContext):
    def __init__(self, protocol):
        self.mine = protocol
print(Own(ssl.PROTOCOL_TLS_CLIENT).verify_mode.name, ssl.OPENSSL_VERSION_INFO > (1, 1, 1))
""")
        lines = out.splitlines()
        self.assertEqual(lines[0], "PROTOCOL_TLS_CLIENT CERT_REQUIRED True")
        self.assertIn("ValueError Cannot set verify_mode to CERT_NONE", lines[1])
        self.assertEqual(lines[2:5], ["CERT_REQUIRED", "PROTOCOL_TLS_SERVER CERT_NONE False",
                                      "PROTOCOL_TLS CERT_NONE"])
        self.assertEqual([line.split()[0] for line in lines[5:15]],
                         ["NotImplementedError", "TypeError", "NotImplementedError",
                          "NotImplementedError", "NotImplementedError", "NotImplementedError",
                          "ValueError", "TypeError", "TypeError", "ValueError"], out)
        self.assertIn("use SSLContext.wrap_socket", lines[5])
        self.assertEqual(lines[15], "1515144883 True 5 PROTOCOL_TLS_CLIENT 1.3.6.1.5.5.7.3.1")
        self.assertEqual(lines[16:], ["CERT_REQUIRED True"])

    @unittest.skipIf(sys.version_info >= (3, 12), "Python 3.12 has no match_hostname any more")
    def test_match_hostname(self):
        out = self.script("""
import ssl, warnings
warnings.simplefilter("ignore")
certificate = {"subjectAltName": (("DNS", "*.a.test"), ("IP Address", "192.0.2.1"))}
for name in "x.a.test", "192.0.2.1", "a.test", "x.y.a.test", "192.0.2.2":
    try:
        ssl.match_hostname(certificate, name)
        print(name)
    except ssl.CertificateError as error:
        print("not", name)
""")
        self.assertEqual(out.splitlines(), ["x.a.test", "192.0.2.1", "not a.test", "not x.y.a.test",
                                            "not 192.0.2.2"])

    def test_every_public_name_of_the_hosts_ssl(self):
        """But for what is left out on purpose, and OpenSSL's own names."""
        names = [name for name in dir(ssl) if not name.startswith("_")]
        out = self.script("import ssl, sys\n"
                          "print(*(name for name in sys.argv[1:] if not hasattr(ssl, name)))",
                          *names)
        self.assertEqual(out.split(), [])


if __name__ == "__main__":
    python_support.main()
