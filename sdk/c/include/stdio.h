/* <stdio.h> for guests of Timecraft: wasi-libc's header, and what it hides of IEEE Std 1003.1-2017.
 */
#include_next <stdio.h>

#ifndef TIMECRAFT_STDIO_H
#define TIMECRAFT_STDIO_H

#ifdef __cplusplus
extern "C" {
#endif

/* NULL with ENOSYS: a guest starts no processes. pclose() fails with ECHILD. */
FILE *popen(const char *, const char *);
int pclose(FILE *);

#ifdef __cplusplus
}
#endif

#endif
