"""Libraries that users bring along or find in the standard library do TLS by the host, unchanged."""

import http.server
import ssl

import python_support
from python_support import PythonTest, packages, pip_packages

import support
from support import certs, peers


def localhost():
    """An identity for the names that URLs of the tests have."""
    return support.pki()._leaf("localhost", names=["localhost", "127.0.0.1"])


def stranger():
    return support.pki()._leaf("stranger", names=["localhost"],
                               issuer=certs.new_authority("Nobody's root"))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path, and remembers nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/redirect"):
            self.answer(b"", 302, Location="/hello")
        elif self.path == "/big":
            self.answer(bytes(range(256)) * 8192)
        elif self.path == "/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(5):
                self.wfile.write(b"5\r\nchunk\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/who":
            certificate = self.connection.getpeercert() or {}
            self.answer(str(dict(field[0] for field in certificate.get("subject", ()))).encode())
        else:
            port = self.client_address[1]
            self.answer(f"hello from {port}, {self.headers.get('Cookie')}".encode(),
                        Set_Cookie="a=b")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).upper())


class HttpsPeer(peers.TlsPeer):
    def __init__(self, identity, client_ca=None, **more):
        context = peers.server_context(identity, **more)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        super().__init__(identity, self.serve_http, context=context)

    def serve_http(self, tls):
        Handler(tls, tls.getpeername(), self)


SESSION = """
import sys, requests
url, ca, own = sys.argv[1:4]
with requests.Session() as session:
    first, second = (session.get(url + "/hello").text for _ in range(2))
    print("kept alive:", first.split(",")[0] == second.split(",")[0], second.split(", ")[1])
    response = session.get(url + "/redirect")
    print("redirected:", [r.status_code for r in response.history], response.url[-6:])
    print("posted:", session.post(url + "/", data="some data").text)
    with session.get(url + "/big", stream=True) as response:
        print("streamed:", sum(len(block) for block in response.iter_content(10000)))
    print("chunked:", session.get(url + "/chunks").content)
for verify in True, ca:
    print(requests.get(url + "/hello", verify=verify).status_code)
for verify in own, False:
    try:
        print(requests.get(url + "/hello", verify=verify).status_code)
    except requests.exceptions.SSLError as error:
        print("SSLError", error)
"""

SESSION_SAYS = [
    "kept alive: True a=b", "redirected: [302] /hello", "posted: SOME DATA", "streamed: 2097152",
    "chunked: b'chunkchunkchunkchunkchunk'", "200", "200"]


class Requests(PythonTest):
    """Of the distribution, and (where pip works) the newest."""

    def check_session(self, folder):
        identity = localhost()
        with HttpsPeer(identity) as peer:
            out = self.script(SESSION, f"https://localhost:{peer.port}", support.pki().ca_file,
                              identity.cert_file, PYTHONPATH=folder, grants=[
                                  *python_support.LOOPBACK, f"--dir={support.pki().folder}:ro"])
        *lines, stranger_line, insecure_line = out.splitlines()
        # What is trusted may be a server's own certificate.
        self.assertEqual(lines + [stranger_line], SESSION_SAYS + ["200"])
        self.assertIn("--allow-insecure-tls", insecure_line)

    def test_of_the_distribution(self):
        self.check_session(packages())

    def test_newest(self):
        self.check_session(pip_packages("requests"))

    def test_a_wrong_certificate_is_told_with_the_reason(self):
        script = ("import requests, sys\ntry: requests.get(sys.argv[1])\n"
                  "except requests.exceptions.SSLError as error: print(error)")
        with HttpsPeer(stranger()) as peer:
            out = self.script(script, f"https://localhost:{peer.port}", PYTHONPATH=packages())
            self.assertIn("unable to get local issuer certificate", out)
        expired = support.pki()._leaf("expired-localhost", names=["localhost"],
                                      valid=(-30 * certs.DAY, -certs.DAY))
        with HttpsPeer(expired) as peer:
            out = self.script(script, f"https://localhost:{peer.port}", PYTHONPATH=packages())
            self.assertIn("certificate has expired", out)
        with HttpsPeer(support.pki().identity("ecdsa")) as peer:
            out = self.script(script, f"https://localhost:{peer.port}", PYTHONPATH=packages())
            self.assertIn("Hostname mismatch", out)

    def test_verification_can_be_left_out_where_it_was_granted(self):
        script = ("import requests, sys, urllib3\nurllib3.disable_warnings()\n"
                  "print(requests.get(sys.argv[1], verify=False).status_code)")
        with HttpsPeer(stranger()) as peer:
            out = self.script(script, f"https://localhost:{peer.port}", PYTHONPATH=packages(),
                              grants=[*python_support.LOOPBACK, "--allow-insecure-tls"])
        self.assertEqual(out, "200\n")

    def test_a_client_certificate(self):
        client = support.pki()._leaf("client", names=["client.test"], common_name="the client", usages=[
            (certs.key_usage(digital_signature=True), True)])
        script = ("import requests, sys\nurl, cert, key = sys.argv[1:]\n"
                  "try: print(requests.get(url + '/who').text)\n"
                  "except requests.exceptions.ConnectionError as error: print(error)\n"
                  "print(requests.get(url + '/who', cert=(cert, key)).text)")
        with HttpsPeer(localhost(), client_ca=support.pki().ca_file) as peer:
            out = self.script(script, f"https://localhost:{peer.port}", client.cert_file,
                              client.key_file, PYTHONPATH=packages(),
                              grants=[*python_support.LOOPBACK, f"--dir={support.pki().folder}:ro"])
        without, shown = out.splitlines()
        self.assertIn("certificate", without)
        self.assertEqual(shown, "{'commonName': 'the client'}")

    def test_packages_may_lie_where_the_distribution_has_them(self):
        with HttpsPeer(localhost()) as peer:
            out = self.script("import requests, sys; print(requests.get(sys.argv[1]).status_code)",
                              f"https://localhost:{peer.port}", grants=[
                                  *python_support.LOOPBACK,
                                  f"--dir={packages()}::/usr/lib/python3/dist-packages:ro"])
        self.assertEqual(out, "200\n")


class StandardLibrary(PythonTest):
    def test_urllib_and_http_client(self):
        with HttpsPeer(localhost()) as peer:
            out = self.script("""
import http.client, ssl, sys, urllib.error, urllib.request
port, ca = sys.argv[1:]
url = f"https://localhost:{port}"
with urllib.request.urlopen(url + "/redirect") as response:
    print(response.status, response.url[-6:], response.read(10))
context = ssl.create_default_context(cafile=ca)
with urllib.request.urlopen(url + "/big", context=context) as response:
    print(len(response.read()))
try:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    urllib.request.urlopen(url, context=context)
except urllib.error.URLError as error:
    print(type(error.reason).__name__, error.reason.verify_code)
connection = http.client.HTTPSConnection("127.0.0.1", int(port), timeout=10)
for path in "/hello", "/chunks":
    connection.request("GET", path)
    print(connection.getresponse().read()[:15])
connection.close()
""", peer.port, support.pki().ca_file, grants=[*python_support.LOOPBACK,
                                               f"--dir={support.pki().folder}:ro"])
        lines = out.splitlines()
        self.assertEqual(lines[:3], ["200 /hello b'hello from'", "2097152",
                                     "SSLCertVerificationError 20"])
        self.assertEqual(lines[4], "b'chunkchunkchunk'")

    def test_urllib3_alone(self):
        with HttpsPeer(localhost()) as peer:
            out = self.script("""
import sys, urllib3
url = sys.argv[1]
with urllib3.PoolManager(maxsize=2) as pool:
    print([pool.request("GET", url + path).status for path in ("/hello", "/redirect", "/big")])
    print(list(pool.pools.keys())[0].key_scheme, pool.connection_from_url(url).num_connections)
try:
    urllib3.PoolManager(assert_hostname="other.test", retries=False).request("GET", url)
except urllib3.exceptions.SSLError as error:
    print(error)
""", f"https://localhost:{peer.port}", PYTHONPATH=packages())
        lines = out.splitlines()
        self.assertEqual(lines[:2], ["[200, 200, 200]", "https 1"])
        self.assertIn("'other.test' doesn't match", lines[2])

    def test_smtplib_with_starttls(self):
        with SmtpPeer(localhost()) as peer:
            out = self.script("""
import smtplib, ssl, sys
with smtplib.SMTP("localhost", int(sys.argv[1]), timeout=10) as smtp:
    print(smtp.has_extn("starttls") or smtp.ehlo()[0])
    smtp.starttls(context=ssl.create_default_context())
    print(smtp.sock.version())
    print(smtp.sendmail("a@example.test", ["b@example.test"], "Subject: x\\r\\n\\r\\ntext"))
""", peer.port)
        self.assertEqual(out.splitlines(), ["250", "TLSv1.3", "{}"])
        self.assertEqual(peer.heard, [
            "in clear: EHLO", "in clear: STARTTLS", "after TLS: EHLO", "after TLS: MAIL",
            "after TLS: RCPT", "after TLS: DATA", "after TLS: QUIT"])

    def test_imaplib(self):
        with ImapPeer(localhost()) as peer:
            out = self.script("""
import imaplib, ssl, sys
context = ssl.create_default_context()
with imaplib.IMAP4_SSL("localhost", int(sys.argv[1]), ssl_context=context, timeout=10) as imap:
    print(imap.login("user", "password"))
    print(imap.noop()[0])
""", peer.port)
        self.assertEqual(out.splitlines(), ["('OK', [b'done'])", "OK"])


class SmtpPeer(peers.ThreadPeer):
    """A mail server (RFC 5321) that wants STARTTLS (RFC 3207) before mail."""

    def __init__(self, identity):
        self.context = peers.server_context(identity)
        self.heard = []
        super().__init__(self._talk)

    def _talk(self, connection):
        where, file = "in clear", connection.makefile("rwb")
        self._say(file, "220 ready")
        while line := file.readline():
            verb = line.split()[0].decode().upper()
            self.heard.append(f"{where}: {verb}")
            if verb == "EHLO":
                self._say(file, "250-here", *(["250-STARTTLS"] if where == "in clear" else []),
                          "250 SIZE 1000000")
            elif verb == "STARTTLS":
                self._say(file, "220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                where, file = "after TLS", connection.makefile("rwb")
            elif where == "in clear":
                self._say(file, "530 first STARTTLS")
            elif verb == "DATA":
                self._say(file, "354 go on")
                while file.readline() not in (b".\r\n", b""):
                    pass
                self._say(file, "250 taken")
            elif verb == "QUIT":
                self._say(file, "221 bye")
                break
            else:
                self._say(file, "250 fine")
        peers.clean_end(connection)

    @staticmethod
    def _say(file, *lines):
        file.write("".join(line + "\r\n" for line in lines).encode())
        file.flush()


class ImapPeer(peers.TlsPeer):
    """A mail store (RFC 9051) that says yes to everything."""

    def __init__(self, identity):
        super().__init__(identity, self._talk)

    @staticmethod
    def _talk(tls):
        with tls.makefile("rwb", buffering=0) as file:
            file.write(b"* OK ready\r\n")
            while line := file.readline():
                tag, command, *_ = line.split()
                if command == b"CAPABILITY":
                    file.write(b"* CAPABILITY IMAP4rev1\r\n")
                elif command == b"LOGOUT":
                    file.write(b"* BYE bye\r\n")
                file.write(tag + b" OK done\r\n")


if __name__ == "__main__":
    python_support.main()
