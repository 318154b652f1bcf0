/* The engine on plain system calls: non-blocking descriptors and ppoll(2). Used where io_uring is
 * forbidden, as in many containers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/engine.h"

/* What is less is queued first: others may follow that go with it. */
#define SENT_DIRECTLY (8u * 1024)

/* Receive buffers not in use, kept for the next receive. */
#define SPARE_MAX 16
static tc_chunk *spare;
static unsigned spare_count;

/* A chunk and its buffer are one allocation. */
static tc_chunk *chunk_new(void) {
    tc_chunk *chunk = spare;
    if (chunk) {
        spare = chunk->next;
        spare_count--;
    } else {
        chunk = malloc(sizeof *chunk + TC_BUFFER_SIZE);
        if (!chunk)
            return NULL;
    }
    *chunk = (tc_chunk){.data = (uint8_t *)(chunk + 1), .pooled = true};
    return chunk;
}

static void chunk_free(tc_chunk *chunk) {
    if (spare_count == SPARE_MAX) {
        free(chunk);
        return;
    }
    chunk->next = spare;
    spare = chunk;
    spare_count++;
}

static void stream_fill(tc_stream *stream) {
    tc_chunk *chunk = chunk_new();
    if (!chunk) {
        stream->receive_error = -ENOMEM;
        return;
    }
    ssize_t got;
    do
        got = recv(stream->fd, chunk->data, TC_BUFFER_SIZE, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    stream->filled = got == TC_BUFFER_SIZE;
    stream->exhausted = !stream->filled;
    if (got > 0) {
        chunk->length = (uint32_t)got;
        tc_stream_append_chunk(stream, chunk);
        return;
    }
    if (got == 0)
        stream->ended = true;
    else if (errno != EAGAIN)
        stream->receive_error = -errno;
    chunk_free(chunk);
}

static void stream_flush(tc_stream *stream) {
    while (tc_stream_queued(stream)) {
        ssize_t sent = write(stream->fd, stream->out + stream->out_start, tc_stream_queued(stream));
        if (sent >= 0) {
            tc_stream_sent(stream, (size_t)sent);
            stream->send_state = TC_SEND_IDLE;
        } else if (errno == EAGAIN) {
            stream->send_state = TC_SEND_BLOCKED;
            return;
        } else if (errno != EINTR) {
            stream->send_error = -errno;
            return;
        }
    }
}

static void stream_push(tc_stream *stream) {
    if (stream->send_state != TC_SEND_BLOCKED)
        stream_flush(stream);
}

static void stream_queued(tc_stream *stream, bool full) {
    if (full)
        stream->send_state = TC_SEND_BLOCKED;
    else if (tc_stream_queued(stream) >= TC_STREAM_OUT_MUCH)
        stream_push(stream);
}

static void nothing(void) {
}

static void stream_ignore(tc_stream *stream) {
    (void)stream;
}

static void vigil_ignore(tc_vigil *vigil) {
    (void)vigil;
}

static ssize_t engine_recvmsg(int fd, struct msghdr *message, int flags, uint64_t deadline) {
    for (;;) {
        ssize_t got = tc_engine_receive(fd, message, flags);
        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -errno;
        tc_io_interest readable = {.fd = fd, .events = POLLIN};
        int ready = tc_io_wait(&readable, 1, deadline);
        if (ready < 0)
            return ready;
        /* Asked even if it is ready: something may keep it so that is nothing to receive. */
        if (deadline != TC_NEVER && tc_io_now() >= deadline)
            return -EAGAIN;
    }
}

/* What poll must watch for on a stream so that the events come about. */
static short poll_events(const tc_stream *stream, short wanted) {
    short events = wanted & POLLIN;
    if (tc_stream_queued(stream) && stream->send_state == TC_SEND_BLOCKED)
        events |= POLLOUT;
    return events;
}

/* Room has come: the rest of the queue goes out before anybody else hears of it. */
static void stream_writable(tc_stream *stream) {
    stream->send_state = TC_SEND_IDLE;
    stream_flush(stream);
}

static int count_ready(tc_io_interest *interests, size_t count, const struct pollfd *polled) {
    int ready = 0;
    for (size_t i = 0; i < count; i++) {
        short found = polled[i].revents;
        tc_stream *stream = interests[i].stream;
        if (stream) {
            if (found & (POLLOUT | POLLERR | POLLHUP) && poll_events(stream, 0))
                stream_writable(stream);
            short now = tc_stream_readiness(stream);
            if (found & (POLLIN | POLLERR | POLLHUP))
                now |= POLLIN;
            found = now & interests[i].events;
        }
        interests[i].revents = found;
        ready += found != 0;
    }
    return ready;
}

static int engine_wait(tc_io_interest *interests, size_t count, uint64_t deadline) {
    size_t total = count;
    for (tc_stream *stream = tc_stream_watched; stream; stream = stream->next_watched)
        total++;
    struct pollfd few[64], *polled = few;
    if (total > sizeof few / sizeof *few && !(polled = malloc(total * sizeof *polled)))
        return -ENOMEM;

    bool ready_now = tc_stream_events_pending();
    for (size_t i = 0; i < count; i++) {
        tc_stream *stream = interests[i].stream;
        polled[i] = (struct pollfd){.fd = stream ? stream->fd : interests[i].fd,
                                    .events = stream ? poll_events(stream, interests[i].events)
                                                     : interests[i].events};
        ready_now |= stream && (tc_stream_readiness(stream) & interests[i].events);
    }
    size_t at = count;
    for (tc_stream *stream = tc_stream_watched; stream; stream = stream->next_watched)
        polled[at++] = (struct pollfd){.fd = stream->fd, .events = poll_events(stream, POLLIN)};

    struct timespec left;
    const struct timespec *timeout =
        tc_time_left(ready_now ? 0 : tc_stream_earliest_deadline(deadline), &left);
    int found = ppoll(polled, total, timeout, NULL);
    if (found < 0)
        for (size_t i = 0; i < total; i++)
            polled[i].revents = 0;
    int error = found < 0 && errno != EINTR ? -errno : 0;

    at = count;
    for (tc_stream *stream = tc_stream_watched; stream; stream = stream->next_watched, at++) {
        if (polled[at].revents & POLLOUT)
            stream_writable(stream);
        if (polled[at].revents)
            tc_stream_has_event(stream);
    }
    int ready = error ? error : count_ready(interests, count, polled);
    if (polled != few)
        free(polled);
    tc_stream_run_events();
    return ready;
}

const tc_engine *tc_engine_syscall(void) {
    static const tc_engine engine = {.name = "syscall",
                                     .sent_directly = SENT_DIRECTLY,
                                     .recvmsg = engine_recvmsg,
                                     .wait = engine_wait,
                                     .enter = nothing,
                                     .leave = nothing,
                                     .stream_open = stream_ignore,
                                     .stream_close = stream_ignore,
                                     .stream_fill = stream_fill,
                                     .stream_queued = stream_queued,
                                     .stream_push = stream_push,
                                     .stream_flush = stream_flush,
                                     .stream_drained = stream_ignore,
                                     .chunk_free = chunk_free,
                                     .vigil_end = vigil_ignore};
    return &engine;
}
