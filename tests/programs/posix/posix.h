/* What the programs ask of POSIX and neither wasi-libc nor the SDK declares: included in front of
 * their sources, which stay as they are. posix.c has the functions.
 */
#ifndef PROGRAMS_POSIX_H
#define PROGRAMS_POSIX_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef L_tmpnam
#define L_tmpnam 20
#endif

int setpriority(int which, id_t who, int value);

#ifndef PRIO_PROCESS
#define PRIO_PROCESS 0
#endif

/* What a program does without on WASI is here: newer versions of SQLite, which know it, would take
 * other locks, and crash for want of fchmod. */
#undef __wasi__

#endif
