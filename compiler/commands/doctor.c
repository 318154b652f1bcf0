/* `timecraft doctor`: which parts of the toolchain are there, and how to get the others. */
#include "commands/commands.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/filter.h"
#include "confine/landlock.h"

typedef enum verdict { FINE, MISSING, OPTIONAL } verdict;

/* One line, and what to do about it. */
static void say(verdict verdict, const char *part, const char *found, const char *advice) {
    static const char *const marks[] = {"ok      ", "MISSING ", "-       "};
    printf("%s%-14s %s\n", marks[verdict], part, found);
    if (verdict != FINE && advice)
        printf("%23s%s\n", "", advice);
}

static char *first_line(const char *text) {
    return tc_format("%.*s", (int)strcspn(text, "\r\n"), text);
}

/* "PATH, what its --version says". */
static char *describe(const char *program, const char *question) {
    tc_words argv = {0};
    tc_buffer output = {0};
    tc_words_add(&argv, "%s", program);
    tc_words_add(&argv, "%s", question);
    int status = tc_process_run(&argv, NULL, &output);
    char *line = first_line(output.data);
    char *text = status == 0 ? tc_format("%s, %s", program, line)
                             : tc_format("%s, which does not work: %s", program, line);
    free(line);
    tc_buffer_reset(&output);
    tc_words_reset(&argv);
    return text;
}

static bool check_wasm2c(const tc_toolchain *tools) {
    static const char advice[] = "apt install wabt, where that is 1.0.36 or newer; else build "
                                 "timecraft with -DTIMECRAFT_WASM2C=PATH";
    tc_wasm2c_facts facts = {0};
    if (!tools->wasm2c) {
        say(MISSING, "wasm2c", "not found", advice);
        return false;
    }
    bool fine = tc_toolchain_probe_wasm2c(tools, &facts) == 0;
    char *text = tc_format("%s, %s", tools->wasm2c, facts.version);
    say(fine ? FINE : MISSING, "wasm2c", text, advice);
    free(text);
    tc_words_reset(&facts.features);
    return fine;
}

static bool check_cc(const tc_toolchain *tools) {
    if (!tools->cc.count) {
        say(MISSING, "C compiler", "not found", "apt install gcc libc6-dev");
        return false;
    }
    char *text = describe(tools->cc.items[0], "--version");
    say(FINE, "C compiler", text, NULL);
    free(text);
    return true;
}

static bool check_runtime(const tc_toolchain *tools) {
    static const char advice[] = "build and install timecraft again";
    char *header = tc_format("%s/wasm-rt.h", tools->include);
    bool library = access(tools->library, R_OK) == 0, headers = access(header, R_OK) == 0;
    say(library ? FINE : MISSING, "runtime", tools->library, advice);
    say(headers ? FINE : MISSING, "headers", header, advice);
    free(header);
    return library && headers;
}

/* Whether an empty program links with the libraries; the linker's first complaint in *why. */
static bool links(const tc_toolchain *tools, bool link_static, char **why) {
    char directory[] = "/tmp/timecraft.XXXXXX";
    *why = NULL;
    if (!tools->cc.count || !mkdtemp(directory)) {
        *why = tc_copy_text("not tried");
        return false;
    }
    static const char text[] = "int main(void) { return 0; }\n";
    char *source = tc_format("%s/empty.c", directory);
    tc_words argv = {0};
    tc_buffer output = {0};
    tc_words_add_all(&argv, &tools->cc);
    tc_words_add_split(&argv, "empty.c -o empty -Wl,--no-as-needed");
    tc_link_libraries(&argv, link_static);
    bool fine = tc_file_write(source, text, strlen(text)) == 0 &&
                tc_process_run(&argv, directory, &output) == 0;
    *why = fine ? tc_copy_text("linkable") : first_line(output.data ? output.data : "");
    tc_buffer_reset(&output);
    tc_words_reset(&argv);
    tc_directory_remove(directory);
    free(source);
    return fine;
}

static bool check_libraries(const tc_toolchain *tools) {
    static const char advice[] = "apt install libssl-dev liburing-dev";
    char *why;
    bool fine = links(tools, false, &why);
    say(fine ? FINE : MISSING, "libraries", why, advice);
    free(why);
    bool fine_static = links(tools, true, &why);
    say(fine_static ? FINE : OPTIONAL, "for --static", why, advice);
    free(why);
    return fine;
}

static void check_program(const char *part, const char *name, const char *question,
                          const char *advice) {
    char *path = tc_path_find_program(name);
    char *text = path ? describe(path, question) : tc_copy_text("not found");
    say(path ? FINE : OPTIONAL, part, text, advice);
    free(text);
    free(path);
}

static void check_file(const char *part, const char *path, const char *advice) {
    bool there = access(path, R_OK) == 0;
    say(there ? FINE : OPTIONAL, part, there ? path : "not found", advice);
}

static void check_guest_tools(const tc_toolchain *tools) {
    static const char advice[] =
        "to compile guests in C: apt install clang lld wasi-libc libclang-rt-dev-wasm32";
    char *sdk = tc_toolchain_sdk(tools, "c");
    check_program("clang", "clang", "--version", advice);
    check_program("wasm-ld", "wasm-ld", "--version", advice);
    check_file("wasi-libc", "/usr/include/wasm32-wasi/stdio.h", advice);
    check_file("C SDK", sdk, "build and install timecraft again");
    free(sdk);
}

/* Without it the runtime uses plain system calls, which are as right and less fast. */
static void check_io_uring(void) {
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                                  IORING_SETUP_DEFER_TASKRUN};
    long ring = syscall(SYS_io_uring_setup, 8, &parameters);
    if (ring >= 0) {
        close((int)ring);
        say(FINE, "io_uring", "usable", NULL);
        return;
    }
    char *text =
        tc_format("not usable here (%s); programs use plain system calls", strerror(errno));
    say(OPTIONAL, "io_uring", text,
        errno == EINVAL ? "needs Linux 6.1 or newer"
                        : "containers and sysctl "
                          "kernel.io_uring_disabled can forbid it");
    free(text);
}

/* The parts of the kernel's wall around a guest, without which the others stand. */
static void check_wall(void) {
    int abi = tc_landlock_abi();
    char *text = abi ? tc_format("version %d%s", abi,
                                 abi < 2   ? ": not for folders that can be written"
                                 : abi < 4 ? ": files only, not the network's ports"
                                 : abi < 6 ? ": not signals and abstract sockets"
                                           : "")
                     : tc_format("not usable here (%s)", strerror(errno));
    say(abi >= 6 ? FINE : OPTIONAL, "Landlock", text,
        "keeps a guest that has broken out to its folders and ports: Linux 6.12 or newer has all "
        "of "
        "it; see /sys/kernel/security/lsm");
    free(text);
    bool filters = tc_filter_usable();
    say(filters ? FINE : OPTIONAL, "seccomp", filters ? "usable" : "not usable here",
        "keeps a guest that has broken out to the system calls that it needs");
}

static void check_cache(void) {
    char *directory = tc_cache_directory("objects");
    say(directory ? FINE : OPTIONAL, "cache", directory ? directory : "off",
        "set HOME or XDG_CACHE_HOME to a directory that can be written");
    free(directory);
}

static int examine(void) {
    tc_toolchain tools;
    if (tc_toolchain_find(&tools, NULL) < 0)
        return TC_EXIT_FAILURE;
    tc_process_enter();
    puts("Needed by every build:");
    bool fine = check_wasm2c(&tools);
    fine = check_cc(&tools) && fine;
    fine = check_runtime(&tools) && fine;
    fine = check_libraries(&tools) && fine;
    puts("Useful:");
    check_program("tcc", "tcc", "-v", "for builds in seconds with -O0: apt install tcc");
    check_file("SIMDe", "/usr/include/simde/wasm/simd128.h",
               "for modules that use SIMD: apt install libsimde-dev");
    check_program("objcopy", "objcopy", "--version", "for builds with -g: apt install binutils");
    check_program("gdb", "gdb", "--version", "to debug what was built with -g: apt install gdb");
    check_cache();
    check_io_uring();
    check_wall();
    check_guest_tools(&tools);
    tc_process_leave();
    tc_toolchain_reset(&tools);
    puts(fine ? "Ready to build." : "Not ready to build: see what is MISSING above.");
    return fine ? TC_EXIT_OK : TC_EXIT_FAILURE;
}

int tc_command_doctor(char **words) {
    if (words[0]) {
        tc_error("doctor takes no arguments");
        return TC_EXIT_USAGE;
    }
    return examine();
}
