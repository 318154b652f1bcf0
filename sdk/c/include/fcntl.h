/* <fcntl.h> for guests of Timecraft: wasi-libc's header, whose flags are casts there and plain
 * numbers here, as POSIX has them: fit for #if. It leaves out the commands of record locks, which a
 * guest cannot have: fcntl() fails with EINVAL, as for a file that does not support locking. */
#include_next <fcntl.h>

#ifndef TIMECRAFT_FCNTL_H
#define TIMECRAFT_FCNTL_H

#undef O_APPEND
#undef O_DSYNC
#undef O_NONBLOCK
#undef O_RSYNC
#undef O_SYNC
#undef O_CREAT
#undef O_DIRECTORY
#undef O_EXCL
#undef O_TRUNC
#define O_APPEND    0x0001
#define O_DSYNC     0x0002
#define O_NONBLOCK  0x0004
#define O_RSYNC     0x0008
#define O_SYNC      0x0010
#define O_CREAT     0x1000
#define O_DIRECTORY 0x2000
#define O_EXCL      0x4000
#define O_TRUNC     0x8000

#ifndef F_SETLK
#define F_GETLK  5
#define F_SETLK  6
#define F_SETLKW 7
#define F_RDLCK  0
#define F_WRLCK  1
#define F_UNLCK  2
#endif

#endif
