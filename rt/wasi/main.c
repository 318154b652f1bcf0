/* The main function of every built program: puts together what the guest may do, and starts it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest/guest.h"
#include "guest/invoke.h"
#include "guest/payload.h"
#include "guest/report.h"
#include "wasi/internal.h"

/* A guest's module without a memory has an empty one: every pointer is EFAULT. */
static const wasm_rt_memory_t no_memory;

/* Numbers 0 to 2 must be taken, or the first file opened would become a standard stream. */
static void open_missing_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            exit(1);
}

/* The guest has a limit of its own (TC_FD_MAX); the host's common soft limit of 1024 is there for
 * programs that use select(2). */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void apply_options(tc_options *options, const char *text, const char *source) {
    char *error = NULL;
    if (!text || tc_options_apply_text(options, text, &error) == 0)
        return;
    tc_report("%s: %s", source, error);
    exit(2);
}

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

/* All that runs on the guest's stack works with. */
typedef struct run {
    tc_wasi wasi;
    const char *invoke; /* the function of --invoke, or NULL */
    tc_invocation invocation;
} run;

static int run_module(void *context) {
    run *run = context;
    tc_wasi *wasi = &run->wasi;
    int status = 0;
    const tc_module *module = &tc_guest_module;
    wasm_rt_init();
    /* Set first: a start function of the module may call imports while it is instantiated. */
    wasm_rt_memory_t *memory = module->memory ? module->memory() : NULL;
    wasi->memory.wasm = memory ? memory : &no_memory;
    module->instantiate(wasi);
    if (module->initialize && (run->invoke || !module->start))
        module->initialize();
    if (run->invoke)
        status = tc_invoke(&run->invocation);
    else if (module->start)
        module->start();
    tc_wasi_finish(wasi);
    return status;
}

/* Which function runs is decided before anything else of the guest's does. */
static void choose_function(run *run, char **words) {
    const tc_module *module = &tc_guest_module;
    run->invoke = run->wasi.options->invoke;
    if (run->invoke) {
        run->invocation = tc_invoke_prepare(run->invoke, words);
    } else if (!module->start && !module->initialize) {
        tc_report("%s exports neither _start nor _initialize; choose one of its functions with "
                  "--invoke=NAME",
                  module->name);
        exit(2);
    }
}

int main(int argc, char **argv) {
    static tc_options options;
    static run run;
    tc_wasi *wasi = &run.wasi;
    open_missing_standard_streams();
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN); /* a write to a closed pipe or connection is an errno */

    tc_options_init(&options);
    apply_options(&options, tc_guest_module.options, "options given when the program was built");
    if (options.payload) {
        char *words = tc_payload_words();
        apply_options(&options, words, "options appended to the program");
        free(words);
    }
    apply_options(&options, getenv("TIMECRAFT_OPTIONS"), "TIMECRAFT_OPTIONS");
    tc_net_init(&options);

    wasi->options = &options;
    wasi->argc = argc;
    wasi->argv = argv;
    if (tc_wasi_environ_init(wasi)) {
        tc_report("not enough memory for the environment");
        return 1;
    }
    choose_function(&run, argv + (argc > 0));
    open_files(wasi);
    open_payload(wasi);
    tc_guest_run(&options, run_module, &run);
}
