"""Runs a guest (guests/attacked.c) against somebody who attacks it, and judges what became of it.

Whatever the attacker does, of a guest is asked:
 - it ends by itself, without a crash and without a word of a sanitizer;
 - within its limits of time and of memory;
 - with a defined errno (or an end, where the attack is harmless);
 - having received nothing but what an authenticated peer sent: a prefix of it after a failure, all
   of it before a clean end.

Guests use sockets in two ways: blocking, and non-blocking with poll. The first attack of each test
is made in both, its further ones (and all of them in a sanitized build) in the one and in the other
by turns: there are a thousand.
"""

import os
import re
import socket
import subprocess
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from cryptography.exceptions import InvalidTag

import support
from support.peers import NAME, ThreadPeer, WAIT

# What the host gives a guest at most, over what it needs anyway: buffers of both directions, the
# messages of a handshake. A connection that grows beyond this is a fault.
MEMORY_MAX = 48 * 1024  # KiB, of a whole program
TIME_MAX = 8 * support.SLOWNESS  # seconds, of a whole run
WORK_MAX = 3 * TIME_MAX  # where the attacker gives both sides much to do, and then ends
HANDSHAKE_LIMIT = 2  # seconds, what the host grants a handshake

MODES = ("blocking", "poll")
FAILURES = {"EPROTO", "ECONNRESET", "EACCES", "ETIMEDOUT"}


class Outcome:
    """What the guest told of its connections, one after the other: lists of (first, rest)."""

    def __init__(self, text, stderr, status, seconds, memory):
        self.text, self.stderr, self.status = text, stderr, status
        self.seconds, self.memory = seconds, memory
        self.lines = [line.split(" ", 1) for line in text.splitlines()]

    def all(self, word):
        return [line[1] if len(line) > 1 else "" for line in self.lines if line[0] == word]

    def last(self, word):
        return (self.all(word) or [""])[-1]

    @property
    def handshake(self):
        return self.last("handshake")

    @property
    def reason(self):
        return self.last("reason")

    @property
    def received(self):
        """(count, outcome, the first bytes as printed)"""
        count, outcome, shown = (self.last("received") + "  ").split(" ", 2)
        return int(count or -1), outcome, shown.strip()

    def __str__(self):
        return (f"status {self.status} after {self.seconds:.1f} s, {self.memory} KiB\n"
                f"{self.text}--- standard error\n{self.stderr}")


def escaped(data):
    """Bytes as the guest prints them."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else
                   "\\\\" if byte == 92 else f"\\x{byte:02x}" for byte in data).strip()


class Guest:
    """A running attacked guest."""

    def __init__(self, *words, options="", **env):
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [support.program("attacked"), *map(str, words)], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=support.die_with_parent,
            env=support.environment(f"{support.ALL_NETWORK} {options} "
                                    f"--tls-handshake-timeout={HANDSHAKE_LIMIT}", **env))
        self.texts = ["", ""]
        self.listening = threading.Event()
        self.readers = [threading.Thread(target=self._read, args=one, daemon=True)
                        for one in ((0, self.process.stdout), (1, self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def _read(self, index, pipe):
        for line in pipe:
            self.texts[index] += line
            self.listening.set()
        self.listening.set()

    def address(self):
        """Where a server listens, once it does."""
        self.listening.wait(WAIT)
        found = re.match(r"listening (.*):(\d+)\n", self.texts[0])
        if not found:
            raise RuntimeError(f"the guest does not listen: {self.texts}")
        return found.group(1), int(found.group(2))

    def _peak_memory(self, before):
        """In KiB. What wait4(2) tells would begin with what this process has, whose copy it was."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), before)

    def wait(self, limit=WORK_MAX):
        """Waits for its end, and kills it where that does not come."""
        end = self.begin + limit
        memory = 0
        while True:
            memory = self._peak_memory(memory)
            pid, status = os.waitpid(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() > end:
                self.process.kill()
                self.process.returncode = 0  # told below; Popen must not wait for it again
                os.waitpid(self.process.pid, 0)
                self.process.returncode = None
                break
            time.sleep(0.005)
        for reader in self.readers:
            reader.join()
        status = self.process.returncode
        self.process.returncode = status or 0
        self.process.stdout.close()
        self.process.stderr.close()
        return Outcome(self.texts[0], self.texts[1], status, time.monotonic() - self.begin,
                       memory)


class AttackTest(support.GuestTest):
    def setUp(self):
        self.turn = zlib.crc32(self.id().encode())
        self.first = True

    def next_modes(self):
        modes = MODES
        if support.SANITIZED or not self.first:
            modes = [MODES[self.turn % len(MODES)]]
        self.turn += 1
        self.first = False
        return modes

    def check_alive(self, outcome, seconds=TIME_MAX, memory=MEMORY_MAX):
        """That the guest came through at all."""
        self.assertEqual(outcome.status, 0, f"it must end by itself, and well: {outcome}")
        self.assertNotIn("runtime error", outcome.stderr, outcome)
        self.assertNotIn("Sanitizer", outcome.stderr, outcome)
        self.assertLess(outcome.seconds, seconds, outcome)
        if not support.SANITIZED:
            self.assertLess(outcome.memory, memory, f"KiB of memory: {outcome}")

    def check_authentic(self, outcome, authentic):
        """That what the guest received is what its peer sent."""
        count, ending, shown = outcome.received
        self.assertLessEqual(count, len(authentic), outcome)
        self.assertEqual(shown, escaped(authentic[:min(count, 64)]), outcome)
        if ending == "end":
            self.assertEqual(count, len(authentic), f"a clean end, but bytes are missing: {outcome}")

    def judge(self, outcome, wanted, authentic=b"", **limits):
        """`wanted` is a set of errnos, one of which the connection must end with, at the latest
        when the guest receives; "end" and "EAGAIN" (nothing came any more) may be among them."""
        self.check_alive(outcome, **limits)
        self.check_authentic(outcome, authentic)
        ending = outcome.handshake if outcome.handshake != "ok" else outcome.received[1]
        self.assertIn(ending, wanted, outcome)
        if outcome.handshake != "ok":
            self.assertEqual(outcome.received[:2], (0, outcome.handshake), outcome)
        if ending in FAILURES:
            self.assertNotEqual(outcome.reason, "", f"a failure without a reason: {outcome}")
        return outcome

    def each_mode(self, attack, wanted, authentic, limits):
        """Judges what comes of `attack(mode)`, made in several modes at once."""
        modes = self.next_modes()
        with ThreadPoolExecutor() as executor:
            outcomes = [executor.submit(attack, mode) for mode in modes]
        for mode, outcome in zip(modes, outcomes):
            with self.subTest(mode=mode):
                self.judge(outcome.result(), wanted, authentic, **limits)

    def attack_client(self, serve, wanted=("EPROTO",), authentic=b"", words=(), name=NAME,
                      options="", **limits):
        """A guest that connects to `serve(connection)`."""

        def attack(mode):
            with ThreadPeer(serve) as peer:
                return Guest("client", peer, name, mode, *words, options=options).wait()

        self.each_mode(attack, wanted, authentic, limits)

    def attack_server(self, strike, wanted=("EPROTO",), authentic=b"", words=(), options="",
                      **limits):
        """A guest that listens, to which `strike(connection)` happens. What `strike` raises because
        the guest has gone is part of the game."""
        identity = support.pki().identity("ecdsa")
        options += f" --identity=own={identity.cert_file},{identity.key_file}"

        def run_strike(connection):
            try:
                strike(connection)
            except (EOFError, OSError, InvalidTag):
                pass
            finally:
                hang_up(connection)

        def attack(mode):
            guest = Guest("server", "127.0.0.1:0", "identity=own", mode, *words, options=options)
            with socket.create_connection(guest.address(), timeout=WAIT) as connection:
                striking = threading.Thread(target=run_strike, args=(connection,))
                striking.start()
                outcome = guest.wait()
                hang_up(connection)
                striking.join()
            return outcome

        self.each_mode(attack, wanted, authentic, limits)


def hang_up(connection):
    """Ends both directions: whoever still works on the connection hears of it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def drain(connection):
    """Takes what the other side sends until it closes, so that no reset hides what it was told."""
    try:
        while connection.recv(1 << 16):
            pass
    except OSError:
        pass


def finish(connection):
    """Ends one's own direction, and waits for the other's end."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return
    drain(connection)


def main():
    support.main()
