"""The examples that use TLS do what they say."""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tls_support import TlsTest, pki

from support import servers
import support
from support.peers import NAME, TLS12, WAIT, ThreadPeer, client_context, free_port, receive_all
from test_identity import held
from test_upgrade import read_line
from tls_peers import PythonServer, missing, server_context


class ExampleTest(TlsTest):
    def run_example(self, name, *arguments, options, stdin=None, **env):
        """Its exit status, and what it printed."""
        done = subprocess.run([support.program(name), *map(str, arguments)], input=stdin,
                              capture_output=True, text=True, timeout=2 * WAIT,
                              env=support.environment(options, **env),
                              preexec_fn=support.die_with_parent)
        return done.returncode, done.stdout + done.stderr


class Server(ExampleTest):
    def start(self, *words, **more):
        server = self.enter(servers.HttpsServer(*words, **more))
        self.host, self.port = server.host, server.port

    def curl(self, path, *words, status=0):
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--cacert", pki().ca_file, "--resolve",
             f"{NAME}:{self.port}:127.0.0.1", "--max-time", str(WAIT), *words,
             *(f"https://{NAME}:{self.port}{one}" for one in path.split())],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    @unittest.skipIf(missing("curl"), "curl is not installed")
    def test_serves_curl(self):
        self.start()
        self.assertIn("Hello from WebAssembly, over TLS 1.3", self.curl("/"))
        self.assertEqual(self.curl("/echo", "--data", "some words"), "some words")
        self.assertEqual(self.curl("/echo", "--data", "x" * 60000), "x" * 60000)
        self.assertIn("404", self.curl("/other", "--include"))
        self.assertIn("413", self.curl("/echo", "--include", "--data", "x" * 70000))
        one_connection = self.curl("/ / /", "--write-out", "%{num_connects},")
        self.assertEqual(one_connection.count("0,"), 2, one_connection)

    @unittest.skipIf(shutil.which("chromium") is None, "chromium is not installed")
    def test_serves_a_browser(self):
        """Which loads a page that does not exist, too, and knows the server by its public key."""
        self.start()
        with open(pki().identity("ecdsa").cert_file, "rb") as file:
            key = x509.load_pem_x509_certificate(file.read()).public_key()
        info = key.public_bytes(serialization.Encoding.DER,
                                serialization.PublicFormat.SubjectPublicKeyInfo)
        trusted = base64.b64encode(hashlib.sha256(info).digest()).decode()
        for path, words in (("/", "Hello from WebAssembly, over TLS 1.3"), ("/none", "There is")):
            done = subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-proxy-server", f"--user-data-dir={support.temporary_folder()}",
                 f"--ignore-certificate-errors-spki-list={trusted}",
                 f"--host-resolver-rules=MAP {NAME} {self.host}", "--dump-dom",
                 f"https://{NAME}:{self.port}{path}"],
                capture_output=True, text=True, timeout=6 * WAIT,
                preexec_fn=support.die_with_parent)
            self.assertIn(words, done.stdout, done.stderr)

    @unittest.skipIf(shutil.which("wrk") is None, "wrk is not installed")
    def test_serves_wrk(self):
        """Many requests on many connections, and none of them fails."""
        self.start()
        done = subprocess.run(["wrk", "--threads=1", "--connections=50", "--duration=1s",
                               f"--timeout={WAIT}s", f"https://{self.host}:{self.port}/"],
                              capture_output=True, text=True, timeout=3 * WAIT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"[1-9]\d* requests in ", done.stderr)
        self.assertNotIn("Socket errors", done.stdout)
        self.assertNotIn("Non-2xx", done.stdout)

    def test_answers_requests_that_come_together_or_in_pieces(self):
        self.start()
        requests = (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                    b"POST /echo HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"
                    b"GET /none HTTP/1.1\r\nConnection: close\r\n\r\n")
        for step in (1, 7, len(requests)):
            connection = socket.create_connection((self.host, self.port), timeout=WAIT)
            with client_context().wrap_socket(connection, server_hostname=NAME) as tls:
                for start in range(0, len(requests), step):
                    tls.sendall(requests[start:start + step])
                answers = receive_all(tls)
            self.assertEqual([answers.count(words) for words in
                              (b"200 OK", b"404 Not Found", b"hello")], [2, 1, 1])

    def test_one_that_says_nothing_holds_nobody_up(self):
        self.start()
        with socket.create_connection((self.host, self.port)):
            self.assertIn("Hello", self.curl("/"))

    def test_knows_its_clients(self):
        self.start("clients", options="--ca=" + pki().ca_file)
        own = pki().identity("client")
        self.assertIn("You are commonName=client.",
                      self.curl("/", "--cert", own.cert_file, "--key", own.key_file))
        self.curl("/", status=56)  # refused; what curl says of that differs by version
        status, output = self.run_example(
            "mutual-tls", "localhost", self.port,
            options=f"--allow-net=localhost {held('client', 'client')}")
        self.assertEqual(status, 1, output)  # its name is another one
        self.assertIn("mutual-tls: TLS with localhost: ", output)

    def test_that_holds_no_identity_says_so(self):
        status, output = self.run_example("https-server", free_port("127.0.0.1"), "other",
                                          options="--allow-listen=127.0.0.1")
        self.assertEqual(status, 1)
        self.assertIn("--identity=other=CERT,KEY", output)
        self.assertIn("https-server: can't serve", output)


class MutualTls(ExampleTest):
    def test_shows_its_certificate(self):
        with PythonServer(pki().identity("addresses"), clients=True) as peer:
            for words, folder in (([], ""), (["/", "pki/ca.pem"], f" --dir={pki().folder}::pki:ro")):
                status, output = self.run_example(
                    "mutual-tls", peer.host, peer.port, *words,
                    options=f"--allow-net {held('client', 'client')}{folder}")
                self.assertEqual(status, 0, output)
                self.assertIn("peer=client", output)

    def test_tells_of_a_server_that_does_not_accept_it(self):
        with PythonServer(pki().identity("addresses"), clients=True) as peer:
            status, output = self.run_example(
                "mutual-tls", peer.host, peer.port,
                options=f"--allow-net {held('client', 'client_expired')}")
            self.assertEqual(status, 1, output)
            self.assertRegex(output, "mutual-tls: .*127.0.0.1 refused: .*alert certificate expired")


class Mail:
    """A mail server, as far as the example goes."""

    def __init__(self, offers=b"STARTTLS", ahead=b""):
        self.offers, self.ahead = offers, ahead
        self.clear, self.lines, self.message = [], [], []

    def __call__(self, connection):
        connection.sendall(b"220 mail.test\r\n")
        self.clear.append(read_line(connection))
        connection.sendall(b"250-mail.test\r\n250-SIZE 1000\r\n250 " + self.offers + b"\r\n")
        self.clear.append(read_line(connection))
        if self.clear[-1] != b"STARTTLS\r\n":
            return
        connection.sendall(b"220 go on\r\n" + self.ahead)
        context = server_context(pki().identity("addresses"))
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"")
            while line := read_line(tls):
                self.lines.append(line)
                if line == b"QUIT\r\n":
                    break
                tls.sendall(b"354 say it\r\n" if line == b"DATA\r\n" else b"250 well\r\n")
                if line == b"DATA\r\n":
                    while (line := read_line(tls)) not in (b".\r\n", b""):
                        self.message.append(line)
                    tls.sendall(b"250 taken\r\n")
            tls.unwrap()


class SmtpStarttls(ExampleTest):
    def send(self, mail, message="Subject: x\n\nfirst\n.second\n"):
        with ThreadPeer(mail) as peer:
            result = self.run_example("smtp-starttls", peer.host, peer.port, "a@example.test",
                                      "b@example.test", options="--allow-net", stdin=message)
            peer.finish()
        return result

    def test_sends_its_mail_in_tls(self):
        mail = Mail()
        status, output = self.send(mail)
        self.assertEqual((status, output[:23]), (0, "sent to b@example.test,"), output)
        self.assertEqual(mail.clear, [b"EHLO localhost\r\n", b"STARTTLS\r\n"])
        self.assertEqual(mail.lines, [b"EHLO localhost\r\n", b"MAIL FROM:<a@example.test>\r\n",
                                      b"RCPT TO:<b@example.test>\r\n", b"DATA\r\n", b"QUIT\r\n"])
        self.assertEqual(b"".join(mail.message), b"Subject: x\r\n\r\nfirst\r\n..second\r\n")

    def test_sends_nothing_where_tls_is_not_offered(self):
        mail = Mail(offers=b"HELP")
        status, output = self.send(mail)
        self.assertEqual(status, 1)
        self.assertIn("offers no STARTTLS", output)
        self.assertEqual(mail.clear, [b"EHLO localhost\r\n", b""])

    def test_takes_nothing_that_was_put_before_tls(self):
        for ahead in (b"250 injected\r\n", b"2", b"250-half"):
            mail = Mail(ahead=ahead)
            status, output = self.send(mail)
            self.assertEqual((status, mail.lines), (1, []))
            self.assertRegex(output, "somebody has put bytes between|TLS: ")


class Certificate(ExampleTest):
    def show(self, peer, *words, options="--allow-net"):
        return self.run_example("certificate", *words, peer.host, peer.port, options=options)

    def test_is_shown(self):
        with PythonServer(pki().identity("addresses"), alpn=("http/1.1",)) as peer:
            status, output = self.show(peer)
            self.assertEqual(status, 0, output)
            for words in (r"TLS 1.3, TLS_AES_256_GCM_SHA384, X25519(MLKEM768)?, ALPN http/1.1\n",
                          "1 certificate, ", r"name: IP:127\.0\.0\.1\n"):
                self.assertRegex(output, words)
            self.assertRegex(output, r"It lasts for (29|30) more days\.")
        with PythonServer(pki().identity("addresses"), maximum=TLS12) as peer:
            self.assertIn("TLS 1.2, TLS_ECDHE_ECDSA", self.show(peer)[1])

    def test_that_is_not_accepted_needs_a_grant(self):
        with PythonServer(pki().identity("expired")) as peer:
            self.assertEqual(self.show(peer)[0], 1)
            self.assertIn("--allow-insecure-tls", self.show(peer, "-k")[1])
            status, output = self.show(peer, "-k", options="--allow-net --allow-insecure-tls")
            self.assertEqual(status, 1)
            self.assertIn("It lasts for -1 more days.", output)


class CertificatesForTheExamples(unittest.TestCase):
    def test_are_made_once(self):
        folder = os.path.join(support.temporary_folder(), "tls")
        script = os.path.join(servers.EXAMPLES, "certificates")
        for _ in range(2):
            done = subprocess.run([script, folder], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(sorted(os.listdir(folder)), [f"{name}.{kind}" for name in (
            "ca", "client", "server") for kind in ("key", "pem")])
        self.assertEqual(os.stat(os.path.join(folder, "server.key")).st_mode & 0o77, 0)


if __name__ == "__main__":
    support.main()
