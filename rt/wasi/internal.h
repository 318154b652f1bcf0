/* What the import families share: the state behind the imports, errno, vectors. */
#ifndef TC_WASI_INTERNAL_H
#define TC_WASI_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "guest/memory.h"
#include "guest/options.h"
#include "wasi/fdtable.h"
#include "wasi/wasi.h"

struct tc_wasi {
    tc_memory memory;
    const tc_options *options; /* borrowed */
    tc_fdtable fds;
    int argc; /* the guest's arguments, argv[0] is the program's name; borrowed */
    char **argv;
    int envc; /* the guest's environment, "NAME=VALUE"; owned */
    char **envv;
};

/* errno of preview 1 ("errno" variant of the document). */
enum {
    TC_WASI_SUCCESS = 0,
    TC_WASI_2BIG = 1,
    TC_WASI_ACCES = 2,
    TC_WASI_AGAIN = 6,
    TC_WASI_BADF = 8,
    TC_WASI_FAULT = 21,
    TC_WASI_ILSEQ = 25,
    TC_WASI_INVAL = 28,
    TC_WASI_IO = 29,
    TC_WASI_NAMETOOLONG = 37,
    TC_WASI_NOENT = 44,
    TC_WASI_NOMEM = 48,
    TC_WASI_NOSYS = 52,
    TC_WASI_NOTDIR = 54,
    TC_WASI_NOTSOCK = 57,
    TC_WASI_NOTSUP = 58,
    TC_WASI_OVERFLOW = 61,
    TC_WASI_PERM = 63,
    TC_WASI_SPIPE = 70,
    TC_WASI_NOTCAPABLE = 76,
};

/* The preview 1 errno for a host result: 0 for 0 and for positive numbers, else that of the
 * negative errno value. Unknown ones become EIO. */
uint32_t tc_wasi_errno(int64_t host_result);

/* Turns the guest's array of {u32 buffer; u32 length} into host vectors. At most IOV_MAX are used
 * (a longer array is legal: the transfer is partial, as readv(2) may be), and the lengths' sum is
 * cut at INT32_MAX. Every vector that is used must lie inside the memory, used or not the array
 * itself too. Returns how many, or -EFAULT. */
int tc_wasi_vectors(const tc_memory *memory, uint32_t array, uint32_t count,
                    struct iovec vectors[static IOV_MAX]);

/* Rights of preview 1 ("rights" flags of the document). */
#define TC_RIGHT_FD_DATASYNC             (UINT64_C(1) << 0)
#define TC_RIGHT_FD_READ                 (UINT64_C(1) << 1)
#define TC_RIGHT_FD_SEEK                 (UINT64_C(1) << 2)
#define TC_RIGHT_FD_FDSTAT_SET_FLAGS     (UINT64_C(1) << 3)
#define TC_RIGHT_FD_SYNC                 (UINT64_C(1) << 4)
#define TC_RIGHT_FD_TELL                 (UINT64_C(1) << 5)
#define TC_RIGHT_FD_WRITE                (UINT64_C(1) << 6)
#define TC_RIGHT_FD_ADVISE               (UINT64_C(1) << 7)
#define TC_RIGHT_FD_ALLOCATE             (UINT64_C(1) << 8)
#define TC_RIGHT_PATH_CREATE_DIRECTORY   (UINT64_C(1) << 9)
#define TC_RIGHT_PATH_CREATE_FILE        (UINT64_C(1) << 10)
#define TC_RIGHT_PATH_LINK_SOURCE        (UINT64_C(1) << 11)
#define TC_RIGHT_PATH_LINK_TARGET        (UINT64_C(1) << 12)
#define TC_RIGHT_PATH_OPEN               (UINT64_C(1) << 13)
#define TC_RIGHT_FD_READDIR              (UINT64_C(1) << 14)
#define TC_RIGHT_PATH_READLINK           (UINT64_C(1) << 15)
#define TC_RIGHT_PATH_RENAME_SOURCE      (UINT64_C(1) << 16)
#define TC_RIGHT_PATH_RENAME_TARGET      (UINT64_C(1) << 17)
#define TC_RIGHT_PATH_FILESTAT_GET       (UINT64_C(1) << 18)
#define TC_RIGHT_PATH_FILESTAT_SET_SIZE  (UINT64_C(1) << 19)
#define TC_RIGHT_PATH_FILESTAT_SET_TIMES (UINT64_C(1) << 20)
#define TC_RIGHT_FD_FILESTAT_GET         (UINT64_C(1) << 21)
#define TC_RIGHT_FD_FILESTAT_SET_SIZE    (UINT64_C(1) << 22)
#define TC_RIGHT_FD_FILESTAT_SET_TIMES   (UINT64_C(1) << 23)
#define TC_RIGHT_PATH_SYMLINK            (UINT64_C(1) << 24)
#define TC_RIGHT_PATH_REMOVE_DIRECTORY   (UINT64_C(1) << 25)
#define TC_RIGHT_PATH_UNLINK_FILE        (UINT64_C(1) << 26)
#define TC_RIGHT_POLL_FD_READWRITE       (UINT64_C(1) << 27)
#define TC_RIGHT_SOCK_SHUTDOWN           (UINT64_C(1) << 28)
#define TC_RIGHT_SOCK_ACCEPT             (UINT64_C(1) << 29)

/* What a socket's descriptor carries. */
#define TC_RIGHTS_SOCKET                                                                           \
    (TC_RIGHT_FD_READ | TC_RIGHT_FD_WRITE | TC_RIGHT_FD_FDSTAT_SET_FLAGS |                         \
     TC_RIGHT_FD_FILESTAT_GET | TC_RIGHT_POLL_FD_READWRITE | TC_RIGHT_SOCK_SHUTDOWN |              \
     TC_RIGHT_SOCK_ACCEPT)

/* fdflags */
enum {
    TC_FDFLAG_APPEND = 1,
    TC_FDFLAG_DSYNC = 2,
    TC_FDFLAG_NONBLOCK = 4,
    TC_FDFLAG_RSYNC = 8,
    TC_FDFLAG_SYNC = 16
};

/* filetype */
enum {
    TC_FILETYPE_UNKNOWN = 0,
    TC_FILETYPE_BLOCK_DEVICE = 1,
    TC_FILETYPE_CHARACTER_DEVICE = 2,
    TC_FILETYPE_DIRECTORY = 3,
    TC_FILETYPE_REGULAR_FILE = 4,
    TC_FILETYPE_SOCKET_DGRAM = 5,
    TC_FILETYPE_SOCKET_STREAM = 6,
    TC_FILETYPE_SYMBOLIC_LINK = 7
};

#endif
