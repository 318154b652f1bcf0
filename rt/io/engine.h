/* Inside the I/O engine: what the two engines share, and the interface between them and io.c.
 *
 *                    tc_io_* / tc_stream_*            (io.c, stream.c)
 *                             |
 *                        tc_engine
 *                       /         \
 *                  uring.c      syscall.c
 *
 * wait.c waits with the engine that was chosen, if one was: only io.c links both.
 */
#ifndef TC_IO_ENGINE_H
#define TC_IO_ENGINE_H

#include "io/io.h"

/* Bytes that have arrived on a stream and wait to be consumed, oldest first. */
typedef struct tc_chunk {
    struct tc_chunk *next;
    uint8_t *data;
    uint32_t offset; /* consumed so far */
    uint32_t length;
    bool pooled; /* the engine's own buffer, given back to it; else freed with the
                    chunk */
} tc_chunk;

/* Where the bytes queued for sending are.
 *
 *   IDLE ----> QUEUED (io_uring: a send entry is in the submission queue, or was submitted and its
 *                      completion, which the kernel posts at once, has not been read)
 *   QUEUED --the kernel took them all--> IDLE
 *   QUEUED --it took some, or none--> BLOCKED --room in the socket's buffer--> QUEUED or IDLE
 */
typedef enum tc_send_state { TC_SEND_IDLE, TC_SEND_QUEUED, TC_SEND_BLOCKED } tc_send_state;

struct tc_stream {
    int fd;

    tc_chunk *first, *last; /* received */
    size_t received;        /* bytes in the chunks */
    unsigned chunks;        /* how many they are */
    bool ended;             /* the peer has sent all it will */
    int receive_error;      /* negative errno, or 0 */

    uint8_t *out; /* queued: out[out_start .. out_end) */
    size_t out_start, out_end, out_capacity;
    tc_send_state send_state;
    int send_error; /* negative errno, or 0 */
    bool hurried;   /* TCP_NODELAY was set by tc_stream_hurry */

    tc_stream_event *event; /* watched while set */
    void *event_context;
    uint64_t event_deadline;
    bool event_pending;
    bool sending_shut;  /* while it is being closed: its own direction has ended */
    size_t last_queued; /* bytes queued when that was last looked at */
    size_t discarded;   /* bytes thrown away */
    tc_stream *next_watched, **previous_watched;

    tc_stream_event *notice; /* called for everything that comes about; or NULL */
    void *notice_context;

    bool exhausted; /* the last read left nothing, and nobody has asked to look again */

    /* system calls only */
    bool filled; /* the last read got all that it had room for */

    /* io_uring only */
    bool receiving;                              /* a multishot receive is armed */
    bool stopping;                               /* its cancellation has been asked for */
    bool polling;                                /* a poll for room to send is armed */
    tc_stream *next_starved, **previous_starved; /* while no buffer is left for it; else NULL */
    unsigned send_epoch;                         /* the submission that the send entry belongs to */
    void *send_entry;                            /* that entry, valid until the submission */
};

/* How much a stream queues before it takes no more, and before it says that it has no room: what
 * lies between is for what TLS must say of itself (alerts, key updates). */
#define TC_STREAM_OUT_MAX  (256u * 1024)
#define TC_STREAM_OUT_HIGH (128u * 1024)

/* More than this queued is sent at once. */
#define TC_STREAM_OUT_MUCH (64u * 1024)

/* Size of a receive buffer. */
#define TC_BUFFER_SIZE (64u * 1024)

struct tc_vigil {
    /* io_uring only */
    bool armed;  /* a poll for POLLIN */
    short found; /* by the last, if it is not armed */
};

typedef struct tc_engine {
    const char *name;
    /* Of so many bytes, what finds the queue empty is sent at once from where it lies: a copy of
     * them costs more than a system call, or no less. */
    size_t sent_directly;
    bool tells; /* of what comes about on streams, at any time */
    ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags, uint64_t deadline);
    int (*wait)(tc_io_interest *interests, size_t count, uint64_t deadline);
    /* Around changes of a stream's send queue, which the engine may be reading otherwise. */
    void (*enter)(void);
    void (*leave)(void);
    void (*stream_open)(tc_stream *stream);
    /* Afterwards the engine no longer knows the stream. */
    void (*stream_close)(tc_stream *stream);
    /* Looks for bytes without waiting, when the stream has no chunk and is not exhausted. */
    void (*stream_fill)(tc_stream *stream);
    /* Called after bytes were appended to the queue; with `full` the kernel has just taken less
     * than it was given. */
    void (*stream_queued)(tc_stream *stream, bool full);
    /* Called when what goes together has been appended. */
    void (*stream_push)(tc_stream *stream);
    /* Hands the kernel as much of the queue as it takes at once. */
    void (*stream_flush)(tc_stream *stream);
    /* Called after consumption freed room for more. */
    void (*stream_drained)(tc_stream *stream);
    void (*chunk_free)(tc_chunk *chunk);
    /* Afterwards the engine no longer knows the vigil. */
    void (*vigil_end)(tc_vigil *vigil);
} tc_engine;

/* The engine in use; made at the first call. NULL in tc_engine_chosen until then: streams have it.
 */
const tc_engine *tc_engine_get(void);
extern const tc_engine *tc_engine_chosen;

/* NULL where the kernel does not allow what it needs. */
const tc_engine *tc_engine_uring(void);
const tc_engine *tc_engine_syscall(void);

/* One recvmsg(2) that does not wait, with errno for its error; the message is set as for
 * tc_io_recvmsg (message.c). */
ssize_t tc_engine_receive(int fd, struct msghdr *message, int flags);
/* One sendmsg(2), likewise. */
ssize_t tc_engine_send(int fd, const struct msghdr *message, int flags);

/* After a wait, outside of the engine (wait.c). */
void tc_engine_waited(void);

/* For the engines (stream.c). */
void tc_stream_append_chunk(tc_stream *stream, tc_chunk *chunk);
void tc_stream_sent(tc_stream *stream, size_t length);
void tc_stream_has_event(tc_stream *stream);
void tc_stream_has_notice(tc_stream *stream); /* for those who notice, not for who watches */
bool tc_stream_events_pending(void);          /* such an event has not been run yet: do not wait */
short tc_stream_readiness(const tc_stream *stream);
extern tc_stream *tc_stream_watched; /* list of watched streams */
/* Calls the events that are due. Returns whether there were any. */
bool tc_stream_run_events(void);
/* The earlier of `deadline` and the watched streams' own. */
uint64_t tc_stream_earliest_deadline(uint64_t deadline);

/* A timespec for the time left until the deadline; NULL for TC_NEVER. */
struct timespec;
const struct timespec *tc_time_left(uint64_t deadline, struct timespec *storage);

#endif
