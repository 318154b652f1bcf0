/* Loaded in front of the C library (LD_PRELOAD): calls of it can be made to fail, one at a time.
 *
 *   FAULTS_PLAN=NAME[/SITE]:N:ERROR   the Nth call of NAME fails with that errno, what it was to do
 *                                     undone; with SITE, the Nth one of those that come from there
 *   FAULTS_COUNT=FILE                 how often each was called stands there, as struct counts
 *   FAULTS_SHOW=1                     the callers of the one that fails stand in standard error
 *   FAULTS_CLOCK=SECONDS              the time of day is so much later; "~60": later and earlier by
 *                                     turns
 *
 * NAME is a function's; of the functions that allocate there are two: as the program itself calls
 * them ("malloc"), and as libraries do ("malloc@library"). syscall(2) has the number's behind it
 * ("syscall-437"). "completion" is one of io_uring, "aio" one of io_submit(2), whose bytes are
 * taken out of the file again. SITE is a hash, in hexadecimal, of the return addresses up to the
 * guest, each relative to its file, so that it is the same in every run; of a completion, of the
 * operation that it completes.
 *
 * Processes that the program forks count with it, and fail with it. Nothing is called at the end
 * that a wall would keep from happening. Calls that the C library makes of itself are not seen, nor
 * are those of the dynamic loader. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <liburing.h>
#include <link.h>
#include <linux/aio_abi.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

enum { ENTRIES = 1 << 14, NAME_SIZE = 32, DEPTH = 48, DESCRIPTORS_SEEN = 1024 };

/* A name, or a site of it. */
struct entry {
    atomic_ulong key; /* 0: free */
    atomic_ulong count;
    char name[NAME_SIZE]; /* NAME or NAME/SITE */
};

/* The file of FAULTS_COUNT, in the order of bytes of this machine. */
struct counts {
    int process;          /* the first that had it, of which is the next number */
    int descriptors;      /* open at its end; 0 if it has none */
    atomic_uint injected; /* how often a call has failed as planned */
    atomic_uint walls;    /* filters and sets of Landlock rules in force, but for the resolver's */
    atomic_uint bare;     /* questions that the resolver has answered without both */
    int unused[3];
    struct entry entries[ENTRIES];
};

static struct counts own;
static struct counts *counts = &own;
static char planned[NAME_SIZE];
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

static void share_counts(const char *path) {
    int file = (int)raw(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *shared = MAP_FAILED;
    if (raw(SYS_ftruncate, file, sizeof *counts) == 0)
        shared = (void *)raw(SYS_mmap, NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED,
                             file, 0);
    raw(SYS_close, file);
    if (shared == MAP_FAILED)
        _Exit(99);
    counts = shared;
}

__attribute__((constructor)) static void read_plan(void) {
    const char *plan = getenv("FAULTS_PLAN"), *path = getenv("FAULTS_COUNT");
    dl_iterate_phdr(note_program, NULL);
    *(void **)&raw = dlsym(RTLD_NEXT, "syscall");
    if (plan && *plan &&
        sscanf(plan, "%31[^:]:%lu:%d", planned, &planned_number, &planned_error) != 3)
        _Exit(99);
    if (path)
        share_counts(path);
    if (counts->process == 0)
        counts->process = (int)raw(SYS_getpid);
    ready = true;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

#define HASH_BEGIN 0xcbf29ce484222325

struct walked {
    void **frames;
    int count;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument) {
    struct walked *walked = argument;
    walked->frames[walked->count++] = (void *)_Unwind_GetIP(context);
    return walked->count < DEPTH ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* As backtrace(3), which would load a library for it. */
static int walk(void *frames[DEPTH]) {
    struct walked walked = {frames, 0};
    _Unwind_Backtrace(note_frame, &walked);
    return walked.count;
}

static bool of_program(const void *caller) {
    return (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end;
}

/* Of the callers up to the guest, whose code the unwinder does not know; for a library those up to
 * the runtime. 0: a sanitizer's own. */
static uint64_t site(bool library) {
    void *frames[DEPTH];
    struct dl_find_object here;
    uint64_t hash = HASH_BEGIN;
    bool of_sanitizer = false, reached = false; /* the program */
    _dl_find_object(site, &here);
    int count = walk(frames);
    for (int i = 0; i < count; i++) {
        struct dl_find_object object;
        if (_dl_find_object(frames[i], &object) != 0)
            break;
        uintptr_t offset = (uintptr_t)frames[i] - object.dlfo_link_map->l_addr;
        if (object.dlfo_eh_frame == here.dlfo_eh_frame)
            continue;
        const char *path = object.dlfo_link_map->l_name, *slash = strrchr(path, '/');
        const char *file = slash ? slash + 1 : path;
        bool own = strncmp(file, "libasan", 7) == 0;
        if (own && hash == HASH_BEGIN)
            return 0;
        of_sanitizer |= own;
        reached |= of_program(frames[i]);
        hash = mix(hash, file, strlen(file));
        hash = mix(hash, &offset, sizeof offset);
        if (library && reached)
            break;
    }
    return of_sanitizer && !reached ? 0 : hash;
}

static void show(void) {
    void *frames[DEPTH];
    backtrace_symbols_fd(frames, walk(frames), STDERR_FILENO);
}

/* Counts it; how often that is now. */
static unsigned long count_one(const char *name) {
    uint64_t key = mix(HASH_BEGIN, name, strlen(name)) | 1;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry *entry = &counts->entries[((key >> 8) + i) & (ENTRIES - 1)];
        unsigned long there = 0;
        if (atomic_compare_exchange_strong(&entry->key, &there, key))
            strncpy(entry->name, name, NAME_SIZE - 1);
        else if (there != key)
            continue;
        return atomic_fetch_add(&entry->count, 1) + 1;
    }
    _Exit(99);
}

static bool is_planned(const char *name) {
    return count_one(name) == planned_number && strcmp(name, planned) == 0;
}

static bool planned_now(bool now) {
    if (now)
        errno = planned_error;
    counts->injected += now;
    if (now && getenv("FAULTS_SHOW"))
        show();
    return now;
}

/* The same without its site, which takes time: that of others than the planned call. */
static bool fails_by_number(const char *name) {
    return planned_now(is_planned(name));
}

/* Counts a call; whether this one fails, with errno set. */
static bool fails_at(const char *name, uint64_t place) {
    char with_site[NAME_SIZE];
    int error = errno;
    snprintf(with_site, sizeof with_site, "%s/%08x", name, (unsigned)(place ^ place >> 32));
    bool one = is_planned(name), other = is_planned(with_site);
    errno = error;
    return planned_now(one || other);
}

static bool fails(const char *name) {
    static _Thread_local __attribute__((tls_model("initial-exec"))) bool inside;
    if (!ready || inside)
        return false;
    inside = true;
    size_t length = strlen(name);
    bool sites = !*planned || (strncmp(planned, name, length) == 0 && planned[length] == '/');
    uint64_t place = sites ? site(strchr(name, '@')) : 0;
    bool result = place ? fails_at(name, place) : fails_by_number(name);
    inside = false;
    return result;
}

static void write_counts(void) {
    if (counts->process != (int)raw(SYS_getpid) || counts->descriptors != 0)
        return;
    int open_ones = 0;
    for (int fd = 0; fd < DESCRIPTORS_SEEN; fd++)
        open_ones += raw(SYS_fcntl, fd, F_GETFD) >= 0;
    counts->descriptors = open_ones;
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

/* The C library's, or a sanitizer's. */
static void *real_malloc(size_t size) {
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = next("malloc");
    return real(size);
}

static void *real_calloc(size_t count, size_t size) {
    static void *(*real)(size_t, size_t);
    if (!real)
        *(void **)&real = next("calloc");
    return real(count, size);
}

static void *real_realloc(void *old, size_t size) {
    static void *(*real)(void *, size_t);
    if (!real)
        *(void **)&real = next("realloc");
    return real(old, size);
}

#define FAILS_BY_CALLER(name)                                                                      \
    fails(of_program(__builtin_return_address(0)) ? name : name "@library")

void *malloc(size_t size) {
    return FAILS_BY_CALLER("malloc") ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return FAILS_BY_CALLER("calloc") ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    return FAILS_BY_CALLER("realloc") ? NULL : real_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size) {
    size_t bytes;
    if (FAILS_BY_CALLER("reallocarray") || __builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return real_realloc(old, bytes);
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = FAILS_BY_CALLER("strdup") ? NULL : real_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t most) {
    size_t size = strnlen(text, most);
    char *copy = FAILS_BY_CALLER("strndup") ? NULL : real_malloc(size + 1);
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
CALL(dup3)
CALL(epoll_create1)
CALL(epoll_ctl)
CALL(epoll_wait)
CALL(eventfd)
CALL(fallocate)
CALL(fcntl)
CALL(fdatasync)
CALL(flock)
CALL(fork)
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
CALL(kill)
CALL(linkat)
CALL(listen)
CALL(lseek)
CALL(madvise)
CALL(mkdirat)
CALL(mmap)
CALL(mprotect)
CALL(nanosleep)
CALL(open)
CALL(openat)
CALL(__open_2)
CALL(on_exit)
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
CALL(rename)
CALL(renameat)
CALL(sched_getaffinity)
CALL(send)
CALL(sendmsg)
CALL(sendto)
CALL(setrlimit)
CALL(setsockopt)
CALL(shutdown)
CALL(sigaction)
CALL(sigaltstack)
CALL(signal)
CALL(signalfd)
CALL(sigprocmask)
CALL(socket)
CALL(socketpair)
CALL(stat)
CALL(symlinkat)
CALL(sysconf)
CALL(timer_create)
CALL(timer_settime)
CALL(unlink)
CALL(unlinkat)
CALL(utimensat)
CALL(waitpid)
CALL(write)
CALL(writev)

static bool is_resolver; /* this process, which looks names up (net/resolver.c) */
static unsigned resolver_walls;

int prctl(int option, ...) {
    va_list list;
    unsigned long words[4];
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        words[i] = va_arg(list, unsigned long);
    va_end(list);
    is_resolver |= option == PR_SET_NAME;
    return fails("prctl") ? -1
                          : (int)raw(SYS_prctl, option, words[0], words[1], words[2], words[3]);
}

/* What has been submitted last to be written, by its number. */
static struct iocb submitted[256];

static void remember_blocks(struct iocb **blocks, long count) {
    for (long i = 0; i < count; i++)
        submitted[blocks[i]->aio_data % 256] = *blocks[i];
}

/* One that has come may be a failure: then nothing is in its place. */
static void spoil_blocks(struct io_event *events, long count) {
    for (long i = 0; i < count; i++) {
        const struct iocb *block = &submitted[events[i].data % 256];
        if (events[i].res < 0 || !fails("aio"))
            continue;
        events[i].res = -planned_error;
        raw(SYS_fallocate, block->aio_fildes, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
            block->aio_offset, block->aio_nbytes);
    }
}

/* Each system call that is made by its number is one of its own. */
long syscall(long number, ...) {
    char name[NAME_SIZE];
    va_list list;
    long words[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        words[i] = va_arg(list, long);
    va_end(list);
    snprintf(name, sizeof name, "syscall-%ld", number);
    if (fails(name))
        return -1;
    long result = raw(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    if (number == SYS_io_submit)
        remember_blocks((struct iocb **)words[2], result);
    if (number == SYS_io_getevents)
        spoil_blocks((struct io_event *)words[3], result);
    if (result == 0 && (number == SYS_landlock_restrict_self ||
                        (number == SYS_seccomp && words[0] == SECCOMP_SET_MODE_FILTER))) {
        resolver_walls += is_resolver;
        counts->walls += !is_resolver;
    }
    return result;
}

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
WITH_RESULT(getaddrinfo_a)
WITH_RESULT(getnameinfo)
WITH_RESULT(posix_fadvise)
WITH_RESULT(posix_fallocate)
WITH_RESULT(pthread_attr_init)
WITH_RESULT(pthread_attr_setstack)
WITH_RESULT(pthread_create)
WITH_RESULT(pthread_detach)
WITH_RESULT(pthread_getcpuclockid)
WITH_RESULT(pthread_sigmask)

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = next("getaddrinfo");
    counts->bare += is_resolver && resolver_walls < 2;
    return fails("getaddrinfo") ? planned_error : real(name, service, hints, found);
}

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
WITH_NULL(isatty)
WITH_NULL(open_memstream)
WITH_NULL(opendir)
WITH_NULL(readdir)
WITH_NULL(__realpath_chk)

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

/* What was asked for with each user_data, of the last ones. */
enum { REMEMBERED = 1 << 12 };
static unsigned char operations[REMEMBERED];

static unsigned char *operation(uint64_t user_data) {
    return &operations[mix(HASH_BEGIN, &user_data, sizeof user_data) % REMEMBERED];
}

static void remember(struct io_uring *ring) {
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
        struct io_uring_sqe *sqe = &ring->sq.sqes[i & *ring->sq.kring_mask];
        *operation(sqe->user_data) = sqe->opcode;
    }
}

/* Completions that have come since the last look: one may be a failure. */
static void spoil(struct io_uring *ring) {
    static unsigned seen;
    unsigned tail = io_uring_smp_load_acquire(ring->cq.ktail);
    unsigned mask = *ring->cq.kring_mask;
    if ((int)(seen - *ring->cq.khead) < 0)
        seen = *ring->cq.khead;
    for (; seen != tail; seen++) {
        struct io_uring_cqe *cqe = &ring->cq.cqes[seen & mask];
        if (cqe->res >= 0 && fails_at("completion", *operation(cqe->user_data)))
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
        remember((struct io_uring *)a);                                                            \
        long result = real(PASS);                                                                  \
        spoil((struct io_uring *)a);                                                               \
        return result;                                                                             \
    }

WITH_COMPLETIONS(__io_uring_get_cqe)
WITH_COMPLETIONS(io_uring_get_events)
WITH_COMPLETIONS(io_uring_submit)
WITH_COMPLETIONS(io_uring_submit_and_wait_timeout)
