/* For the guests of this folder: every function of wasi_snapshot_preview1 as the module imports it,
 * with plain numbers for pointers (so that wrong ones can be passed), and the few words that the
 * guests are written in.
 *
 *     EXPECT(EBADF, fd_close(99));       the call must answer with this errno
 *     CHECK(size == 6);                  this must hold
 *     return finish();                   from main: 0 if everything did
 *
 * wasi-libc's <errno.h> has the numbers of preview 1.
 */
#ifndef WASI_RAW_H
#define WASI_RAW_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WASI(name)                                                                                 \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t name

typedef uint32_t u32;
typedef uint64_t u64;

WASI(args_get)(u32 pointers, u32 block);
WASI(args_sizes_get)(u32 count, u32 size);
WASI(environ_get)(u32 pointers, u32 block);
WASI(environ_sizes_get)(u32 count, u32 size);
WASI(clock_res_get)(u32 id, u32 resolution);
WASI(clock_time_get)(u32 id, u64 precision, u32 time);
WASI(fd_advise)(u32 fd, u64 offset, u64 length, u32 advice);
WASI(fd_allocate)(u32 fd, u64 offset, u64 length);
WASI(fd_close)(u32 fd);
WASI(fd_datasync)(u32 fd);
WASI(fd_fdstat_get)(u32 fd, u32 out);
WASI(fd_fdstat_set_flags)(u32 fd, u32 flags);
WASI(fd_fdstat_set_rights)(u32 fd, u64 base, u64 inheriting);
WASI(fd_filestat_get)(u32 fd, u32 out);
WASI(fd_filestat_set_size)(u32 fd, u64 size);
WASI(fd_filestat_set_times)(u32 fd, u64 atim, u64 mtim, u32 flags);
WASI(fd_pread)(u32 fd, u32 iovs, u32 count, u64 offset, u32 done);
WASI(fd_prestat_get)(u32 fd, u32 out);
WASI(fd_prestat_dir_name)(u32 fd, u32 path, u32 length);
WASI(fd_pwrite)(u32 fd, u32 iovs, u32 count, u64 offset, u32 done);
WASI(fd_read)(u32 fd, u32 iovs, u32 count, u32 done);
WASI(fd_readdir)(u32 fd, u32 buffer, u32 length, u64 cookie, u32 used);
WASI(fd_renumber)(u32 from, u32 to);
WASI(fd_seek)(u32 fd, u64 offset, u32 whence, u32 position);
WASI(fd_sync)(u32 fd);
WASI(fd_tell)(u32 fd, u32 position);
WASI(fd_write)(u32 fd, u32 iovs, u32 count, u32 done);
WASI(path_create_directory)(u32 fd, u32 path, u32 length);
WASI(path_filestat_get)(u32 fd, u32 lookup, u32 path, u32 length, u32 out);
WASI(path_filestat_set_times)
(u32 fd, u32 lookup, u32 path, u32 length, u64 atim, u64 mtim, u32 flags);
WASI(path_link)
(u32 old_fd, u32 lookup, u32 old_path, u32 old_length, u32 new_fd, u32 new_path, u32 new_length);
WASI(path_open)
(u32 fd, u32 lookup, u32 path, u32 length, u32 oflags, u64 base, u64 inheriting, u32 fdflags,
 u32 out);
WASI(path_readlink)(u32 fd, u32 path, u32 length, u32 buffer, u32 size, u32 used);
WASI(path_remove_directory)(u32 fd, u32 path, u32 length);
WASI(path_rename)
(u32 old_fd, u32 old_path, u32 old_length, u32 new_fd, u32 new_path, u32 new_length);
WASI(path_symlink)(u32 target, u32 target_length, u32 fd, u32 path, u32 length);
WASI(path_unlink_file)(u32 fd, u32 path, u32 length);
WASI(poll_oneoff)(u32 in, u32 out, u32 count, u32 nevents);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"))) void
proc_exit(u32 code);
WASI(proc_raise)(u32 signal);
WASI(random_get)(u32 buffer, u32 length);
WASI(sched_yield)(void);
WASI(sock_accept)(u32 fd, u32 flags, u32 out);
WASI(sock_recv)(u32 fd, u32 iovs, u32 count, u32 flags, u32 done, u32 oflags);
WASI(sock_send)(u32 fd, u32 iovs, u32 count, u32 flags, u32 done);
WASI(sock_shutdown)(u32 fd, u32 how);

/* A host pointer as the number that it is, and a string with its length. */
#define AT(pointer)  ((u32)(uintptr_t)(pointer))
#define STR(literal) AT(literal), (u32)strlen(literal)

/* The first granted folder. */
#define ROOT 3u

enum { FOLLOW = 1 };
enum { O_CREATE = 1, O_DIR = 2, O_EXCLUSIVE = 4, O_TRUNCATE = 8 };
enum { F_APPEND = 1, F_DSYNC = 2, F_NONBLOCK = 4, F_RSYNC = 8, F_SYNC = 16 };
enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };
enum { SET = 0, CUR = 1, END = 2 };
enum {
    UNKNOWN,
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    DIRECTORY,
    REGULAR_FILE,
    SOCKET_DGRAM,
    SOCKET_STREAM,
    SYMBOLIC_LINK
};

#define R_DATASYNC         (UINT64_C(1) << 0)
#define R_READ             (UINT64_C(1) << 1)
#define R_SEEK             (UINT64_C(1) << 2)
#define R_SET_FLAGS        (UINT64_C(1) << 3)
#define R_SYNC             (UINT64_C(1) << 4)
#define R_TELL             (UINT64_C(1) << 5)
#define R_WRITE            (UINT64_C(1) << 6)
#define R_ADVISE           (UINT64_C(1) << 7)
#define R_ALLOCATE         (UINT64_C(1) << 8)
#define R_CREATE_DIRECTORY (UINT64_C(1) << 9)
#define R_CREATE_FILE      (UINT64_C(1) << 10)
#define R_LINK_SOURCE      (UINT64_C(1) << 11)
#define R_LINK_TARGET      (UINT64_C(1) << 12)
#define R_OPEN             (UINT64_C(1) << 13)
#define R_READDIR          (UINT64_C(1) << 14)
#define R_READLINK         (UINT64_C(1) << 15)
#define R_RENAME_SOURCE    (UINT64_C(1) << 16)
#define R_RENAME_TARGET    (UINT64_C(1) << 17)
#define R_PATH_STAT        (UINT64_C(1) << 18)
#define R_PATH_SET_SIZE    (UINT64_C(1) << 19)
#define R_PATH_SET_TIMES   (UINT64_C(1) << 20)
#define R_STAT             (UINT64_C(1) << 21)
#define R_SET_SIZE         (UINT64_C(1) << 22)
#define R_SET_TIMES        (UINT64_C(1) << 23)
#define R_SYMLINK          (UINT64_C(1) << 24)
#define R_RMDIR            (UINT64_C(1) << 25)
#define R_UNLINK           (UINT64_C(1) << 26)
#define R_POLL             (UINT64_C(1) << 27)
#define R_FILE                                                                                     \
    (R_READ | R_WRITE | R_SEEK | R_TELL | R_SET_FLAGS | R_STAT | R_SET_SIZE | R_SET_TIMES |        \
     R_ALLOCATE | R_ADVISE | R_SYNC | R_DATASYNC | R_POLL)
#define R_FOLDER                                                                                   \
    (R_CREATE_DIRECTORY | R_CREATE_FILE | R_LINK_SOURCE | R_LINK_TARGET | R_OPEN | R_READDIR |     \
     R_READLINK | R_RENAME_SOURCE | R_RENAME_TARGET | R_PATH_STAT | R_PATH_SET_SIZE |              \
     R_PATH_SET_TIMES | R_STAT | R_SET_TIMES | R_SYMLINK | R_RMDIR | R_UNLINK)

typedef struct {
    u32 buffer;
    u32 length;
} iovec32;

typedef struct {
    uint8_t filetype;
    uint16_t flags;
    u64 base;
    u64 inheriting;
} fdstat;

typedef struct {
    u64 device;
    u64 inode;
    u64 filetype; /* a byte and padding */
    u64 links;
    u64 size;
    u64 atim;
    u64 mtim;
    u64 ctim;
} filestat;

static int failures;

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0                                                                         \
                 : (failures++, (void)printf("line %d: not so: %s\n", __LINE__, #condition)))

/* Calls once; says what was wanted and what came. */
#define EXPECT(wanted, call) expect_errno(__LINE__, #call, wanted, call)
#define OK(call)             EXPECT(0, call)

static inline void expect_errno(int line, const char *text, u32 wanted, u32 got) {
    if (wanted == got)
        return;
    failures++;
    printf("line %d: %s\n  wanted errno %u (%s), got %u (%s)\n", line, text, (unsigned)wanted,
           strerror((int)wanted), (unsigned)got, strerror((int)got));
}

static inline int finish(void) {
    if (failures)
        printf("%d failed\n", failures);
    return failures != 0;
}

/* path_open on the first granted folder, with the rights that `rights` says. */
static inline u32 open_at(u32 folder, const char *path, u32 oflags, u64 rights, u32 fdflags,
                          u32 *fd) {
    return path_open(folder, FOLLOW, STR(path), oflags, rights, 0, fdflags, AT(fd));
}

/* For the steps before what is tested: opens or ends the program. */
static inline u32 must_open(u32 folder, const char *path, u32 oflags, u64 rights) {
    u32 fd = 0;
    u32 error = path_open(folder, FOLLOW, STR(path), oflags, rights,
                          oflags & O_DIR ? R_FILE | R_FOLDER : 0, 0, AT(&fd));
    if (error) {
        printf("cannot open %s: %s\n", path, strerror((int)error));
        exit(1);
    }
    return fd;
}

static inline u32 write_text(u32 fd, const char *text, u32 *done) {
    iovec32 vector = {AT(text), (u32)strlen(text)};
    return fd_write(fd, AT(&vector), 1, AT(done));
}

static inline u32 read_into(u32 fd, void *buffer, u32 size, u32 *done) {
    iovec32 vector = {AT(buffer), size};
    return fd_read(fd, AT(&vector), 1, AT(done));
}

/* Makes a file with a text in it. */
static inline void make_file(const char *path, const char *text) {
    u32 done, fd = must_open(ROOT, path, O_CREATE | O_TRUNCATE, R_WRITE);
    if (write_text(fd, text, &done) || done != strlen(text) || fd_close(fd)) {
        printf("cannot write %s\n", path);
        exit(1);
    }
}

/* The text of a file, cut at 255 bytes; NULL if it cannot be opened. */
static inline const char *text_of(const char *path) {
    static char text[256];
    u32 fd, done = 0;
    if (open_at(ROOT, path, 0, R_READ, 0, &fd))
        return NULL;
    read_into(fd, text, sizeof text - 1, &done);
    text[done] = '\0';
    fd_close(fd);
    return text;
}

static inline bool has_text(const char *path, const char *wanted) {
    const char *text = text_of(path);
    return text && strcmp(text, wanted) == 0;
}

static inline bool exists(const char *path) {
    filestat status;
    return path_filestat_get(ROOT, 0, STR(path), AT(&status)) == 0;
}

static inline u64 size_of(u32 fd) {
    filestat status = {0};
    fd_filestat_get(fd, AT(&status));
    return status.size;
}

/* The end of the memory, so that pointers up to and past it can be made. */
static inline u32 memory_end(void) {
    return (u32)__builtin_wasm_memory_size(0) * 65536;
}

#endif
