/* The guest's end, and what else it can say about itself as a process. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "wasi/internal.h"
#include "wasi/sockets.h"

/* A status of the host has 8 bits. What does not fit is cut as exit(3) does, but an error never
 * becomes the 0 of success. */
static int exit_status(uint32_t code) {
    int status = (int)(code & 0xff);
    return code != 0 && status == 0 ? 255 : status;
}

void tc_wasi_finish(tc_wasi *wasi) {
    tc_fdtable_reset(&wasi->fds);
    if (tc_has_sockets())
        tc_net_finish();
}

void tc_wasi_proc_exit(tc_wasi *wasi, uint32_t code) {
    tc_wasi_finish(wasi);
    exit(exit_status(code));
}

/* Does what a program that set no handler can expect (signal(7), "Standard signals"): the guest has
 * no handlers. The numbers of preview 1 are those of Linux on x86 up to 15 and have gaps after. */
uint32_t tc_wasi_proc_raise(tc_wasi *wasi, uint32_t signal) {
    enum { END, IGNORE, STOP };
    static const struct {
        uint8_t host;
        uint8_t action;
    } signals[] = {
        [1] = {SIGHUP, END},      [2] = {SIGINT, END},      [3] = {SIGQUIT, END},
        [4] = {SIGILL, END},      [5] = {SIGTRAP, END},     [6] = {SIGABRT, END},
        [7] = {SIGBUS, END},      [8] = {SIGFPE, END},      [9] = {SIGKILL, END},
        [10] = {SIGUSR1, END},    [11] = {SIGSEGV, END},    [12] = {SIGUSR2, END},
        [13] = {SIGPIPE, END},    [14] = {SIGALRM, END},    [15] = {SIGTERM, END},
        [16] = {SIGCHLD, IGNORE}, [17] = {SIGCONT, IGNORE}, [18] = {SIGSTOP, STOP},
        [19] = {SIGTSTP, STOP},   [20] = {SIGTTIN, STOP},   [21] = {SIGTTOU, STOP},
        [22] = {SIGURG, IGNORE},  [23] = {SIGXCPU, END},    [24] = {SIGXFSZ, END},
        [25] = {SIGVTALRM, END},  [26] = {SIGPROF, END},    [27] = {SIGWINCH, IGNORE},
        [28] = {SIGPOLL, END},    [29] = {SIGPWR, END},     [30] = {SIGSYS, END},
    };
    if (signal == 0 || signal >= sizeof signals / sizeof signals[0])
        return TC_WASI_INVAL;
    switch (signals[signal].action) {
    case IGNORE:
        return TC_WASI_SUCCESS;
    case STOP: /* job control belongs to the person at the terminal */
        return TC_WASI_NOSYS;
    default:
        tc_wasi_finish(wasi);
        exit(128 + signals[signal].host); /* as a shell reports it */
    }
}

uint32_t tc_wasi_sched_yield(tc_wasi *wasi) {
    (void)wasi;
    return tc_wasi_errno(sched_yield() ? -errno : 0);
}
