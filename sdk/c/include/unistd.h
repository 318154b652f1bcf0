/* <unistd.h> for guests of Timecraft: wasi-libc's header, and what it hides of IEEE Std 1003.1-2017
 * that has an answer in a guest: it runs as user and group 0, to whom WASI says that all files
 * belong, without a parent. */
#include_next <unistd.h>

#ifndef TIMECRAFT_UNISTD_H
#define TIMECRAFT_UNISTD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
pid_t getppid(void);

/* 0 groups. */
int getgroups(int, gid_t[]);

/* Success for user and group 0 or -1, if the file exists; EPERM for others. */
int chown(const char *, uid_t, gid_t);
int lchown(const char *, uid_t, gid_t);
int fchown(int, uid_t, gid_t);

/* ENOSYS: WASI has no second descriptor of an open file. dup2() of a descriptor to itself succeeds.
 */
int dup(int);
int dup2(int, int);

/* The limit of Linux's first days, 1024: the host's own is not told. */
int getdtablesize(void);

/* "localhost": a guest is not told its host's name. */
int gethostname(char *, size_t);

#ifdef __cplusplus
}
#endif

#endif
