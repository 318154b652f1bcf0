"""SIGTERM and SIGINT: a server's open connections come to their end, others end at once."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import support
from support import services
from support.peers import NAME, client_context, free_port
from support.servers import HttpsServer
from support.services import Client, Load, Service

HOWS = ("poll", "queue", "block")
PATIENT = f"--drain={services.WAIT}"  # for a guest that computes, however busy the machine is


class AServer(unittest.TestCase):
    def check(self, service, status, seconds=2.0):
        found, took = service.status()
        self.assertEqual(found, status, service.text)
        self.assertLess(took, seconds * support.SLOWNESS, service.text)

    def test_without_connections_ends_with_status_0(self):
        for how in HOWS:
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(how=how, signal=number), Service(how) as service:
                    service.signal(number)
                    self.check(service, 0)

    def test_that_drains_sleeps_meanwhile(self):
        for how in HOWS:
            with self.subTest(how=how), Service(how) as service, service.connect() as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
                time.sleep(0.2 * support.SLOWNESS)
                before = services.cpu_time(service.process.pid)
                time.sleep(0.5)
                self.assertLess(services.cpu_time(service.process.pid) - before, 0.25)

    def test_serves_what_is_open_and_then_ends_with_status_0(self):
        for how in HOWS:
            with self.subTest(how=how), Service(how) as service, service.connect() as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
                time.sleep(0.3)
                self.assertEqual(client.ask("still there?")[1], "still there?")
                client.close()
                self.check(service, 0)

    def test_refuses_who_comes_later(self):
        with Service() as service, service.connect() as client:
            client.ask("hello")
            service.signal(signal.SIGTERM)
            time.sleep(0.3 * support.SLOWNESS)
            with self.assertRaises(ConnectionRefusedError):
                service.connect()

    def test_serves_who_was_queued(self):
        with Service("block") as service, service.connect() as first:
            first.ask("hello")
            with service.connect() as second:
                second.say("I come later")
                service.signal(signal.SIGTERM)
                time.sleep(0.3)
                first.close()
                self.assertEqual(second.hear()[1], "I come later")
            self.check(service, 0)

    def test_at_a_path_serves_what_is_open_and_refuses_who_comes_later(self):
        path = os.path.join(support.temporary_folder(), "socket")
        options = support.environment(f"--allow-listen=unix:{path}")
        for how in HOWS:
            with self.subTest(how=how), Service(how, f"unix:{path}", env=options) as service, \
                    Client(path) as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
                time.sleep(0.2 * support.SLOWNESS)
                with self.assertRaises(ConnectionRefusedError):
                    Client(path)
                self.assertEqual(client.ask("still there?")[1], "still there?")
                client.close()
                self.check(service, 0)
            os.unlink(path)

    def test_ends_with_status_0_when_the_time_of_drain_is_over(self):
        for how in HOWS:
            with self.subTest(how=how), Service(how, options="--drain=0.3") as service, \
                    service.connect() as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
                self.check(service, 0)
                self.assertIsNone(client.hear())
                self.assertIn("1 connection is still open after the 0.3 s that --drain allows",
                              service.text)

    def test_that_computes_is_left_behind_when_the_time_is_over(self):
        with Service(options="--drain=0.1") as service, service.connect() as client:
            client.say("spin")
            time.sleep(0.1)
            service.signal(signal.SIGTERM)
            self.check(service, 0, 6)

    def test_ends_at_once_after_a_second_signal(self):
        for how in HOWS:
            with self.subTest(how=how), Service(how) as service, service.connect() as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
                time.sleep(0.1)
                self.assertIsNone(service.process.poll(), service.text)
                service.signal(signal.SIGTERM)
                self.check(service, -signal.SIGTERM, 1)

    def test_under_load_loses_no_request(self):
        for how in HOWS:
            with self.subTest(how=how), Service(how) as service:
                load = Load(service.address)
                services.wait_for(lambda: len(load.answered) > 50)
                service.signal(signal.SIGTERM)
                self.check(service, 0, 5)
                load.stop()
                self.assertTrue(load.lost.empty(), load.lost.empty() or load.lost.get())
                self.assertFalse(load.refused.empty())

    def test_says_close_notify_on_connections_that_are_still_open(self):
        with HttpsServer(options="--drain=0.3") as server:
            connection = socket.create_connection((server.host, server.port), services.WAIT)
            with client_context().wrap_socket(connection, server_hostname=NAME,
                                              suppress_ragged_eofs=False) as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b"200", tls.recv(4096))
                server.process.send_signal(signal.SIGTERM)
                try:
                    while tls.recv(4096):
                        continue
                except ssl.SSLEOFError:
                    self.fail("it ended without close_notify")
            self.assertEqual(server.process.wait(10), 0)


class AServerOfDatagrams(unittest.TestCase):
    def start(self, options="", **more):
        service = Service("block", f"udp:{free_port(kind=socket.SOCK_DGRAM)}",
                          f"--allow-net=127.0.0.1 {options}", **more)
        self.addCleanup(service.stop)
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(services.WAIT)
        client.connect(service.address)
        return service, client

    def test_without_any_ends_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            service, _ = self.start()
            service.signal(number)
            status, took = service.status()
            self.assertEqual(status, 0, service.text)
            self.assertLess(took, 2 * support.SLOWNESS)

    def test_answers_those_that_have_come(self):
        service, client = self.start(PATIENT)
        client.send(b"work 30000000") # and meanwhile others come, and the signal
        texts = [f"datagram {number}" for number in range(50)]
        for text in texts:
            client.send(text.encode())
        service.signal(signal.SIGTERM)
        answers = [client.recv(300).decode().split(" ", 1)[1] for _ in range(51)]
        self.assertEqual(answers[1:], texts)
        self.assertEqual(service.status()[0], 0, service.text)

    def test_is_given_none_that_come_later(self):
        service, client = self.start(PATIENT)
        client.send(b"work %d" % (100_000_000 * support.SLOWNESS)) # longer than what follows
        time.sleep(0.05)
        service.signal(signal.SIGTERM)
        time.sleep(0.1 * support.SLOWNESS)
        client.send(b"too late")
        self.assertIn("work", client.recv(300).decode())
        self.assertEqual(service.status()[0], 0, service.text)
        with self.assertRaises(ConnectionRefusedError): # nobody is there any more, and none has answered
            client.send(b"still there?")
            client.recv(300)

    def test_with_workers_answers_those_that_have_come(self):
        service, client = self.start("--workers=2", count=2)
        texts = [f"datagram {number}" for number in range(50)]
        for text in texts:
            client.send(text.encode())
        service.signal(signal.SIGTERM)
        answers = [client.recv(300).decode().split(" ", 1)[1] for _ in range(50)]
        self.assertEqual(sorted(answers), sorted(texts))
        self.assertEqual(service.status()[0], 0, service.text)

    def test_ends_though_more_and_more_come(self):
        service, client = self.start()
        over = threading.Event()

        def flood():
            while not over.is_set():
                with contextlib.suppress(OSError):
                    client.send(b"again")
        thread = threading.Thread(target=flood)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)
        time.sleep(0.1)
        service.signal(signal.SIGTERM)
        status, took = service.status()
        self.assertEqual(status, 0, service.text)
        self.assertLess(took, 4 * support.SLOWNESS)


class AProgramThatListensToNobody(unittest.TestCase):
    def start(self, options="", **more):
        process = support.start([support.program("probe"), "sleep:0", "sleep:30000"],
                                support.environment(options), **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(process.stdout.readline().startswith("sleep:0"))
        return process

    def test_dies_of_the_signal_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            process.send_signal(number)
            self.assertEqual(process.wait(2 * support.SLOWNESS), -number)

    def test_ignores_what_was_ignored_when_it_was_started(self):
        def ignore():
            support.die_with_parent()
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        words = [support.program("probe"), "sleep:0", "sleep:300"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True,
                                           env=support.environment(), preexec_fn=ignore)
        with process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        self.assertEqual(process.returncode, 0)

    def test_has_a_complete_record_that_ends_as_it_did(self):
        record = os.path.join(support.temporary_folder(), "record")
        process = self.start(f"--record={record}")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(2 * support.SLOWNESS), -signal.SIGTERM)
        shown = services.run_to_the_end([support.TIMECRAFT, "inspect", record])
        self.assertIn("signal 15 ended it; status 143", shown.stdout, shown.stderr)
        again = services.run_to_the_end([support.TIMECRAFT, "replay", record])
        self.assertEqual(again.returncode, 143, again.stderr)
        self.assertIn("signal 15 ended the program", again.stderr)


class TheRecordOfAServerThatHasDrained(unittest.TestCase):
    def test_ends_with_the_signal_and_is_replayed_with_status_0(self):
        record = os.path.join(support.temporary_folder(), "record")
        with Service(options=f"--record={record}") as service:
            with service.connect() as client:
                client.ask("hello")
                service.signal(signal.SIGTERM)
            self.assertEqual(service.status()[0], 0, service.text)
        shown = services.run_to_the_end([support.TIMECRAFT, "inspect", record])
        self.assertIn("signal 15 ended it; status 0", shown.stdout, shown.stderr)
        again = services.run_to_the_end([support.TIMECRAFT, "replay", record])
        self.assertEqual(again.returncode, 0, again.stderr)


if __name__ == "__main__":
    support.main()
