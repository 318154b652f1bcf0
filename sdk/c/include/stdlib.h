/* <stdlib.h> for guests of Timecraft: wasi-libc's header, and what it hides of IEEE Std 1003.1-2017
 * and Linux: names of files. There is no shell. */
#include_next <stdlib.h>

#ifndef TIMECRAFT_STDLIB_H
#define TIMECRAFT_STDLIB_H

#ifdef __cplusplus
extern "C" {
#endif

/* The template ends in XXXXXX, else EINVAL. mktemp() leaves it empty then. */
int mkstemp(char *);
int mkostemp(char *, int);
char *mkdtemp(char *);
char *mktemp(char *);

/* As POSIX has it, from the root of the guest's names; the result is free()'s if `resolved` is
 * NULL. */
char *realpath(const char *__restrict, char *__restrict);

/* 0 for NULL, else -1 with ENOSYS. */
int system(const char *);

#ifdef __cplusplus
}
#endif

#endif
