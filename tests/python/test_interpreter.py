"""timecraft-python runs scripts as a python does, with nothing but what was granted."""

import decimal
import hashlib
import os
import socket
import subprocess
import threading
import zlib

import python_support
from python_support import PYTHON, PythonTest, environment, run

import support


class Running(PythonTest):
    def said(self, *arguments, **more):
        result = run(arguments, **more)
        self.assertEqual(result.returncode, 0, result)
        return result.stdout

    def test_modules_that_users_expect_are_there(self):
        names = ("abc argparse array ast asyncio base64 binascii bisect bz2 calendar cmath codecs "
                 "collections concurrent.futures configparser contextvars copy csv dataclasses "
                 "datetime decimal difflib email enum fractions ftplib functools gzip hashlib heapq "
                 "hmac html http.client http.server imaplib importlib.metadata inspect io itertools "
                 "json logging math mimetypes numbers opcode operator os pathlib pickle pprint "
                 "poplib queue random re sched secrets select selectors shelve shlex shutil signal "
                 "smtplib socket socketserver ssl statistics string struct sysconfig tarfile "
                 "tempfile textwrap threading time timeit traceback types typing unicodedata "
                 "unittest urllib.request uuid warnings weakref xml.etree.ElementTree xmlrpc.client "
                 "zipfile zlib zoneinfo").split()
        script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
        self.script(script, *names)

    def test_its_modules_agree_with_the_hosts(self):
        out = self.script("""
import bz2, decimal, hashlib, json, sys, xml.etree.ElementTree as tree, zlib
data = bytes(range(256)) * 1000
print(zlib.crc32(zlib.decompress(zlib.compress(data))), bz2.decompress(bz2.compress(data)) == data)
print(hashlib.sha256(data).hexdigest(), hashlib.blake2b(data).hexdigest()[:16])
print(decimal.Decimal(2).sqrt(), json.loads(json.dumps([1.5, "\\u00e9"])))
print(tree.fromstring("<a><b c='d'>e</b></a>")[0].attrib, sys.maxsize == 2**31 - 1)
""")
        data = bytes(range(256)) * 1000
        self.assertEqual(out.splitlines(), [
            f"{zlib.crc32(data)} True",
            f"{hashlib.sha256(data).hexdigest()} {hashlib.blake2b(data).hexdigest()[:16]}",
            f"{decimal.Decimal(2).sqrt()} [1.5, '\u00e9']",
            "{'c': 'd'} True",
        ])

    def test_pairs_of_sockets_need_no_grant(self):
        out = self.script("""
import asyncio, errno, socket
one, other = socket.socketpair()
print(one.family == other.family == socket.AF_UNIX, one.type == socket.SOCK_STREAM)
one.sendall(b"to the other")
print(other.recv(100))
other.sendall(b"and back")
other.close()
print(one.recv(100), one.recv(100))
one, other = socket.socketpair(type=socket.SOCK_DGRAM)
one.send(b"one"), one.send(b"two")
print(other.recv(100), other.recv(100))
try:
    socket.socketpair(socket.AF_INET)
except OSError as error:
    print(error.errno == errno.EOPNOTSUPP)

async def reversing(socket):
    reader, writer = await asyncio.open_connection(sock=socket)
    while line := await reader.readline():
        writer.write(line.strip()[::-1] + b"\\n")
    writer.close()

async def asking():
    one, other = socket.socketpair()
    task = asyncio.create_task(reversing(other))
    reader, writer = await asyncio.open_connection(sock=one)
    for number in range(1000):
        writer.write(b"%d\\n" % number)
    writer.write_eof()
    lines = (await reader.read()).split()
    await task
    print(len(lines), lines[-1])

asyncio.run(asking())
""")
        self.assertEqual(out.splitlines(), [
            "True True", "b'to the other'", "b'and back' b''", "b'one' b'two'", "True", "1000 b'999'"])

    def test_directories_of_archives_are_read_as_zipimport_reads_them(self):
        self.script(r"""
import io, zipfile, zipimport

def archive(path, names, comment=b"", extra=b"", before=b""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as zip:
        for name in names:
            entry = zipfile.ZipInfo(name, (2020, 2, 3, 4, 5, 6))
            entry.comment, entry.extra = comment, extra
            zip.writestr(entry, name.encode() * 100)
        zip.comment = comment
    with open(path, "wb") as file:
        file.write(before + data.getvalue())

def outcome(path):
    try:
        return zipimport._read_directory(path)
    except (zipimport.ZipImportError, EOFError, UnicodeDecodeError) as error:
        return repr(error)

def compare(path):
    asked, zipimport._zip_directory = zipimport._zip_directory, Unasked
    try:
        expected = outcome(path)
    finally:
        zipimport._zip_directory = asked
    assert outcome(path) == expected, (path, outcome(path), expected)
    return expected

class Unasked:
    def read(*arguments):
        return None

library = compare("/usr/lib/timecraft-python.zip")
assert len(library) > 1000, len(library)

plain = ["a.py", "b/c.py", "\u00e9.txt"]
archive("plain.zip", plain)
assert list(compare("plain.zip")) == plain
for number, more in enumerate(({"comment": b"words"}, {"extra": b"\1\2\4\0abcd"},
                               {"before": b"#!/bin/sh\n" * 50})):
    archive(f"{number}.zip", plain, **more)
    assert len(compare(f"{number}.zip")) == 3
archive("folders.zip", ["a/", "a/b.py"])
assert compare("folders.zip")["a/"][0] == "folders.zip/a"
archive("none.zip", [])
assert compare("none.zip") == {}

data = open("plain.zip", "rb").read()
for at in range(data.index(b"PK\x01\x02"), len(data)):  # each byte of it wrong
    with open("bad.zip", "wb") as file:
        file.write(data[:at] + bytes([data[at] ^ 0xff]) + data[at + 1:])
    compare("bad.zip")
""", grants=[f"--dir={support.temporary_folder()}::."])

    def test_arguments_streams_and_status(self):
        script = "import sys\nprint(sys.argv[1:], input())\nprint('x', file=sys.stderr)\nsys.exit(7)"
        path = os.path.join(support.temporary_folder(), "a script.py")
        with open(path, "w") as file:
            file.write(script)
        done = subprocess.run([PYTHON, path, "--allow-net", "-c", "it's"], input="line\n", text=True,
                              capture_output=True, env=environment())
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (7, "['--allow-net', '-c', \"it's\"] line\n", "x\n"))
        done = subprocess.run([PYTHON, "-", "a"], input="import sys; print(sys.argv)", text=True,
                              capture_output=True, env=environment())
        self.assertEqual(done.stdout, "['-', 'a']\n", done)

    def test_an_error_is_shown_with_its_line(self):
        result = self.failing_script("import json\njson.loads('{')\n")
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("    json.loads('{')\n", result.stderr)
        self.assertIn("json/decoder.py", result.stderr)
        self.assertIn("JSONDecodeError", result.stderr)

    def test_deep_recursion_is_an_exception(self):
        out = self.script("""
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
print(deep(900))
try:
    deep(2000)
except RecursionError as error:
    print(error)
import json
try:
    json.loads("[" * 100000)
except RecursionError:
    print("json too")
""")
        self.assertEqual(out, "900\nmaximum recursion depth exceeded\njson too\n")

    def test_there_are_no_threads_and_processes(self):
        out = self.script("""
import threading, subprocess
try:
    threading.Thread(target=print).start()
except RuntimeError as error:
    print(error)
try:
    subprocess.run(["true"])
except OSError as error:
    print(type(error).__name__)
""")
        self.assertEqual(out, "can't start new thread\nOSError\n")


class Grants(PythonTest):
    def setUp(self):
        self.folder = support.temporary_folder()
        with open(os.path.join(self.folder, "beside.py"), "w") as file:
            file.write("value = 'beside'\n")
        self.other = support.temporary_folder()
        with open(os.path.join(self.other, "there.py"), "w") as file:
            file.write("value = 'there'\n")

    def test_the_scripts_folder_can_be_read_only(self):
        out = self.script("""
import beside, os
print(beside.value, sorted(os.listdir(os.path.dirname(__file__))))
try:
    open(os.path.join(os.path.dirname(__file__), "new"), "w")
except OSError as error:
    print(error.strerror)
""", folder=self.folder)
        self.assertEqual(out, "beside ['beside.py', 'script.py']\nRead-only file system\n")

    def test_other_folders_need_a_grant(self):
        script = "import sys; print(open(sys.argv[1]).read())"
        path = os.path.join(self.other, "there.py")
        result = self.failing_script(script, path, folder=self.folder)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("Error", result.stderr)
        out = self.script(script, path, folder=self.folder, grants=["--dir", self.other + "/:ro"])
        self.assertIn("there", out)
        out = self.script(script, path, folder=self.folder, grants=[],
                          TIMECRAFT_OPTIONS=f"--dir={self.other}")
        self.assertIn("there", out)

    def test_own_words_come_after_the_defaults(self):
        """So that the script's own folder can be made writable."""
        self.script("open(__file__ + '.new', 'w').write('x')", folder=self.folder,
                    grants=[f"--dir={self.folder}"])
        self.assertTrue(os.path.exists(os.path.join(self.folder, "script.py.new")))

    def test_the_environment_needs_a_grant_but_not_pythons_own(self):
        script = "import os; print(os.environ.get('SECRET'), os.environ.get('PYTHONHASHSEED'))"
        self.assertEqual(self.script(script, SECRET="x", PYTHONHASHSEED="1"), "None 1\n")
        self.assertEqual(self.script(script, SECRET="x", grants=["--env=SECRET"]), "x None\n")

    def test_pythonpath_is_granted_with_its_folders(self):
        out = self.script("import there; print(there.value)", folder=self.folder,
                          PYTHONPATH=self.other)
        self.assertEqual(out, "there\n")

    def test_a_module_is_looked_for_where_one_is(self):
        done = subprocess.run([PYTHON, "-m", "beside"], cwd=self.folder, env=environment(),
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = subprocess.run([PYTHON, "-c", "import beside"], cwd=self.folder, env=environment(),
                              capture_output=True, text=True)
        self.assertIn("ModuleNotFoundError", done.stderr)

    def test_a_relative_script_reads_relative_files(self):
        os.makedirs(os.path.join(self.folder, "sub"))
        with open(os.path.join(self.folder, "sub", "run.py"), "w") as file:
            file.write("import sys; print(sys.argv, open('sub/run.py').read(6))")
        done = subprocess.run([PYTHON, "sub/run.py"], cwd=self.folder, env=environment(),
                              capture_output=True, text=True)
        self.assertEqual(done.stdout, "['sub/run.py'] import\n", done)

    def test_the_network_needs_a_grant(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
            result = self.failing_script(script, port, grants=[])
            self.assertEqual(result.returncode, 1, result)
            self.assertIn("PermissionError", result.stderr)
            self.assertIn("--allow-net", result.stderr)
            self.script(script, port, grants=["--allow-net=127.0.0.1"])

    def test_help_tells_the_grants(self):
        result = run(["--help"], grants=[])
        self.assertIn("--allow-net", result.stdout)
        self.assertEqual(result.returncode, 0)


class Sockets(PythonTest):
    def test_tcp_udp_and_unix_with_every_selector(self):
        out = self.script("""
import select, selectors, socket
for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    with socket.create_server((host, 0), family=family) as listener:
        client = socket.create_connection(listener.getsockname()[:2], timeout=5)
        server, address = listener.accept()
        assert client.getsockname()[:2] == address[:2], address
        assert select.select([server], [], [], 0)[0] == []
        client.sendall(b"x" * 100000)
        for Selector in selectors.SelectSelector, selectors.PollSelector:
            with Selector() as selector:
                selector.register(server, selectors.EVENT_READ, "data")
                (key, events), = selector.select(5)
                assert (key.data, events) == ("data", selectors.EVENT_READ)
        received = bytearray()
        view = memoryview(bytearray(70000))
        while len(received) < 100000:
            received += view[:server.recv_into(view)]
        client.shutdown(socket.SHUT_WR)
        assert server.recv(10) == b""
        client.settimeout(0.01)
        try:
            client.recv(1)
        except TimeoutError as error:
            print(family.name, error)
        client.setblocking(False)
        try:
            client.recv(1)
        except BlockingIOError:
            print("would block")
        with server.makefile("rwb") as file:
            file.write(b"line\\nmore\\n")
        client.settimeout(5)
        print(list(client.makefile("rb", 0).readline() for _ in range(2)))
        client.close()
        server.close()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        one.sendto(b"datagram", two.getsockname())
        print(two.recvfrom(100)[0], two.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) ==
              socket.SOCK_DGRAM)
print(socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)[0][4][1])
try:
    socket.create_connection(("127.0.0.1", 9), timeout=2)
except ConnectionRefusedError:
    print("refused")
""")
        self.assertEqual(out.splitlines(), [
            "AF_INET timed out", "would block", "[b'line\\n', b'more\\n']",
            "AF_INET6 timed out", "would block", "[b'line\\n', b'more\\n']",
            "b'datagram' True", "80", "refused"])

    def test_urllib_and_http_server(self):
        """Both roles in clear text: the host is the client of one and the server of the other."""
        process = support.start([PYTHON, *python_support.LOOPBACK, "-u", "-c",
                                 "import http.server as h\n"
                                 "s = h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n"
                                 "print(s.server_port)\ns.serve_forever()"], env=environment())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /nothing HTTP/1.0\r\n\r\n")
            self.assertIn(b"404", client.recv(1000))

        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nbody")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        out = self.script("import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read())",
                          url)
        thread.join()
        self.assertEqual(out, "b'body'\n")


if __name__ == "__main__":
    python_support.main()
