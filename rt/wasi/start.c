/* What the guest is given at its start: standard streams, folders, environment. */
#include "wasi/start.h"

#include <stdlib.h>
#include <string.h>

#include "guest/module.h"
#include "guest/observer.h"
#include "guest/report.h"
#include "wasi/internal.h"
#include "wasi/sockets.h"

static void insert_file(tc_wasi *wasi, tc_file *file) {
    tc_fd fd = {
        .kind = TC_FD_FILE,
        .rights = tc_wasi_file_rights(file),
        .rights_inheriting =
            file->preopen ? TC_RIGHTS_FOLDER | TC_RIGHTS_FILE : tc_wasi_file_rights(file),
        .file = file,
    };
    int number = tc_fdtable_insert(&wasi->fds, fd);
    if (number < 0) {
        tc_report("cannot give the guest its files: %s", strerror(-number));
        exit(1);
    }
}

/* What systemd has passed begins at 3, as sd_listen_fds(3) has it. */
static void take_passed(tc_wasi *wasi) {
    tc_socket *socket;
    int taken = 0;
    while (tc_has_sockets() && (taken = tc_net_take_passed(&socket)) > 0) {
        int number = tc_fdtable_insert(&wasi->fds, (tc_fd){.kind = TC_FD_SOCKET,
                                                           .rights = TC_RIGHTS_SOCKET,
                                                           .rights_inheriting = TC_RIGHTS_SOCKET,
                                                           .socket = socket});
        if (number < 0)
            taken = number;
    }
    if (taken < 0) {
        tc_report("cannot give the guest a socket that was passed to it (LISTEN_FDS): %s",
                  strerror(-taken));
        exit(1);
    }
}

static void open_files(tc_wasi *wasi) {
    tc_file *file;
    for (int fd = 0; fd <= 2; fd++) {
        int result = tc_file_open_standard(fd, &file);
        if (result) {
            tc_report("cannot use standard stream %d: %s", fd, strerror(-result));
            exit(1);
        }
        insert_file(wasi, file);
    }
    take_passed(wasi);
    for (size_t i = 0; i < wasi->options->dir_count; i++) {
        const tc_dir_grant *grant = &wasi->options->dirs[i];
        int result = tc_file_open_preopen(grant, &file);
        if (result) {
            tc_report(
                "cannot open the directory %s: %s; --dir must name one that exists and can be read",
                grant->host, strerror(-result));
            exit(1);
        }
        insert_file(wasi, file);
    }
}

/* Shows the guest the program's own file, where it was built with --payload. */
static void open_payload(tc_wasi *wasi) {
    static tc_dir_grant grant = {.read_only = true};
    tc_file *file;
    grant.guest = wasi->options->payload;
    if (!grant.guest)
        return;
    int result = tc_file_open_program(&grant, &file);
    if (result) {
        tc_report("cannot open the program's own file, /proc/self/exe: %s; is /proc mounted?",
                  strerror(-result));
        exit(1);
    }
    insert_file(wasi, file);
}

static tc_wasi wasi;

tc_wasi *tc_wasi_start_replay(const tc_options *options, int argc, char **argv, int envc,
                              char **envv) {
    wasi.options = options;
    wasi.argc = argc;
    wasi.argv = argv;
    wasi.envc = envc;
    wasi.envv = envv;
    return &wasi;
}

/* After it has drained. */
static void end_in_good_order(int signal) {
    tc_guest_ended_by = signal;
    tc_wasi_finish(&wasi);
    exit(0);
}

void tc_wasi_serve(tc_options *options) {
    if (tc_has_sockets()) {
        tc_net_serve(options, end_in_good_order);
    } else if (options->workers) {
        tc_report("--workers=%u: %s has no sockets, and so nothing to share between processes; "
                  "leave the option out",
                  tc_options_workers(options), tc_guest_module.name);
        exit(2);
    }
}

tc_wasi *tc_wasi_start(const tc_options *options, int argc, char **argv) {
    if (tc_resolver_start) /* the module imports sock_getaddrinfo */
        tc_resolver_start(options->confinement == TC_CONFINEMENT_REQUIRED);
    wasi.options = options;
    wasi.argc = argc;
    wasi.argv = argv;
    if (tc_wasi_environ_init(&wasi)) {
        tc_report("not enough memory for the environment");
        exit(1);
    }
    open_files(&wasi);
    open_payload(&wasi);
    return &wasi;
}

void tc_wasi_prepare(void) {
    if (tc_has_sockets())
        tc_net_prepare();
}

void tc_wasi_set_memory(tc_wasi *wasi, const wasm_rt_memory_t *memory) {
    wasi->memory.wasm = memory;
}
