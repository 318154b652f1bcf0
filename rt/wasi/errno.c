/* What every import needs: the numbers of preview 1's errors, and vectors of the guest. */
#include <errno.h>
#include <stddef.h>

#include "wasi/internal.h"

/* By the host's errno; 0 stands for those that preview 1 has no number for. */
static const uint8_t numbers[] = {
    [E2BIG] = TC_WASI_2BIG,
    [EACCES] = TC_WASI_ACCES,
    [EADDRINUSE] = TC_WASI_ADDRINUSE,
    [EADDRNOTAVAIL] = TC_WASI_ADDRNOTAVAIL,
    [EAFNOSUPPORT] = TC_WASI_AFNOSUPPORT,
    [EAGAIN] = TC_WASI_AGAIN,
    [EALREADY] = TC_WASI_ALREADY,
    [EBADF] = TC_WASI_BADF,
    [EBADMSG] = TC_WASI_BADMSG,
    [EBUSY] = TC_WASI_BUSY,
    [ECANCELED] = TC_WASI_CANCELED,
    [ECHILD] = TC_WASI_CHILD,
    [ECONNABORTED] = TC_WASI_CONNABORTED,
    [ECONNREFUSED] = TC_WASI_CONNREFUSED,
    [ECONNRESET] = TC_WASI_CONNRESET,
    [EDEADLK] = TC_WASI_DEADLK,
    [EDESTADDRREQ] = TC_WASI_DESTADDRREQ,
    [EDOM] = TC_WASI_DOM,
    [EDQUOT] = TC_WASI_DQUOT,
    [EEXIST] = TC_WASI_EXIST,
    [EFAULT] = TC_WASI_FAULT,
    [EFBIG] = TC_WASI_FBIG,
    [EHOSTUNREACH] = TC_WASI_HOSTUNREACH,
    [EIDRM] = TC_WASI_IDRM,
    [EILSEQ] = TC_WASI_ILSEQ,
    [EINPROGRESS] = TC_WASI_INPROGRESS,
    [EINTR] = TC_WASI_INTR,
    [EINVAL] = TC_WASI_INVAL,
    [EIO] = TC_WASI_IO,
    [EISCONN] = TC_WASI_ISCONN,
    [EISDIR] = TC_WASI_ISDIR,
    [ELOOP] = TC_WASI_LOOP,
    [EMFILE] = TC_WASI_MFILE,
    [EMLINK] = TC_WASI_MLINK,
    [EMSGSIZE] = TC_WASI_MSGSIZE,
    [EMULTIHOP] = TC_WASI_MULTIHOP,
    [ENAMETOOLONG] = TC_WASI_NAMETOOLONG,
    [ENETDOWN] = TC_WASI_NETDOWN,
    [ENETRESET] = TC_WASI_NETRESET,
    [ENETUNREACH] = TC_WASI_NETUNREACH,
    [ENFILE] = TC_WASI_NFILE,
    [ENOBUFS] = TC_WASI_NOBUFS,
    [ENODEV] = TC_WASI_NODEV,
    [ENOENT] = TC_WASI_NOENT,
    [ENOEXEC] = TC_WASI_NOEXEC,
    [ENOLCK] = TC_WASI_NOLCK,
    [ENOLINK] = TC_WASI_NOLINK,
    [ENOMEM] = TC_WASI_NOMEM,
    [ENOMSG] = TC_WASI_NOMSG,
    [ENOPROTOOPT] = TC_WASI_NOPROTOOPT,
    [ENOSPC] = TC_WASI_NOSPC,
    [ENOSYS] = TC_WASI_NOSYS,
    [ENOTCONN] = TC_WASI_NOTCONN,
    [ENOTDIR] = TC_WASI_NOTDIR,
    [ENOTEMPTY] = TC_WASI_NOTEMPTY,
    [ENOTRECOVERABLE] = TC_WASI_NOTRECOVERABLE,
    [ENOTSOCK] = TC_WASI_NOTSOCK,
    [ENOTSUP] = TC_WASI_NOTSUP,
    [ENOTTY] = TC_WASI_NOTTY,
    [ENXIO] = TC_WASI_NXIO,
    [EOVERFLOW] = TC_WASI_OVERFLOW,
    [EOWNERDEAD] = TC_WASI_OWNERDEAD,
    [EPERM] = TC_WASI_PERM,
    [EPIPE] = TC_WASI_PIPE,
    [EPROTO] = TC_WASI_PROTO,
    [EPROTONOSUPPORT] = TC_WASI_PROTONOSUPPORT,
    [EPROTOTYPE] = TC_WASI_PROTOTYPE,
    [ERANGE] = TC_WASI_RANGE,
    [EROFS] = TC_WASI_ROFS,
    [ESPIPE] = TC_WASI_SPIPE,
    [ESRCH] = TC_WASI_SRCH,
    [ESTALE] = TC_WASI_STALE,
    [ETIMEDOUT] = TC_WASI_TIMEDOUT,
    [ETXTBSY] = TC_WASI_TXTBSY,
    [EXDEV] = TC_WASI_XDEV,
    /* The nearest, of those that sockets and files can give. */
    [EHOSTDOWN] = TC_WASI_HOSTUNREACH,
    [ENONET] = TC_WASI_HOSTUNREACH,
    [EPFNOSUPPORT] = TC_WASI_AFNOSUPPORT,
    [ESHUTDOWN] = TC_WASI_PIPE,
    [ESOCKTNOSUPPORT] = TC_WASI_PROTOTYPE,
    [ETIME] = TC_WASI_TIMEDOUT,
};

uint32_t tc_wasi_errno(int64_t host_result) {
    if (host_result >= 0)
        return TC_WASI_SUCCESS;
    uint64_t host = -(uint64_t)host_result;
    if (host >= sizeof numbers || numbers[host] == 0)
        return TC_WASI_IO;
    return numbers[host];
}

int tc_wasi_vectors(const tc_memory *memory, uint32_t array, uint32_t count,
                    struct iovec vectors[static IOV_MAX]) {
    struct {
        uint32_t buffer;
        uint32_t length;
    } guest;
    const char *at = tc_memory_span(memory, array, (uint64_t)count * sizeof guest);
    if (!at)
        return -EFAULT;
    uint32_t room = INT32_MAX;
    uint32_t used = 0;
    for (; used < count && used < IOV_MAX && room > 0; used++) {
        memcpy(&guest, at + (size_t)used * sizeof guest, sizeof guest);
        void *span = tc_memory_span(memory, guest.buffer, guest.length);
        if (!span)
            return -EFAULT;
        uint32_t length = guest.length < room ? guest.length : room;
        vectors[used] = (struct iovec){.iov_base = span, .iov_len = length};
        room -= length;
    }
    return (int)used;
}
