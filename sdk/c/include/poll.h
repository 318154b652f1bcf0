/* <poll.h> for guests of Timecraft: wasi-libc's header, and the events that it lacks. poll() itself
 * is libtimecraft-guest's: it takes any number of descriptors, and events of 0. */
#include_next <poll.h>

#ifndef TIMECRAFT_POLL_H
#define TIMECRAFT_POLL_H

/* Accepted, and never reported: the host does not know priorities. */
#ifndef POLLPRI
#define POLLPRI 0x0004
#endif
#ifndef POLLRDBAND
#define POLLRDBAND 0x0008
#endif
#ifndef POLLWRBAND
#define POLLWRBAND 0x0010
#endif

#endif
