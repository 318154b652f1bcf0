"""OpenSSL's own programs in the place of a guest, with the library that guests have: what they refuse
must not be accepted here."""

import re
import socket
import subprocess
import threading

import support
from attack import finish, hang_up
from support.peers import NAME, WAIT, ThreadPeer


class Program:
    """One that ends with the connection; what it says is kept."""

    def __init__(self, *words):
        self.process = subprocess.Popen(["openssl", *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        preexec_fn=support.die_with_parent)
        self.said, self.ready = b"", threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.process.stdout.read1(65536):
            self.said += data
            if b"ACCEPT" in self.said:
                self.ready.set()
        self.ready.set()

    def end(self):
        """What it has said, once it has ended."""
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        return self.said


def client_accepts(serve, marker, *words):
    """Whether `openssl s_client` takes `marker` from `serve(connection)` as data."""
    with ThreadPeer(serve) as peer:
        program = Program("s_client", "-connect", str(peer), "-servername", NAME, "-CAfile",
                          support.pki().ca_file, "-verify_return_error", "-verify_hostname", NAME,
                          "-ign_eof", "-quiet", *words)
        return marker in program.end()


def server_accepts(strike, marker, *words):
    """Whether `openssl s_server` takes `marker` of `strike(connection)` as data."""
    identity = support.pki().identity("ecdsa")
    program = Program("s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-cert",
                      identity.cert_file, "-key", identity.key_file, *words)
    program.ready.wait(WAIT)
    port = re.search(rb"ACCEPT \S*:(\d+)", program.said)
    with socket.create_connection(("127.0.0.1", int(port[1])), timeout=WAIT) as connection:
        try:
            strike(connection)
        except Exception:
            pass  # it has gone; whatever was said before counts
            pass
        finally:
            finish(connection)
            hang_up(connection)
    return marker in program.end()
