/* <sys/un.h> for guests of Timecraft: wasi-libc's header, with a sun_path (__struct_sockaddr_un.h)
 * and the SUN_LEN that goes with it. */
#include_next <sys/un.h>

#ifndef TIMECRAFT_SYS_UN_H
#define TIMECRAFT_SYS_UN_H

#include <stddef.h>

/* wasi-libc's counts 2 bytes for the family, where the path begins too; this one says so. */
#undef SUN_LEN
#define SUN_LEN(address)                                                                           \
    (offsetof(struct sockaddr_un, sun_path) + __builtin_strlen((address)->sun_path))

#endif
