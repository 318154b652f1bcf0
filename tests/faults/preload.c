/* Loaded in front of the C library (LD_PRELOAD): calls of it can be made to fail, one at a time.
 *
 *   FAULTS_PLAN=NAME:N:ERROR    the Nth call of NAME fails with that errno, what it was to do
 * undone FAULTS_COUNT=FILE           at the end of the process how often each was called stands
 * there, a line "NAME COUNT" each, and "descriptors COUNT" with what is open
 *
 * NAME is a function's; of the functions that allocate there are two: as the program itself calls
 * them ("malloc"), and as libraries do ("malloc@library"). "completion" is one of io_uring.
 *   FAULTS_CLOCK=SECONDS        the time of day is so much later; "~60": later and earlier by turns
 *
 * Calls that the C library makes of itself are not seen, nor are those of the dynamic loader. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 128, DESCRIPTORS_SEEN = 1024 };

static struct {
    const char *name;
    atomic_ulong count;
} calls[NAMES_MAX];
static atomic_uint call_count;

static char planned[64];
static unsigned long planned_number;
static int planned_error;
static uintptr_t program_start, program_end;
static atomic_bool ready;
static long (*raw)(long number, ...); /* syscall(2), which is replaced here too */

static int note_program(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size, (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && end > program_end)
            program_end = end;
    }
    program_start = info->dlpi_addr;
    return 1; /* the program is the first */
}

__attribute__((constructor)) static void read_plan(void) {
    const char *plan = getenv("FAULTS_PLAN");
    dl_iterate_phdr(note_program, NULL);
    *(void **)&raw = dlsym(RTLD_NEXT, "syscall");
    if (plan)
        sscanf(plan, "%63[^:]:%lu:%d", planned, &planned_number, &planned_error);
    ready = true;
}

/* The number of a name; names are constants, so that their addresses tell them apart mostly. */
static unsigned find(const char *name) {
    unsigned count = call_count;
    for (unsigned i = 0; i < count; i++)
        if (calls[i].name && strcmp(calls[i].name, name) == 0)
            return i;
    unsigned new = atomic_fetch_add(&call_count, 1);
    if (new >= NAMES_MAX)
        _Exit(99);
    calls[new].name = name;
    return new;
}

/* Counts a call; whether this one fails, with errno set. */
static bool fails(const char *name) {
    if (!ready)
        return false;
    unsigned long number = atomic_fetch_add(&calls[find(name)].count, 1) + 1;
    if (number != planned_number || strcmp(name, planned) != 0)
        return false;
    errno = planned_error;
    return true;
}

static void write_counts(void) {
    static atomic_bool written;
    const char *path = getenv("FAULTS_COUNT");
    if (!path || atomic_exchange(&written, true))
        return;
    int file = (int)raw(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int open_ones = 0;
    for (int fd = 0; fd < DESCRIPTORS_SEEN; fd++)
        open_ones += fd != file && raw(SYS_fcntl, fd, F_GETFD) >= 0;
    for (unsigned i = 0; i < call_count && i < NAMES_MAX; i++)
        dprintf(file, "%s %lu\n", calls[i].name, (unsigned long)calls[i].count);
    dprintf(file, "descriptors %d\n", open_ones);
}

__attribute__((destructor)) static void at_exit(void) {
    write_counts();
}

static void *next(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

_Noreturn void _exit(int status) {
    write_counts();
    raw(SYS_exit_group, status);
    __builtin_unreachable();
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool of_program(const void *caller) {
    return (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end;
}

#define FAILS_BY_CALLER(name)                                                                      \
    fails(of_program(__builtin_return_address(0)) ? name : name "@library")

void *malloc(size_t size) {
    return FAILS_BY_CALLER("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return FAILS_BY_CALLER("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    return FAILS_BY_CALLER("realloc") ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size) {
    size_t bytes;
    if (FAILS_BY_CALLER("reallocarray") || __builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return __libc_realloc(old, bytes);
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = FAILS_BY_CALLER("strdup") ? NULL : __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t most) {
    size_t size = strnlen(text, most);
    char *copy = FAILS_BY_CALLER("strndup") ? NULL : __libc_malloc(size + 1);
    if (copy) {
        memcpy(copy, text, size);
        copy[size] = 0;
    }
    return copy;
}

/* ---- the kernel ---- */

/* Functions whose parameters are numbers and pointers, six at most, and which give -1. A name has
 * its own type in the headers, which none of these follows. */
#define NUMBERS long a, long b, long c, long d, long e, long f
#define PASS    a, b, c, d, e, f
#define WITH_ERRNO(symbol, name)                                                                   \
    long fault_##symbol(NUMBERS) __asm__(#symbol);                                                 \
    long fault_##symbol(NUMBERS) {                                                                 \
        static long (*real)(NUMBERS);                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#symbol);                                                       \
        return fails(name) ? -1 : real(PASS);                                                      \
    }
/* Those that give an int: the upper half must not look like a number. */
#define CALL(symbol) WITH_ERRNO(symbol, #symbol)

/* The time of day, of which FAULTS_CLOCK says by how many seconds it is wrong; other clocks go on
 * as they do. */
static long jump(void) {
    static atomic_ulong looks;
    const char *seconds = getenv("FAULTS_CLOCK");
    if (!seconds)
        return 0;
    if (*seconds != '~')
        return atol(seconds);
    return atomic_fetch_add(&looks, 1) % 2 ? atol(seconds + 1) : -atol(seconds + 1);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        *(void **)&real = next("clock_gettime");
    if (fails("clock_gettime"))
        return -1;
    int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += jump();
    return result;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now)
        *now = found.tv_sec;
    return found.tv_sec;
}

CALL(accept4)
CALL(bind)
CALL(clock_getres)
CALL(connect)
CALL(dup2)
CALL(epoll_create1)
CALL(epoll_ctl)
CALL(epoll_wait)
CALL(eventfd)
CALL(fallocate)
CALL(fcntl)
CALL(fdatasync)
CALL(flock)
CALL(fstat)
CALL(fstatat)
CALL(fsync)
CALL(ftruncate)
CALL(futimens)
CALL(getpeername)
CALL(getrandom)
CALL(getrlimit)
CALL(getsockname)
CALL(getsockopt)
CALL(ioctl)
CALL(linkat)
CALL(listen)
CALL(lseek)
CALL(madvise)
CALL(mkdirat)
CALL(mmap)
CALL(mprotect)
CALL(open)
CALL(openat)
CALL(poll)
CALL(ppoll)
CALL(pread)
CALL(preadv)
CALL(pwrite)
CALL(pwritev)
CALL(read)
CALL(readlink)
CALL(readlinkat)
CALL(readv)
CALL(recv)
CALL(recvmsg)
CALL(renameat)
CALL(send)
CALL(sendmsg)
CALL(setrlimit)
CALL(setsockopt)
CALL(shutdown)
CALL(sigaction)
CALL(sigaltstack)
CALL(socket)
CALL(socketpair)
CALL(symlinkat)
CALL(syscall)
CALL(timer_create)
CALL(timer_settime)
CALL(unlinkat)
CALL(utimensat)
CALL(write)
CALL(writev)

/* Linux has closed the descriptor, whatever it answers. */
int close(int fd) {
    long result = raw ? raw(SYS_close, fd) : -1;
    return fails("close") ? -1 : (int)result;
}

int munmap(void *start, size_t length) {
    return fails("munmap") ? -1 : (int)raw(SYS_munmap, start, length);
}

/* Functions that give the error itself. */
#define WITH_RESULT(symbol)                                                                        \
    long fault_##symbol(NUMBERS) __asm__(#symbol);                                                 \
    long fault_##symbol(NUMBERS) {                                                                 \
        static long (*real)(NUMBERS);                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#symbol);                                                       \
        return fails(#symbol) ? planned_error : real(PASS);                                        \
    }

WITH_RESULT(clock_nanosleep)
WITH_RESULT(getaddrinfo)
WITH_RESULT(getaddrinfo_a)
WITH_RESULT(getnameinfo)
WITH_RESULT(posix_fadvise)
WITH_RESULT(posix_fallocate)
WITH_RESULT(pthread_attr_init)
WITH_RESULT(pthread_attr_setstack)
WITH_RESULT(pthread_create)
WITH_RESULT(pthread_detach)
WITH_RESULT(pthread_sigmask)

/* Functions that give NULL. */
#define WITH_NULL(symbol)                                                                          \
    long fault_##symbol(NUMBERS) __asm__(#symbol);                                                 \
    long fault_##symbol(NUMBERS) {                                                                 \
        static long (*real)(NUMBERS);                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#symbol);                                                       \
        return fails(#symbol) ? 0 : real(PASS);                                                    \
    }

WITH_NULL(dlopen)
WITH_NULL(fdopendir)
WITH_NULL(getcwd)
WITH_NULL(open_memstream)
WITH_NULL(opendir)
WITH_NULL(readdir)

/* ---- io_uring: functions that give the error below zero ---- */

#define WITH_NEGATIVE(symbol)                                                                      \
    long fault_##symbol(NUMBERS) __asm__(#symbol);                                                 \
    long fault_##symbol(NUMBERS) {                                                                 \
        static long (*real)(NUMBERS);                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#symbol);                                                       \
        return fails(#symbol) ? -planned_error : real(PASS);                                       \
    }

WITH_NEGATIVE(io_uring_queue_init_params)
WITH_NEGATIVE(io_uring_register_buf_ring)
WITH_NEGATIVE(io_uring_register_eventfd)

/* Completions that have come since the last look: one may be a failure. */
static void spoil(struct io_uring *ring) {
    static unsigned seen;
    unsigned tail = io_uring_smp_load_acquire(ring->cq.ktail);
    unsigned mask = *ring->cq.kring_mask;
    if ((int)(seen - *ring->cq.khead) < 0)
        seen = *ring->cq.khead;
    for (; seen != tail; seen++) {
        struct io_uring_cqe *cqe = &ring->cq.cqes[seen & mask];
        if (cqe->res >= 0 && fails("completion"))
            cqe->res = -planned_error;
    }
}

#define WITH_COMPLETIONS(symbol)                                                                   \
    long fault_##symbol(NUMBERS) __asm__(#symbol);                                                 \
    long fault_##symbol(NUMBERS) {                                                                 \
        static long (*real)(NUMBERS);                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#symbol);                                                       \
        if (fails(#symbol))                                                                        \
            return -planned_error;                                                                 \
        long result = real(PASS);                                                                  \
        spoil((struct io_uring *)a);                                                               \
        return result;                                                                             \
    }

WITH_COMPLETIONS(__io_uring_get_cqe)
WITH_COMPLETIONS(io_uring_get_events)
WITH_COMPLETIONS(io_uring_submit)
WITH_COMPLETIONS(io_uring_submit_and_wait_timeout)
