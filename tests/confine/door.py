"""A program with a door (door.c) through which native code runs in it, and what it is led to."""

import concurrent.futures
import os
import pathlib
import socket
import subprocess

import support

HERE = pathlib.Path(__file__).parent
SOURCE = HERE / "door.c"


def build():
    module = support.wasm("through_the_door")

    def make(path):
        objects = path + ".o"
        support.run_tool("cc", "-O1", "-c", SOURCE, "-o", objects)
        wraps = " ".join(f"-Wl,--wrap={name}" for name in
                         ("tc_wasi_proc_raise", "tc_service_control",
                          "io_uring_queue_init_params", "io_uring_queue_exit"))
        support.run_tool(support.TIMECRAFT, "build", "-O1", "--no-cache",
                         f"--cc=cc {objects} {wraps}", module, "-o", path)
        os.unlink(objects)

    return support.made_once("through_the_door", [module, SOURCE, *support.runtime_files()], [],
                             make)


def compiled(name):
    """A program of this folder in C."""
    source = HERE / f"{name}.c"
    return support.made_once(name, [source], [], lambda path: support.run_tool(
        "cc", "-O1", "-Wall", source, "-o", path))


def was_reached(done):
    return "reached" in done.stdout


class Door:
    def __init__(self):
        self.program = build()
        self.top = pathlib.Path(support.temporary_folder())
        self.server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.granted = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.top / "socket"))
        self.unix.listen(200)
        self.datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.datagrams.bind(str(self.top / "datagrams"))
        self.names = self.run("0", "", "list").stdout.split()

    def run(self, number, options, tag, before=(), **variables):
        """The finished process, started by the words `before`; `tag` names its folders."""
        outside, inside = self.top / f"{tag}-outside", self.top / f"{tag}-inside"
        for made in (outside, inside):
            made.mkdir()
        for name in ("secret", "removable", "renamed"):
            (outside / name).write_text("secret")
        (inside / "file").write_text("granted")
        program = inside / "program"
        program.write_text("#!/bin/sh\necho reached\n")
        program.chmod(0o755)
        secret = os.open(outside / "secret", os.O_RDONLY)
        environment = support.environment(
            options.replace("INSIDE", str(inside)), DOOR_OUTSIDE=str(outside),
            DOOR_INSIDE=str(inside), DOOR_PORT=str(self.server.getsockname()[1]),
            DOOR_GRANTED_PORT=str(self.granted.getsockname()[1]), DOOR_PARENT=str(os.getpid()),
            DOOR_UNIX=str(self.top / "socket"), DOOR_DATAGRAMS=str(self.top / "datagrams"),
            DOOR_FD=str(secret), **variables)
        done = subprocess.run([*before, self.program, number], env=environment, pass_fds=[secret],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        os.close(secret)
        return done

    def try_one(self, name, options, tag, before=()):
        return self.run(str(self.names.index(name) + 1), options, f"{tag}-{name}", before)

    def try_in_supervisor(self, name, options, tag):
        number = str(self.names.index(name) + 1)
        return self.run(number, options, f"{tag}-{name}", DOOR_SUPERVISOR=number)

    def try_all(self, options, tag):
        """The finished process of each attempt, by its name."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda name: self.try_one(name, options, tag), self.names)
            return dict(zip(self.names, found))
