/* What the programs of this folder share: calls are told with the names of their errors, which are
 * the same natively and in a guest where the numbers are not. */
#ifndef AS_NATIVE_H
#define AS_NATIVE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A pointer to nothing: the last page, where nobody has memory. */
#define WILD ((void *)-4096L)

static const char *error_name(int number) {
#define NAME(error)                                                                                \
    if (number == error)                                                                           \
    return #error
    NAME(EACCES);
    NAME(EADDRINUSE);
    NAME(EADDRNOTAVAIL);
    NAME(EAFNOSUPPORT);
    NAME(EAGAIN);
    NAME(EALREADY);
    NAME(EBADF);
    NAME(ECONNREFUSED);
    NAME(EDESTADDRREQ);
    NAME(EDOM);
    NAME(EFAULT);
    NAME(EINPROGRESS);
    NAME(EINVAL);
    NAME(EISCONN);
    NAME(EMSGSIZE);
    NAME(ENETUNREACH);
    NAME(ENOBUFS);
    NAME(ENODEV);
    NAME(ENOENT);
    NAME(ENOPROTOOPT);
    NAME(ENOTCONN);
    NAME(ENOTSOCK);
    NAME(ENXIO);
    NAME(EOPNOTSUPP);
    NAME(EPERM);
    NAME(EPIPE);
    NAME(EPROTO);
    NAME(EPROTONOSUPPORT);
    NAME(EPROTOTYPE);
    NAME(ETIMEDOUT);
#undef NAME
    static char text[32];
    snprintf(text, sizeof text, "errno %d", number);
    return text;
}

/* A call's answer, right after it. */
static void said(const char *what, int result) {
    if (result < 0)
        printf(" %s=%s", what, error_name(errno));
    else
        printf(" %s=%d", what, result);
}

#endif
