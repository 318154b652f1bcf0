/* Writing whole blocks of a record beside the program, past the page cache: O_DIRECT and Linux' AIO
 * (io_submit(2)). Inside rt/trace only.
 *
 * To write(2) a gigabyte takes 0.2 s of CPU time on ext4, most of it the page cache's; this takes
 * half of that, in pieces of 512 KiB to the disk of a virtual machine, whose host is told of each.
 * It waits for no disk: where that is slower than the program, the caller finds no part of its
 * memory free, and writes through the page cache as ever. Why not io_uring: what io_submit(2) has
 * taken is on its way to the disk, and SIGKILL does not call it back; any thread may look for its
 * end, and no waiting call of the program is disturbed by it. Its price is that the process, once
 * it has written so, takes 30 ms longer to end (a grace period of RCU; no CPU time).
 */
#ifndef TC_TRACE_DIRECT_H
#define TC_TRACE_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most so many are under way at a time. */
enum { TC_DIRECT_MOST = 16 };

/* Before the wall (confine/). `path` is open as `fd`. False: its file system has no such writing.
 */
bool tc_direct_open(const char *path, int fd);

/* Begins to write; `from`, `size` and `offset` are multiples of 4096. What is there may be read and
 * must stay until tc_direct_done has given its `number`. False: it has not begun, and there is no
 * use in trying again. */
bool tc_direct_write(const void *from, size_t size, uint64_t offset, unsigned number);

typedef struct tc_direct_end {
    unsigned number;
    bool good; /* all is in its place; else it has to be written again, by other means */
} tc_direct_end;

/* Which ones have ended since: how many are in `ends`. wait: until there is one, if any is under
 * way. May be called by a signal handler. */
size_t tc_direct_done(tc_direct_end ends[TC_DIRECT_MOST], bool wait);

/* When nothing is under way any more. */
void tc_direct_close(void);

#endif
