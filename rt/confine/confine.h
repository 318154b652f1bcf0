/* The second wall: what the kernel is told, before the guest's first instruction, that this process
 * may never do. The first wall is the sandbox itself: what wasm2c's code can reach, and the checks
 * of imports. Where that is broken, native code is stopped by this one:
 *
 *   descriptors  none is inherited but the standard streams
 *   Landlock     files, TCP ports, signals, abstract sockets (landlock.h)
 *   seccomp      system calls (filter.h, calls.def)
 *   the ring     of io_uring, into which seccomp cannot see: io/uring.c
 *   dumpable     off: nobody but root reads its memory, and it leaves no core
 *
 * It is built of the grants, without further words. Each layer says what it will need beyond them
 * before the wall stands (tc_confine_need, tc_confine_path). Where the kernel lacks a part the
 * others stand; --require-confinement ends the program instead, --no-confinement builds no wall.
 *
 *   tc_confine_begin --- needs are told --- tc_confine_places --- tc_confine_calls --- the guest
 *     (first of all)                         (one thread yet)     (the guest's thread)
 *
 * What it does not know: host addresses (Landlock has ports only), what is sent where by UDP, paths
 * of Unix sockets once one is granted, and the names and times of files (stat).
 *
 * A runtime that was built with AddressSanitizer has none: LeakSanitizer traces the process from
 * one of its own, which is what the wall is there to forbid.
 *
 * May use: guest/ and options/. Of it the command links landlock.c and filter.c only.
 */
#ifndef TC_CONFINE_H
#define TC_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "options/options.h"

/* Groups of system calls, see calls.def. Those of grants follow from the options. */
typedef enum tc_need {
    TC_NEED_ALWAYS = 1 << 0,
    TC_NEED_FOLDERS = 1 << 1,  /* --dir */
    TC_NEED_CHANGES = 1 << 2,  /* --dir without :ro */
    TC_NEED_SOCKETS = 1 << 3,  /* the module imports the extension */
    TC_NEED_NETWORK = 1 << 4,  /* and was granted something of it: */
    TC_NEED_CONNECTS = 1 << 5, /* --allow-net */
    TC_NEED_LISTENS = 1 << 6,  /* --allow-listen */
    TC_NEED_UNIX = 1 << 7,     /* unix:PATH in one of them */
    TC_NEED_RING = 1 << 8,     /* the engine has a ring */
    TC_NEED_THREADS = 1 << 9,
    TC_NEED_RECORD = 1 << 11, /* --record */
    TC_NEED_CORE = 1 << 13,   /* --core */
    TC_NEED_ALONE = 1 << 12,  /* there is no need of NETWORK */
    TC_NEED_PROFILE = 1 << 10,
} tc_need;

/* The wall of the process that looks names up, of its own: it reads what libraries of NSS may read,
 * starts no programs, and without `network` makes no connections. False: a part is missing. */
bool tc_confine_resolver(bool network);

/* The wall of the supervisor of --workers, which reads what workers send to it. Its workers are
 * forked from it, and inherit it beneath their own: so it leaves them what they need to begin. It
 * starts no program, reaches no process but its workers (Linux 6.12), changes no file and binds no
 * TCP port that was not granted, and makes no calls of never.def, but for a worker's ring. While
 * there is one thread. */
void tc_confine_supervisor(const tc_options *options);

/* Before anything is opened: notes which descriptors are somebody else's. */
void tc_confine_begin(void);

/* The grants that the wall is built of; `options` is borrowed. In a replay nothing is used of them.
 */
void tc_confine_options(const tc_options *options, bool replay);

void tc_confine_need(unsigned needs);

/* A file, or folder with all below, that will be opened by its name: one of these actions of
 * landlock.h. Copied; one that is not there is none. */
void tc_confine_path(const char *path, uint64_t actions);

/* A descriptor that was inherited and is used. */
void tc_confine_keep(int fd);

/* Closes what was inherited, and puts places out of reach. While there is one thread. */
void tc_confine_places(void);

/* The same for system calls, of all threads; nothing is left to be made. */
void tc_confine_calls(void);

#endif
