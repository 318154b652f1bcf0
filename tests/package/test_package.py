"""An installation works by itself, wherever it stands, and CMake projects find it.
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import unittest

import support
from support import PREFIX

GUEST = """#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    printf("%s, %s\\n", argc > 1 ? argv[1] : "nobody", getenv("GREETING"));
    return 3;
}
"""

USES_THE_SDK = """#include <errno.h>
#include <netdb.h>
#include <signal.h>
int main(void) {
    struct addrinfo *found;
    signal(SIGPIPE, SIG_IGN);
    return getaddrinfo("localhost", "80", 0, &found) || errno == EHOSTDOWN;
}
"""

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(timecraft 0.1 REQUIRED)
add_executable(guest guest.c)
timecraft_add_executable(app guest OPTIONS -O0 --env=GREETING=hello)
install(PROGRAMS $<TARGET_PROPERTY:app,TIMECRAFT_PROGRAM> DESTINATION bin)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(support.temporary_folder())
        run("cmake", "--install", PREFIX, "--prefix", cls.folder / "first")
        # Where it was installed to must not matter.
        cls.prefix = cls.folder / "moved-here"
        os.rename(cls.folder / "first", cls.prefix)
        cls.source = cls.folder / "source"
        cls.source.mkdir()
        (cls.source / "guest.c").write_text(GUEST)
        (cls.source / "CMakeLists.txt").write_text(PROJECT)

    def test_command_is_ready_to_build(self):
        said = run(self.prefix / "bin/timecraft", "doctor")
        self.assertIn("Ready to build.", said)
        left_behind = [line for line in said.splitlines()
                       if f"{PREFIX}/" in line and "cache" not in line]
        self.assertEqual(left_behind, [])

    def configure_and_run(self, generator):
        build = self.folder / generator
        run("cmake", "-G", generator, "-S", self.source, "-B", build,
            f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_TOOLCHAIN_FILE={self.prefix}/share/timecraft/sdk/c/timecraft-wasi.cmake")
        said = run("cmake", "--build", build)
        self.assertNotIn("Circular", said)
        run("cmake", "--install", build, "--prefix", build / "installed")
        done = subprocess.run([build / "installed/bin/app", "world"], capture_output=True,
                              text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "world, hello\n", ""))
        self.assertNotIn("Building app", run("cmake", "--build", build))  # nothing to do

    def test_flags_of_the_person_do_not_displace_those_of_the_sdk(self):
        source = self.folder / "flags"
        source.mkdir()
        (source / "guest.c").write_text(USES_THE_SDK)
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.13)\nproject(flags C)\n"
            "add_executable(guest guest.c)\n")
        for number, flags in enumerate(([], ["-DCMAKE_C_FLAGS=-O1"],
                                        ["-DCMAKE_C_FLAGS=-O1", "-DCMAKE_C_FLAGS_RELEASE=-O2",
                                         "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--strip-debug",
                                         "-DCMAKE_BUILD_TYPE=Release"])):
            build = self.folder / f"flags-{number}"
            run("cmake", "-S", source, "-B", build, *flags, "-DCMAKE_TOOLCHAIN_FILE="
                f"{self.prefix}/share/timecraft/sdk/c/timecraft-wasi.cmake")
            said = run("cmake", "--build", build, "--verbose")
            self.assertTrue((build / "guest.wasm").exists())
            for flag in flags:
                self.assertIn(flag.partition("=")[2] if "FLAGS" in flag else "", said)

    @unittest.skipUnless(os.path.exists("/usr/include/zlib.h"), "the host has no zlib.h")
    def test_headers_of_the_host_are_not_a_guests(self):
        source = self.folder / "headers"
        source.mkdir()
        (source / "guest.c").write_text(
            "#if __has_include(<zlib.h>)\n#error the host's\n#endif\n" + USES_THE_SDK)
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.13)\nproject(headers C)\n"
            "include(CheckIncludeFile)\n"
            "check_include_file(zlib.h HAVE_ZLIB_H)\ncheck_include_file(netdb.h HAVE_NETDB_H)\n"
            "if(HAVE_ZLIB_H OR NOT HAVE_NETDB_H)\n  message(FATAL_ERROR wrong)\nendif()\n"
            "add_executable(guest guest.c)\n")
        build = self.folder / "headers-build"
        run("cmake", "-S", source, "-B", build, "-DCMAKE_TOOLCHAIN_FILE="
            f"{self.prefix}/share/timecraft/sdk/c/timecraft-wasi.cmake")
        run("cmake", "--build", build)
        config = self.prefix / "bin/timecraft-config"
        compiler = run(config, "--cc").strip()
        packages = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "share/pkgconfig")}
        for flags in (run(config, "--flags"),
                      run("pkg-config", "--cflags", "--libs", "timecraft-guest", env=packages),
                      run("pkg-config", "--cflags", "--libs", "timecraft-guest-simd", env=packages)):
            run(compiler, *shlex.split(flags), source / "guest.c", "-o", self.folder / "headers.wasm")

    def test_a_project_finds_it_with_make(self):
        self.configure_and_run("Unix Makefiles")

    @unittest.skipIf(shutil.which("ninja") is None, "ninja is not installed")
    def test_a_project_finds_it_with_ninja(self):
        self.configure_and_run("Ninja")


if __name__ == "__main__":
    unittest.main(verbosity=2)
