/* struct sockaddr_storage for guests of Timecraft. Stands before wasi-libc's header of the same
 * name, which has no room for a Unix socket's path. */
#ifndef __wasilibc___struct_sockaddr_storage_h
#define __wasilibc___struct_sockaddr_storage_h

#include <__typedef_sa_family_t.h>

struct sockaddr_storage {
    __attribute__((aligned(__BIGGEST_ALIGNMENT__))) sa_family_t ss_family;
    char __ss_data[126];
};

#endif
