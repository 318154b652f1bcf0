/* Fuzz target: every import that a module may have, as wasi/imports.def lists them, in sequences
 * over two folders and a live I/O engine, with arguments that are mostly what their kind asks for
 * and at times anything, half of the inputs under --trace. No call may touch anything outside of
 * the guest's memory, before and behind which lies nothing, wait, leave a descriptor open, change
 * anything outside of the folder that was granted, or in the one that is read-only, or bring the
 * content of a file that was not granted into memory. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/module.h"
#include "hostile.h"
#include "net/net.h"
#include "timecraft/options.h"
#include "trace/describe.h"
#include "trace/start.h"
#include "trace/trace.h"
#include "wasi/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS_MAX = 64, FILE_SIZE_MAX = 1 << 20, PATHS_MAX = 64 };

const tc_module tc_guest_module = {.name = "imports_fuzz"};

static tc_wasi wasi;
static tc_options options;

/* ---- the imports, from the list of them ---- */

/* The value of the parameter of this name. */
static uint64_t named(const tc_described *import, const uint64_t *arguments, const char *name) {
    for (uint32_t i = 0; i < import->count; i++)
        if (strcmp(import->parameters[i].name, name) == 0)
            return arguments[i];
    abort();
}

/* These end the process. */
#define tc_wasi_proc_exit(...)  TC_WASI_SUCCESS
#define tc_wasi_proc_raise(...) TC_WASI_SUCCESS

#define P(kind, name, ...) named(import, arguments, #name)
#define CALL(function, ...)                                                                        \
    static uint64_t call_##function(tc_wasi *host, const uint64_t *arguments) {                    \
        const tc_described *import = &tc_imports_described[TC_ID_##function];                      \
        (void)host, (void)arguments, (void)import;                                                 \
        return function(host __VA_OPT__(, ) __VA_ARGS__);                                          \
    }
#define TC_IMPORT(name, type, function, ...)          CALL(function, __VA_ARGS__)
#define TC_IMPORT_UNSTABLE(name, type, function, ...) CALL(function, __VA_ARGS__)
#include "wasi/imports.def"
#undef TC_IMPORT
#undef TC_IMPORT_UNSTABLE

static tc_trace_function *const functions[TC_ID_COUNT] = {
#define TC_IMPORT(name, type, function, ...)          [TC_ID_##function] = call_##function,
#define TC_IMPORT_UNSTABLE(name, type, function, ...) [TC_ID_##function] = call_##function,
#include "wasi/imports.def"
};

/* ---- what lies on the disk ---- */

static char secret[33]; /* random, or a fuzzer would read it out of the program */
static char folder[] = "/tmp/timecraft-fuzz-XXXXXX";
static tc_dir_grant grants[2];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw) {
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static void remove_all(void) {
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *below(const char *name) {
    static char path[2][PATHS_MAX];
    static int next;
    next = !next;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static void make_file(const char *name, const char *content) {
    int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    demand(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content), "no file");
    close(fd);
}

static void make_granted(void) {
    demand(mkdir(below("open"), 0700) == 0 && mkdir(below("open/d"), 0700) == 0 &&
               symlink("../secret", below("open/out")) == 0 &&
               symlink(below("secret"), below("open/absolute")) == 0 &&
               symlink("..", below("open/up")) == 0 && symlink("loop", below("open/loop")) == 0 &&
               symlink("a", below("open/in")) == 0,
           "no folder to grant");
    make_file("open/a", "granted");
    make_file("open/d/b", "granted too");
}

static void make_the_rest(void) {
    demand(mkdir(below("frozen"), 0700) == 0 && mkdir(below("frozen/d"), 0700) == 0 &&
               symlink("../../secret", below("frozen/d/out")) == 0,
           "no folder to grant");
    make_file("secret", secret);
    make_file("frozen/a", "granted for reading");
}

/* A number that differs after any change of what is not granted for writing. */
static uint64_t state_of_the_rest;

static int add_state(const char *path, const struct stat *status, int type, struct FTW *ftw) {
    if (ftw->level == 1 && strcmp(path + ftw->base, "open") == 0)
        return FTW_SKIP_SUBTREE;
    uint64_t facts[] = {status->st_ino,
                        status->st_mode,
                        status->st_nlink,
                        (uint64_t)status->st_size,
                        (uint64_t)status->st_ctim.tv_sec,
                        (uint64_t)status->st_ctim.tv_nsec};
    /* "open" itself comes and goes in the folder above. */
    size_t count = ftw->level == 0 ? 2 : sizeof facts / sizeof facts[0];
    (void)type;
    for (size_t i = 0; i < count; i++)
        state_of_the_rest = (state_of_the_rest ^ facts[i]) * 0x100000001b3;
    return FTW_CONTINUE;
}

static uint64_t state(void) {
    state_of_the_rest = 0xcbf29ce484222325;
    demand(nftw(folder, add_state, 8, FTW_PHYS | FTW_ACTIONRETVAL) == 0, "the folder is gone");
    return state_of_the_rest;
}

static uint64_t state_before;

/* ---- setting up ---- */

static void make_secret(void) {
    uint8_t bytes[sizeof secret / 2];
    demand(getentropy(bytes, sizeof bytes) == 0, "no random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
}

static void set_up(void) {
    static char *arguments[] = {"imports_fuzz", "argument", ""};
    static char *environment[] = {"HOME=/", "LANG=C"};
    static const char *const words[3];
    const struct rlimit small = {FILE_SIZE_MAX, FILE_SIZE_MAX};
    char text[256], *error;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    demand(mkdtemp(folder) && setrlimit(RLIMIT_FSIZE, &small) == 0, "no folder");
    atexit(remove_all);
    make_secret();
    make_the_rest();
    make_memory();
    make_listener(2 * CALLS_MAX);
    wasi.memory.wasm = &memory;
    wasi.argc = sizeof arguments / sizeof arguments[0];
    wasi.argv = arguments;
    wasi.envc = sizeof environment / sizeof environment[0];
    wasi.envv = environment;
    grants[0] = (tc_dir_grant){.host = strdup(below("open")), .guest = "/"};
    grants[1] =
        (tc_dir_grant){.host = strdup(below("frozen")), .guest = "/frozen", .read_only = true};
    snprintf(text, sizeof text,
             "--allow-net=127.0.0.1:%u --allow-listen=127.0.0.1 --allow-insecure-tls "
             "--tls-handshake-timeout=0.2 --trace=/dev/null",
             port);
    tc_options_init(&options);
    demand(tc_options_apply_text(&options, text, &error) == 0, error);
    wasi.options = &options;
    tc_net_init(&options);
    tc_io_engine_name(); /* it has descriptors of its own */
    tc_trace_sockets = &tc_wasi_sockets_observed;
    tc_trace_start(&wasi, words);
    state_before = state();
}

static void open_folders(void) {
    for (size_t i = 0; i < 2; i++) {
        tc_fd fd = {.kind = TC_FD_FILE, .rights_inheriting = TC_RIGHTS_FOLDER | TC_RIGHTS_FILE};
        demand(tc_file_open_preopen(&grants[i], &fd.file) == 0, "no preopen");
        fd.rights = tc_wasi_file_rights(fd.file);
        demand(tc_fdtable_insert(&wasi.fds, fd) == (int)i, "no descriptor");
    }
}

/* ---- arguments ---- */

static const char *const paths[] = {
    ".",      "a",        "d",          "d/b",  "new",       "d/new", "in",        "out",
    "up",     "loop",     "absolute",   "..",   "../secret", "/",     "/etc",      "up/secret",
    "d/../a", "d/../../", "up/frozen/", "d/..", "out/",      "",      "127.0.0.1", "localhost",
};

/* Writes into memory where there is room; the guest's own pointer is what the call gets anyway. */
static void put(uint32_t address, const void *bytes, size_t size) {
    if (address <= MEMORY_SIZE && size <= MEMORY_SIZE - address)
        memcpy(memory.data + address, bytes, size);
}

static uint32_t put_path(uint32_t address, uint32_t *length) {
    const char *path = paths[byte() % (sizeof paths / sizeof paths[0])];
    put(address, path, strlen(path));
    *length = (uint32_t)strlen(path);
    return address;
}

static uint32_t put_vectors(uint32_t address, uint32_t *count) {
    *count = byte() % 5;
    for (uint32_t i = 0; i < *count; i++) {
        uint32_t vector[2] = {number(), byte() % 8 ? byte() : number()};
        put(address + i * (uint32_t)sizeof vector, vector, sizeof vector);
    }
    return address;
}

/* {pointer, size}, the bytes behind it: version 1's 4, or version 2's 128 with the family. */
static uint32_t put_address(uint32_t address) {
    static const uint8_t loopback[] = {1, 0, 127, 0, 0, 1};
    bool short_one = byte() % 2;
    uint32_t head[2] = {address + 8, short_one ? 4 : 128};
    put(address, head, sizeof head);
    put(address + 8, loopback + (short_one ? 2 : 0), short_one ? 4 : sizeof loopback);
    return address;
}

/* The first is a clock that is due, so that no wait is long; the others are what stands there. */
static uint32_t put_subscriptions(uint32_t address, uint32_t *count) {
    static const uint8_t due[56];
    *count = 1 + byte() % 6;
    put(address, due, sizeof due);
    return address;
}

static uint64_t wide(void) {
    switch (byte() % 8) {
    case 0:
        return UINT64_MAX - byte();
    case 1:
        return (uint64_t)number() << 32 | number();
    case 2:
        return (uint64_t)INT64_MAX - byte();
    default:
        return number() % 4096;
    }
}

/* `size`: what a LENGTH or COUNT that follows would say rightly, 0 where nothing asks for one. */
static uint64_t argument(uint8_t kind, uint32_t *size) {
    static const uint32_t levels[] = {0, 6, 41, TIMECRAFT_LEVEL};
    switch (kind) {
    case TC_P_FD:
        return byte() % 16 ? byte() % 6 : number();
    case TC_P_FLAGS:
        return byte() % 4 ? 0 : byte() % 16 ? byte() % 32 : number();
    case TC_P_CHOICE:
    case TC_P_OPTION_NAME:
        return byte() % 16 ? byte() % 32 : number();
    case TC_P_NUMBER:
        return byte() % 8 ? byte() : number();
    case TC_P_OPTION_LEVEL:
        return levels[byte() % 4];
    case TC_P_PORT:
        return byte() % 8 ? (byte() % 2 ? port : 0) : number();
    case TC_P_NUMBER64:
    case TC_P_SIGNED64:
    case TC_P_TIME:
    case TC_P_DURATION:
        return wide();
    case TC_P_RIGHTS:
        return byte() % 4 ? UINT64_MAX : wide();
    case TC_P_LENGTH:
    case TC_P_COUNT:
        return byte() % 8 == 0 ? number() : *size ? *size : byte();
    case TC_P_PATH:
    case TC_P_TEXT:
        return put_path(number(), size);
    case TC_P_VECTORS_IN:
    case TC_P_VECTORS_OUT:
        return put_vectors(number(), size);
    case TC_P_ADDRESS_IN:
    case TC_P_ADDRESS_OUT:
        return put_address(number());
    case TC_P_SUBSCRIPTIONS_IN:
    case TC_P_OLD_SUBSCRIPTIONS_IN:
        return put_subscriptions(number(), size);
    case TC_P_HINTS_IN:
        return byte() % 2 ? 0 : number();
    case TC_P_EVENTS_OUT: /* between the subscriptions and their count */
        return number();
    default:
        *size = 0;
        return number();
    }
}

/* ---- calls ---- */

/* No call may wait for a peer. */
static void unblock_sockets(void) {
    for (uint32_t fd = 0; fd < wasi.fds.capacity; fd++) {
        const tc_fd *one = tc_fdtable_get(&wasi.fds, fd);
        if (one && one->kind == TC_FD_SOCKET)
            tc_wasi_fd_fdstat_set_flags(&wasi, fd, TC_FDFLAG_NONBLOCK);
    }
}

/* Bytes of the input into memory. */
static void fill(void) {
    uint32_t to = number() % MEMORY_SIZE, length = byte();
    for (uint32_t i = 0; i < length && to + i < MEMORY_SIZE; i++)
        memory.data[to + i] = (uint8_t)byte();
}

/* Most of what there is to do needs something open. */
static void call(bool traced) {
    uint32_t id = byte() % (TC_ID_COUNT + 4), size = 0;
    if (byte() % 4 == 0)
        id = byte() % 4 ? TC_ID_tc_wasi_path_open : TC_ID_tc_wasi_sock_open;
    uint64_t arguments[TC_PARAMETERS_MAX] = {0};
    if (id >= TC_ID_COUNT) {
        fill();
        return;
    }
    const tc_described *import = &tc_imports_described[id];
    for (uint32_t i = 0; i < import->count; i++)
        arguments[i] = argument(import->parameters[i].kind, &size);
    if (traced)
        tc_trace_call(id, functions[id], &wasi, arguments);
    else
        functions[id](&wasi, arguments);
}

static void tear_down(void) {
    close_waiting();
    tc_fdtable_reset(&wasi.fds);
    tc_net_finish();
    demand(nftw(below("open"), remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0,
           "the granted folder is gone");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!memory.data)
        set_up();
    int before = lowest_free_descriptor();
    memset(memory.data, 0, MEMORY_SIZE);
    make_granted();
    open_folders();
    at = data;
    end = data + size;
    bool traced = byte() % 2;
    for (int calls = 0; calls < CALLS_MAX && at < end; calls++) {
        call(traced);
        unblock_sockets();
        demand(!memmem(memory.data, MEMORY_SIZE, secret, sizeof secret - 1),
               "a file that was not granted has been read");
    }
    tear_down();
    demand(lowest_free_descriptor() == before, "a descriptor stays open");
    demand(state() == state_before, "something that was not granted has changed");
    return 0;
}
