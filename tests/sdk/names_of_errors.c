/* Programs may name every error of POSIX and of Linux: no two share a number but those that do on
 * Linux, and all are fit for a switch. */
#include "check.h"

#define LINUX_ONLY(X)                                                                              \
    X(EADV)                                                                                        \
    X(ECOMM)                                                                                       \
    X(EHOSTDOWN)                                                                                   \
    X(EKEYEXPIRED)                                                                                 \
    X(EMEDIUMTYPE)                                                                                 \
    X(ENODATA)                                                                                     \
    X(ENOMEDIUM)                                                                                   \
    X(ENONET)                                                                                      \
    X(ENOSR)                                                                                       \
    X(ENOSTR)                                                                                      \
    X(ENOTBLK)                                                                                     \
    X(ENOTUNIQ)                                                                                    \
    X(EPFNOSUPPORT)                                                                                \
    X(EREMOTE)                                                                                     \
    X(EREMOTEIO)                                                                                   \
    X(ESHUTDOWN)                                                                                   \
    X(ESOCKTNOSUPPORT)                                                                             \
    X(ETIME)                                                                                       \
    X(ETOOMANYREFS)                                                                                \
    X(EUSERS)

static const char *name(int number) {
    switch (number) {
#define CASE(error)                                                                                \
    case error:                                                                                    \
        return #error;
        LINUX_ONLY(CASE)
        CASE(E2BIG)
        CASE(ECONNREFUSED)
        CASE(ENOTCAPABLE)
    default:
        return "";
    }
}

int main(void) {
#define IS_TOLD(error) CHECK(!strcmp(name(error), #error) && error > ENOTCAPABLE);
    LINUX_ONLY(IS_TOLD)
    CHECK(EDEADLOCK == EDEADLK && EWOULDBLOCK == EAGAIN);
    CHECK(strerror(EHOSTDOWN)[0]);
    return 0;
}
