/* Names of preview 1's numbers (WebAssembly/WASI, legacy/preview1/docs.md), and of the socket
 * extension's. */
#include "trace/names.h"

#include "trace/describe.h"

/* ---- errno ---- */

static const struct {
    const char *name, *text;
} errors[] = {
    {"0", "success"},
    {"E2BIG", "argument list too long"},
    {"EACCES", "permission denied"},
    {"EADDRINUSE", "address in use"},
    {"EADDRNOTAVAIL", "address not available"},
    {"EAFNOSUPPORT", "address family not supported"},
    {"EAGAIN", "resource unavailable, try again"},
    {"EALREADY", "connection already in progress"},
    {"EBADF", "bad file descriptor"},
    {"EBADMSG", "bad message"},
    {"EBUSY", "device or resource busy"},
    {"ECANCELED", "operation cancelled"},
    {"ECHILD", "no child processes"},
    {"ECONNABORTED", "connection aborted"},
    {"ECONNREFUSED", "connection refused"},
    {"ECONNRESET", "connection reset"},
    {"EDEADLK", "resource deadlock would occur"},
    {"EDESTADDRREQ", "destination address required"},
    {"EDOM", "argument out of the function's domain"},
    {"EDQUOT", "quota exceeded"},
    {"EEXIST", "file exists"},
    {"EFAULT", "bad address"},
    {"EFBIG", "file too large"},
    {"EHOSTUNREACH", "host is unreachable"},
    {"EIDRM", "identifier removed"},
    {"EILSEQ", "illegal byte sequence"},
    {"EINPROGRESS", "operation in progress"},
    {"EINTR", "interrupted"},
    {"EINVAL", "invalid argument"},
    {"EIO", "input/output error"},
    {"EISCONN", "socket is connected"},
    {"EISDIR", "is a directory"},
    {"ELOOP", "too many levels of symbolic links"},
    {"EMFILE", "too many open descriptors"},
    {"EMLINK", "too many links"},
    {"EMSGSIZE", "message too large"},
    {"EMULTIHOP", "multihop attempted"},
    {"ENAMETOOLONG", "file name too long"},
    {"ENETDOWN", "network is down"},
    {"ENETRESET", "connection aborted by the network"},
    {"ENETUNREACH", "network unreachable"},
    {"ENFILE", "too many open files in the system"},
    {"ENOBUFS", "no buffer space available"},
    {"ENODEV", "no such device"},
    {"ENOENT", "no such file or directory"},
    {"ENOEXEC", "executable file format error"},
    {"ENOLCK", "no locks available"},
    {"ENOLINK", "link severed"},
    {"ENOMEM", "not enough memory"},
    {"ENOMSG", "no message of the desired type"},
    {"ENOPROTOOPT", "protocol not available"},
    {"ENOSPC", "no space left on device"},
    {"ENOSYS", "function not supported"},
    {"ENOTCONN", "socket is not connected"},
    {"ENOTDIR", "not a directory"},
    {"ENOTEMPTY", "directory not empty"},
    {"ENOTRECOVERABLE", "state not recoverable"},
    {"ENOTSOCK", "not a socket"},
    {"ENOTSUP", "not supported"},
    {"ENOTTY", "inappropriate control operation"},
    {"ENXIO", "no such device or address"},
    {"EOVERFLOW", "value too large"},
    {"EOWNERDEAD", "previous owner died"},
    {"EPERM", "operation not permitted"},
    {"EPIPE", "broken pipe"},
    {"EPROTO", "protocol error"},
    {"EPROTONOSUPPORT", "protocol not supported"},
    {"EPROTOTYPE", "wrong protocol type for socket"},
    {"ERANGE", "result too large"},
    {"EROFS", "read-only file system"},
    {"ESPIPE", "no seek on this descriptor"},
    {"ESRCH", "no such process"},
    {"ESTALE", "stale file handle"},
    {"ETIMEDOUT", "timed out"},
    {"ETXTBSY", "text file busy"},
    {"EXDEV", "cross-device link"},
    {"ENOTCAPABLE", "a right is missing"},
};
enum { ERRORS = sizeof errors / sizeof *errors };

const char *tc_errno_name(uint32_t number) {
    return number < ERRORS ? errors[number].name : "E?";
}

const char *tc_errno_text(uint32_t number) {
    return number < ERRORS ? errors[number].text : "unknown error";
}

/* ---- flags and choices ---- */

/* Names of bits, or of values, from 0 on; an empty one is not in use. NULL ends a list. */
static const char *const lists[TC_NAMES_COUNT][32] = {
    [TC_CLOCKS] = {"realtime", "monotonic", "process_cputime", "thread_cputime"},
    [TC_ADVICES] = {"normal", "sequential", "random", "willneed", "dontneed", "noreuse"},
    [TC_WHENCES] = {"set", "cur", "end"},
    [TC_OLD_WHENCES] = {"cur", "end", "set"},
    [TC_SIGNALS] = {"none", "hup",    "int",  "quit",  "ill",  "trap", "abrt", "bus",
                    "fpe",  "kill",   "usr1", "segv",  "usr2", "pipe", "alrm", "term",
                    "chld", "cont",   "stop", "tstp",  "ttin", "ttou", "urg",  "xcpu",
                    "xfsz", "vtalrm", "prof", "winch", "poll", "pwr",  "sys"},
    [TC_FAMILIES] = {"unspec", "inet4", "inet6", "unix"},
    [TC_TYPES] = {"any", "datagram", "stream"},
    [TC_FDFLAGS] = {"append", "dsync", "nonblock", "rsync", "sync"},
    [TC_FSTFLAGS] = {"atim", "atim_now", "mtim", "mtim_now"},
    [TC_LOOKUPFLAGS] = {"symlink_follow"},
    [TC_OFLAGS] = {"creat", "directory", "excl", "trunc"},
    [TC_RIFLAGS] = {"recv_peek", "recv_waitall"},
    [TC_ROFLAGS] = {"recv_data_truncated"},
    [TC_SIFLAGS] = {NULL},
    [TC_SDFLAGS] = {"rd", "wr"},
};

const char *tc_name_of(uint8_t list, uint64_t value) {
    return list < TC_NAMES_COUNT && value < 32 ? lists[list][value] : NULL;
}

static const char *const rights[] = {
    "fd_datasync",
    "fd_read",
    "fd_seek",
    "fd_fdstat_set_flags",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "fd_advise",
    "fd_allocate",
    "path_create_directory",
    "path_create_file",
    "path_link_source",
    "path_link_target",
    "path_open",
    "fd_readdir",
    "path_readlink",
    "path_rename_source",
    "path_rename_target",
    "path_filestat_get",
    "path_filestat_set_size",
    "path_filestat_set_times",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "path_symlink",
    "path_remove_directory",
    "path_unlink_file",
    "poll_fd_readwrite",
    "sock_shutdown",
    "sock_accept",
};

const char *tc_right_name(unsigned bit) {
    return bit < sizeof rights / sizeof *rights ? rights[bit] : NULL;
}

static const char *const filetypes[] = {
    "unknown",      "block_device", "character_device", "directory",
    "regular_file", "socket_dgram", "socket_stream",    "symbolic_link",
};

const char *tc_filetype_name(uint8_t type) {
    return type < sizeof filetypes / sizeof *filetypes ? filetypes[type] : "?";
}

/* ---- socket options: sdk/c/include/timecraft/options.h has those of TIMECRAFT_LEVEL ---- */

typedef struct option_name {
    uint32_t level, name;
    const char *text;
    tc_option_kind kind;
} option_name;

enum { SOCKET = 0, TCP = 6, TIMECRAFT = 0x74696d65 };

static const option_name options[] = {
    {SOCKET, 0, "reuseaddr", TC_OPTION_NUMBER},
    {SOCKET, 1, "type", TC_OPTION_NUMBER},
    {SOCKET, 2, "error", TC_OPTION_ERRNO},
    {SOCKET, 3, "dontroute", TC_OPTION_NUMBER},
    {SOCKET, 4, "broadcast", TC_OPTION_NUMBER},
    {SOCKET, 5, "sndbuf", TC_OPTION_NUMBER},
    {SOCKET, 6, "rcvbuf", TC_OPTION_NUMBER},
    {SOCKET, 7, "keepalive", TC_OPTION_NUMBER},
    {SOCKET, 8, "oobinline", TC_OPTION_NUMBER},
    {SOCKET, 9, "linger", TC_OPTION_BYTES},
    {SOCKET, 10, "rcvlowat", TC_OPTION_NUMBER},
    {SOCKET, 11, "rcvtimeo", TC_OPTION_BYTES},
    {SOCKET, 12, "sndtimeo", TC_OPTION_BYTES},
    {SOCKET, 13, "acceptconn", TC_OPTION_NUMBER},
    {SOCKET, 14, "bindtodevice", TC_OPTION_TEXT},
    {TCP, 15, "nodelay", TC_OPTION_NUMBER},
    {TIMECRAFT, 1, "htls", TC_OPTION_TEXT},
    {TIMECRAFT, 2, "htls_error", TC_OPTION_TEXT},
    {TIMECRAFT, 3, "server", TC_OPTION_NUMBER},
    {TIMECRAFT, 4, "upgrade", TC_OPTION_NUMBER},
    {TIMECRAFT, 5, "trust_anchors", TC_OPTION_BYTES},
    {TIMECRAFT, 6, "trust", TC_OPTION_NUMBER},
    {TIMECRAFT, 7, "verify", TC_OPTION_NUMBER},
    {TIMECRAFT, 8, "identity", TC_OPTION_SECRET},
    {TIMECRAFT, 9, "named_identity", TC_OPTION_TEXT},
    {TIMECRAFT, 10, "alpn", TC_OPTION_TEXT},
    {TIMECRAFT, 11, "min_version", TC_OPTION_NUMBER},
    {TIMECRAFT, 12, "max_version", TC_OPTION_NUMBER},
    {TIMECRAFT, 13, "ciphers", TC_OPTION_TEXT},
    {TIMECRAFT, 14, "groups", TC_OPTION_TEXT},
    {TIMECRAFT, 15, "handshake_timeout", TC_OPTION_NUMBER},
    {TIMECRAFT, 16, "version", TC_OPTION_NUMBER},
    {TIMECRAFT, 17, "cipher", TC_OPTION_TEXT},
    {TIMECRAFT, 18, "group", TC_OPTION_TEXT},
    {TIMECRAFT, 19, "resumed", TC_OPTION_NUMBER},
    {TIMECRAFT, 20, "server_name", TC_OPTION_TEXT},
    {TIMECRAFT, 21, "peer_certificates", TC_OPTION_BYTES},
    {TIMECRAFT, 22, "peer_info", TC_OPTION_BYTES},
    {TIMECRAFT, 23, "tls_exporter", TC_OPTION_BYTES},
    {TIMECRAFT, 24, "server_end_point", TC_OPTION_BYTES},
    {TIMECRAFT, 131, "pair", TC_OPTION_NUMBER},
};

const char *tc_option_level_name(uint64_t level) {
    return level == SOCKET      ? "socket"
           : level == TCP       ? "tcp"
           : level == TIMECRAFT ? "timecraft"
                                : NULL;
}

static const option_name *find_option(uint64_t level, uint64_t name) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

const char *tc_option_name(uint64_t level, uint64_t name) {
    const option_name *found = find_option(level, name);
    return found ? found->text : NULL;
}

tc_option_kind tc_option_kind_of(uint64_t level, uint64_t name) {
    const option_name *found = find_option(level, name);
    return found ? found->kind : TC_OPTION_BYTES;
}
