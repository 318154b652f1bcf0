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

/* "localhost": a guest is not told its host's name. */
int gethostname(char *, size_t);

#ifdef __cplusplus
}
#endif

#endif
