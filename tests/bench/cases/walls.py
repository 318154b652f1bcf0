"""The second wall (rt/confine/): what it costs a program to have the kernel around it."""

import support
from harness import case, run, told

from cases.sides import client_words, file_server

WITHOUT = "the same program with --no-confinement"
SAME = "one program, one server; only the word differs"


def options(more, **environment):
    return support.environment(f"{support.ALL_NETWORK} {more}", **environment)


def request(engine):
    def sides(quick):
        count = 5000 if quick else 20000
        with file_server() as server:
            command = [support.program("keep_fetching"),
                       *client_words(server, "/file/small", count, 65536)]

            def side(more):
                return lambda: told(command, options(more, TIMECRAFT_IO=engine)) / count * 1e6
            yield {"timecraft": side("--require-confinement"), "without": side("--no-confinement")}
    return sides


for engine in ("uring", "syscall"):
    case(f"wall.{engine}", f"request of 100 bytes behind the second wall, {engine}", "us", WITHOUT, SAME,
         1.02)(request(engine))


@case("wall.start", "what the second wall adds to hello world, start to exit", "ms", WITHOUT, SAME, 1,
      judged="cost")
def start(quick):
    times = 20 if quick else 100
    command = [support.program("hello", sdk=False)]

    def side(more):
        return lambda: sum(run(command, options(more)) for _ in range(times)) / times * 1e3
    walled, bare = side("--require-confinement"), side("--no-confinement")
    yield {"timecraft": lambda: walled() - bare(), "without": bare}
