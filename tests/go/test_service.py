"""Servers in Go stay up: sockets that systemd passes, workers, a drain."""

import os
import shlex
import signal
import ssl
import subprocess
import threading
import time
import unittest

import support
from support import gotools, services
from support.peers import client_context
from support.services import Client, wait_for

import test_examples

gotools.need()
gotools.skip_if_sanitized()

# Nothing of the SDK: preview 1 alone, whose sock_accept is all that it has of servers.
LINES = """package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	listener, err := net.FileListener(os.NewFile(3, ""))
	if err != nil {
		panic(err)
	}
	fmt.Println("serving 0")
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer connection.Close()
			lines := bufio.NewReader(connection)
			for {
				line, err := lines.ReadString('\\n')
				if err != nil {
					return
				}
				io.WriteString(connection, "go "+line)
			}
		}()
	}
}
"""


class PassedToGo(services.Service):
    def __init__(self, program, listener, engine):
        self.process = subprocess.Popen(
            ["sh", "-c", f"LISTEN_PID=$$ LISTEN_FDS=1 exec {shlex.quote(program)}"], text=True,
            env=support.environment("", TIMECRAFT_IO=engine), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, close_fds=False, preexec_fn=services.passing([listener], nonblocking=True))
        self.begin()
        self.address = listener.getsockname()


class AListenerOfGo(unittest.TestCase):
    def test_is_a_socket_that_systemd_passed_and_drains(self):
        folder = gotools.new_module(os.path.join(support.temporary_folder(), "lines"), "lines",
                                    {"main.go": LINES})
        program = gotools.program(folder)
        for engine in ("uring", "syscall"):
            with self.subTest(engine=engine), services.listening() as listener, \
                    PassedToGo(program, listener, engine) as service, \
                    service.connect() as first, service.connect() as second:
                for client in (first, second):  # what is only queued would be left to the next process
                    self.assertEqual(client.ask("hello\n")[1], "hello\n")
                service.signal(signal.SIGTERM)
                time.sleep(0.2)
                self.assertEqual(second.ask("still there?\n")[1], "still there?\n")
                first.close()
                second.close()
                self.assertEqual(service.status()[0], 0, service.text)


class AServerWithNetHttp(unittest.TestCase):
    def test_drains_with_two_workers_and_loses_no_request(self):
        identity = test_examples.identity()
        held = f"--identity=server={identity.cert_file},{identity.key_file}"
        words = [test_examples.made("server"), "-listen", "127.0.0.1:0", "-identity", "server"]
        process = support.start(words, support.environment(
            f"--allow-listen=127.0.0.1 --workers=2 {held}"))
        with process:
            try:
                lines = [process.stderr.readline() for _ in range(2)]
                self.assertEqual(lines[0].split(" ")[-1], lines[1].split(" ")[-1], lines)
                self.load(process, int(lines[0].rsplit(":", 1)[1].strip(" /\n")))
            finally:
                process.kill()

    def load(self, process, port):
        answered, lost, over = [], [], threading.Event()

        def ask():
            while not over.is_set():
                try:
                    client = Client(("127.0.0.1", port))
                except OSError:
                    continue
                with client:
                    try:
                        tls = client_context().wrap_socket(client.socket,
                                                           server_hostname="127.0.0.1")
                        tls.sendall(b"GET /items HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        answered.append(tls.recv(4096).startswith(b"HTTP/1.1 200"))
                        tls.close()
                    except (OSError, ssl.SSLError) as error:
                        lost.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(answered) + len(lost) > 20)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(services.WAIT), 0)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(lost, [])
        self.assertTrue(all(answered))


if __name__ == "__main__":
    support.main()
