/* For calls that work on descriptors of every kind: net/ without linking it. A program whose module
 * imports nothing of sockets has neither net/ nor tls/ and their libraries, and no descriptor of
 * the kind for which these functions are called; in all others sock.c brings them. They may be
 * called for a socket, and else where tc_has_sockets() says so. */
#ifndef TC_WASI_SOCKETS_H
#define TC_WASI_SOCKETS_H

#include <stdbool.h>

#include "net/net.h"

#define SOCKET_CALL(function) extern __typeof__(function) function __attribute__((weak));
#include "wasi/sockets.def"
#undef SOCKET_CALL

static inline bool tc_has_sockets(void) {
    return tc_net_init != NULL;
}

#endif
