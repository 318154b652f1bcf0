/* The I/O engine: how sockets wait, receive and send. One interface, two engines behind it:
 * io_uring (uring.c) and plain non-blocking system calls with poll (syscall.c). The engine is
 * chosen at the first use: io_uring where the kernel allows a ring with what we need (6.1 or
 * newer), else system calls; TIMECRAFT_IO=syscall or TIMECRAFT_IO=uring decides by hand.
 *
 * Two kinds of use:
 *  - tc_io_recvmsg, tc_io_sendmsg, tc_io_wait work on any non-blocking descriptor and keep nothing;
 *  - a tc_stream is a connected stream socket whose receiving and sending the engine has taken
 *    over: bytes arrive in buffers that the engine owns and lends, and leave from a queue. hTLS
 *    works on these.
 *
 * What is sent to a connection's peer is written with write(2): descriptors are non-blocking, and
 * the process ignores SIGPIPE.
 *
 * A process has one engine and one thread uses it. Errors are negative errno values. Deadlines are
 * nanoseconds of CLOCK_MONOTONIC; TC_NEVER waits for ever.
 *
 * May use: confine/, guest/ and options/.
 */
#ifndef TC_IO_H
#define TC_IO_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define TC_NEVER UINT64_MAX

/* Now, on CLOCK_MONOTONIC, in nanoseconds. */
uint64_t tc_io_now(void);

/* Makes the engine, on the thread that will use it: later, when the process is confined, no ring
 * can be made. `network`: there are grants; without any, system calls do. */
void tc_io_prepare(bool network);

/* "io_uring" or "syscall"; makes the engine if there is none yet. */
const char *tc_io_engine_name(void);

/* Receives or sends once on a non-blocking descriptor, waiting for it until `deadline` (0: do not
 * wait, -EAGAIN instead; -EAGAIN too when the deadline passes). Returns bytes or -errno. Of the
 * message only what it came with is set, and the length of a name: whether a datagram was cut tells
 * the flag MSG_TRUNC, with which its whole length is returned. */
ssize_t tc_io_recvmsg(int fd, struct msghdr *message, int flags, uint64_t deadline);
ssize_t tc_io_sendmsg(int fd, const struct msghdr *message, int flags, uint64_t deadline);

typedef struct tc_stream tc_stream;

/* For a descriptor that is waited for again and again, and is seldom ready, as a listener is: the
 * engine may go on watching it between the waits, which then need not ask for it. It may hold the
 * file open as long: tc_vigil_end is to be called before the descriptor is closed or gets another
 * file, and once by each who has one. NULL: no memory. */
typedef struct tc_vigil tc_vigil;
tc_vigil *tc_vigil_new(void);
void tc_vigil_end(tc_vigil *vigil); /* and frees it; NULL is none */

/* One thing to wait for. Either a descriptor, or a stream (then fd is ignored). */
typedef struct tc_io_interest {
    int fd;
    tc_stream *stream;
    tc_vigil *vigil; /* of the descriptor; may be NULL */
    short events;    /* POLLIN | POLLOUT */
    short revents;   /* set: as poll(2) would; for a stream POLLIN when
                        tc_stream_peek would not give -EAGAIN, POLLOUT when
                        tc_stream_has_room or sending has failed */
} tc_io_interest;

/* While it is set, it is called after each wait that this interface's functions have made, before
 * they return; it may end the process. Those that were waiting when it was set return once they are
 * interrupted (tc_guest_wake), where they would go on waiting otherwise. NULL stops it. Set by any
 * thread. */
typedef void tc_io_leave(void);
extern _Atomic(tc_io_leave *) tc_io_leaving;

/* Counts the waits: for whoever asks whether the thread still comes by. */
extern _Atomic unsigned long tc_io_waits;

/* Waits until an interest is ready, a watched stream (tc_stream_watch) has had an event, or the
 * deadline passes. Returns the number of interests that are ready, 0 at the deadline or after an
 * event of a watched stream (look again, then wait again). */
int tc_io_wait(tc_io_interest *interests, size_t count, uint64_t deadline);

/* Takes over a connected (or connecting), non-blocking stream socket and starts to receive. The
 * descriptor is the stream's now: the caller may ask it for names and options, but must not read,
 * write or close it. NULL: no memory; then the descriptor is still the caller's. */
tc_stream *tc_stream_open(int fd);

/* Ends the stream: what is queued is sent, and the descriptor closed. Goes on in the background,
 * whenever tc_io_wait runs. With `linger`, the socket is kept until the peer has ended its
 * direction too (for a moment only), and what it still sends is thrown away: closing at once would
 * answer it with a reset, which can destroy what the peer has not read yet. */
void tc_stream_close(tc_stream *stream, bool linger);

/* Waits for streams that are being closed, `patience` nanoseconds at most: call it before the
 * process ends. */
void tc_io_finish(uint64_t patience);

/* Bytes may have come since the stream was read last: the next tc_stream_peek asks for them, if it
 * has to. Without this, one that found less than it had room for does not ask again at once.
 * `has_some`: the caller has something to give, so an engine that tells of what comes is not asked.
 */
void tc_stream_look(tc_stream *stream, bool has_some);

/* Lends the oldest bytes received and not yet consumed. Returns how many there are at *data (valid
 * until the next call on the stream or tc_io_wait), 0 at the end of the stream, -EAGAIN when none
 * has arrived, or the socket's error. Never waits. */
ssize_t tc_stream_peek(tc_stream *stream, const uint8_t **data);
void tc_stream_consume(tc_stream *stream, size_t length);

/* Whether something has arrived (bytes, the end, an error) that the engine holds already. Asks the
 * kernel nothing. */
bool tc_stream_has_arrived(const tc_stream *stream);

/* Whether nothing has arrived and tc_stream_peek would not ask the kernel for more. */
bool tc_stream_is_drained(const tc_stream *stream);

/* Whether the last read of the kernel got all that it had room for. */
bool tc_stream_may_have_more(const tc_stream *stream);

/* Queues bytes (copied) for sending, behind what is queued. Takes as many as there is room for: the
 * count, -EAGAIN when there is none, or the error with which sending failed. What is queued leaves
 * when the queue is long or is pushed; many bytes that find nothing queued are sent at once. */
ssize_t tc_stream_send(tc_stream *stream, const void *data, size_t length);

/* What goes together has been queued. It leaves at once or, with an engine that sends and waits in
 * one call, at the next wait, a moment later by itself if there is none. */
void tc_stream_push(tc_stream *stream);

/* `hurried`: what is sent from now on does not wait until the peer has acknowledged what was sent
 * before (Nagle's algorithm; RFC 1122, 4.2.3.4). Otherwise that is again as the descriptor's option
 * TCP_NODELAY was: to be called before somebody asks for it, or sets it. */
void tc_stream_hurry(tc_stream *stream, bool hurried);

/* Bytes queued and not yet taken by the kernel. */
size_t tc_stream_queued(const tc_stream *stream);

/* Whether a record of TLS (16 KiB and its overhead) finds room in the queue whole. */
bool tc_stream_has_room(const tc_stream *stream);

/* The error with which sending failed, or 0. */
int tc_stream_send_error(const tc_stream *stream);

/* Sends what is queued, as much as the kernel takes without waiting. 0, -EAGAIN (not all), or the
 * error. */
int tc_stream_flush(tc_stream *stream);

/* While `event` is set, tc_io_wait calls it (from inside the wait, which it must not call itself)
 * whenever bytes, the end or an error have arrived, room to send has come, or `deadline` has
 * passed, whatever the wait was for. NULL stops it. */
typedef void tc_stream_event(void *context);
void tc_stream_watch(tc_stream *stream, tc_stream_event *event, void *context, uint64_t deadline);

/* While `notice` is set, it is called whenever bytes, the end, an error or room to send have come,
 * at any time, so it must only take note. A tc_io_wait that is under way then returns. NULL stops
 * it. Returns false where the engine does not tell, and the descriptor has to be watched. */
bool tc_stream_notice(tc_stream *stream, tc_stream_event *notice, void *context);

/* Whether whatever comes about on the stream next, but for room to send, will be told of by the
 * engine, without its being asked: the stream need not be waited for. */
bool tc_stream_is_awaited(const tc_stream *stream);

/* The event of a watched stream comes again at the next tc_io_wait, whatever arrives: for one that
 * has stopped before it had seen all there is. */
void tc_stream_watch_again(tc_stream *stream);

#endif
