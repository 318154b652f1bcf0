"""systemd's protocol: sockets that it passes, what it is told, its watchdog."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
import unittest

import support
from support import services
from support.peers import free_port
from support.services import Client, Load, Manager, Service, wait_for


class PassedTo(Service):
    """The guest as systemd starts it: with these sockets from 3 on, and nothing granted."""

    def __init__(self, sockets, where="fd:3", how="poll", options="", **variables):
        command = shlex.join([support.program("serve"), how, where])
        environment = support.environment(options, **variables)
        environment.setdefault("LISTEN_FDS", str(len(sockets)))
        self.process = subprocess.Popen(
            ["sh", "-c", f"LISTEN_PID=$$ exec {command}"], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, close_fds=False,
            preexec_fn=services.passing(sockets))
        self.begin()
        self.address = sockets[0].getsockname()


class Case(unittest.TestCase):
    def manager(self, abstract=True):
        name = f"@timecraft-test-{os.getpid()}" if abstract else os.path.join(
            support.temporary_folder(), "notify")
        manager = Manager(name)
        self.addCleanup(manager.close)
        return manager, name

    def listeners(self, count=1):
        sockets = [services.listening() for _ in range(count)]
        for one in sockets:
            self.addCleanup(one.close)
        return sockets


class ASocketThatIsPassed(Case):
    def test_is_accepted_from_without_a_grant(self):
        for how in ("poll", "block"):
            with self.subTest(how=how), PassedTo(self.listeners(), how=how) as service, \
                    service.connect() as client:
                self.assertEqual(client.ask("hello")[1], "hello")

    def test_is_one_of_several_in_their_order(self):
        first, second = self.listeners(2)
        with PassedTo([first, second], "fd:4"), Client(second.getsockname()) as client:
            self.assertEqual(client.ask("hello")[1], "hello")

    def test_is_not_taken_when_it_is_for_another_process(self):
        program = support.program("serve")
        environment = support.environment("", LISTEN_FDS="1", LISTEN_PID="1")
        done = subprocess.run([program, "block", "fd:3"], env=environment, capture_output=True,
                              text=True, close_fds=False, preexec_fn=services.passing(
                                  self.listeners()), timeout=services.WAIT)
        self.assertEqual(done.returncode, 1, done)

    def test_stands_before_folders_which_the_guest_finds_too(self):
        folder = support.temporary_folder()
        with open(os.path.join(folder, "name"), "w") as file:
            file.write("from the folder")
        with PassedTo(self.listeners(), options=f"--dir={folder}::/data") as service, \
                service.connect() as client:
            self.assertEqual(client.ask("cat /data/name")[1], "from the folder")

    def test_keeps_for_the_next_process_what_is_queued_while_this_one_drains(self):
        listener, = self.listeners()
        with PassedTo([listener]) as service, service.connect() as first:
            first.ask("hello")
            service.signal(signal.SIGTERM)
            time.sleep(0.2)
            with service.connect() as second:
                second.say("for the next one")
                first.close()
                self.assertEqual(service.status()[0], 0)
                with PassedTo([listener]):
                    self.assertEqual(second.hear()[1], "for the next one")

    def test_with_something_queued_wakes_nobody_who_drains(self):
        for how in ("poll", "queue", "block"):
            with self.subTest(how=how), PassedTo(self.listeners(), how=how) as service, \
                    service.connect() as first:
                first.ask("hello")
                service.signal(signal.SIGTERM)
                with service.connect() as second:
                    second.say("for the next one")
                    time.sleep(0.2 * support.SLOWNESS)
                    before = services.cpu_time(service.process.pid)
                    time.sleep(0.5)
                    self.assertLess(services.cpu_time(service.process.pid) - before, 0.25)

    def test_is_shared_by_all_workers(self):
        with PassedTo(self.listeners(), how="block", options="--workers=2") as service:
            service.process.stdout.readline()
            with service.connect() as first, service.connect() as second:
                self.assertNotEqual(first.ask("hello")[0], second.ask("hello")[0])

    def test_must_be_a_socket(self):
        with open("/dev/null") as file:
            done = subprocess.run(
                ["sh", "-c", f"LISTEN_PID=$$ exec {support.program('serve')} block fd:3"],
                env=support.environment("", LISTEN_FDS="1"), capture_output=True, text=True,
                close_fds=False, preexec_fn=services.passing([file]), timeout=services.WAIT)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("descriptor 3 is not a socket", done.stderr)

    def test_comes_along_with_variables_that_are_shown_only_if_granted(self):
        with PassedTo(self.listeners()) as service, service.connect() as client:
            self.assertEqual(client.ask("env LISTEN_FDS")[1], "-")
        with PassedTo(self.listeners(), options="--env LISTEN_FDS") as service, \
                service.connect() as client:
            self.assertEqual(client.ask("env LISTEN_FDS")[1], "1")

    def test_is_known_to_records_and_replays_as_a_socket(self):
        record = os.path.join(support.temporary_folder(), "record")
        with PassedTo(self.listeners(), options=f"--record={record}") as service:
            with service.connect() as client:
                client.ask("hello")
            service.signal(signal.SIGTERM)
            self.assertEqual(service.status()[0], 0, service.text)
        shown = services.run_to_the_end([support.TIMECRAFT, "trace", "calls", record])
        again = services.run_to_the_end([support.TIMECRAFT, "replay", record])
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertRegex(shown.stdout, r"sock_accept\(fd 3 <listening 127\.0\.0\.1:\d+>")

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd is not installed")
    def test_is_systemd_socket_activate_s_too(self):
        address = ("127.0.0.1", free_port("127.0.0.1"))
        options = support.environment("")
        words = ["systemd-socket-activate", "-l", f"127.0.0.1:{address[1]}", "-E",
                 "TIMECRAFT_OPTIONS", *(word for name in ("TIMECRAFT_IO", "ASAN_OPTIONS")
                                        if name in options for word in ("-E", name)),
                 support.program("serve"), "poll", "fd:3"]
        with support.start(words, options) as process:
            try:
                wait_for(lambda: can_connect(address))
                with Client(address) as client:
                    self.assertEqual(client.ask("hello")[1], "hello")
            finally:
                process.kill()


def can_connect(address):
    try:
        socket.create_connection(address).close()
        return True
    except ConnectionRefusedError:
        return False


class TheManager(Case):
    def test_is_told_that_the_guest_listens_and_that_it_stops(self):
        for abstract in (True, False):
            manager, name = self.manager(abstract)
            with self.subTest(name=name), Service(
                    env=support.environment("--allow-listen", NOTIFY_SOCKET=name)) as service:
                self.assertEqual(manager.hear(), "READY=1")
                with service.connect() as client:
                    client.ask("hello")
                    service.signal(signal.SIGTERM)
                    self.assertEqual(manager.hear(), "STOPPING=1")
                self.assertEqual(service.status()[0], 0)
                self.assertEqual(manager.hear_all(), [])
            manager.close()

    def test_is_told_so_when_a_socket_that_was_passed_is_used(self):
        manager, name = self.manager()
        with PassedTo(self.listeners(), how="block", NOTIFY_SOCKET=name):
            self.assertEqual(manager.hear(), "READY=1")

    def test_is_told_so_by_the_supervisor_once(self):
        manager, name = self.manager()
        environment = support.environment("--allow-listen --workers=2", NOTIFY_SOCKET=name)
        with Service(env=environment, count=2) as service:
            self.assertEqual(manager.hear(), "READY=1")
            service.signal(signal.SIGTERM)
            self.assertEqual(manager.hear(), "STOPPING=1")
            self.assertEqual(service.status()[0], 0)
            self.assertEqual(manager.hear_all(), [])

    def test_that_cannot_be_reached_is_no_reason_not_to_serve(self):
        for name in ("/nonexistent/notify", "relative", "@" + "x" * 200):
            environment = support.environment("--allow-listen", NOTIFY_SOCKET=name)
            with self.subTest(name=name), Service(env=environment) as service, \
                    service.connect() as client:
                self.assertEqual(client.ask("hello")[1], "hello")
                service.has_said("nobody is notified")


class TheWatchdog(Case):
    def test_hears_of_a_guest_that_waits_and_of_one_that_serves(self):
        manager, name = self.manager()
        environment = support.environment("--allow-listen", NOTIFY_SOCKET=name,
                                          WATCHDOG_USEC="100000")
        with Service(env=environment) as service:
            heard = [manager.hear() for _ in range(4)]
            self.assertEqual(sorted(set(heard)), ["READY=1", "WATCHDOG=1"])
            load = Load(service.address, clients=1)
            manager.hear_all()
            time.sleep(0.3)
            self.assertIn("WATCHDOG=1", manager.hear_all())
            load.stop()

    def test_hears_nothing_of_a_guest_that_computes_without_end(self):
        manager, name = self.manager()
        environment = support.environment("--allow-listen", NOTIFY_SOCKET=name,
                                          WATCHDOG_USEC="100000")
        with Service(env=environment) as service, service.connect() as client:
            client.say("spin")
            time.sleep(0.3)
            manager.hear_all()
            time.sleep(0.3)
            self.assertEqual(manager.hear_all(), [])

    def test_of_the_supervisor_ends_a_worker_that_computes_without_end(self):
        manager, name = self.manager()
        environment = support.environment("--allow-listen --workers=2", NOTIFY_SOCKET=name,
                                          WATCHDOG_USEC="400000")
        with Service("block", env=environment, count=2) as service:
            with service.connect() as client:
                client.say("spin")
                service.has_said("has made no progress for 0.4 s: it is killed")
                wait_for(lambda: len(service.workers()) == 2)
            self.assertIn("WATCHDOG=1", manager.hear_all())

    def test_of_another_process_is_not_served(self):
        manager, name = self.manager()
        environment = support.environment("--allow-listen", NOTIFY_SOCKET=name, WATCHDOG_PID="1",
                                          WATCHDOG_USEC="100000")
        with Service(env=environment):
            time.sleep(0.3)
            self.assertEqual(manager.hear_all(), ["READY=1"])


if __name__ == "__main__":
    support.main()
