/* struct sockaddr for guests of Timecraft. Stands before wasi-libc's header of the same name, whose
 * sa_data has no elements; size, alignment and the family's place are the same. */
#ifndef __wasilibc___struct_sockaddr_h
#define __wasilibc___struct_sockaddr_h

#include <__typedef_sa_family_t.h>

struct sockaddr {
    __attribute__((aligned(__BIGGEST_ALIGNMENT__))) sa_family_t sa_family;
    char sa_data[14];
};

#endif
