/* Streams: the queues of received and of unsent bytes, and who wants to hear of their events. What
 * fills and drains them is the engine's. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/engine.h"

/* How long a stream that is being closed waits for a peer that takes nothing, and for the peer's
 * own end; how much of what such a peer sends is thrown away before it is cut off; and how many
 * streams may linger at a time. */
#define CLOSE_PATIENCE UINT64_C(10000000000)
#define LINGER_TIME    UINT64_C(5000000000)
#define DISCARD_MAX    (1024u * 1024)
#define LINGERING_MAX  256u

static unsigned closing; /* streams that are being closed */

/* A stream that has nothing to send has no buffer for it: thousands may be idle. Buffers of the
 * first size are kept for the next that has, so many. */
#define OUT_FIRST  (4u * 1024)
#define OUT_SPARES 64u
static uint8_t *spare_out[OUT_SPARES];
static unsigned spare_outs;

tc_stream *tc_stream_watched;

static unsigned events_pending; /* watched streams whose event is due */
static bool noticed;            /* something, since the events were run last */

/* Receiving. */

void tc_stream_look(tc_stream *stream, bool has_some) {
    if (!has_some || !tc_engine_chosen->tells)
        stream->exhausted = false;
}

void tc_stream_append_chunk(tc_stream *stream, tc_chunk *chunk) {
    chunk->next = NULL;
    if (stream->last)
        stream->last->next = chunk;
    else
        stream->first = chunk;
    stream->last = chunk;
    stream->received += chunk->length;
    stream->chunks++;
}

ssize_t tc_stream_peek(tc_stream *stream, const uint8_t **data) {
    if (!stream->first && !stream->ended && !stream->receive_error && !stream->exhausted)
        tc_engine_chosen->stream_fill(stream);
    if (stream->first) {
        *data = stream->first->data + stream->first->offset;
        return stream->first->length - stream->first->offset;
    }
    if (stream->receive_error)
        return stream->receive_error;
    return stream->ended ? 0 : -EAGAIN;
}

void tc_stream_consume(tc_stream *stream, size_t length) {
    tc_chunk *chunk = stream->first;
    chunk->offset += (uint32_t)length;
    stream->received -= length;
    if (chunk->offset < chunk->length)
        return;
    stream->first = chunk->next;
    stream->chunks--;
    if (!stream->first)
        stream->last = NULL;
    if (tc_engine_chosen->tells && chunk->length < TC_BUFFER_SIZE) /* the kernel had no more then */
        stream->exhausted = true;
    tc_engine_chosen->chunk_free(chunk);
    tc_engine_chosen->stream_drained(stream);
}

/* Sending. */

/* A first buffer; NULL: no memory. */
static uint8_t *out_new(void) {
    return spare_outs ? spare_out[--spare_outs] : malloc(OUT_FIRST);
}

static void out_free(tc_stream *stream) {
    if (stream->out_capacity == OUT_FIRST && spare_outs < OUT_SPARES)
        spare_out[spare_outs++] = stream->out;
    else
        free(stream->out);
    stream->out = NULL;
    stream->out_capacity = 0;
}

/* Makes room for `length` more bytes behind out_end: moves what is queued to the front, or grows.
 */
static bool reserve_out(tc_stream *stream, size_t length) {
    if (!stream->out && (stream->out = out_new()))
        stream->out_capacity = OUT_FIRST;
    if (!stream->out)
        return false;
    if (stream->out_capacity - stream->out_end >= length)
        return true;
    size_t queued = stream->out_end - stream->out_start;
    if (stream->out_start) {
        memmove(stream->out, stream->out + stream->out_start, queued);
        stream->out_start = 0;
        stream->out_end = queued;
    }
    size_t capacity = stream->out_capacity;
    while (capacity - queued < length)
        capacity *= 2;
    if (capacity == stream->out_capacity)
        return true;
    uint8_t *out = realloc(stream->out, capacity);
    if (!out)
        return false;
    stream->out = out;
    stream->out_capacity = capacity;
    return true;
}

static ssize_t queue_bytes(tc_stream *stream, const void *data, size_t length, bool full) {
    size_t room = TC_STREAM_OUT_MAX - tc_stream_queued(stream);
    if (room == 0)
        return -EAGAIN;
    if (length > room)
        length = room;
    if (!reserve_out(stream, length)) /* nothing may follow what is lost */
        return stream->send_error = -ENOMEM;
    memcpy(stream->out + stream->out_end, data, length);
    stream->out_end += length;
    tc_engine_chosen->stream_queued(stream, full);
    return (ssize_t)length;
}

/* Hands bytes to the kernel without queueing them, where nothing that must leave before them is
 * queued. Returns how many it took (the others have to be queued), or the error. */
static ssize_t send_directly(tc_stream *stream, const void *data, size_t length) {
    ssize_t sent;
    do
        sent = write(stream->fd, data, length);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno != EAGAIN)
        stream->send_error = -errno;
    return stream->send_error;
}

ssize_t tc_stream_send(tc_stream *stream, const void *data, size_t length) {
    if (tc_stream_queued(stream) >= TC_STREAM_OUT_MAX)
        tc_stream_flush(stream);
    if (stream->send_error)
        return stream->send_error;
    bool direct = length >= tc_engine_chosen->sent_directly && !tc_stream_queued(stream) &&
                  stream->send_state == TC_SEND_IDLE;
    ssize_t sent = direct ? send_directly(stream, data, length) : 0;
    if (sent < 0 || (size_t)sent == length)
        return sent;
    tc_engine_chosen->enter();
    ssize_t queued =
        queue_bytes(stream, (const uint8_t *)data + sent, length - (size_t)sent, direct);
    tc_engine_chosen->leave();
    return sent == 0 ? queued : sent + (queued > 0 ? queued : 0);
}

void tc_stream_push(tc_stream *stream) {
    if (tc_stream_queued(stream) && !stream->send_error)
        tc_engine_chosen->stream_push(stream);
}

/* Where the socket is no TCP's, the kernel says so, and nothing is to be done. */
void tc_stream_hurry(tc_stream *stream, bool hurried) {
    int already, option = hurried;
    socklen_t length = sizeof already;
    if (hurried == stream->hurried)
        return;
    if (hurried &&
        (getsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &already, &length) < 0 || already))
        return;
    if (setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &option, sizeof option) == 0)
        stream->hurried = hurried;
}

size_t tc_stream_queued(const tc_stream *stream) {
    return stream->out_end - stream->out_start;
}

bool tc_stream_has_room(const tc_stream *stream) {
    return tc_stream_queued(stream) < TC_STREAM_OUT_HIGH;
}

int tc_stream_send_error(const tc_stream *stream) {
    return stream->send_error;
}

int tc_stream_flush(tc_stream *stream) {
    if (tc_stream_queued(stream) && !stream->send_error)
        tc_engine_chosen->stream_flush(stream);
    if (stream->send_error)
        return stream->send_error;
    return tc_stream_queued(stream) ? -EAGAIN : 0;
}

void tc_stream_sent(tc_stream *stream, size_t length) {
    stream->out_start += length;
    if (stream->out_start < stream->out_end)
        return;
    stream->out_start = stream->out_end = 0;
    out_free(stream);
}

/* Events. */

bool tc_stream_has_arrived(const tc_stream *stream) {
    return stream->first || stream->ended || stream->receive_error;
}

bool tc_stream_is_drained(const tc_stream *stream) {
    return stream->exhausted && !tc_stream_has_arrived(stream);
}

bool tc_stream_may_have_more(const tc_stream *stream) {
    return stream->filled;
}

short tc_stream_readiness(const tc_stream *stream) {
    short ready = 0;
    if (tc_stream_has_arrived(stream))
        ready |= POLLIN;
    if (stream->send_error || (stream->send_state != TC_SEND_BLOCKED && tc_stream_has_room(stream)))
        ready |= POLLOUT;
    return ready;
}

bool tc_stream_notice(tc_stream *stream, tc_stream_event *notice, void *context) {
    stream->notice = notice;
    stream->notice_context = context;
    return tc_engine_chosen->tells;
}

bool tc_stream_is_awaited(const tc_stream *stream) {
    return tc_engine_chosen->tells && !tc_stream_has_arrived(stream) &&
           (stream->receiving || stream->previous_starved);
}

void tc_stream_has_notice(tc_stream *stream) {
    if (!stream->notice)
        return;
    noticed = true;
    stream->notice(stream->notice_context);
}

void tc_stream_has_event(tc_stream *stream) {
    tc_stream_has_notice(stream);
    if (!stream->event || stream->event_pending)
        return;
    stream->event_pending = true;
    events_pending++;
}

void tc_stream_watch_again(tc_stream *stream) {
    tc_stream_has_event(stream);
}

bool tc_stream_events_pending(void) {
    return events_pending > 0 || noticed;
}

static void clear_event(tc_stream *stream) {
    if (stream->event_pending)
        events_pending--;
    stream->event_pending = false;
}

void tc_stream_watch(tc_stream *stream, tc_stream_event *event, void *context, uint64_t deadline) {
    bool watched = stream->event != NULL;
    stream->event = event;
    stream->event_context = context;
    stream->event_deadline = deadline;
    if (watched == (event != NULL))
        return;
    if (watched) {
        clear_event(stream);
        *stream->previous_watched = stream->next_watched;
        if (stream->next_watched)
            stream->next_watched->previous_watched = stream->previous_watched;
        return;
    }
    stream->next_watched = tc_stream_watched;
    stream->previous_watched = &tc_stream_watched;
    if (tc_stream_watched)
        tc_stream_watched->previous_watched = &stream->next_watched;
    tc_stream_watched = stream;
}

bool tc_stream_run_events(void) {
    noticed = false;
    if (!tc_stream_watched)
        return false;
    bool any = false;
    uint64_t now = tc_io_now();
    /* An event may stop watching its own stream, and no other one. */
    for (tc_stream *stream = tc_stream_watched, *next; stream; stream = next) {
        next = stream->next_watched;
        if (!stream->event_pending && now < stream->event_deadline)
            continue;
        clear_event(stream);
        stream->event(stream->event_context);
        any = true;
    }
    return any;
}

uint64_t tc_stream_earliest_deadline(uint64_t deadline) {
    for (const tc_stream *stream = tc_stream_watched; stream; stream = stream->next_watched)
        if (stream->event_deadline < deadline)
            deadline = stream->event_deadline;
    return deadline;
}

/* Closing. */

static void stream_free(tc_stream *stream) {
    tc_stream_watch(stream, NULL, NULL, 0);
    tc_engine_chosen->stream_close(stream);
    for (tc_chunk *chunk = stream->first, *next; chunk; chunk = next) {
        next = chunk->next;
        tc_engine_chosen->chunk_free(chunk);
    }
    close(stream->fd);
    out_free(stream);
    free(stream);
    closing--;
}

/* Whether everything queued has left, or never will. */
static bool drained(tc_stream *stream) {
    if (tc_stream_flush(stream) != -EAGAIN)
        return true;
    uint64_t now = tc_io_now();
    if (tc_stream_queued(stream) < stream->last_queued)
        stream->event_deadline = now + CLOSE_PATIENCE;
    stream->last_queued = tc_stream_queued(stream);
    return now >= stream->event_deadline;
}

/* Whether the peer has ended too, or is not worth waiting for any longer. */
static bool peer_ended(tc_stream *stream) {
    const uint8_t *data;
    ssize_t length;
    tc_stream_look(stream, false);
    while ((length = tc_stream_peek(stream, &data)) > 0) {
        tc_stream_consume(stream, (size_t)length);
        stream->discarded += (size_t)length;
        if (stream->discarded > DISCARD_MAX)
            return true;
    }
    return length != -EAGAIN || tc_io_now() >= stream->event_deadline;
}

static void step_closing(void *context) {
    tc_stream *stream = context;
    if (!stream->sending_shut) {
        if (!drained(stream))
            return;
        shutdown(stream->fd, SHUT_WR);
        stream->sending_shut = true;
        stream->event_deadline = tc_io_now() + LINGER_TIME;
    }
    if (stream->send_error || peer_ended(stream))
        stream_free(stream);
}

static void step_closing_at_once(void *context) {
    if (drained(context))
        stream_free(context);
}

void tc_stream_close(tc_stream *stream, bool linger) {
    tc_stream_event *step = linger && closing < LINGERING_MAX ? step_closing : step_closing_at_once;
    closing++;
    stream->last_queued = tc_stream_queued(stream);
    tc_stream_watch(stream, step, stream, tc_io_now() + CLOSE_PATIENCE);
    step(stream);
}

/* What was sent before a close goes out, also where a wait fails: a want of memory passes. */
void tc_io_finish(uint64_t patience) {
    static const struct timespec pause = {.tv_nsec = 10000000};
    uint64_t deadline = tc_io_now() + patience;
    while (closing && tc_io_now() < deadline)
        if (tc_io_wait(NULL, 0, deadline) < 0)
            nanosleep(&pause, NULL);
}
