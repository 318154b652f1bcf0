/* The words for every error that errno.h names, and for numbers that are none. The same natively.
 */
#define _GNU_SOURCE
#include <locale.h>

#include "as_native.h"

#define ERRORS(X)                                                                                  \
    X(E2BIG)                                                                                       \
    X(EACCES)                                                                                      \
    X(EADDRINUSE)                                                                                  \
    X(EADDRNOTAVAIL)                                                                               \
    X(EAFNOSUPPORT)                                                                                \
    X(EAGAIN)                                                                                      \
    X(EALREADY)                                                                                    \
    X(EBADF)                                                                                       \
    X(EBADMSG)                                                                                     \
    X(EBUSY)                                                                                       \
    X(ECANCELED)                                                                                   \
    X(ECHILD)                                                                                      \
    X(ECONNABORTED)                                                                                \
    X(ECONNREFUSED)                                                                                \
    X(ECONNRESET)                                                                                  \
    X(EDEADLK)                                                                                     \
    X(EDESTADDRREQ)                                                                                \
    X(EDOM)                                                                                        \
    X(EDQUOT)                                                                                      \
    X(EEXIST)                                                                                      \
    X(EFAULT)                                                                                      \
    X(EFBIG)                                                                                       \
    X(EHOSTUNREACH)                                                                                \
    X(EIDRM)                                                                                       \
    X(EILSEQ)                                                                                      \
    X(EINPROGRESS)                                                                                 \
    X(EINTR)                                                                                       \
    X(EINVAL)                                                                                      \
    X(EIO)                                                                                         \
    X(EISCONN)                                                                                     \
    X(EISDIR)                                                                                      \
    X(ELOOP)                                                                                       \
    X(EMFILE)                                                                                      \
    X(EMLINK)                                                                                      \
    X(EMSGSIZE)                                                                                    \
    X(EMULTIHOP)                                                                                   \
    X(ENAMETOOLONG)                                                                                \
    X(ENETDOWN)                                                                                    \
    X(ENETRESET)                                                                                   \
    X(ENETUNREACH)                                                                                 \
    X(ENFILE)                                                                                      \
    X(ENOBUFS)                                                                                     \
    X(ENODEV)                                                                                      \
    X(ENOENT)                                                                                      \
    X(ENOEXEC)                                                                                     \
    X(ENOLCK)                                                                                      \
    X(ENOLINK)                                                                                     \
    X(ENOMEM)                                                                                      \
    X(ENOMSG)                                                                                      \
    X(ENOPROTOOPT)                                                                                 \
    X(ENOSPC)                                                                                      \
    X(ENOSYS)                                                                                      \
    X(ENOTCONN)                                                                                    \
    X(ENOTDIR)                                                                                     \
    X(ENOTEMPTY)                                                                                   \
    X(ENOTRECOVERABLE)                                                                             \
    X(ENOTSOCK)                                                                                    \
    X(ENOTSUP)                                                                                     \
    X(ENOTTY)                                                                                      \
    X(ENXIO)                                                                                       \
    X(EOVERFLOW)                                                                                   \
    X(EOWNERDEAD)                                                                                  \
    X(EPERM)                                                                                       \
    X(EPIPE)                                                                                       \
    X(EPROTO)                                                                                      \
    X(EPROTONOSUPPORT)                                                                             \
    X(EPROTOTYPE)                                                                                  \
    X(ERANGE)                                                                                      \
    X(EROFS)                                                                                       \
    X(ESPIPE)                                                                                      \
    X(ESRCH)                                                                                       \
    X(ESTALE)                                                                                      \
    X(ETIMEDOUT)                                                                                   \
    X(ETXTBSY)                                                                                     \
    X(EXDEV)                                                                                       \
    X(ENOTBLK)                                                                                     \
    X(ECHRNG)                                                                                      \
    X(EL2NSYNC)                                                                                    \
    X(EL3HLT)                                                                                      \
    X(EL3RST)                                                                                      \
    X(ELNRNG)                                                                                      \
    X(EUNATCH)                                                                                     \
    X(ENOCSI)                                                                                      \
    X(EL2HLT)                                                                                      \
    X(EBADE)                                                                                       \
    X(EBADR)                                                                                       \
    X(EXFULL)                                                                                      \
    X(ENOANO)                                                                                      \
    X(EBADRQC)                                                                                     \
    X(EBADSLT)                                                                                     \
    X(EBFONT)                                                                                      \
    X(ENOSTR)                                                                                      \
    X(ENODATA)                                                                                     \
    X(ETIME)                                                                                       \
    X(ENOSR)                                                                                       \
    X(ENONET)                                                                                      \
    X(ENOPKG)                                                                                      \
    X(EREMOTE)                                                                                     \
    X(EADV)                                                                                        \
    X(ESRMNT)                                                                                      \
    X(ECOMM)                                                                                       \
    X(EDOTDOT)                                                                                     \
    X(ENOTUNIQ)                                                                                    \
    X(EBADFD)                                                                                      \
    X(EREMCHG)                                                                                     \
    X(ELIBACC)                                                                                     \
    X(ELIBBAD)                                                                                     \
    X(ELIBSCN)                                                                                     \
    X(ELIBMAX)                                                                                     \
    X(ELIBEXEC)                                                                                    \
    X(ERESTART)                                                                                    \
    X(ESTRPIPE)                                                                                    \
    X(EUSERS)                                                                                      \
    X(ESOCKTNOSUPPORT)                                                                             \
    X(EPFNOSUPPORT)                                                                                \
    X(ESHUTDOWN)                                                                                   \
    X(ETOOMANYREFS)                                                                                \
    X(EHOSTDOWN)                                                                                   \
    X(EUCLEAN)                                                                                     \
    X(ENOTNAM)                                                                                     \
    X(ENAVAIL)                                                                                     \
    X(EISNAM)                                                                                      \
    X(EREMOTEIO)                                                                                   \
    X(ENOMEDIUM)                                                                                   \
    X(EMEDIUMTYPE)                                                                                 \
    X(ENOKEY)                                                                                      \
    X(EKEYEXPIRED)                                                                                 \
    X(EKEYREVOKED)                                                                                 \
    X(EKEYREJECTED)

int main(void) {
#define TELL(error) printf(#error ": %s\n", strerror(error));
    ERRORS(TELL)
    printf("none: %s\n", strerror(0));
    printf("below: %s\n", strerror(-1));
    printf("above: %s\n", strerror(999999));
    printf("of a locale: %s\n", strerror_l(EHOSTDOWN, newlocale(LC_ALL_MASK, "C", NULL)));
    errno = 0;
    strerror(12345);
    said("errno", errno);
    printf("\n");
    return 0;
}
