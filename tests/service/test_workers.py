"""--workers: processes of a server that share what it listens on, and are kept running."""

import os
import signal
import socket
import time
import unittest

import support
from support import services
from support.peers import free_port
from support.services import Client, Load, Service, wait_for


class Workers(unittest.TestCase):
    def check_ends(self, service, status=0):
        self.assertEqual(service.status()[0], status, service.text)


class SeveralWorkers(Workers):
    def test_share_the_port_that_the_kernel_has_chosen(self):
        with Service(options="--workers=3", count=3) as service:
            self.assertEqual(len(set(service.ports)), 1)
            self.assertEqual(len(service.workers()), 3)

    def test_share_a_port_of_the_program_s_choice_and_a_path(self):
        port = free_port()
        path = os.path.join(support.temporary_folder(), "socket")
        options = f"--workers=2 --allow-listen=unix:{path}"
        for where, address in ((f"tcp:{port}", ("127.0.0.1", port)), (f"unix:{path}", path)):
            with self.subTest(where=where), Service(where=where, options=options, count=2), \
                    Client(address) as client:
                self.assertEqual(client.ask("hello")[1], "hello")

    def test_all_serve(self):
        with Service("block", options="--workers=2", count=2) as service, \
                service.connect() as first, service.connect() as second:
            # Each serves one connection at a time: the second has another process.
            self.assertNotEqual(first.ask("hello")[0], second.ask("hello")[0])

    def test_that_remove_the_path_they_bind_are_one_or_refused(self):
        folder = support.temporary_folder()
        path = os.path.join(folder, "socket")
        options = f"--dir={folder} --allow-listen=unix:{path}"
        with Service(where=f"unix:{path}", options=f"--workers=1 {options}") as service:
            with Client(path) as client:
                client.say("trap")
                self.assertIsNone(client.hear())
            service.process.stdout.readline()
            with Client(path) as client:
                self.assertEqual(client.ask("hello")[1], "hello")
        with Service(where=f"unix:{path}", options=f"--workers=2 {options}", wait=False) as service:
            # One may be refused at the start, and end the other; both may have removed it before
            # either has bound it, and then one that is started again is refused.
            if service.process.stdout.readline():
                os.kill(wait_for(service.workers)[0], signal.SIGKILL)
            service.has_said("can have one worker only")

    def test_are_as_many_as_there_are_processors_with_auto(self):
        count = len(os.sched_getaffinity(0))
        with Service(options="--workers=auto", count=count) as service:
            self.assertEqual(len(service.workers()), count)

    def test_listen_only_where_it_is_granted(self):
        environment = support.environment("--workers=2 --allow-listen=127.0.0.1:1")
        for where in ("tcp:0", "tcp:2"):
            with self.subTest(where=where), \
                    Service(where=where, env=environment, wait=False) as service:
                self.check_ends(service, 3)
                self.assertIn("--allow-listen=127.0.0.1:", service.text)

    def test_of_a_program_without_sockets_are_refused(self):
        source = os.path.join(support.temporary_folder(), "exit.wat")
        with open(source, "w") as file:
            file.write('(module (memory (export "memory") 1) (func (export "_start")))')
        module, program = source + ".wasm", source + ".out"
        support.run_tool(support.WAT2WASM, source, "-o", module)
        support.run_tool(support.TIMECRAFT, "build", "-O0", module, "-o", program)
        result = support.run([program], support.environment("--workers=2"))
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("has no sockets", result.stderr)


@unittest.skipIf(support.SANITIZED, "a sanitized runtime has no wall")
class TheSupervisor(Workers):
    def test_has_a_wall_of_its_own(self):
        with Service(options="--workers=2", count=2) as service:
            with open(f"/proc/{service.process.pid}/status") as file:
                status = dict(line.rstrip().partition(":\t")[::2] for line in file)
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))


class AWorkerThatFails(Workers):
    def test_is_started_again_with_a_line_that_says_why(self):
        with Service(options="--workers=2", count=2) as service:
            wait_for(lambda: len(service.workers()) == 2)
            for word, why in (("trap", "trapped"), ("exit 5", "ended with status 5")):
                with service.connect() as client:
                    client.say(word)
                    self.assertIsNone(client.hear())
                service.has_said(why)
            os.kill(wait_for(service.workers)[0], signal.SIGKILL)
            service.has_said("was killed by signal 9 (Killed)")
            wait_for(lambda: len(service.workers()) == 2)
            self.assertRegex(service.text,
                             r"worker \d \(process \d+\) trapped; it starts again (at once|in)")

    def test_loses_no_connections_but_its_own_under_load(self):
        with Service(options="--workers=2", count=2) as service:
            load = Load(service.address)
            wait_for(lambda: len(load.answered) > 50)
            with service.connect() as unlucky:
                unlucky.say("trap")
                self.assertIsNone(unlucky.hear())
            before = len(load.answered)
            wait_for(lambda: len(load.answered) > before + 200)
            load.stop()
            # A request that the same process was just answering: one a client at most.
            lost = 0
            while not load.lost.empty():
                self.assertIsInstance(load.lost.get(), ConnectionError)
                lost += 1
            self.assertLessEqual(lost, 4)
            self.assertTrue(load.refused.empty())

    def test_leaves_what_is_queued_to_the_others(self):
        with Service("block", options="--workers=2", count=2) as service:
            with service.connect() as first, service.connect() as second:
                first.ask("hello"), second.ask("hello")
                with service.connect() as queued:
                    queued.say("I wait")
                    first.say("trap")
                    self.assertEqual(queued.hear()[1], "I wait")

    def test_twenty_times_leaves_a_thousand_requests_answered(self):
        with Service(options="--workers=4", count=4) as service:
            load = Load(service.address, clients=4, most=1000)
            for number in range(20):
                wait_for(lambda: len(load.answered) >= 45 * number)
                running = wait_for(service.workers)
                one = running[number % len(running)]
                os.kill(one, signal.SIGKILL)
                wait_for(lambda: not services.is_alive(one))
            load.join()
            self.assertGreaterEqual(len(load.answered), 1000)
            self.assertTrue(load.refused.empty())
            # With a process go the requests that it was answering, one a client at most.
            self.assertLessEqual(load.lost.qsize(), 20 * 4)
            wait_for(lambda: service.text.count("was killed by signal 9") == 20)

    def test_again_and_again_is_started_at_longer_and_longer_intervals(self):
        with Service(options="--workers=1") as service:
            for seconds in ("0.05", "0.1", "0.2"):
                os.kill(wait_for(service.workers)[0], signal.SIGKILL)
                service.has_said(f"starts again in {seconds} s")

    def test_before_any_has_listened_ends_the_program_with_its_status(self):
        environment = support.environment("--workers=2")
        with Service(env=environment, wait=False) as service:
            self.check_ends(service, 3)
            self.assertIn("ended with status 3, and none has listened yet", service.text)

    def test_leaves_its_record_to_be_read(self):
        record = os.path.join(support.temporary_folder(), "record")
        with Service(options=f"--workers=2 --record={record}", count=2) as service:
            with service.connect() as client:
                client.say("trap")
                self.assertIsNone(client.hear())
            service.process.stdout.readline()
            service.signal(signal.SIGTERM)
            self.check_ends(service)
        ends = [services.run_to_the_end([support.TIMECRAFT, "inspect", f"{record}.{name}"]).stdout
                for name in ("1", "2")]
        self.assertTrue(all("signal 15 ended it; status 0" in text for text in ends), ends)
        old = [name for name in os.listdir(os.path.dirname(record)) if name.endswith(".old")]
        self.assertEqual(len(old), 1)
        shown = services.run_to_the_end(
            [support.TIMECRAFT, "inspect", os.path.join(os.path.dirname(record), old[0])])
        self.assertIn("it trapped; status 134", shown.stdout)


class AWorkerThatEndsByItself(Workers):
    def test_is_not_started_again_and_with_all_the_program_ends(self):
        with Service("block", options="--workers=2", count=2) as service, \
                service.connect() as first, service.connect() as second:
            first.ask("hello"), second.ask("hello")
            first.say("exit 0")
            wait_for(lambda: len(service.workers()) == 1)
            time.sleep(0.2)
            self.assertEqual(len(service.workers()), 1)
            second.say("exit 0")
            self.check_ends(service)


class ASignalToTheSupervisor(Workers):
    def test_drains_all_workers(self):
        with Service("block", options="--workers=2", count=2) as service, \
                service.connect() as first, service.connect() as second:
            first.ask("hello"), second.ask("hello")
            service.signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertEqual(first.ask("still there?")[1], "still there?")
            self.assertEqual(second.ask("still there?")[1], "still there?")
            first.close(), second.close()
            self.check_ends(service)

    def test_under_load_loses_no_request(self):
        with Service(options="--workers=2", count=2) as service:
            load = Load(service.address)
            wait_for(lambda: len(load.answered) > 50)
            service.signal(signal.SIGTERM)
            self.check_ends(service)
            load.stop()
            self.assertTrue(load.lost.empty(), load.lost.empty() or load.lost.get())

    def test_a_second_time_ends_them_at_once(self):
        with Service(options="--workers=2", count=2) as service, service.connect() as client:
            client.ask("hello")
            service.signal(signal.SIGTERM)
            time.sleep(0.1)
            service.signal(signal.SIGTERM)
            self.check_ends(service, -signal.SIGTERM)

    def test_that_is_another_one_ends_them_as_it_would_end_the_program(self):
        for number in (signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(signal=number), \
                    Service(options="--workers=2", count=2) as service:
                service.signal(number)
                self.check_ends(service, -number)

    def test_and_to_the_workers_as_a_terminal_sends_it_drains_once(self):
        with Service(options="--workers=2", count=2, start_new_session=True) as service, \
                service.connect() as client:
            client.ask("hello")
            os.killpg(service.process.pid, signal.SIGINT)
            time.sleep(0.3)
            self.assertEqual(client.ask("still there?")[1], "still there?")
            client.close()
            self.check_ends(service)

    def test_that_kills_it_ends_the_workers_too(self):
        with Service(options="--workers=2", count=2) as service:
            workers = service.workers()
            service.signal(signal.SIGKILL)
            service.process.wait()
            wait_for(lambda: not any(map(services.is_alive, workers)))


class Datagrams(Workers):
    """A server of datagrams: what is sent to it is answered once, by one of the workers."""

    def client(self):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(services.WAIT)
        self.addCleanup(client.close)
        return client

    def ask(self, client, service, texts):
        """Sends all of them, a few at a time; the answers by text: who gave them."""
        answers = {}
        for at in range(0, len(texts), 20):
            some = texts[at:at + 20]
            for text in some:
                client.sendto(text.encode(), service.address)
            for _ in some:
                number, text = client.recv(300).decode().split(" ", 1)
                answers.setdefault(text, []).append(number)
        return answers

    def test_are_each_answered_once(self):
        with Service("block", f"udp:{free_port(kind=socket.SOCK_DGRAM)}",
                     "--workers=2 --allow-net=127.0.0.1", count=2) as service:
            client, texts = self.client(), [f"datagram {number}" for number in range(400)]
            answers = self.ask(client, service, texts)
            self.assertEqual(sorted(answers), sorted(texts))
            self.assertEqual([text for text in texts if len(answers[text]) != 1], [])
            client.setblocking(False)
            self.assertRaises(BlockingIOError, client.recv, 300) # and nothing else comes

    def test_are_answered_by_the_others_and_by_who_takes_its_place(self):
        with Service("block", f"udp:{free_port(kind=socket.SOCK_DGRAM)}",
                     "--workers=2 --allow-net=127.0.0.1", count=2) as service:
            client = self.client()
            self.assertEqual(len(self.ask(client, service, ["one"])), 1)
            for _ in range(2):
                first, second = wait_for(lambda: (both := service.workers()) and len(both) == 2
                                         and both)
                os.kill(first, signal.SIGKILL)
                wait_for(lambda: not services.is_alive(first))
                texts = [f"after {first}: {number}" for number in range(40)]
                self.assertEqual(len(self.ask(client, service, texts)), 40)
                service.process.stdout.readline() # the new one serves
                os.kill(second, signal.SIGKILL) # only that one is left
                service.process.stdout.readline()
                self.assertEqual(len(self.ask(client, service, texts)), 40)


class ASignalToOneWorker(Workers):
    def test_drains_it_and_another_takes_its_place(self):
        with Service("block", options="--workers=2", count=2) as service, \
                service.connect() as first, service.connect() as second:
            first.ask("hello"), second.ask("hello")
            for process in service.workers():
                os.kill(process, signal.SIGTERM)
            time.sleep(0.2)
            self.assertEqual(first.ask("still there?")[1], "still there?")
            first.close()
            service.has_said("has drained; a new one takes its place")
            with service.connect() as third:
                self.assertEqual(third.ask("and you?")[1], "and you?")
                service.signal(signal.SIGTERM)
                second.close()
            self.check_ends(service)


if __name__ == "__main__":
    support.main()
