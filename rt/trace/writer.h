/* Writing a record (trace/record.h): blocks, segments, the file. Inside rt/trace only.
 *
 * The slots of the staging area are mapped shared from the file: what stands there is the kernel's,
 * however the process ends. They are used again and again, for to write(2) a page is a quarter of
 * the price of a fault in a fresh page of a mapped file (0.3 s a gigabyte, and 1.3, on ext4); and a
 * record that is long goes past the page cache besides (direct.h). One thread writes at a time (see
 * trace.c). */
#ifndef TC_TRACE_WRITER_H
#define TC_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/record.h"

/* Creates the record `path`, which may have %p (process), %t (seconds since 1970), %n (`name`) and
 * %% in it. A file that is there is replaced if it is a record that nobody is writing; nothing else
 * ever is, and no symbolic link is followed at the end of the path. limit: bytes, 0 for none.
 * begin_segment is called at the beginning of each segment, to append the state. After a message
 * for the person: false. */
bool tc_writer_open(const char *path, const char *name, uint64_t limit, uint8_t detail,
                    uint64_t started, void (*begin_segment)(void));

/* The room that the next event has at most; less than that is always there. 0: nothing is recorded.
 */
uint64_t tc_writer_most(void);

/* Room for an event of at most `size` bytes, until it is committed; NULL: it does not fit, or
 * writing has failed, if only for want of memory (then the person has been told). `call` and `time`
 * are what a new block says of its first event. */
void *tc_writer_reserve(uint64_t size, uint64_t call, uint64_t time);

/* As tc_writer_reserve, for the last event of all, of at most 128 bytes: without a new block, and
 * after a failure too. */
void *tc_writer_reserve_last(uint64_t size);

/* Makes what stands in the room, as long as its own `size` says, a valid event. False: writing has
 * failed, the person has been told. */
bool tc_writer_commit(void *event);

/* Seals the last block and gives back what the file has too much. */
void tc_writer_close(void);

/* A fault in the mapping (the file has been cut, or its disk is full after all): replaces it by
 * memory and stops recording. False: the address is somewhere else. May be called by a signal
 * handler. */
bool tc_writer_fault(const void *address);

/* Ends recording, for want of what an event needs: the person is told, once. What is committed
 * stays. error: the host's errno. */
void tc_writer_fail(int error);

/* Why writing has failed: the host's errno, or 0. */
int tc_writer_error(void);

#endif
