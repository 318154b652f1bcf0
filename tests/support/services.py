"""The guest tests/service/guests/serve.c as a process that is stopped, killed and watched."""

import os
import queue
import socket
import subprocess
import threading
import time

import support
from support.servers import ServingGuest

WAIT = 30 * support.SLOWNESS


def wait_for(what, seconds=WAIT):
    """Until `what()` is true; its value."""
    end = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > end:
            raise TimeoutError("it did not come about in time")
        time.sleep(0.01)
    return value


def is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def cpu_time(process):
    """In seconds."""
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Service(ServingGuest):
    """The guest, which serves at `where` once the constructor is done; its lines on standard error
    are in `lines`."""

    def __init__(self, how="poll", where="tcp:0", options="", count=1, wait=True, **more):
        words = [support.program("serve"), how, where]
        more.setdefault("env", support.environment(f"--allow-listen {options}"))
        self.process = support.start(words, **more)
        self.begin(count if wait else 0)

    def begin(self, count=1):
        """Listens to `process`, until so many of the guest have said that they serve."""
        self.lines = []
        self.errors = threading.Thread(target=self._listen, daemon=True)
        self.errors.start()
        self.ports = [int(self.process.stdout.readline().split()[1]) for _ in range(count)]
        self.address = ("127.0.0.1", self.ports[0] if count else 0)

    def _listen(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def text(self):
        return "".join(self.lines)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def signal(self, number):
        self.process.send_signal(number)

    def status(self, timeout=WAIT):
        """How it ended, and how long that took to wait for."""
        begun = time.monotonic()
        status = self.process.wait(timeout)
        self.errors.join()
        return status, time.monotonic() - begun

    def has_said(self, text):
        return wait_for(lambda: text in self.text)

    def workers(self):
        """The process numbers of those that run."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return sorted(filter(is_alive, map(int, file.read().split())))

    def connect(self):
        return Client(self.address)


class Client:
    """A connection on which lines are answered."""

    def __init__(self, address, timeout=WAIT):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self):
        """The number of the process that answers, and its answer; None at the end."""
        answer = self.socket.recv(4096).decode()
        return answer.split(" ", 1) if answer else None

    def ask(self, text):
        self.say(text)
        return self.hear()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Load:
    """Clients that make one request a connection, over and over. A request is lost when its
    connection was made and it was not answered."""

    def __init__(self, address, clients=4, most=None):
        self.address, self.most = address, most
        self.over = threading.Event()
        self.answered, self.refused, self.lost = [], queue.SimpleQueue(), queue.SimpleQueue()
        self.threads = [threading.Thread(target=self._work) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        while not self.over.is_set():
            if self.most and len(self.answered) >= self.most:
                return
            try:
                client = Client(self.address)
            except OSError as error:
                self.refused.put(error)
                continue
            with client:
                try:
                    answer = client.ask("bye")
                    if not answer or answer[1] != "bye":
                        raise ConnectionError(f"answered with {answer}")
                    self.answered.append(answer[0])
                except OSError as error:
                    self.lost.put(error)

    def join(self):
        for thread in self.threads:
            thread.join()

    def stop(self):
        self.over.set()
        self.join()


class Manager:
    """systemd's side of a notify socket."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(WAIT)

    def hear(self):
        return self.socket.recv(4096).decode()

    def hear_all(self, seconds=0.05):
        """What has come by now."""
        self.socket.settimeout(seconds)
        heard = []
        try:
            while True:
                heard.append(self.hear())
        except TimeoutError:
            self.socket.settimeout(WAIT)
            return heard

    def close(self):
        self.socket.close()


def listening():
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def passing(sockets, nonblocking=False):
    """What a child does between fork and exec to have these sockets from number 3 on."""

    def place():
        support.die_with_parent()
        spare = [os.dup2(one.fileno(), 500 + i) for i, one in enumerate(sockets)]
        for i, fd in enumerate(spare):
            os.set_blocking(fd, not nonblocking)
            os.dup2(fd, 3 + i)
            os.close(fd)

    return place


def run_to_the_end(words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)
