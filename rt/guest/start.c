/* Running the guest: its thread and stack, its time limit, its memory's reservation and limit. */
#include "guest/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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

char *tc_stack_floor;

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

/* Waits for ever, or until the time limit: the guest's thread ends the process by itself. */
_Noreturn static void wait_for_guest(pthread_t thread, uint64_t timeout_ns) {
    if (timeout_ns == 0) {
        pthread_join(thread, NULL);
        abort(); /* never: run_job does not return */
    }
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    uint64_t nanoseconds = (uint64_t)deadline.tv_nsec + timeout_ns % SECOND;
    deadline.tv_sec += (time_t)(timeout_ns / SECOND + nanoseconds / SECOND);
    deadline.tv_nsec = (long)(nanoseconds % SECOND);
    pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &deadline);
    tc_guest_timed_out(timeout_ns);
}

_Noreturn void tc_guest_run(const tc_options *options, int (*body)(void *context), void *context) {
    job work = {body, context, map_stack(options->stack_size)};
    tc_stack_floor = work.stack.low + HOST_RESERVE;
    max_memory = options->max_memory;
    keep_memory();
    signal(SIGPIPE, SIG_IGN); /* the guest gets EPIPE */

    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    int error = pthread_attr_setstack(&attributes, work.stack.low,
                                      (size_t)(work.stack.high - work.stack.low));
    if (error == 0)
        error = pthread_create(&thread, &attributes, run_job, &work);
    if (error != 0) {
        tc_report("%s: no thread can be made for it: %s", tc_guest_module.name, strerror(error));
        exit(EXIT_FAILURE);
    }
    wait_for_guest(thread, options->timeout_ns);
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
