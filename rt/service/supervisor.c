/* The supervisor of --workers, and what a worker knows of it.
 *
 * The process that was started forks its workers before it has opened anything for a guest, made a
 * thread or a ring, and runs no guest itself. Each worker goes on as a program without --workers
 * does, with one connection to the supervisor, by which it asks for the sockets that all share
 * (net/share.c). It dies with the supervisor. The supervisor has a wall too, beneath the workers'
 * own.
 *
 * A worker that traps, is killed or exits with another status than 0 is started again: at once if
 * it had run for STEADY, else after a pause that doubles from PAUSE_FIRST to PAUSE_MOST. As long as
 * none has ever listened, there is nothing to keep up: then its failure is that of the program. One
 * that exits with 0 by itself has done its work, and is not started again; when all have, the
 * supervisor ends with 0. With a watchdog (systemd.c), one that makes no progress is killed.
 *
 * Signals go on to the workers. SIGTERM and SIGINT drain them, a second one ends them at once; the
 * others end them as they would end the program. When all have ended, the supervisor ends as they
 * have. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine/confine.h"
#include "guest/guest.h"
#include "guest/report.h"
#include "io/io.h"
#include "service/internal.h"

#define STEADY      SECOND
#define PAUSE_FIRST (50 * MILLISECOND)
#define PAUSE_MOST  (10 * SECOND)

typedef struct worker {
    pid_t process; /* 0: it does not run */
    int control;
    bool over;   /* it is not started again */
    bool drains; /* by itself: another takes its place */
    bool restarted;
    uint64_t started;
    uint64_t next_start; /* where it does not run */
    uint64_t pause;      /* before it was started last; 0: none */
    uint64_t progress;   /* when it was last heard of */
} worker;

static const int handed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

static struct {
    worker *workers;
    unsigned count;
    atomic_int *shared;
    tc_service_answer *answer;
    int signals;     /* a signalfd */
    sigset_t before; /* the mask that workers have */
    bool ready;      /* one has listened */
    bool stopping;
    int status;        /* how it will end: an exit status, or minus a signal */
    uint64_t watchdog; /* nanoseconds; 0: none */
    uint64_t next_message;
} all = {.signals = -1};

unsigned tc_service_workers(void) {
    return all.count;
}

/* ---- starting ---- */

/* A name of its own for what each worker writes: FILE.1, FILE.2 … What the predecessor of one that
 * is started again has written becomes FILE.1.old: it may say why that one has failed. (Not where a
 * name has %p or %t, and is another one each time.) */
static void rename_file(char **file, unsigned number, bool restarted) {
    char *name, *old;
    if (!*file || !**file) /* standard error is everybody's */
        return;
    if (asprintf(&name, "%s.%u", *file, number) < 0)
        exit(EXIT_FAILURE);
    if (restarted && !strchr(name, '%') && asprintf(&old, "%s.old", name) >= 0) {
        rename(name, old);
        free(old);
    }
    free(*file);
    *file = name;
}

static void become_worker(unsigned index, int fd, pid_t supervisor, tc_options *options) {
    bool restarted = all.workers[index].restarted;
    for (unsigned i = 0; i < all.count; i++)
        if (all.workers[i].control >= 0)
            close(all.workers[i].control);
    close(all.signals);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        exit(EXIT_FAILURE); /* it has died before that */
    pthread_sigmask(SIG_SETMASK, &all.before, NULL);
    free(all.workers);
    tc_worker_begin(fd, all.shared, all.count, index);
    tc_systemd_leave();
    rename_file(&options->record, index + 1, restarted);
    rename_file(&options->trace, index + 1, restarted);
}

/* When a worker is started again. */
static void put_off(worker *one, bool at_once) {
    if (at_once)
        one->pause = 0;
    else
        one->pause = one->pause ? 2 * one->pause : PAUSE_FIRST;
    if (one->pause > PAUSE_MOST)
        one->pause = PAUSE_MOST;
    one->next_start = tc_io_now() + one->pause;
}

/* True in the worker. */
static bool start(unsigned index, tc_options *options) {
    worker *one = &all.workers[index];
    pid_t supervisor = getpid();
    int ends[2];
    one->started = one->progress = tc_io_now();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        pid_t process = fork();
        if (process == 0) {
            close(ends[0]);
            become_worker(index, ends[1], supervisor, options);
            return true;
        }
        close(ends[1]);
        if (process > 0) {
            one->process = process;
            one->control = ends[0];
            one->drains = false;
            one->restarted = true;
            return false;
        }
        close(ends[0]);
    }
    put_off(one, false);
    tc_report("worker %u cannot be started: %s; next try in %.2g s", index + 1, strerror(errno),
              (double)one->pause / (double)SECOND);
    return false;
}

/* ---- ends ---- */

static const char *how_it_ended(int status, char text[static 96]) {
    if (WIFSIGNALED(status))
        snprintf(text, 96, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == TC_EXIT_TRAP)
        snprintf(text, 96, "trapped");
    else
        snprintf(text, 96, "ended with status %d", WEXITSTATUS(status));
    return text;
}

static int outcome_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void hand_on(int signal) {
    all.stopping = true;
    for (unsigned i = 0; i < all.count; i++)
        if (all.workers[i].process)
            kill(all.workers[i].process, signal);
}

static void plan_restart(unsigned index, pid_t process, int status) {
    worker *one = &all.workers[index];
    char how[96], when[48] = "at once";
    put_off(one, one->drains || tc_io_now() - one->started >= STEADY);
    if (one->pause)
        snprintf(when, sizeof when, "in %.2g s", (double)one->pause / (double)SECOND);
    if (one->drains && outcome_of(status) == 0)
        tc_report("worker %u (process %d) has drained; a new one takes its place", index + 1,
                  (int)process);
    else
        tc_report("worker %u (process %d) %s; it starts again %s", index + 1, (int)process,
                  how_it_ended(status, how), when);
}

static void drop_control(worker *one) {
    if (one->control >= 0)
        close(one->control);
    one->control = -1;
}

static void note_end(unsigned index, int status) {
    worker *one = &all.workers[index];
    pid_t process = one->process;
    int outcome = outcome_of(status);
    char how[96];
    one->process = 0;
    all.shared[index] = -1;
    drop_control(one);
    if (all.stopping) {
        if (all.status == 0)
            all.status = outcome;
    } else if (outcome == 0 && !one->drains) {
        one->over = true;
    } else if (!all.ready && !one->drains) {
        tc_report("worker %u (process %d) %s, and none has listened yet: the others end too",
                  index + 1, (int)process, how_it_ended(status, how));
        all.status = outcome;
        hand_on(SIGKILL);
    } else {
        plan_restart(index, process, status);
    }
}

static void reap(void) {
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < all.count; i++)
            if (all.workers[i].process == process)
                note_end(i, status);
}

/* As the workers have ended. */
_Noreturn static void end(void) {
    sigset_t one;
    if (all.status >= 0)
        exit(all.status);
    signal(-all.status, SIG_DFL);
    raise(-all.status);
    sigemptyset(&one);
    sigaddset(&one, -all.status);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    exit(128 - all.status);
}

/* ---- what comes ---- */

static void take_signals(void) {
    struct signalfd_siginfo info;
    while (read(all.signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int signal = (int)info.ssi_signo;
        if (signal == SIGCHLD)
            continue;
        if (!all.stopping)
            tc_systemd_notify("STOPPING=1");
        hand_on(signal);
    }
    reap();
}

/* One message of a worker, of which only the first byte is looked at here. */
static void take_message(worker *one) {
    char request = 0;
    ssize_t got = recv(one->control, &request, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0 && request == TC_REQUEST_SOCKET) {
        all.answer(one->control);
        return;
    }
    if (got <= 0) { /* it has ended, or will hear nothing of us any more */
        drop_control(one);
        return;
    }
    recv(one->control, &request, 1, MSG_DONTWAIT);
    if (request == TC_REQUEST_LISTENS && !all.ready) {
        all.ready = true;
        tc_systemd_notify("READY=1");
    }
    if (request == TC_REQUEST_DRAINS)
        one->drains = true;
    one->progress = tc_io_now();
}

static void watch_over(uint64_t now) {
    if (!all.watchdog)
        return;
    for (unsigned i = 0; i < all.count; i++) {
        worker *one = &all.workers[i];
        if (!one->process || now - one->progress <= all.watchdog)
            continue;
        tc_report("worker %u (process %d) has made no progress for %g s: it is killed", i + 1,
                  (int)one->process, (double)all.watchdog / (double)SECOND);
        one->progress = now;
        kill(one->process, SIGKILL);
    }
    if (now >= all.next_message) {
        tc_systemd_notify("WATCHDOG=1");
        all.next_message = now + all.watchdog / 2;
    }
}

/* Starts those whose time has come. Returns when to look again; in a worker, 0. */
static uint64_t start_due(tc_options *options, bool *any) {
    uint64_t next = all.watchdog ? all.next_message : TC_NEVER;
    *any = false;
    for (unsigned i = 0; i < all.count; i++) {
        worker *one = &all.workers[i];
        if (!one->process && !one->over && !all.stopping) {
            if (one->next_start <= tc_io_now() && start(i, options))
                return 0;
            if (!one->process && one->next_start < next)
                next = one->next_start;
            *any = true;
        }
        *any |= one->process != 0;
    }
    return next;
}

static void wait_until(uint64_t next, struct pollfd *polled) {
    uint64_t now = tc_io_now(), left = next > now ? next - now : 0;
    struct timespec pause = {.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
    polled[0] = (struct pollfd){.fd = all.signals, .events = POLLIN};
    for (unsigned i = 0; i < all.count; i++)
        polled[i + 1] = (struct pollfd){.fd = all.workers[i].control, .events = POLLIN};
    if (ppoll(polled, all.count + 1, next == TC_NEVER ? NULL : &pause, NULL) <= 0)
        return;
    /* Messages first: what a worker has said before its end counts. */
    for (unsigned i = 0; i < all.count; i++)
        if (polled[i + 1].revents)
            take_message(&all.workers[i]);
    if (polled[0].revents)
        take_signals();
}

static void open_signals(void) {
    sigset_t signals;
    struct sigaction action;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < sizeof handed_on / sizeof *handed_on; i++)
        if (sigaction(handed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&signals, handed_on[i]);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the workers' ends along */
    pthread_sigmask(SIG_BLOCK, &signals, &all.before);
    all.signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

pid_t tc_supervise(tc_options *options, tc_service_answer *answer) {
    pid_t supervisor = getpid();
    all.count = tc_options_workers(options);
    struct pollfd *polled = calloc(all.count + 1, sizeof *polled);
    all.workers = calloc(all.count, sizeof *all.workers);
    all.shared = tc_workers_make(all.count);
    all.answer = answer;
    all.watchdog = tc_systemd_watchdog();
    open_signals();
    if (!polled || !all.workers || !all.shared || all.signals < 0) {
        tc_report("--workers=%u: %s", all.count, strerror(all.signals < 0 ? errno : ENOMEM));
        exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < all.count; i++)
        all.workers[i].control = -1;
    tc_confine_supervisor(options);
    for (;;) {
        bool any;
        uint64_t next = start_due(options, &any);
        if (tc_service_control() >= 0) {
            free(polled);
            return supervisor;
        }
        if (!any)
            end();
        wait_until(next, polled);
        watch_over(tc_io_now());
    }
}
