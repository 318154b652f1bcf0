/* The main function of every built program: puts together what the guest may do, and starts it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "confine/confine.h"
#include "guest/guest.h"
#include "guest/invoke.h"
#include "guest/payload.h"
#include "guest/profile.h"
#include "guest/report.h"
#include "trace/replay.h"
#include "trace/start.h"
#include "wasi/start.h"

/* A guest's module without a memory has an empty one: every pointer is EFAULT. */
static const wasm_rt_memory_t no_memory;

/* Numbers 0 to 2 must be taken, or the first file opened would become a standard stream. */
static void open_missing_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            tc_report("standard stream %d is closed, and /dev/null cannot take its place: %s", fd,
                      strerror(errno));
            exit(1);
        }
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

/* All that runs on the guest's stack works with. */
typedef struct run {
    tc_wasi *wasi;
    const char *invoke; /* the function of --invoke, or NULL */
    tc_invocation invocation;
} run;

static int run_module(void *context) {
    run *run = context;
    int status = 0;
    const tc_module *module = &tc_guest_module;
    tc_wasi_prepare();
    tc_confine_calls();
    wasm_rt_init();
    /* Set first: a start function of the module may call imports while it is instantiated. */
    wasm_rt_memory_t *memory = module->memory ? module->memory() : NULL;
    tc_wasi_set_memory(run->wasi, memory ? memory : &no_memory);
    module->instantiate(run->wasi);
    if (module->initialize && (run->invoke || !module->start))
        module->initialize();
    if (run->invoke)
        status = tc_invoke(&run->invocation);
    else if (module->start)
        module->start();
    tc_wasi_finish(run->wasi);
    return status;
}

/* Which function runs is decided before anything else of the guest's does. */
static void choose_function(run *run, const tc_options *options, char **words) {
    const tc_module *module = &tc_guest_module;
    run->invoke = options->invoke;
    if (run->invoke) {
        run->invocation = tc_invoke_prepare(run->invoke, words);
    } else if (!module->start && !module->initialize) {
        tc_report("%s exports neither _start nor _initialize; choose one of its functions with "
                  "--invoke=NAME",
                  module->name);
        exit(2);
    }
}

/* The recorded run's options hold, but for what it asked of a trace: that is this run's. */
_Noreturn static void replay_run(run *run, tc_options *options, const char *record) {
    static tc_replayed replayed;
    tc_replay_open(record, &replayed);
    for (size_t i = 0; i < 3; i++)
        apply_options(options, replayed.words[i], "the record's options");
    tc_options_forget_trace(options);
    apply_options(options, getenv("TIMECRAFT_OPTIONS"), "TIMECRAFT_OPTIONS");
    choose_function(run, options, replayed.argv + (replayed.argc > 0));
    run->wasi =
        tc_wasi_start_replay(options, replayed.argc, replayed.argv, replayed.envc, replayed.envv);
    tc_trace_start(run->wasi, replayed.words);
    tc_replay_start(run->wasi, options);
    tc_confine_options(options, true);
    tc_confine_places();
    tc_guest_run(options, run_module, run);
}

int main(int argc, char **argv) {
    static tc_options options;
    static run run;
    char *appended = NULL; /* lives on: a record has it in each segment */
    tc_confine_begin();
    if (tc_profile_pipe() >= 0) {
        tc_confine_keep(tc_profile_pipe());
        tc_confine_need(TC_NEED_PROFILE);
    }
    open_missing_standard_streams();
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN); /* a write to a closed pipe or connection is an errno */

    const char *record = getenv("TIMECRAFT_REPLAY");
    tc_options_init(&options);
    if (record)
        replay_run(&run, &options, record);
    apply_options(&options, tc_guest_module.options, "options given when the program was built");
    if (options.payload)
        appended = tc_payload_words();
    apply_options(&options, appended, "options appended to the program");
    apply_options(&options, getenv("TIMECRAFT_OPTIONS"), "TIMECRAFT_OPTIONS");
    choose_function(&run, &options, argv + (argc > 0));
    tc_wasi_serve(&options);
    run.wasi = tc_wasi_start(&options, argc, argv);
    tc_trace_start(
        run.wasi, (const char *[]){tc_guest_module.options, appended, getenv("TIMECRAFT_OPTIONS")});
    tc_confine_options(&options, false);
    tc_confine_places();
    tc_guest_run(&options, run_module, &run);
}
