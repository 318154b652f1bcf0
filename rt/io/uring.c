/* The engine on io_uring.
 *
 * Receiving: each stream has one multishot receive armed, which fills buffers that all streams
 * share (a provided-buffer ring). Of these the kernel has only a few at a time where there are few
 * streams, of one no more than it may hold, and of the others always the one that was used last, so
 * that what is received stays in the processor's cache. A buffer stands for a whole receive,
 * however short, so when none is left and a stream wants one, what lies in some of them is copied
 * to the heap and they are given back: streams that nobody reads cannot starve the others. A stream
 * that found none is starved: it stands in a list until one is free, and nobody is told, since
 * nothing has come of it. A stream that holds much has its receive cancelled until it is read.
 *
 * Sending: bytes are queued in the stream, and a send entry for them stands in the submission
 * queue. It goes to the kernel together with the next wait, so that a request and the wait for its
 * answer are one system call. Sends never block (MSG_DONTWAIT), so the kernel posts their
 * completion while it takes the submission; a wait therefore asks for one completion more than
 * there are sends. A guest that computes after a send must not hold it back: a timer submits what
 * has stood in the queue for FLUSH_DELAY. A whole record that finds the queue empty is sent at
 * once, from where OpenSSL has it: more will follow, and a copy of it costs more than the system
 * call.
 *
 * The ring is made with DEFER_TASKRUN: completions are run when this thread asks for them, so bytes
 * that nobody waits for stay in the socket, where they belong.
 */
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "confine/confine.h"
#include "guest/report.h"
#include "io/engine.h"

#define SUBMISSIONS   256
#define COMPLETIONS   1024
#define BUFFER_COUNT  64 /* a power of two */
#define BUFFER_GROUP  0
#define BUFFERS_FREED 16 /* how many are copied out when none is left */

#define RECEIVED_HIGH (256u * 1024) /* more than this held: stop receiving */
#define RECEIVED_LOW  (64u * 1024)  /* less again: go on */
#define CHUNKS_HIGH   256u          /* the same for chunks, however short they are */

/* The kernel has so many at a time for up to two streams: of one no more than it may hold. */
#define BUFFERS_FEW (RECEIVED_HIGH / TC_BUFFER_SIZE)

#define FLUSH_DELAY 4000000 /* nanoseconds */

#define SENT_DIRECTLY (16u * 1024) /* a whole record of TLS */

/* What a completion belongs to: a pointer with one of these in its low bits. */
enum { TAG_NONE, TAG_RECEIVE, TAG_SEND, TAG_ROOM, TAG_OPERATION, TAG_VIGIL, TAG_MASK = 7 };

/* A single operation that the caller waits for. */
typedef struct operation {
    bool done;
    int result;
} operation;

static struct io_uring ring;
static struct io_uring_buf_ring *buffer_ring;
static uint8_t *buffers;
static tc_chunk *lent[BUFFER_COUNT];       /* what stands in each buffer; NULL: it is free */
static uint8_t buffer_stack[BUFFER_COUNT]; /* free, and not given to the kernel */
static unsigned buffers_stacked, buffers_provided;
static unsigned streams_open;
static tc_stream *first_starved, **last_starved = &first_starved; /* longest first */

static unsigned sends_queued; /* send entries in the submission queue */
static unsigned epoch;        /* counts submissions */

/* The flush timer and the handler that it runs on this thread. */
static timer_t flush_timer;
static volatile sig_atomic_t timer_armed;
static volatile sig_atomic_t busy; /* the ring is being worked on: the handler must keep away */
static volatile sig_atomic_t flush_missed;

static unsigned reap(void);

/* Submission. */

/* The kernel has taken the whole submission queue. */
static void note_submission(void) {
    sends_queued = 0;
    epoch++;
}

/* Hands the submission queue over without waiting. */
static void submit(void) {
    while (io_uring_sq_ready(&ring)) {
        int result = io_uring_submit(&ring);
        if (result == -EBUSY || result == -EAGAIN)
            reap(); /* completions overflowed, or memory is short: make room */
        else if (result < 0 && result != -EINTR) {
            tc_report("io_uring refuses work (%s); run with TIMECRAFT_IO=syscall to "
                      "do without it",
                      strerror(-result));
            exit(EXIT_FAILURE);
        }
    }
    note_submission();
}

static struct io_uring_sqe *get_entry(void) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    if (!entry) {
        submit();
        entry = io_uring_get_sqe(&ring);
    }
    return entry;
}

static void set_owner(struct io_uring_sqe *entry, void *owner, unsigned tag) {
    io_uring_sqe_set_data64(entry, (uint64_t)(uintptr_t)owner | tag);
}

static void cancel(void *owner, unsigned tag) {
    struct io_uring_sqe *entry = get_entry();
    io_uring_prep_cancel64(entry, (uint64_t)(uintptr_t)owner | tag, 0);
    set_owner(entry, NULL, TAG_NONE);
}

/* Between enter and leave the ring is ours; a timer that fires meanwhile is made up for. */
static void enter(void) {
    busy++;
    atomic_signal_fence(memory_order_seq_cst);
}

static void leave(void) {
    atomic_signal_fence(memory_order_seq_cst);
    if (busy == 1 && flush_missed) {
        flush_missed = 0;
        submit();
    }
    busy--;
}

static void on_flush_timer(int signal) {
    (void)signal;
    int saved = errno;
    timer_armed = 0;
    if (!busy && io_uring_submit(&ring) >= 0 && io_uring_sq_ready(&ring) == 0)
        note_submission();
    else
        flush_missed = 1;
    errno = saved;
}

static void arm_flush_timer(void) {
    if (timer_armed)
        return;
    timer_armed = 1;
    struct itimerspec soon = {.it_value.tv_nsec = FLUSH_DELAY};
    timer_settime(flush_timer, 0, &soon, NULL);
}

/* Buffers. */

static unsigned buffers_wanted(void) {
    unsigned wanted = BUFFERS_FEW / 2 * streams_open;
    return wanted < BUFFERS_FEW ? BUFFERS_FEW : wanted < BUFFER_COUNT ? wanted : BUFFER_COUNT;
}

/* Gives the kernel buffers of the stack, the one used last first. */
static void provide_buffers(void) {
    unsigned count = 0;
    for (; buffers_stacked && buffers_provided < buffers_wanted(); count++, buffers_provided++) {
        unsigned id = buffer_stack[--buffers_stacked];
        io_uring_buf_ring_add(buffer_ring, buffers + (size_t)id * TC_BUFFER_SIZE, TC_BUFFER_SIZE,
                              (unsigned short)id, io_uring_buf_ring_mask(BUFFER_COUNT), (int)count);
    }
    if (count)
        io_uring_buf_ring_advance(buffer_ring, (int)count);
}

static void recycle_buffer(unsigned id) {
    buffer_stack[buffers_stacked++] = (uint8_t)id;
    provide_buffers();
}

static unsigned buffer_of(const tc_chunk *chunk) {
    return (unsigned)((size_t)(chunk->data - buffers) / TC_BUFFER_SIZE);
}

static void return_buffer(const tc_chunk *chunk) {
    unsigned id = buffer_of(chunk);
    lent[id] = NULL;
    recycle_buffer(id);
}

/* Chunks not in use, kept for the next buffers. */
static tc_chunk *spare_chunks;

static void chunk_free(tc_chunk *chunk) {
    if (chunk->pooled)
        return_buffer(chunk);
    else
        free(chunk->data);
    chunk->next = spare_chunks;
    spare_chunks = chunk;
}

/* A chunk is for one buffer at a time, but it outlives its buffer when that is copied out. */
static tc_chunk *chunk_new(void) {
    tc_chunk *chunk = spare_chunks;
    if (!chunk)
        return malloc(sizeof *chunk);
    spare_chunks = chunk->next;
    return chunk;
}

static unsigned buffers_free(void) {
    return buffers_provided + buffers_stacked;
}

/* Moves what waits in buffers to the heap, until BUFFERS_FREED are free. */
static void copy_buffers_out(void) {
    for (unsigned id = 0; id < BUFFER_COUNT && buffers_free() < BUFFERS_FREED; id++) {
        tc_chunk *chunk = lent[id];
        uint8_t *copy = chunk ? malloc(chunk->length) : NULL;
        if (!copy)
            continue;
        memcpy(copy, chunk->data, chunk->length);
        return_buffer(chunk);
        chunk->data = copy;
        chunk->pooled = false;
    }
}

/* Receiving. */

static bool holds_much(const tc_stream *stream) {
    return stream->received > RECEIVED_HIGH || stream->chunks > CHUNKS_HIGH;
}

static void set_starved(tc_stream *stream) {
    stream->next_starved = NULL;
    stream->previous_starved = last_starved;
    *last_starved = stream;
    last_starved = &stream->next_starved;
}

static void clear_starved(tc_stream *stream) {
    if (!stream->previous_starved)
        return;
    *stream->previous_starved = stream->next_starved;
    if (stream->next_starved)
        stream->next_starved->previous_starved = stream->previous_starved;
    else
        last_starved = stream->previous_starved;
    stream->previous_starved = NULL;
}

static void arm_receive(tc_stream *stream) {
    if (stream->receiving || stream->ended || stream->receive_error || holds_much(stream))
        return;
    if (stream->previous_starved && !buffers_free())
        copy_buffers_out();
    clear_starved(stream);
    struct io_uring_sqe *entry = get_entry();
    io_uring_prep_recv_multishot(entry, stream->fd, NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = BUFFER_GROUP;
    set_owner(entry, stream, TAG_RECEIVE);
    stream->receiving = true;
    stream->stopping = false;
}

/* Arms the receive of one that has nothing, and is not going to have one when its turn comes. */
static void arm_unless_starved(tc_stream *stream) {
    if (!stream->first && !stream->previous_starved)
        arm_receive(stream);
}

/* Before a wait: as many of the starved as there are buffers, all at once. One more than there are
 * would only come back. */
static void arm_starved(void) {
    if (first_starved && !buffers_free())
        copy_buffers_out();
    for (unsigned left = buffers_free(); first_starved && left; left--) {
        tc_stream *stream = first_starved;
        clear_starved(stream);
        arm_receive(stream);
    }
}

/* The bytes that came in buffer `id` as a chunk; NULL: no memory. */
static tc_chunk *take_buffer(unsigned id, unsigned length) {
    buffers_provided--;
    provide_buffers();
    tc_chunk *chunk = chunk_new();
    if (!chunk) {
        recycle_buffer(id);
        return NULL;
    }
    *chunk =
        (tc_chunk){.data = buffers + (size_t)id * TC_BUFFER_SIZE, .length = length, .pooled = true};
    lent[id] = chunk;
    return chunk;
}

static void receive_buffer(tc_stream *stream, unsigned id, int result) {
    tc_chunk *chunk = take_buffer(id, result > 0 ? (unsigned)result : 0);
    if (!chunk)
        stream->receive_error = -ENOMEM;
    else if (chunk->length)
        tc_stream_append_chunk(stream, chunk);
    else
        chunk_free(chunk);
}

static void complete_receive(tc_stream *stream, const struct io_uring_cqe *completion) {
    if (!(completion->flags & IORING_CQE_F_MORE))
        stream->receiving = false;
    if (completion->res == -ENOBUFS) {
        set_starved(stream);
        return;
    }
    if (completion->flags & IORING_CQE_F_BUFFER)
        receive_buffer(stream, completion->flags >> IORING_CQE_BUFFER_SHIFT, completion->res);
    if (completion->res == 0)
        stream->ended = true;
    else if (completion->res < 0 && completion->res != -ECANCELED && completion->res != -EINTR &&
             completion->res != -EAGAIN)
        stream->receive_error = completion->res;
    if (stream->receiving && !stream->stopping && holds_much(stream)) {
        stream->stopping = true;
        cancel(stream, TAG_RECEIVE);
    }
    tc_stream_has_event(stream);
}

/* Sending. */

static void queue_send(tc_stream *stream) {
    struct io_uring_sqe *entry = stream->send_entry;
    if (stream->send_state == TC_SEND_BLOCKED)
        return;
    if (stream->send_state == TC_SEND_IDLE) {
        entry = get_entry();
        stream->send_entry = entry;
        stream->send_epoch = epoch;
        stream->send_state = TC_SEND_QUEUED;
        sends_queued++;
    } else if (stream->send_epoch != epoch) {
        return; /* submitted: what came later follows when its completion is read */
    }
    io_uring_prep_send(entry, stream->fd, stream->out + stream->out_start, tc_stream_queued(stream),
                       MSG_DONTWAIT | MSG_NOSIGNAL);
    set_owner(entry, stream, TAG_SEND);
}

static void wait_for_room(tc_stream *stream) {
    stream->send_state = TC_SEND_BLOCKED;
    struct io_uring_sqe *entry = get_entry();
    io_uring_prep_poll_add(entry, stream->fd, POLLOUT);
    set_owner(entry, stream, TAG_ROOM);
    stream->polling = true;
}

static void complete_send(tc_stream *stream, int result) {
    bool had_room = tc_stream_has_room(stream);
    stream->send_state = TC_SEND_IDLE;
    if (result >= 0)
        tc_stream_sent(stream, (size_t)result);
    else if (result != -EAGAIN && result != -EINTR)
        stream->send_error = result;
    if (stream->send_error || !had_room)
        tc_stream_has_notice(stream);
    if (stream->send_error || !tc_stream_queued(stream))
        return;
    if (result == -EAGAIN)
        wait_for_room(stream);
    else
        queue_send(stream);
}

static void complete_room(tc_stream *stream) {
    stream->polling = false;
    if (stream->send_state != TC_SEND_BLOCKED || stream->send_error)
        return;
    stream->send_state = TC_SEND_IDLE;
    queue_send(stream);
    tc_stream_has_event(stream);
}

/* Watching. */

/* A poll that stays until it has found something, for all waits until then. */
static void arm_vigil(const tc_io_interest *interest) {
    tc_vigil *vigil = interest->vigil;
    if (vigil->armed)
        return;
    struct io_uring_sqe *entry = get_entry();
    io_uring_prep_poll_add(entry, interest->fd, POLLIN);
    set_owner(entry, vigil, TAG_VIGIL);
    vigil->armed = true;
    vigil->found = 0;
}

static void complete_vigil(tc_vigil *vigil, int result) {
    vigil->armed = false;
    vigil->found = result > 0 ? (short)result : 0;
}

/* Completion. */

static void complete(const struct io_uring_cqe *completion) {
    uint64_t data = completion->user_data;
    void *owner = (void *)(uintptr_t)(data & ~(uint64_t)TAG_MASK);
    switch (data & TAG_MASK) {
    case TAG_RECEIVE:
        complete_receive(owner, completion);
        break;
    case TAG_SEND:
        complete_send(owner, completion->res);
        break;
    case TAG_ROOM:
        complete_room(owner);
        break;
    case TAG_VIGIL:
        complete_vigil(owner, completion->res);
        break;
    case TAG_OPERATION:
        ((operation *)owner)->done = true;
        ((operation *)owner)->result = completion->res;
        break;
    default:
        break;
    }
}

/* Reads the completions that the kernel has posted. Those of what is sent are, as soon as it is
 * submitted; others it posts when it is entered. */
static unsigned reap_posted(void) {
    unsigned count = 0;
    while (io_uring_cq_ready(&ring)) {
        struct io_uring_cqe *completion = NULL;
        io_uring_peek_cqe(&ring, &completion);
        struct io_uring_cqe copy = *completion; /* its slot is reused once seen */
        io_uring_cqe_seen(&ring, completion);
        complete(&copy);
        count++;
    }
    return count;
}

/* Reads those, and enters the kernel where it has some to post. */
static unsigned reap(void) {
    unsigned count = reap_posted();
    struct io_uring_cqe *completion;
    while (io_uring_peek_cqe(&ring, &completion) == 0)
        count += reap_posted();
    return count;
}

/* Submits what is queued, waits for so many completions until the deadline, and reads what there
 * is. */
static void submit_and_wait_for(unsigned wanted, uint64_t deadline) {
    struct timespec left;
    struct __kernel_timespec timeout, *limit = NULL;
    if (tc_time_left(deadline, &left)) {
        timeout = (struct __kernel_timespec){left.tv_sec, left.tv_nsec};
        limit = &timeout;
    }
    struct io_uring_cqe *completion;
    io_uring_submit_and_wait_timeout(&ring, &completion, wanted, limit, NULL);
    submit(); /* what is left if it was interrupted, or completions overflowed */
    reap();
}

/* The same for a completion beside those of what is sent, which come at once. */
static void submit_and_wait(uint64_t deadline) {
    submit_and_wait_for(1 + sends_queued, deadline);
}

/* The engine's interface. */

static void engine_stream_open(tc_stream *stream) {
    enter();
    streams_open++;
    provide_buffers();
    arm_receive(stream);
    leave();
}

static void engine_stream_close(tc_stream *stream) {
    enter();
    reap();
    /* Entries of the stream may stand in the queue: the kernel must be done with them all. */
    stream->send_error = -ECANCELED;
    if (stream->receiving && !stream->stopping)
        cancel(stream, TAG_RECEIVE);
    if (stream->polling)
        cancel(stream, TAG_ROOM);
    while (stream->receiving || stream->polling || stream->send_state == TC_SEND_QUEUED)
        submit_and_wait_for(1, TC_NEVER); /* it may be a send's, and the last there is */
    clear_starved(stream);
    streams_open--;
    leave();
}

static void engine_vigil_end(tc_vigil *vigil) {
    enter();
    reap();
    if (vigil->armed)
        cancel(vigil, TAG_VIGIL);
    while (vigil->armed)
        submit_and_wait_for(1, TC_NEVER);
    leave();
}

static void engine_stream_fill(tc_stream *stream) {
    enter();
    reap();
    if (!stream->first)
        arm_receive(stream);
    if (io_uring_sq_ready(&ring))
        arm_flush_timer(); /* for a guest that asks again and again without waiting
                            */
    leave();
}

static void engine_stream_queued(tc_stream *stream, bool full) {
    enter();
    if (stream->send_state == TC_SEND_BLOCKED)
        reap(); /* room may have come */
    else
        reap_posted();
    if (full)
        wait_for_room(stream);
    else
        queue_send(stream);
    if (tc_stream_queued(stream) >= TC_STREAM_OUT_MUCH) {
        submit();
        reap_posted();
    } else {
        arm_flush_timer();
    }
    leave();
}

/* It goes with the next wait, or by the timer. */
static void engine_stream_push(tc_stream *stream) {
    (void)stream;
}

static void engine_stream_flush(tc_stream *stream) {
    enter();
    reap();
    while (tc_stream_queued(stream) && !stream->send_error &&
           stream->send_state != TC_SEND_BLOCKED) {
        queue_send(stream);
        submit();
        if (reap() == 0)
            io_uring_get_events(&ring);
    }
    leave();
}

static void engine_stream_drained(tc_stream *stream) {
    if (stream->receiving || stream->received > RECEIVED_LOW)
        return;
    enter();
    arm_receive(stream);
    leave();
}

/* A receive that finds something costs less as a system call of its own, one that has to wait costs
 * less on the ring. Each that had to wait makes the ring be asked twice as often before the next
 * try. */
#define RING_TURNS_MAX 255u
static unsigned ring_turns, ring_turns_left;

/* Tries it; -EAGAIN: it has to wait, or others of the ring are not to be kept waiting. */
static ssize_t receive_at_once(int fd, struct msghdr *message, int flags) {
    if (tc_stream_watched || io_uring_sq_ready(&ring))
        return -EAGAIN;
    if (ring_turns_left) {
        ring_turns_left--;
        return -EAGAIN;
    }
    ssize_t got = tc_engine_receive(fd, message, flags);
    if (got >= 0) {
        ring_turns = 0;
        return got;
    }
    if (errno != EAGAIN && errno != EINTR)
        return -errno;
    if (ring_turns < RING_TURNS_MAX)
        ring_turns = 2 * ring_turns + 1;
    ring_turns_left = ring_turns;
    return -EAGAIN;
}

static ssize_t engine_recvmsg(int fd, struct msghdr *message, int flags, uint64_t deadline) {
    ssize_t got = receive_at_once(fd, message, flags);
    if (got != -EAGAIN)
        return got;
    operation op = {0};
    enter();
    struct io_uring_sqe *entry = get_entry();
    io_uring_prep_recvmsg(entry, fd, message, (unsigned)flags);
    set_owner(entry, &op, TAG_OPERATION);
    bool cancelled = false;
    while (!op.done) {
        arm_starved();
        submit_and_wait(tc_stream_events_pending() ? 0
                        : cancelled                ? TC_NEVER
                                                   : tc_stream_earliest_deadline(deadline));
        bool over = tc_io_leaving || (deadline != TC_NEVER && tc_io_now() >= deadline);
        if (!op.done && !cancelled && over) {
            cancel(&op, TAG_OPERATION);
            cancelled = true;
        }
        tc_stream_run_events();
    }
    leave();
    return op.result == -ECANCELED || op.result == -EINTR ? -EAGAIN : op.result;
}

/* Whether the ring knows of the descriptor, and it need not be polled. */
static bool is_watched(const tc_io_interest *interest) {
    return interest->vigil && interest->fd >= 0 && interest->events == POLLIN;
}

static int count_ready(tc_io_interest *interests, size_t count) {
    int ready = 0;
    for (size_t i = 0; i < count; i++) {
        if (interests[i].stream)
            interests[i].revents = tc_stream_readiness(interests[i].stream) & interests[i].events;
        else if (is_watched(&interests[i]))
            interests[i].revents = interests[i].vigil->found;
        ready += interests[i].revents != 0;
    }
    return ready;
}

/* While a wait looks at descriptors too, the kernel tells of the ring's completions
 * through an eventfd. (The ring's own descriptor can be polled as well, but with
 * DEFER_TASKRUN its wake-ups come when completions are run, which this thread does
 * itself, and not when there are some to be run.) */
static int completions_fd;

/* Whether there is something to run already, which the eventfd will not tell. */
static bool tell_of_completions(void) {
    io_uring_cq_eventfd_toggle(&ring, true);
    atomic_thread_fence(memory_order_seq_cst); /* told from now on, before we look */
    return IO_URING_READ_ONCE(*ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) ||
           io_uring_cq_ready(&ring);
}

static void stop_telling(bool told) {
    uint64_t count;
    io_uring_cq_eventfd_toggle(&ring, false);
    if (told && read(completions_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        tc_report_once("reading an eventfd failed: %s", strerror(errno));
}

/* Waits for descriptors and the ring at once. */
static int wait_with_poll(tc_io_interest *interests, size_t count, uint64_t deadline) {
    struct pollfd few[64], *polled = few;
    if (count + 1 > sizeof few / sizeof *few && !(polled = malloc((count + 1) * sizeof *polled)))
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){
            .fd = interests[i].stream || is_watched(&interests[i]) ? -1 : interests[i].fd,
            .events = interests[i].events};
    polled[count] = (struct pollfd){.fd = completions_fd, .events = POLLIN};
    struct timespec left;
    bool now = tell_of_completions();
    int found = ppoll(polled, count + 1, tc_time_left(now ? 0 : deadline, &left), NULL);
    int error = found < 0 && errno != EINTR ? -errno : 0;
    stop_telling(found > 0 && polled[count].revents);
    for (size_t i = 0; i < count; i++)
        interests[i].revents = found > 0 ? polled[i].revents : 0;
    if (now || (found > 0 && polled[count].revents))
        io_uring_get_events(&ring);
    if (polled != few)
        free(polled);
    return error;
}

/* Whether somebody waits for what a queued send will make room for. */
static bool room_is_coming(const tc_io_interest *interests, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (interests[i].stream && interests[i].events & POLLOUT &&
            interests[i].stream->send_state == TC_SEND_QUEUED)
            return true;
    return false;
}

/* Sees to it that the ring knows of all that is waited for, but for descriptors that have to be
 * polled: returns whether there are any. */
static bool arm(tc_io_interest *interests, size_t count) {
    bool descriptors = false;
    for (size_t i = 0; i < count; i++) {
        tc_stream *stream = interests[i].stream;
        interests[i].revents = 0;
        if (stream)
            arm_unless_starved(stream);
        else if (is_watched(&interests[i]))
            arm_vigil(&interests[i]);
        else
            descriptors |= interests[i].fd >= 0;
    }
    for (tc_stream *stream = tc_stream_watched; stream; stream = stream->next_watched)
        arm_unless_starved(stream);
    arm_starved();
    return descriptors;
}

static int engine_wait(tc_io_interest *interests, size_t count, uint64_t deadline) {
    enter();
    reap();
    bool descriptors = arm(interests, count);
    uint64_t until = tc_stream_earliest_deadline(deadline);
    int error = 0;
    bool now = count_ready(interests, count) || tc_stream_events_pending();
    if (descriptors || (!now && room_is_coming(interests, count))) {
        submit();
        reap();
        now = now || count_ready(interests, count) || tc_stream_events_pending();
    }
    if (descriptors) {
        error = wait_with_poll(interests, count, now ? 0 : until);
        reap();
    } else if (now || (until != TC_NEVER && until <= tc_io_now())) {
        submit(); /* enters the kernel only where there is something to hand over */
        reap();
    } else {
        submit_and_wait(until);
    }
    tc_stream_run_events();
    int ready = error ? error : count_ready(interests, count);
    leave();
    return ready;
}

/* Making the ring. */

static bool make_timer(void) {
    struct sigaction action = {.sa_handler = on_flush_timer, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event._sigev_un._tid = gettid();
    return sigaction(SIGRTMIN, &action, NULL) == 0 &&
           timer_create(CLOCK_MONOTONIC, &event, &flush_timer) == 0;
}

static bool make_buffers(void) {
    size_t ring_size = BUFFER_COUNT * sizeof(struct io_uring_buf);
    size_t size = (size_t)BUFFER_COUNT * TC_BUFFER_SIZE;
    buffer_ring = mmap(NULL, ring_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (buffer_ring != MAP_FAILED && buffers != MAP_FAILED) {
        struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)buffer_ring,
                                                .ring_entries = BUFFER_COUNT,
                                                .bgid = BUFFER_GROUP};
        if (io_uring_register_buf_ring(&ring, &registration, 0) == 0) {
            io_uring_buf_ring_init(buffer_ring);
            for (unsigned id = BUFFER_COUNT; id-- > 0;)
                recycle_buffer(id);
            return true;
        }
    }
    if (buffer_ring != MAP_FAILED)
        munmap(buffer_ring, ring_size);
    if (buffers != MAP_FAILED)
        munmap(buffers, size);
    return false;
}

static bool make_eventfd(void) {
    completions_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (completions_fd < 0)
        return false;
    if (io_uring_register_eventfd(&ring, completions_fd) == 0 &&
        io_uring_cq_eventfd_toggle(&ring, false) == 0)
        return true;
    close(completions_fd);
    return false;
}

/* liburing 2.3 has functions for these two that it does not export. */
static bool register_with_ring(unsigned what, const void *argument, unsigned count) {
    return syscall(SYS_io_uring_register, ring.ring_fd, what, argument, count) == 0;
}

/* seccomp(2) does not see what a ring is told to do: it has a list of its own, of what stands in
 * this file, and can be told nothing else in its life. Nothing is registered with it any more. */
static bool restrict_ring(void) {
    static const unsigned operations[] = {IORING_OP_RECV, IORING_OP_RECVMSG, IORING_OP_SEND,
                                          IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL};
    enum { OPERATIONS = sizeof operations / sizeof *operations };
    struct io_uring_restriction restrictions[OPERATIONS + 1] = {0};
    for (size_t i = 0; i < OPERATIONS; i++) {
        restrictions[i].opcode = IORING_RESTRICTION_SQE_OP;
        restrictions[i].sqe_op = (uint8_t)operations[i];
    }
    restrictions[OPERATIONS].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    restrictions[OPERATIONS].sqe_flags = IOSQE_BUFFER_SELECT;
    return register_with_ring(IORING_REGISTER_RESTRICTIONS, restrictions, OPERATIONS + 1) &&
           register_with_ring(IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

static bool make_ring(void) {
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN |
                                              IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                                              IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED,
                                     .cq_entries = COMPLETIONS};
    if (io_uring_queue_init_params(SUBMISSIONS, &ring, &params) < 0)
        return false;
    unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_FAST_POLL;
    if ((params.features & needed) == needed && make_eventfd()) {
        if (make_buffers() && make_timer() && restrict_ring()) {
            tc_confine_need(TC_NEED_RING);
            return true;
        }
        close(completions_fd);
    }
    io_uring_queue_exit(&ring);
    return false;
}

const tc_engine *tc_engine_uring(void) {
    static const tc_engine engine = {.name = "io_uring",
                                     .sent_directly = SENT_DIRECTLY,
                                     .tells = true,
                                     .recvmsg = engine_recvmsg,
                                     .wait = engine_wait,
                                     .enter = enter,
                                     .leave = leave,
                                     .stream_open = engine_stream_open,
                                     .stream_close = engine_stream_close,
                                     .stream_fill = engine_stream_fill,
                                     .stream_queued = engine_stream_queued,
                                     .stream_push = engine_stream_push,
                                     .stream_flush = engine_stream_flush,
                                     .stream_drained = engine_stream_drained,
                                     .chunk_free = chunk_free,
                                     .vigil_end = engine_vigil_end};
    return make_ring() ? &engine : NULL;
}
