"""Servers in Python under --workers; and timecraft-python knows that word, and all others of a program."""

import os
import re
import signal
import socket
import subprocess
import threading

import python_support
from python_support import PYTHON, PythonTest, environment

import support
from support import services

ASYNCIO = """
import asyncio, os, random, sys
NAME = str(random.getrandbits(64))

async def serve(reader, writer):
    line = await reader.readline()
    writer.write(f"{NAME} {line.decode()}".encode())
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("serving", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
SOCKETSERVER = """
import random, socketserver
NAME = str(random.getrandbits(64))

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(f"{NAME} {self.rfile.readline().decode()}".encode())

with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
    print("serving", server.server_address[1], flush=True)
    server.serve_forever()
"""


class Workers(PythonTest):
    def start(self, source):
        path = os.path.join(support.temporary_folder(), "server.py")
        with open(path, "w") as file:
            file.write(source)
        process = subprocess.Popen(
            [PYTHON, "--workers=2", "--drain=5", "--allow-listen=127.0.0.1", path],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=support.die_with_parent)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        ports = {int(process.stdout.readline().split()[1]) for _ in range(2)}
        self.assertEqual(len(ports), 1)
        return process, ports.pop()

    def ask(self, port, text):
        with socket.create_connection(("127.0.0.1", port), services.WAIT) as client:
            client.sendall(text.encode() + b"\n")
            return client.makefile().read().split(" ", 1)

    def workers(self, process):
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            return sorted(filter(services.is_alive, map(int, file.read().split())))

    def check(self, source, wanted):
        """Of so many workers at least there are answers."""
        process, port = self.start(source)
        names, lost = set(), []

        def ask_many(first):
            for number in range(first, first + 50):
                try:
                    name, answer = self.ask(port, f"request {number}")
                    self.assertEqual(answer, f"request {number}\n")
                    names.add(name)
                except (OSError, ValueError) as error: # of the one that was killed
                    lost.append(error)
        clients = [threading.Thread(target=ask_many, args=[at]) for at in (0, 100, 200)]
        for client in clients:
            client.start()
        services.wait_for(lambda: len(names) >= wanted) # which the other may not be soon, once one is gone
        os.kill(self.workers(process)[0], signal.SIGKILL)
        for client in clients:
            client.join()
        self.assertLessEqual(len(lost), len(clients), lost)
        self.assertRegex(process.stdout.readline(), f"serving {port}") # it has been started again
        self.assertEqual(self.ask(port, "and now?")[1], "and now?\n")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=services.WAIT)
        self.assertEqual(process.returncode, 0, said)
        self.assertTrue(re.search(r"worker \d \(process \d+\) was killed by signal 9", said), said)
        self.assertNotIn("Traceback", said)
        self.assertGreaterEqual(len(names), wanted)

    def test_of_asyncio(self):
        self.check(ASYNCIO, 2)

    def test_of_socketserver(self):
        self.check(SOCKETSERVER, 1)


class Words(PythonTest):
    def test_of_programs_are_all_known(self):
        helped = support.run([support.TIMECRAFT, "help", "run"]).stdout
        named = re.findall(r"^  (--[a-z-]+)(=|\[=)?", helped, re.MULTILINE)
        self.assertGreater(len(named), 25)
        for name, value in named:
            if name in ("--invoke", "--payload"): # which are the interpreter's business
                continue
            word = {"=": f"{name}=value", "[=": name, "": name}[value]
            with self.subTest(word):
                done = subprocess.run([PYTHON, word, "--no-such-word-of-anybody"], env=environment(),
                                      capture_output=True, text=True,
                                      cwd=support.temporary_folder()) # --record=value
                self.assertNotIn(f"unknown option {word}", done.stderr)


if __name__ == "__main__":
    python_support.main()
