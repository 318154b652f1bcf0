/* Samples of the guest's CPU time, for `timecraft profile`. Off, nothing of it runs.
 *
 * Asked for by the environment, which that command sets:
 *   TIMECRAFT_PROFILE=FD,HZ   samples go to the pipe FD, HZ of them for each second of CPU time of
 *                             the guest's thread (1 to TC_PROFILE_MOST); the kernel looks at the
 *                             clock at its own ticks, so that there may be fewer
 *
 * What comes out of the pipe, in the byte order of the machine, each part by one write(2):
 *   tc_profile_header         once
 *   tc_profile_sample         any number of times, each followed by `frames` addresses of 8 bytes,
 *                             from the innermost outwards: in the code of a function, of the
 *                             guest or of the host
 * The end of the pipe is the end of the samples; a part that is cut off there is none.
 *
 * An address less `load_address` is one of the executable's symbol table, if it is in the
 * executable at all. Whoever reads it trusts nothing of it: a program's pipe holds what the program
 * wrote. */
#ifndef TC_GUEST_PROFILE_H
#define TC_GUEST_PROFILE_H

#include <stdint.h>

#define TC_PROFILE_MAGIC "tcprof\n\1" /* its 8 bytes without the NUL; the last is the version */
enum {
    TC_PROFILE_MOST = 10000,  /* samples a second */
    TC_PROFILE_FRAMES = 1024, /* of a sample, at most */
    TC_PROFILE_CUT = 1,       /* a flag: there are further frames outwards */
};

typedef struct tc_profile_header {
    char magic[8];
    uint64_t load_address;
} tc_profile_header;

typedef struct tc_profile_sample {
    uint64_t nanoseconds; /* CPU time of the thread since the sample before it */
    uint32_t frames;
    uint32_t flags;
} tc_profile_sample;

/* The pipe that the environment asks samples to be written to; -1: none. */
int tc_profile_pipe(void);

/* Starts sampling the calling thread, the guest's, whose stack lies from `low` to before `high`;
 * the handler needs an alternate stack. Ends the process with a message and status 2 where what the
 * environment asks for cannot be. */
void tc_profile_start(const char *low, const char *high);

#endif
