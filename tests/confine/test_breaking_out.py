"""A guest that has broken out of the sandbox: native code in its process (door.c) tries what the
kernel's wall is there to stop. Each attempt is a run of its own, with and without a network grant;
and without the wall, where most of them succeed, so that these tests can fail."""

import signal
import unittest

import support
from door import Door, was_reached

# What was granted, and is reached through the door too.
GRANTED = {"read_inside", "write_inside"}
WITH_NETWORK = {"connect_granted", "send_datagram"}  # Landlock knows no hosts, and no ports of UDP
# Without the wall these are reached, whoever runs the test, and wherever.
PLAIN = """read_secret write_secret append_secret create_outside temporary_outside read_passwords
    list_root list_outside own_maps own_environment open_by_openat2 truncate_secret remove_secret
    make_folder make_link make_fifo change_mode change_folder watch_files rename_secret start_program
    fork_once clone_process new_session signal_parent queue_signal handle_the_walls_signal
    executable_memory executable_file made_executable own_code_writable memory_file shared_memory
    netlink_socket unix_socket connect_elsewhere connect_to_path datagrams_by_pair listen_elsewhere
    serve send_datagram filter_packets inherited owner_of_descriptor execute_inside""".split()

# Of a supervisor of --workers, whose wall leaves what its workers need to begin: files can be read.
SUPERVISOR = """write_secret append_secret create_outside temporary_outside own_memory program_written
    truncate_secret remove_secret make_folder make_link make_hard_link make_fifo make_device
    rename_secret file_by_handle start_program start_program_by_descriptor execute_inside
    clone_into_namespaces leave_namespaces enter_namespace trace_parent read_parent write_own
    compare_processes parents_descriptor signal_parent handle_faults raw_socket packet_socket vm_socket
    crypto_socket listen_elsewhere inherited load_program
    watch_events keyring add_to_keyring ask_keyring load_module load_module_file remove_module
    new_kernel restart_machine read_log mount_something unmount new_mount open_mount set_clock
    set_name start_accounting use_swap ports_of_hardware call_of_32_bits call_of_x32""".split()


class BreakingOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door()

    def check_refused(self, options, tag, granted):
        found = self.door.try_all(options, tag)
        self.assertGreater(len(found), 100)
        for name, done in found.items():
            with self.subTest(name):
                self.assertEqual(was_reached(done), name in granted, done)
                killed = done.returncode == -signal.SIGSYS
                self.assertTrue(killed or "refused" in done.stdout or name in granted, done)
                if killed and name != "handle_the_walls_signal":
                    self.assertIn("was stopped by the kernel: it made the system call", done.stderr)
        return found

    def test_without_a_network_grant(self):
        found = self.check_refused("--require-confinement --dir=INSIDE", "closed", GRANTED)
        self.assertIn("execve (59)", found["start_program"].stderr)

    def test_with_a_network_grant(self):
        port = self.door.granted.getsockname()[1]
        self.check_refused(f"--require-confinement --dir=INSIDE --allow-net=127.0.0.1:{port}", "net",
                           GRANTED | WITH_NETWORK)

    def test_with_a_folder_to_read_only(self):
        for name, expected in (("read_inside", True), ("write_inside", False)):
            done = self.door.try_one(name, "--require-confinement --dir=INSIDE:ro", "ro")
            self.assertEqual(was_reached(done), expected, done)

    def test_of_a_supervisor_s_process(self):
        options = "--workers=1 --dir=INSIDE:ro --allow-listen=127.0.0.1:1"
        for name in SUPERVISOR:
            with self.subTest(name):
                done = self.door.try_in_supervisor(name, options, "supervisor")
                self.assertIn("refused", done.stdout, done)
        for name in PLAIN:
            if name in SUPERVISOR:
                with self.subTest(name, wall="none"):
                    done = self.door.try_in_supervisor(name, options + " --no-confinement",
                                                       "supervisor-open")
                    self.assertTrue(was_reached(done), done)

    def test_without_the_wall_most_is_reached(self):
        found = self.door.try_all("--no-confinement --dir=INSIDE", "open")
        missing = [name for name in PLAIN if not was_reached(found[name])]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    if support.SANITIZED:
        support.skip("a sanitized runtime has no wall")
    unittest.main()
