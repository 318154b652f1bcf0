"""--trace: a line for each call, with what went in and what came out of it."""

import os
import re
import tempfile
import unittest

import support
from support.peers import NAME, ThreadPeer, TlsPeer, echo

# A line each, in this order; times at the end are left out here. <…> are regular expressions.
EXPECTED = r"""
args_sizes_get() = 2, <\d+>
args_get() = ["<[^"]*>every_call", "-v"]
environ_sizes_get() = 2, 21
environ_get() = ["TOKEN=*******", "LANG=*"]
clock_res_get(monotonic) = <\d+>ns
clock_time_get(realtime, precision=1000ns) = <20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z>
fd_prestat_get(fd 3 </data>) = {dir name_len=5}
fd_prestat_dir_name(fd 3 </data>, path_len=5) = "/data"
poll_oneoff([monotonic 0.0015s]) = 1, [monotonic 0.0015s]
random_get(buf_len=4) = <".*">
sched_yield() = 0
proc_raise(winch) = 0
path_create_directory(fd 3 </data>, "sub") = 0
path_open(fd 3 </data>, dirflags=0, "sub/file", oflags=creat|excl, rights_base=0xfffffff, rights_inheriting=0, fdflags=0) = fd 4 </data/sub/file>
fd_write(fd 4 </data/sub/file>, "one\n\"two\"\001") = 10
fd_tell(fd 4 </data/sub/file>) = 10
fd_seek(fd 4 </data/sub/file>, offset=-4, cur) = 6
fd_read(fd 4 </data/sub/file>, [8]) = 4, "wo\"\001"
fd_pread(fd 4 </data/sub/file>, [8], offset=2) = 8, "e\n\"two\"\001"
fd_pwrite(fd 4 </data/sub/file>, "one\n", offset=100) = 4
fd_advise(fd 4 </data/sub/file>, offset=0, len=100, sequential) = 0
fd_allocate(fd 4 </data/sub/file>, offset=0, len=10) = 0
fd_datasync(fd 4 </data/sub/file>) = 0
fd_sync(fd 4 </data/sub/file>) = 0
fd_fdstat_get(fd 0 <stdin>) = {character_device flags=0 rights_base=0x<[0-9a-f]+> rights_inheriting=0x<[0-9a-f]+>}
fd_fdstat_set_flags(fd 4 </data/sub/file>, flags=append|nonblock) = 0
fd_filestat_get(fd 4 </data/sub/file>) = {regular_file size=104 nlink=1 ino=<\d+> mtim=<\S+>}
fd_filestat_set_size(fd 4 </data/sub/file>, size=7) = 0
fd_filestat_set_times(fd 4 </data/sub/file>, atim=0, mtim=2023-11-14T22:13:20.123456789Z, fst_flags=mtim) = 0
fd_fdstat_set_rights(fd 4 </data/sub/file>, rights_base=fd_read, rights_inheriting=0) = 0
path_open(fd 3 </data>, dirflags=0, "none", oflags=0, rights_base=0, rights_inheriting=0, fdflags=0) = ENOENT (no such file or directory)
path_open(fd 3 </data>, dirflags=0, ".", oflags=directory, rights_base=fd_readdir, rights_inheriting=0, fdflags=0) = fd 5 </data>
fd_readdir(fd 5 </data>, buf_len=4096, cookie=0) = <\d+>, [<.*>"sub" directory<.*>]
fd_renumber(fd 4 </data/sub/file>, fd 5 </data>) = 0
fd_close(fd 5 </data/sub/file>) = 0
fd_close(fd 99) = EBADF (bad file descriptor)
path_filestat_get(fd 3 </data>, flags=symlink_follow, "sub") = {directory size=<\d+> nlink=<\d+> ino=<\d+> mtim=<\S+>}
path_filestat_set_times(fd 3 </data>, flags=0, "sub", atim=0, mtim=0, fst_flags=atim_now) = 0
path_link(fd 3 </data>, old_flags=0, "sub/file", fd 3 </data>, "hard") = 0
path_symlink("hard", fd 3 </data>, "soft") = 0
path_readlink(fd 3 </data>, "soft", buf_len=256) = 4, "hard"
path_rename(fd 3 </data>, "hard", fd 3 </data>, "harder") = 0
path_unlink_file(fd 3 </data>, "harder") = 0
path_remove_directory(fd 3 </data>, "sub") = ENOTEMPTY (directory not empty)
sock_open(inet4, stream) = fd 4 <inet4 stream>
sock_bind(fd 4 <inet4 stream>, 127.0.0.1:0) = 0
sock_listen(fd 4 <listening 127.0.0.1:0>, backlog=5) = 0
sock_getlocaladdr(fd 4 <listening 127.0.0.1:<\d+>>) = 127.0.0.1:<\d+>
sock_open(inet4, stream) = fd 5 <inet4 stream>
sock_connect(fd 5 <127.0.0.1:<\d+>>, 127.0.0.1:<\d+>) = 0
sock_accept(fd 4 <listening 127.0.0.1:<\d+>>, flags=0) = fd 6 <inet4 stream>
sock_getpeeraddr(fd 5 <127.0.0.1:<\d+>>) = 127.0.0.1:<\d+>
sock_setsockopt(fd 5 <127.0.0.1:<\d+>>, tcp, nodelay, 1) = 0
sock_getsockopt(fd 5 <127.0.0.1:<\d+>>, socket, error, value_len=4) = 0
sock_send(fd 5 <127.0.0.1:<\d+>>, "hello", si_flags=0) = 5
sock_recv(fd 6 <127.0.0.1:<\d+>>, [256], ri_flags=0) = 5, "hello"
sock_shutdown(fd 5 <127.0.0.1:<\d+>>, how=wr) = 0
fd_close(fd 5 <127.0.0.1:<\d+>>) = 0
fd_close(fd 6 <127.0.0.1:<\d+>>) = 0
fd_close(fd 4 <listening 127.0.0.1:<\d+>>) = 0
sock_open(inet4, datagram) = fd 4 <inet4 datagram>
sock_bind(fd 4 <inet4 datagram>, 127.0.0.1:0) = 0
sock_getlocaladdr(fd 4 <inet4 datagram>) = 127.0.0.1:<\d+>
sock_send_to(fd 4 <inet4 datagram>, "hello", 127.0.0.1:<\d+>, si_flags=0) = 5
sock_recv_from(fd 4 <inet4 datagram>, [256], ri_flags=0) = 5, "hello", 127.0.0.1:<\d+>
sock_getaddrinfo("127.0.0.1", "80", {inet4 stream any numerichost}, max_res=1) = 1, [127.0.0.1:80]
proc_exit(rval=5) = ?
+++ exited with 5 +++
"""

# Of imports that are laid out in another way in wasi_unstable, and in version 1 of the sockets.
OLDER = r"""
path_open(fd 3 </data>, dirflags=0, "file", oflags=creat, rights_base=0xfffffff, rights_inheriting=0, fdflags=0) = fd 4 </data/file>
fd_seek(fd 4 </data/file>, offset=5, set) = 5
fd_seek(fd 4 </data/file>, offset=-2, cur) = 3
fd_filestat_get(fd 4 </data/file>) = {regular_file size=0 nlink=1 ino=<\d+> mtim=<\S+>}
path_filestat_get(fd 3 </data>, flags=0, "file") = {regular_file size=0 nlink=1 ino=<\d+> mtim=<\S+>}
poll_oneoff([monotonic 0.0015s]) = 1, [monotonic 0.0015s]
sock_open(inet4, stream) = fd 5 <inet4 stream>
sock_bind(fd 5 <inet4 stream>, 127.0.0.1:0) = 0
sock_listen(fd 5 <listening 127.0.0.1:0>, backlog=5) = 0
sock_getlocaladdr(fd 5 <listening 127.0.0.1:0>) = 4, 127.0.0.1:<\d+>
sock_open(inet4, stream) = fd 6 <inet4 stream>
sock_connect(fd 6 <127.0.0.1:<\d+>>, 127.0.0.1:<\d+>) = 0
sock_accept(fd 5 <listening 127.0.0.1:0>) = fd 7 <inet4 stream>
sock_getpeeraddr(fd 6 <127.0.0.1:<\d+>>) = 4, 127.0.0.1:<\d+>
sock_open(inet4, datagram) = fd 8 <inet4 datagram>
sock_bind(fd 8 <inet4 datagram>, 127.0.0.1:0) = 0
sock_getlocaladdr(fd 8 <inet4 datagram>) = 4, 127.0.0.1:<\d+>
sock_send_to(fd 8 <inet4 datagram>, "hello", 127.0.0.1:<\d+>, si_flags=0) = 5
sock_recv_from(fd 8 <inet4 datagram>, [64], ri_flags=0) = 5, "hello", 127.0.0.1:<\d+>
+++ exited with 0 +++
"""


def pattern(line):
    """<\\d+> of an expected line is a regular expression, </data> is not."""
    parts = re.split(r"(<(?:\\d\+|\.\*|\[[^\]]*\][*+]|\\S\+|20[^>]*|\"\.\*\")>)", line)
    text = "".join(part[1:-1] if number % 2 else re.escape(part)
                   for number, part in enumerate(parts))
    return re.compile(text + r"( <\d+\.\d{6}>)?")


class Trace(support.GuestTest):
    def trace(self, words="", name="every_call", arguments=("-v",), sdk=False):
        """Runs a guest with --trace=FILE and returns its lines."""
        folder = tempfile.mkdtemp(dir=support.FOLDER)
        options = (f"{support.ALL_NETWORK} --dir={folder}::/data --env TOKEN=hunter2 --env LANG=C "
                   f"--trace={folder}/trace {words}")
        program = support.program(name, "-nostartfiles", sdk=False) if not sdk \
            else support.program(name)
        named = os.path.join(folder, name)
        os.symlink(program, named)
        self.result = support.run([named, *arguments], support.environment(options))
        with open(f"{folder}/trace", encoding="utf-8") as file:
            self.assertEqual(os.fstat(file.fileno()).st_mode & 0o777, 0o600)
            return file.read().splitlines()

    def test_every_call_has_its_line(self):
        lines = self.trace()
        wanted = EXPECTED.strip().splitlines()
        for line, expected in zip(lines, wanted):
            self.assertRegex(line, f"^(?:{pattern(expected).pattern})$")
        self.assertEqual(len(lines), len(wanted), self.result)

    def test_lines_of_older_imports(self):
        lines = self.trace(name="older_calls")
        wanted = OLDER.strip().splitlines()
        for line, expected in zip(lines, wanted):
            self.assertRegex(line, f"^(?:{pattern(expected).pattern})$")
        self.assertEqual(len(lines), len(wanted), self.result)

    def names(self, words):
        return {line.split("(")[0] for line in self.trace(words) if not line.startswith("+++")}

    def test_only_chooses_by_name(self):
        self.assertEqual(self.names("--trace-only=fd_tell,path_open"), {"fd_tell", "path_open"})

    def test_only_chooses_by_family(self):
        network = self.names("--trace-only=network")
        self.assertIn("sock_open", network)
        self.assertIn("fd_close", network)  # of a socket
        self.assertNotIn("path_open", network)
        self.assertEqual(self.names("--trace-only=time,random"),
                         {"clock_res_get", "clock_time_get", "poll_oneoff", "random_get"})

    def test_only_leaves_out_with_an_exclamation_mark(self):
        self.assertEqual(self.names("--trace-only=time,!poll_oneoff"),
                         {"clock_res_get", "clock_time_get"})

    def test_only_chooses_what_failed(self):
        lines = self.trace("--trace-only=failed")
        self.assertEqual(len(lines), 4, lines)
        self.assertTrue(all(re.search(r"\) = E[A-Z]+ \(", line) for line in lines[:-1]), lines)

    def test_only_chooses_by_descriptor(self):
        lines = self.trace("--trace-only=fd=6")
        self.assertEqual([line.split("(")[0] for line in lines],
                         ["sock_accept", "sock_recv", "fd_close", "+++ exited with 5 +++"])

    def test_size_of_strings(self):
        self.assertTrue(any(line.startswith('fd_write(fd 4 </data/sub/file>, "on"…) = 10')
                            for line in self.trace("--trace-size=2")))

    def test_colours_when_asked(self):
        self.assertIn("\x1b[1mfd_tell\x1b[0m(", "\n".join(self.trace("--trace-colour=always")))

    def test_secrets_are_shown_when_asked(self):
        self.assertIn('environ_get() = ["TOKEN=hunter2", "LANG=C"]',
                      "\n".join(self.trace("--unmask")))

    def test_a_word_that_is_none_ends_it(self):
        result = support.run([support.program("every_call", "-nostartfiles", sdk=False)],
                             support.environment("--trace-only=fd_raed"))
        self.assertEqual(result.returncode, 2)
        self.assertIn('--trace-only=fd_raed: there is no "fd_raed"', result.stderr)

    def test_a_symbolic_link_is_not_followed(self):
        folder = tempfile.mkdtemp(dir=support.FOLDER)
        target = os.path.join(folder, "precious")
        with open(target, "w") as file:
            file.write("precious")
        os.symlink(target, os.path.join(folder, "trace"))
        result = support.run([support.program("every_call", "-nostartfiles", sdk=False)],
                             support.environment(f"--trace={folder}/trace"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("it is a symbolic link", result.stderr)
        with open(target) as file:
            self.assertEqual(file.read(), "precious")

    def test_tls_and_masked_headers(self):
        """Also where the value comes in pieces."""
        with TlsPeer(support.pki().identity("ecdsa"), echo) as peer:
            lines = self.trace("--trace-only=network", "probe",
                               ("socket:tcp4", f"connect:{peer}", f"htls:{NAME}",
                                "send:Cookie: abc", "send:def", "send:\nX: y\n"), sdk=True)
        text = "\n".join(lines)
        self.assertIn(f"<{peer} tls {NAME}>, timecraft, htls, \"{NAME}\") = 0", text)
        self.assertIn('"Cookie: ***"', text)
        self.assertIn('"***"', text)
        self.assertNotIn("abc", text)
        self.assertNotIn("def", text)

    def test_http2_is_hidden_once_it_is_spoken(self):
        """Its headers are compressed, so that no secret can be found in them. Also where the
        preface comes in pieces."""
        steps = ("socket:tcp4", "connect:{peer}", "send:PRI: * HTTP/2", "send:PRI * HT",
                 "send:TP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\nx", "send:sesame", "recv:4096", "close:",
                 "socket:tcp4", "connect:{peer}", "send:plain")
        with ThreadPeer(echo) as peer:
            steps = [step.format(peer=peer) for step in steps]
            hidden = "\n".join(self.trace("--trace-only=network", "probe", steps, sdk=True))
            shown = "\n".join(self.trace("--trace-only=network --unmask", "probe", steps, sdk=True))
        self.assertIn("sesame", shown)
        self.assertIn('"PRI: * HTTP/2"', hidden)
        self.assertIn('"PRI * HT"', hidden)
        self.assertNotIn("TP/2.0", hidden)
        self.assertNotIn("sesame", hidden)
        self.assertIn('"plain"', hidden)


if __name__ == "__main__":
    unittest.main()
