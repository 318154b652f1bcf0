/* What the guest is given at its start: standard streams, folders, environment. */
#include "wasi/start.h"

#include <stdlib.h>
#include <string.h>

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

tc_wasi *tc_wasi_start(const tc_options *options, int argc, char **argv) {
    if (tc_has_sockets())
        tc_net_init(options);
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

void tc_wasi_set_memory(tc_wasi *wasi, const wasm_rt_memory_t *memory) {
    wasi->memory.wasm = memory;
}
