/* What the import families share: the state behind the imports, errno, vectors. */
#ifndef TC_WASI_INTERNAL_H
#define TC_WASI_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "guest/memory.h"
#include "options/options.h"
#include "wasi/fdtable.h"
#include "wasi/start.h"
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
    TC_WASI_ADDRINUSE = 3,
    TC_WASI_ADDRNOTAVAIL = 4,
    TC_WASI_AFNOSUPPORT = 5,
    TC_WASI_AGAIN = 6,
    TC_WASI_ALREADY = 7,
    TC_WASI_BADF = 8,
    TC_WASI_BADMSG = 9,
    TC_WASI_BUSY = 10,
    TC_WASI_CANCELED = 11,
    TC_WASI_CHILD = 12,
    TC_WASI_CONNABORTED = 13,
    TC_WASI_CONNREFUSED = 14,
    TC_WASI_CONNRESET = 15,
    TC_WASI_DEADLK = 16,
    TC_WASI_DESTADDRREQ = 17,
    TC_WASI_DOM = 18,
    TC_WASI_DQUOT = 19,
    TC_WASI_EXIST = 20,
    TC_WASI_FAULT = 21,
    TC_WASI_FBIG = 22,
    TC_WASI_HOSTUNREACH = 23,
    TC_WASI_IDRM = 24,
    TC_WASI_ILSEQ = 25,
    TC_WASI_INPROGRESS = 26,
    TC_WASI_INTR = 27,
    TC_WASI_INVAL = 28,
    TC_WASI_IO = 29,
    TC_WASI_ISCONN = 30,
    TC_WASI_ISDIR = 31,
    TC_WASI_LOOP = 32,
    TC_WASI_MFILE = 33,
    TC_WASI_MLINK = 34,
    TC_WASI_MSGSIZE = 35,
    TC_WASI_MULTIHOP = 36,
    TC_WASI_NAMETOOLONG = 37,
    TC_WASI_NETDOWN = 38,
    TC_WASI_NETRESET = 39,
    TC_WASI_NETUNREACH = 40,
    TC_WASI_NFILE = 41,
    TC_WASI_NOBUFS = 42,
    TC_WASI_NODEV = 43,
    TC_WASI_NOENT = 44,
    TC_WASI_NOEXEC = 45,
    TC_WASI_NOLCK = 46,
    TC_WASI_NOLINK = 47,
    TC_WASI_NOMEM = 48,
    TC_WASI_NOMSG = 49,
    TC_WASI_NOPROTOOPT = 50,
    TC_WASI_NOSPC = 51,
    TC_WASI_NOSYS = 52,
    TC_WASI_NOTCONN = 53,
    TC_WASI_NOTDIR = 54,
    TC_WASI_NOTEMPTY = 55,
    TC_WASI_NOTRECOVERABLE = 56,
    TC_WASI_NOTSOCK = 57,
    TC_WASI_NOTSUP = 58,
    TC_WASI_NOTTY = 59,
    TC_WASI_NXIO = 60,
    TC_WASI_OVERFLOW = 61,
    TC_WASI_OWNERDEAD = 62,
    TC_WASI_PERM = 63,
    TC_WASI_PIPE = 64,
    TC_WASI_PROTO = 65,
    TC_WASI_PROTONOSUPPORT = 66,
    TC_WASI_PROTOTYPE = 67,
    TC_WASI_RANGE = 68,
    TC_WASI_ROFS = 69,
    TC_WASI_SPIPE = 70,
    TC_WASI_SRCH = 71,
    TC_WASI_STALE = 72,
    TC_WASI_TIMEDOUT = 73,
    TC_WASI_TXTBSY = 74,
    TC_WASI_XDEV = 75,
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

/* What a folder's and a file's descriptor can carry. */
#define TC_RIGHTS_FOLDER                                                                           \
    (TC_RIGHT_FD_DATASYNC | TC_RIGHT_FD_FDSTAT_SET_FLAGS | TC_RIGHT_FD_SYNC | TC_RIGHT_FD_ADVISE | \
     TC_RIGHT_PATH_CREATE_DIRECTORY | TC_RIGHT_PATH_CREATE_FILE | TC_RIGHT_PATH_LINK_SOURCE |      \
     TC_RIGHT_PATH_LINK_TARGET | TC_RIGHT_PATH_OPEN | TC_RIGHT_FD_READDIR |                        \
     TC_RIGHT_PATH_READLINK | TC_RIGHT_PATH_RENAME_SOURCE | TC_RIGHT_PATH_RENAME_TARGET |          \
     TC_RIGHT_PATH_FILESTAT_GET | TC_RIGHT_PATH_FILESTAT_SET_SIZE |                                \
     TC_RIGHT_PATH_FILESTAT_SET_TIMES | TC_RIGHT_FD_FILESTAT_GET |                                 \
     TC_RIGHT_FD_FILESTAT_SET_TIMES | TC_RIGHT_PATH_SYMLINK | TC_RIGHT_PATH_REMOVE_DIRECTORY |     \
     TC_RIGHT_PATH_UNLINK_FILE | TC_RIGHT_POLL_FD_READWRITE)
#define TC_RIGHTS_FILE                                                                             \
    (TC_RIGHT_FD_DATASYNC | TC_RIGHT_FD_READ | TC_RIGHT_FD_SEEK | TC_RIGHT_FD_FDSTAT_SET_FLAGS |   \
     TC_RIGHT_FD_SYNC | TC_RIGHT_FD_TELL | TC_RIGHT_FD_WRITE | TC_RIGHT_FD_ADVISE |                \
     TC_RIGHT_FD_ALLOCATE | TC_RIGHT_FD_FILESTAT_GET | TC_RIGHT_FD_FILESTAT_SET_SIZE |             \
     TC_RIGHT_FD_FILESTAT_SET_TIMES | TC_RIGHT_POLL_FD_READWRITE)

/* Those of them that make sense for this very file: a terminal has no offset, a file opened for
 * reading can not be written. */
uint64_t tc_wasi_file_rights(const tc_file *file);

/* Looks up a descriptor that must be a folder, for the path_ functions. 0 with *folder borrowed, or
 * TC_WASI_BADF, TC_WASI_NOTDIR, or TC_WASI_NOTCAPABLE if one of `rights` is missing. */
uint32_t tc_wasi_folder(tc_wasi *wasi, uint32_t fd, uint64_t rights, tc_fd **folder);

/* Stores a filestat (64 bytes) at `address`; false if that lies outside the memory. */
bool tc_wasi_store_filestat(const tc_memory *memory, uint32_t address, const struct stat *status,
                            uint8_t filetype);

/* Times of preview 1 (nanoseconds, "fstflags") as utimensat(2) wants them. False: the flags
 * contradict each other or are not known. */
bool tc_wasi_times(uint64_t access_time, uint64_t modification_time, uint32_t flags,
                   struct timespec times[2]);

/* The filetype of preview 1 for the S_IFMT bits of a mode. */
uint8_t tc_wasi_filetype(mode_t type);

/* More subscriptions of poll_oneoff than descriptors can be open, and clocks beside them, is
 * nothing a program means. */
#define TC_WASI_SUBSCRIPTIONS_MAX (2u * TC_FD_MAX + 1024u)

/* Makes envv and envc from the grants; see args.c. 0 or -ENOMEM. */
int tc_wasi_environ_init(tc_wasi *wasi);

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
