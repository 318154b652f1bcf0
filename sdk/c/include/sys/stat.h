/* <sys/stat.h> for guests of Timecraft: wasi-libc's header, and what it hides of IEEE Std
 * 1003.1-2017. A FIFO has the number of a socket there, so that programs that tell them apart in a
 * switch do not compile; WASI has no file type for one. */
#include_next <sys/stat.h>

#ifndef TIMECRAFT_SYS_STAT_H
#define TIMECRAFT_SYS_STAT_H

#undef S_IFIFO
#define S_IFIFO 0x1000

#ifdef __cplusplus
extern "C" {
#endif

/* WASI has no permissions: ENOTSUP for what exists, else what stat() fails with. */
int chmod(const char *, mode_t);
int fchmod(int, mode_t);
int fchmodat(int, const char *, mode_t, int);

/* Kept for the next call; it changes no file. 022 at first. */
mode_t umask(mode_t);

#ifdef __cplusplus
}
#endif

#endif
