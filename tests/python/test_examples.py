"""The examples, and the programs of the reference document as they stand there."""

import os
import shlex
import socket
import ssl
import sys

import python_support
from python_support import LOOPBACK, PYTHON, PythonTest, environment, packages

import support
from support import peers

EXAMPLES = os.path.join(support.TREE, "examples", "python")

# Within namespaces of its own, where example.com is this machine and nobody else has port 443:
# runs a server and then, with its trust, the command that the arguments are.
INNER = """
import fcntl, socket, ssl, struct, subprocess, sys, threading
certificate, key, *command = sys.argv[1:]
with socket.socket() as any_socket:  # brings the loopback interface up (netdevice(7))
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1 | 0x40))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 443))
def serve():
    while True:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as tls:
            request = tls.recv(4096)
            print(request.split(b"\\r\\n")[0].decode(), file=sys.stderr, flush=True)
            tls.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nhello")
            tls.unwrap().close()
threading.Thread(target=serve, daemon=True).start()
sys.exit(subprocess.run(command).returncode)
"""


class Document(PythonTest):
    """Its text is in examples/python without a change."""

    def run_as_example_com(self, script, **more):
        self.need_namespaces()
        identity = support.pki()._leaf("example.com", names=["example.com"])
        folder = support.temporary_folder()
        with open(os.path.join(folder, "hosts"), "w") as file:
            file.write("127.0.0.1 localhost example.com\n")
        with open(os.path.join(folder, "inner.py"), "w") as file:
            file.write(INNER)
        inner = [sys.executable, f"{folder}/inner.py", identity.cert_file, identity.key_file,
                 PYTHON, "--allow-net=example.com:443", os.path.join(EXAMPLES, script)]
        shell = f"mount --bind {folder}/hosts /etc/hosts && exec {shlex.join(inner)}"
        return support.run(["unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c",
                            shell], environment(**more), 60)

    def test_ssl(self):
        result = self.run_as_example_com("wrap_socket.py")
        self.assertEqual(result.returncode, 0, result)
        self.assertTrue(result.stdout.startswith("bytearray(b'HTTP/1.1 200 OK"), result)
        self.assertEqual(result.stderr, "GET / HTTP/1.1\n")

    def test_requests(self):
        result = self.run_as_example_com("requests_get.py", PYTHONPATH=packages())
        self.assertEqual((result.returncode, result.stderr), (0, "GET / HTTP/1.1\n"), result)

    def test_requests_is_traced_live_and_from_a_record(self):
        folder = support.temporary_folder()
        live, record = f"{folder}/live.txt", f"{folder}/run.tcrec"
        result = self.run_as_example_com("requests_get.py", PYTHONPATH=packages(),
                                         TIMECRAFT_OPTIONS=f"--trace={live} --record={record}")
        self.assertEqual((result.returncode, result.stderr), (0, "GET / HTTP/1.1\n"), result)
        with open(live, encoding="utf-8") as file:
            self.assertRegex(file.read(), r'(?m)^.*sock_send.* tls example\.com>.*"GET / HTTP/1\.1')
        shown = support.run_tool(support.TIMECRAFT, "trace", "requests", "-v", record)
        self.assertRegex(shown, r"(?m) HTTP \S+ > 127\.0\.0\.1:443: GET / => 200 OK$")
        self.assertRegex(shown, r"(?m)^    hello$")


class Examples(PythonTest):
    def test_fetch_many(self):
        identity = support.pki()._leaf("localhost", names=["localhost", "127.0.0.1"])
        with peers.PythonPeer(identity) as peer:
            done = python_support.run([os.path.join(EXAMPLES, "fetch_many.py"),
                                       *[f"localhost:{peer.port}/{n}" for n in range(20)],
                                       "127.0.0.1:9"])
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout.count("HTTP/1.0 200 OK"), 20, done)
        self.assertIn("127.0.0.1:9: ", done.stderr)

    def test_https_server(self):
        identity = support.pki()._leaf("localhost", names=["localhost", "127.0.0.1"])
        server = support.start([PYTHON, *LOOPBACK,
                                f"--identity=web={identity.cert_file},{identity.key_file}",
                                os.path.join(EXAMPLES, "https_server.py"), "--port=0",
                                "--identity=web"], env=environment())
        with server:
            try:
                url = server.stdout.readline().strip()
                port = int(url.rstrip("/").rpartition(":")[2])
                context = ssl.create_default_context(cafile=support.pki().ca_file)
                for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    context.maximum_version = version
                    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
                    with context.wrap_socket(plain, server_hostname="localhost") as tls:
                        for path in "/a", "/b":
                            tls.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                            answer = tls.recv(4096).decode()
                            self.assertIn(f"{path} for 127.0.0.1, by {tls.version()}", answer)
            finally:
                server.kill()


if __name__ == "__main__":
    python_support.main()
