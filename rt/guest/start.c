/* Running the guest: its thread and stack, its time limit and signals, its memory's reservation and
 * limit. */
#include "guest/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest/keeper.h"
#include "guest/observer.h"
#include "guest/profile.h"
#include "guest/report.h"
#include "guest/trap.h"

/* A translated function's frame holds its locals, of which a module may declare 50,000: no frame
 * steps over a guard as wide as this one. */
#define GUARD_SIZE ((size_t)256 << 20)
/* What imports may use below the guest; see tc_enter. */
#define HOST_RESERVE ((size_t)256 << 10)
/* How much malloc gets of the kernel at a time, and how much free memory it keeps. */
#define HEAP_STEP    (256 << 10)
#define HEAP_KEPT    (16 << 20)
#define EXIT_TIMEOUT 124 /* as timeout(1) */
#define SECOND       UINT64_C(1000000000)

/* What the kernel interrupts the guest's thread with; SIGRTMIN is io/'s. */
#define WAKE_SIGNAL (SIGRTMIN + 1)

char *tc_stack_floor;
const tc_guest_keeper *tc_guest_kept_by;
int tc_guest_ended_by;

static pthread_t guest_thread;

static uint64_t max_memory;     /* in bytes, of all memories together; 0: no limit */
static uint64_t memory_in_use;  /* in bytes */
static uint64_t refused_memory; /* what memory_in_use would have become; 0: none was refused */

typedef struct job {
    int (*body)(void *context);
    void *context;
    tc_stack stack;
} job;

/* Maps a stack with its guard region below. */
static tc_stack map_stack(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) & ~(page - 1);
    char *guard = mmap(NULL, GUARD_SIZE + size, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (guard == MAP_FAILED || mprotect(guard + GUARD_SIZE, size, PROT_READ | PROT_WRITE) != 0) {
        tc_report("%s: no memory for its call stack of %zu MiB: %s; give it a smaller one with "
                  "TIMECRAFT_OPTIONS=--stack-size=SIZE, or raise the limit (ulimit -v)",
                  tc_guest_module.name, size >> 20, strerror(errno));
        exit(EXIT_FAILURE);
    }
    return (tc_stack){guard, guard + GUARD_SIZE, guard + GUARD_SIZE + size};
}

/* What the guest's thread frees it soon asks for again. An arena of its own would get memory in
 * small steps and give it back between any two requests: several calls of the kernel, and as many
 * page faults. So it uses the process's main arena, which grows by more and keeps what it has. */
static void keep_memory(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, HEAP_STEP);
    mallopt(M_MMAP_THRESHOLD, HEAP_KEPT / 4);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
}

static void *run_job(void *argument) {
    const job *work = argument;
    tc_trap_catch_faults(&work->stack);
    tc_profile_start(work->stack.low, work->stack.high);
    exit(work->body(work->context));
}

_Noreturn void tc_guest_timed_out(uint64_t timeout_ns) {
    tc_report("%s ran longer than the %g s that --timeout allows", tc_guest_module.name,
              (double)timeout_ns / (double)SECOND);
    if (tc_guest_observed_by)
        tc_guest_observed_by->timed_out(EXIT_TIMEOUT);
    _exit(EXIT_TIMEOUT);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void on_wake(int signal) {
    (void)signal;
}

void tc_guest_wake(void) {
    pthread_kill(guest_thread, WAKE_SIGNAL);
}

uint64_t tc_guest_cpu_time(void) {
    clockid_t clock;
    struct timespec time = {0};
    if (pthread_getcpuclockid(guest_thread, &clock) == 0)
        clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

_Noreturn void tc_guest_end(int signal, int status) {
    if (tc_guest_observed_by)
        tc_guest_observed_by->signalled(signal, status);
    _exit(status);
}

/* As if nobody had waited for the signal: whoever started the program sees what it died of. */
_Noreturn static void die_of(int number) {
    sigset_t one;
    if (tc_guest_observed_by)
        tc_guest_observed_by->signalled(number, 128 + number);
    signal(number, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    _exit(128 + number);
}

/* ---- signals, and time ---- */

/* They are handled while this thread waits, and at no other time. (To be waited for, as sigwait(3)
 * does, they must not be delivered, and a debugger would not see them.) */
static const int ending[] = {SIGTERM, SIGINT};
enum { ENDING = sizeof ending / sizeof *ending };

static struct {
    volatile sig_atomic_t arrived;
    volatile pid_t sender;
} signals[ENDING];

static void on_signal(int signal, siginfo_t *info, void *unused) {
    (void)unused;
    for (size_t i = 0; i < ENDING; i++) {
        if (ending[i] != signal)
            continue;
        signals[i].sender = info->si_code == SI_KERNEL ? 0 : info->si_pid;
        signals[i].arrived = 1;
    }
}

/* Blocks them, as the guest's thread will inherit it. `waiting` is the mask to wait with. */
static void take_signals(sigset_t *waiting) {
    sigset_t blocked;
    struct sigaction action;
    sigemptyset(&blocked);
    for (size_t i = 0; i < ENDING; i++)
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&blocked, ending[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, waiting);
    action =
        (struct sigaction){.sa_sigaction = on_signal, .sa_mask = blocked, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < ENDING; i++)
        if (sigismember(&blocked, ending[i]))
            sigaction(ending[i], &action, NULL);
    action = (struct sigaction){.sa_handler = on_wake, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(WAKE_SIGNAL, &action, NULL);
}

static void hand_over_signals(void) {
    for (size_t i = 0; i < ENDING; i++) {
        if (!signals[i].arrived)
            continue;
        signals[i].arrived = 0;
        if (!tc_guest_kept_by || !tc_guest_kept_by->signalled(ending[i], signals[i].sender))
            die_of(ending[i]);
    }
}

/* Waits for ever, or until the time limit or a signal: the guest's thread ends the process by
 * itself. */
_Noreturn static void wait_for_guest(const sigset_t *waiting, uint64_t timeout_ns) {
    uint64_t limit = timeout_ns ? now() + timeout_ns : UINT64_MAX;
    for (;;) {
        const tc_guest_keeper *keeper = tc_guest_kept_by;
        uint64_t due = keeper ? keeper->due() : UINT64_MAX, time = now();
        uint64_t until = due < limit ? due : limit, left = until > time ? until - time : 0;
        struct timespec pause = {.tv_sec = (time_t)(left / SECOND),
                                 .tv_nsec = (long)(left % SECOND)};
        ppoll(NULL, 0, until == UINT64_MAX ? NULL : &pause, waiting);
        hand_over_signals();
        if (now() >= limit)
            tc_guest_timed_out(timeout_ns);
        if (keeper && now() >= keeper->due())
            keeper->tick();
    }
}

_Noreturn void tc_guest_run(const tc_options *options, int (*body)(void *context), void *context) {
    job work = {body, context, map_stack(options->stack_size)};
    tc_stack_floor = work.stack.low + HOST_RESERVE;
    max_memory = options->max_memory;
    if (options->core)
        tc_trap_leave_core();
    keep_memory();
    signal(SIGPIPE, SIG_IGN); /* the guest gets EPIPE */

    sigset_t waiting;
    take_signals(&waiting);
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error == 0)
        error = pthread_attr_setstack(&attributes, work.stack.low,
                                      (size_t)(work.stack.high - work.stack.low));
    if (error == 0)
        error = pthread_create(&guest_thread, &attributes, run_job, &work);
    if (error != 0) {
        tc_report("%s: no thread can be made for it: %s", tc_guest_module.name, strerror(error));
        exit(EXIT_FAILURE);
    }
    wait_for_guest(&waiting, options->timeout_ns);
}

/* ---- what wasm2c's runtime calls in place of mmap, mprotect, calloc, perror and abort ---- */

/* See rt/CMakeLists.txt: so faults are known as the guest's, --max-memory holds for all memories of
 * a module from the start, and too little memory ends in a message, not in a core dump or a null
 * table. */

void *tc_guest_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int tc_guest_mprotect(void *address, size_t length, int protection);
void *tc_guest_calloc(size_t count, size_t size);
void tc_guest_perror(const char *text);
_Noreturn void tc_guest_abort(void);

_Noreturn static void report_unmapped(const void *address, size_t length, int error) {
    if (error == ENOMEM)
        tc_report("%s: %zu GiB of address space cannot be reserved for its memory: %s; raise the "
                  "limit (ulimit -v)",
                  tc_guest_module.name, length >> 30, strerror(error));
    else
        tc_report("%s: its memory cannot be at address %p, where it was built to have it: %s; "
                  "build it with -O0, then it can be anywhere",
                  tc_guest_module.name, address,
                  error == EEXIST ? "something else is there" : strerror(error));
    exit(EXIT_FAILURE);
}

/* The range of a memory: 8 GiB for whatever its 32-bit index and 32-bit offset reach. */
void *tc_guest_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    if (tc_guest_module.memory_address != 0) {
        address = (void *)tc_guest_module.memory_address;
        flags |= MAP_FIXED_NOREPLACE;
    }
    void *start = mmap(address, length, protection, flags | MAP_NORESERVE, fd, offset);
    if (start == MAP_FAILED)
        report_unmapped(address, length, errno);
    if (address && start != address) /* Linux before 4.17 takes it for a wish */
        report_unmapped(address, length, EEXIST);
    if (!tc_trap_add_memory(start, length)) {
        tc_report("%s has too many memories", tc_guest_module.name);
        exit(EXIT_FAILURE);
    }
    return start;
}

/* The part that a memory begins with, and what it grows by. */
int tc_guest_mprotect(void *address, size_t length, int protection) {
    if (max_memory != 0 && length > max_memory - memory_in_use) {
        refused_memory = memory_in_use + length;
        errno = ENOMEM;
        return -1;
    }
    int result = mprotect(address, length, protection);
    if (result == 0)
        memory_in_use += length;
    return result;
}

/* A table. */
void *tc_guest_calloc(size_t count, size_t size) {
    void *allocated = calloc(count, size);
    if (!allocated && count > 0)
        tc_guest_abort();
    return allocated;
}

/* Says what tc_guest_abort is about to say better. */
void tc_guest_perror(const char *text) {
    (void)text;
}

/* A memory cannot have its initial size, or a table. */
void tc_guest_abort(void) {
    if (refused_memory != 0)
        tc_report("%s needs %" PRIu64 " KiB of memory at the start, more than the %" PRIu64
                  " KiB that --max-memory allows",
                  tc_guest_module.name, refused_memory >> 10, max_memory >> 10);
    else
        tc_report("%s: there is too little memory for it on this machine", tc_guest_module.name);
    exit(EXIT_FAILURE);
}
