/* What the programs ask of POSIX and wasi-libc does not declare: included in front of their
 * sources, which stay as they are. posix.c has the functions.
 */
#ifndef PROGRAMS_POSIX_H
#define PROGRAMS_POSIX_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifndef L_tmpnam
#define L_tmpnam 20
#endif

int system(const char *command);
int chmod(const char *path, mode_t mode);
int chown(const char *path, uid_t user, gid_t group);
int fchmod(int fd, mode_t mode);
int fchown(int fd, uid_t user, gid_t group);
mode_t umask(mode_t mask);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getegid(void);
int setpriority(int which, id_t who, int value);

#ifndef PRIO_PROCESS
#define PRIO_PROCESS 0
#endif

#ifndef F_SETLK
#define F_GETLK  5
#define F_SETLK  6
#define F_SETLKW 7
#define F_RDLCK  0
#define F_WRLCK  1
#define F_UNLCK  2
#endif

/* What a program does without on WASI is here: newer versions of SQLite, which know it, would take
 * other locks, and crash for want of fchmod. */
#undef __wasi__

#endif
