/* Samples of the guest's CPU time: a timer of the guest's thread and a signal handler that writes
 * who called whom; see profile.h.
 *
 * The handler allocates nothing and takes no lock: unwinding finds its tables by
 * _dl_find_object(3), which may be called anywhere. */
#include "guest/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "guest/frame_pointer.h"
#include "guest/report.h"
#include "guest/symbols.h"

#define SECOND UINT64_C(1000000000)

static struct {
    int pipe;
    timer_t timer;
    const char *low, *high; /* the guest's stack */
    tc_symbols symbols;     /* empty: the program has none */
    uint64_t last;          /* CPU time at the last sample, in nanoseconds */
    /* The sample being made: what is written, then what leads to it. */
    struct {
        tc_profile_sample head;
        uint64_t addresses[TC_PROFILE_FRAMES];
    } out;
    uintptr_t interrupted; /* where the thread was; 0: the unwinder has come there */
    uintptr_t frame_pointer;
    bool in_guest; /* the last frame is the guest's */
} profile;

static uint64_t thread_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* False: there is no room for more. */
static bool add_frame(uintptr_t address) {
    tc_profile_sample *head = &profile.out.head;
    if (head->frames == TC_PROFILE_FRAMES) {
        head->flags |= TC_PROFILE_CUT;
        return false;
    }
    profile.out.addresses[head->frames++] = address;
    profile.in_guest = address >= profile.symbols.guest_low && address < profile.symbols.guest_high;
    return true;
}

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument) {
    int exact = 0; /* else it is a return address, which may lie behind the function's end */
    uintptr_t address = _Unwind_GetIPInfo(context, &exact);
    (void)argument;
    if (profile.interrupted && address != profile.interrupted)
        return _URC_NO_REASON; /* the handler's own */
    profile.interrupted = 0;
    profile.frame_pointer = _Unwind_GetGR(context, TC_FRAME_POINTER);
    return add_frame(exact ? address : address - 1) ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

/* tcc's functions have no unwind tables, but always a frame pointer: goes on from the one where
 * unwinding ended, as long as it leads upwards within the guest's stack. */
static void walk_frames(void) {
    typedef struct frame {
        uintptr_t caller, return_address;
    } frame;
    uintptr_t low = (uintptr_t)profile.low, high = (uintptr_t)profile.high - sizeof(frame);
    uintptr_t at = profile.frame_pointer;
    while (at >= low && at <= high && at % _Alignof(frame) == 0) {
        const frame *here = (const frame *)at;
        if (!add_frame(here->return_address - 1))
            return;
        low = at + sizeof *here;
        at = here->caller;
    }
}

static uintptr_t program_counter(const ucontext_t *context) {
#if defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
    return context->uc_mcontext.pc;
#endif
}

static void stop(void) {
    timer_settime(profile.timer, 0, &(struct itimerspec){0}, NULL);
}

/* A pipe may take a sample in parts. */
static void write_out(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t count = write(profile.pipe, at, length);
        if (count < 0 && errno != EINTR) { /* nobody reads any more */
            stop();
            return;
        }
        if (count > 0) {
            at += count;
            length -= (size_t)count;
        }
    }
}

static void on_tick(int signal, siginfo_t *info, void *context) {
    int error = errno;
    (void)signal;
    if (info->si_code != SI_TIMER)
        return;
    profile.out.head = (tc_profile_sample){0};
    profile.interrupted = program_counter(context);
    profile.in_guest = false;
    _Unwind_Backtrace(on_frame, NULL);
    if (profile.in_guest && !(profile.out.head.flags & TC_PROFILE_CUT))
        walk_frames();
    uint64_t now = thread_time();
    profile.out.head.nanoseconds = now - profile.last;
    profile.last = now;
    write_out(&profile.out, offsetof(__typeof__(profile.out), addresses) +
                                profile.out.head.frames * sizeof *profile.out.addresses);
    errno = error;
}

/* ---- the start ---- */

_Noreturn static void refuse(const char *why) {
    tc_report("no profile can be made: %s", why);
    exit(2);
}

static _Unwind_Reason_Code stop_unwinding(struct _Unwind_Context *context, void *argument) {
    (void)context;
    (void)argument;
    return _URC_NORMAL_STOP;
}

static void start_timer(unsigned frequency) {
    struct sigaction action = {.sa_sigaction = on_tick,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    uint64_t period = SECOND / frequency;
    struct itimerspec times = {.it_interval = {(time_t)(period / SECOND), (long)(period % SECOND)}};
    times.it_value = times.it_interval;
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGPROF, &action, NULL) != 0 ||
        timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &profile.timer) != 0)
        refuse(strerror(errno));
    sigset_t ticks; /* whoever started the program may have blocked it */
    sigemptyset(&ticks);
    sigaddset(&ticks, SIGPROF);
    pthread_sigmask(SIG_UNBLOCK, &ticks, NULL);
    profile.last = thread_time();
    if (timer_settime(profile.timer, 0, &times, NULL) != 0)
        refuse(strerror(errno));
}

int tc_profile_pipe(void) {
    const char *text = getenv("TIMECRAFT_PROFILE");
    int pipe = -1;
    return text && sscanf(text, "%d,", &pipe) == 1 ? pipe : -1;
}

void tc_profile_start(const char *low, const char *high) {
    const char *text = getenv("TIMECRAFT_PROFILE");
    unsigned frequency;
    char rest;
    struct stat status;
    if (!text)
        return;
    if (sscanf(text, "%d,%u%c", &profile.pipe, &frequency, &rest) != 2 || frequency < 1 ||
        frequency > TC_PROFILE_MOST || fstat(profile.pipe, &status) != 0 ||
        !S_ISFIFO(status.st_mode))
        refuse("TIMECRAFT_PROFILE is for `timecraft profile`, which sets it");
    fcntl(profile.pipe, F_SETFD, FD_CLOEXEC);
    profile.low = low;
    profile.high = high;
    tc_symbols_open(&profile.symbols);
    _Unwind_Backtrace(stop_unwinding, NULL); /* what it does once, it has done then */
    tc_profile_header header = {.load_address = profile.symbols.load_address};
    memcpy(header.magic, TC_PROFILE_MAGIC, sizeof header.magic);
    write_out(&header, sizeof header);
    start_timer(frequency);
}
