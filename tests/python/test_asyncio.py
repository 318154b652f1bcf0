"""asyncio in guests: streams, with TLS done by the host, on both sides."""

import asyncio
import socket
import ssl

import python_support
from python_support import LOOPBACK, PYTHON, PythonTest, environment

import support
from support import certs, peers

CONNECT = """
import asyncio, ssl, sys
NAME = "server.example.test"

async def connect(**more):
    return await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), **more)
"""


class Client(PythonTest):
    def play(self, peer, source, *arguments, **more):
        with peer:
            return self.script(CONNECT + source + "\nasyncio.run(main())\n", peer.port, *arguments,
                               grants=[*LOOPBACK, f"--dir={support.pki().folder}:ro"], **more)

    def echo(self, name="ecdsa", **more):
        return peers.TlsPeer(support.pki().identity(name), peers.echo, **more)

    def test_tasks_timers_and_the_executor(self):
        out = self.script("""
import asyncio, time
async def after(seconds, value):
    await asyncio.sleep(seconds)
    return value
async def main():
    begin = time.monotonic()
    print(await asyncio.gather(*(after(0.3, number) for number in range(100))))
    print(time.monotonic() - begin < 2)
    try:
        await asyncio.wait_for(after(10, None), 0.05)
    except asyncio.TimeoutError:
        print("late")
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, sum, [1, 2]), await asyncio.to_thread(max, 3, 4))
    try:
        await loop.run_in_executor(None, int, "x")
    except ValueError as error:
        print(error)
    print((await loop.getaddrinfo("127.0.0.1", 80))[0][4])
    queue = asyncio.Queue()
    loop.call_soon_threadsafe(queue.put_nowait, 5)
    print(await queue.get())
asyncio.run(main())
""")
        self.assertEqual(out.splitlines(), [
            str(list(range(100))), "True", "late", "3 4",
            "invalid literal for int() with base 10: 'x'", "('127.0.0.1', 80)", "5"])

    def test_a_loop_by_its_name(self):
        out = self.play(self.echo(), """
async def main():
    reader, writer = await connect(ssl=True, server_hostname=NAME)
    writer.write(b"hello\\n")
    print(await reader.readline())
    writer.close()
with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
    runner.run(main())
""")
        self.assertEqual(out, "b'hello\\n'\n" * 2)

    def test_waits_for_sockets_in_a_queue_and_for_other_descriptors_beside_it(self):
        out = self.play(self.echo(), """
async def main():
    trust = ssl.create_default_context(cafile=sys.argv[2])
    loop = asyncio.get_running_loop()
    print(type(loop._selector).__name__)
    pairs = [await connect(ssl=trust, server_hostname=NAME) for _ in range(70)]
    for number, (reader, writer) in enumerate(pairs):
        writer.write(b"%03d" % number)
    print(all([await reader.readexactly(3) == b"%03d" % number
               for number, (reader, _) in enumerate(pairs)]))
    readable = loop.create_future()
    loop.add_reader(0, lambda: readable.done() or readable.set_result("standard input"))
    print(await readable)
    loop.remove_reader(0)
    pairs[50][1].write(b"again")
    print(await pairs[50][0].readexactly(5))
    for _, writer in pairs:
        writer.close()
        await writer.wait_closed()
""", support.pki().ca_file)
        self.assertEqual(out, "QueueSelector\nTrue\nstandard input\nb'again'\n")

    def test_streams_with_tls(self):
        out = self.play(self.echo(), """
async def main():
    for context in True, ssl.create_default_context(cafile=sys.argv[2]):
        reader, writer = await connect(ssl=context, server_hostname=NAME)
        print(writer.get_extra_info("cipher")[1], writer.get_extra_info("peercert")["version"],
              writer.get_extra_info("ssl_object").version(), writer.can_write_eof(),
              len(writer.get_extra_info("ssl_object").getpeercert(True)) > 100)
        writer.write(b"a line\\n")
        writer.writelines([b"x" * 1000000, b"\\n"])
        await writer.drain()
        print(await reader.readline(), len(await reader.readexactly(1000001)))
        writer.close()
        await writer.wait_closed()
""", support.pki().ca_file)
        self.assertEqual(out.splitlines(),
                         ["TLSv1.3 3 TLSv1.3 False True", "b'a line\\n' 1000001"] * 2)

    def test_many_at_once(self):
        out = self.play(self.echo(), """
context = ssl.create_default_context()
async def one(number):
    reader, writer = await connect(ssl=context, server_hostname=NAME)
    for _ in range(3):
        writer.write(b"%d\\n" % number)
        assert await reader.readline() == b"%d\\n" % number
    writer.close()
    return number
async def main():
    print(sum(await asyncio.gather(*(one(number) for number in range(50)))))
""", timeout=120)
        self.assertEqual(out, "1225\n")

    def test_failures(self):
        source = """
async def main():
    for more in {"ssl_handshake_timeout": 0.5}, {}:
        try:
            await connect(ssl=True, server_hostname=NAME, **more)
        except OSError as error:
            print(type(error).__name__, error)
        if len(sys.argv) > 2:
            break
    print(len(asyncio.all_tasks()))
"""
        out = self.play(self.echo("expired"), source)
        self.assertEqual(out.count("SSLCertVerificationError"), 2, out)
        self.assertIn("certificate has expired", out)
        out = self.play(self.echo("wrong_name"), source)
        self.assertIn("Hostname mismatch", out)
        out = self.play(peers.ThreadPeer(lambda c: c.recv(1)), source)
        self.assertRegex(out, "SSLEOFError|ConnectionResetError")
        out = self.play(peers.ThreadPeer(peers.receive_all), source, "once")
        self.assertIn("ConnectionAbortedError SSL handshake is taking longer than 0.5 seconds", out)

    def test_a_stream_that_is_cut_is_an_error(self):
        def cut(tls):
            tls.recv(10)
            tls.sendall(b"data")

        source = """
async def main():
    reader, writer = await connect(ssl=True, server_hostname=NAME)
    writer.write(b"x")
    try:
        print(await reader.read(4))
        print(await reader.read())
    except OSError as error:
        print(type(error).__name__, error)
"""
        identity = support.pki().identity("ecdsa")
        out = self.play(peers.TlsPeer(identity, cut, close_notify=False), source)
        self.assertRegex(out, r"b'data'\nSSLEOFError .*close_notify")
        out = self.play(peers.TlsPeer(identity, cut), source)
        self.assertEqual(out, "b'data'\nb''\n")

    def test_starttls(self):
        out = self.play(peers.ThreadPeer(peers.upgrade), """
async def main():
    reader, writer = await connect()
    assert await reader.readline() == b"hello\\n"
    writer.write(b"upgrade\\n")
    await writer.drain()
    assert await reader.readline() == b"go\\n"
    await writer.start_tls(ssl.create_default_context(), server_hostname=NAME)
    print(writer.get_extra_info("ssl_object").version())
    writer.write(b"secret\\n")
    print(await reader.readline())
    writer.close()
    await writer.wait_closed()
""")
        self.assertEqual(out, "TLSv1.3\nb'secret\\n'\n")


class Server(PythonTest):
    SOURCE = """
import asyncio, ssl, sys
async def serve(reader, writer):
    secure = writer.get_extra_info("ssl_object")
    writer.write(f"{secure and secure.version()}\\n".encode())
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()
async def main():
    context = None
    if len(sys.argv) > 1:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*sys.argv[1:])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())
"""

    def serving(self, *files):
        process = support.start(
            [PYTHON, *LOOPBACK, f"--dir={support.pki().folder}:ro", "-u", "-c", self.SOURCE, *files],
            env=environment())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return int(process.stdout.readline())

    async def talk(self, port, number, **more):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **more)
        version = (await reader.readline()).decode().strip()
        for _ in range(3):
            writer.write(b"line %d\n" % number)
            self.assertEqual(await reader.readline(), b"LINE %d\n" % number)
        writer.close()
        await writer.wait_closed()
        return version

    async def talk_at_once(self, port, count, **more):
        talks = [self.talk(port, number, **more) for number in range(count)]
        return set(await asyncio.gather(*talks))

    def test_many_clients(self):
        identity = support.pki().identity("chain")
        context = ssl.create_default_context(cafile=support.pki().ca_file)
        port = self.serving(identity.cert_file, identity.key_file)
        with socket.create_connection(("127.0.0.1", port)) as silent:
            with socket.create_connection(("127.0.0.1", port)) as wrong:
                wrong.sendall(b"no TLS\r\n\r\n")
                versions = asyncio.run(self.talk_at_once(port, 30, ssl=context,
                                                         server_hostname=certs.SERVER_NAME))
            silent.close()
        self.assertEqual(versions, {"TLSv1.3"})

    def test_clear_text(self):
        self.assertEqual(asyncio.run(self.talk_at_once(self.serving(), 30)), {"None"})


if __name__ == "__main__":
    python_support.main()
