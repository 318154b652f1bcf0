/* Landlock (landlock(7)): which files, ports and processes a process may reach, as rules that it
 * can never widen again. The part of the wall that knows places.
 *
 * What a kernel's version of it (its ABI) does not know is left out. Numbers and structures are the
 * kernel's and stand here, for headers of distributions are older than their kernels.
 *
 * May use: the C library only. The command links it too.
 */
#ifndef TC_CONFINE_LANDLOCK_H
#define TC_CONFINE_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* landlock(7), "Filesystem actions". */
#define TC_LANDLOCK_EXECUTE    (UINT64_C(1) << 0)
#define TC_LANDLOCK_WRITE_FILE (UINT64_C(1) << 1)
#define TC_LANDLOCK_READ_FILE  (UINT64_C(1) << 2)
#define TC_LANDLOCK_READ_DIR   (UINT64_C(1) << 3)
#define TC_LANDLOCK_MAKE_REG   (UINT64_C(1) << 8)
#define TC_LANDLOCK_MAKE_SOCK  (UINT64_C(1) << 9)
#define TC_LANDLOCK_REFER      (UINT64_C(1) << 13) /* since ABI 2 */
#define TC_LANDLOCK_TRUNCATE   (UINT64_C(1) << 14) /* 3 */
#define TC_LANDLOCK_IOCTL_DEV  (UINT64_C(1) << 15) /* 5 */

#define TC_LANDLOCK_READ  (TC_LANDLOCK_READ_FILE | TC_LANDLOCK_READ_DIR)
#define TC_LANDLOCK_WRITE (TC_LANDLOCK_WRITE_FILE | TC_LANDLOCK_TRUNCATE)
/* All that is done in a folder: everything but starting programs. */
#define TC_LANDLOCK_CHANGE (((UINT64_C(1) << 16) - 1) & ~TC_LANDLOCK_EXECUTE)

/* Network actions, since ABI 4. They are about TCP. */
#define TC_LANDLOCK_BIND    (UINT64_C(1) << 0)
#define TC_LANDLOCK_CONNECT (UINT64_C(1) << 1)

/* The kernel's ABI, from 1; 0: it has no Landlock, or a container forbids it. */
int tc_landlock_abi(void);

typedef struct tc_landlock {
    int abi;
    int ruleset;    /* a descriptor; -1: none */
    uint64_t files; /* the actions that are forbidden where no rule allows them */
} tc_landlock;

/* Begins rules: nothing is allowed of files, nor of the network's actions `network`; nor are
 * signals to, and abstract Unix sockets of, processes outside (ABI 6). False with errno set: there
 * is no Landlock. */
bool tc_landlock_begin(tc_landlock *rules, uint64_t network);

/* Allows actions on a file, or on all below a folder, by a path from the working directory. Those
 * that do not fit what is there are left out. False with errno set; ENOENT is no error to most. */
bool tc_landlock_allow(tc_landlock *rules, const char *path, uint64_t actions);

/* Allows one of the network's actions on a port. */
bool tc_landlock_allow_port(tc_landlock *rules, uint64_t action, uint16_t port);

/* Puts the rules in force for the calling thread, those that it will start, and their programs:
 * call it while there is one thread, after PR_SET_NO_NEW_PRIVS. False with errno set. The rules are
 * gone.
 */
bool tc_landlock_enforce(tc_landlock *rules);
void tc_landlock_drop(tc_landlock *rules);

#endif
