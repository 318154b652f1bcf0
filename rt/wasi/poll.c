/* poll_oneoff: waits for sockets, standard streams and clocks at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "io/io.h"
#include "wasi/internal.h"
#include "wasi/sockets.h"
#include "wasi/waiters.h"

/* "event" of the document, as it lies in the guest's memory. */
typedef struct guest_event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint64_t nbytes;
    uint16_t flags;
} guest_event;

_Static_assert(sizeof(guest_event) == 32, "preview 1's layout");

enum { CLOCK_ID_REALTIME = 0, CLOCK_ID_MONOTONIC = 1 };
enum { CLOCK_ABSTIME = 1 };
enum {
    EVENT_HANGUP = 1,
    /* Not preview 1's, whose guests look at the first alone: there is an error to be asked for; it
     * is not that anything can be read or written. So a guest's poll knows what the host's does. */
    EVENT_ERROR = 0x4000,
    EVENT_NOT_READY = 0x8000,
};

typedef struct poll_state {
    tc_wasi *wasi;
    tc_waiters list;
    tc_io_interest *interests; /* of those that need waiting */
    uint32_t *places;          /* each one's in the list */
    size_t waiting;            /* how many they are */
    uint64_t deadline;         /* the earliest clock's */
} poll_state;

/* All that are awake. */
#define FOR_AWAKE(state, place)                                                                    \
    for (size_t place = tc_waiters_awake(0, (state)->list.count); place < (state)->list.count;     \
         place = tc_waiters_awake(place + 1, (state)->list.count))

static short wanted_events(const guest_subscription *subscription) {
    return subscription->type == TYPE_FD_READ ? POLLIN : POLLOUT;
}

/* When a clock subscription is due, on CLOCK_MONOTONIC. */
static uint32_t clock_deadline(const guest_subscription *subscription, uint64_t *deadline) {
    uint64_t now = tc_io_now(), timeout = subscription->clock.timeout;
    if (subscription->clock.id != CLOCK_ID_REALTIME && subscription->clock.id != CLOCK_ID_MONOTONIC)
        return TC_WASI_NOTSUP; /* CPU time cannot be waited for */
    if (subscription->clock.flags & ~CLOCK_ABSTIME)
        return TC_WASI_INVAL;
    if (subscription->clock.flags & CLOCK_ABSTIME) {
        struct timespec real;
        uint64_t from = now;
        if (subscription->clock.id == CLOCK_ID_REALTIME) {
            clock_gettime(CLOCK_REALTIME, &real);
            from = (uint64_t)real.tv_sec * 1000000000u + (uint64_t)real.tv_nsec;
        }
        timeout = timeout > from ? timeout - from : 0;
    }
    *deadline = timeout < TC_NEVER - now ? now + timeout : TC_NEVER;
    return TC_WASI_SUCCESS;
}

static uint32_t check_descriptor(const poll_state *state, uint32_t number) {
    const tc_fd *fd = tc_fdtable_look(&state->wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    return fd->rights & TC_RIGHT_POLL_FD_READWRITE ? TC_WASI_SUCCESS : TC_WASI_NOTCAPABLE;
}

/* Begins the call for those that are awake. What rests has been found to be right. */
static uint32_t begin(poll_state *state) {
    state->deadline = TC_NEVER;
    FOR_AWAKE(state, place) {
        const guest_subscription *subscription = &state->list.subscriptions[place];
        tc_waiter *one = &state->list.waiters[place];
        *one = (tc_waiter){.asked = true};
        switch (subscription->type) {
        case TYPE_CLOCK:
            one->error = clock_deadline(subscription, &one->deadline);
            if (!one->error && one->deadline < state->deadline)
                state->deadline = one->deadline;
            break;
        case TYPE_FD_READ:
        case TYPE_FD_WRITE:
            one->error = check_descriptor(state, subscription->fd);
            break;
        default:
            return TC_WASI_INVAL;
        }
        if (one->error)
            state->deadline = 0;
    }
    return TC_WASI_SUCCESS;
}

/* Whether it is of a descriptor that can be asked. */
static bool can_be_asked(const poll_state *state, size_t place) {
    return !state->list.waiters[place].error && state->list.subscriptions[place].type != TYPE_CLOCK;
}

/* Notes what holds already, and says what to wait for. */
static tc_io_interest ask(const poll_state *state, size_t place) {
    const guest_subscription *subscription = &state->list.subscriptions[place];
    tc_waiter *one = &state->list.waiters[place];
    const tc_fd *fd = tc_fdtable_look(&state->wasi->fds, subscription->fd);
    tc_io_interest interest = {.fd = -1};
    short wanted = wanted_events(subscription);
    one->asked = true;
    if (fd->kind == TC_FD_SOCKET)
        one->ready = tc_socket_poll(fd->socket, wanted, &interest);
    else if (tc_file_is_stream(fd->file))
        interest = (tc_io_interest){.fd = fd->file->fd, .events = wanted};
    else
        one->ready = wanted; /* files never wait */
    return interest;
}

/* Says what to wait for. Returns whether something is ready already. */
static bool prepare(poll_state *state) {
    bool any = false;
    state->waiting = 0;
    FOR_AWAKE(state, place) {
        if (!can_be_asked(state, place))
            continue;
        state->interests[state->waiting] = ask(state, place);
        state->places[state->waiting++] = (uint32_t)place;
        any |= state->list.waiters[place].ready != 0;
    }
    return any;
}

/* Asks those that were woken by what has come in the wait. */
static bool ask_woken(const poll_state *state) {
    bool any = false;
    FOR_AWAKE(state, place) {
        if (state->list.waiters[place].asked)
            continue;
        ask(state, place);
        any |= state->list.waiters[place].ready != 0;
    }
    return any;
}

/* Notes what the wait has found. Returns whether anything is ready. */
static bool collect(const poll_state *state) {
    bool any = false;
    for (size_t i = 0; i < state->waiting; i++) {
        const guest_subscription *subscription = &state->list.subscriptions[state->places[i]];
        tc_waiter *one = &state->list.waiters[state->places[i]];
        const tc_fd *fd = tc_fdtable_look(&state->wasi->fds, subscription->fd);
        if (fd->kind == TC_FD_SOCKET)
            one->ready |=
                tc_socket_polled(fd->socket, wanted_events(subscription), &state->interests[i]);
        else
            one->ready |= state->interests[i].revents;
        any |= one->ready != 0;
    }
    return any;
}

static int wait_for_any(poll_state *state) {
    for (;;) {
        unsigned long woken = tc_waiters_woken();
        uint64_t until = prepare(state) ? 0 : state->deadline;
        int waited = tc_io_wait(state->interests, state->waiting, until);
        if (waited < 0)
            return waited;
        bool any = collect(state);
        if (tc_waiters_woken() != woken)
            any |= ask_woken(state);
        if (any || (state->deadline != TC_NEVER && tc_io_now() >= state->deadline))
            return 0;
    }
}

/* How much a read would give at once; 0 where that is not known, and at the end. */
static uint64_t readable_bytes(const tc_fd *fd) {
    int waiting = 0;
    struct stat info;
    if (fd->kind == TC_FD_SOCKET)
        return tc_socket_readable_bytes(fd->socket);
    if (tc_file_is_stream(fd->file))
        return ioctl(fd->file->fd, FIONREAD, &waiting) == 0 && waiting > 0 ? (uint64_t)waiting : 0;
    int64_t offset = tc_file_seek(fd->file, 0, SEEK_CUR);
    if (offset < 0 || tc_file_stat(fd->file, &info) < 0 || info.st_size <= offset)
        return 0;
    return (uint64_t)(info.st_size - offset);
}

/* Fills the event of a waiter that has one. A socket's error is no event's error: wasi-libc would
 * read it as POLLERR alone and Go as "not pollable", and neither would go on to ask for it. */
static bool make_event(const poll_state *state, size_t place, uint64_t now, guest_event *event) {
    const guest_subscription *subscription = &state->list.subscriptions[place];
    const tc_waiter *one = &state->list.waiters[place];
    *event = (guest_event){.userdata = subscription->userdata,
                           .type = subscription->type,
                           .error = (uint16_t)one->error};
    if (one->error)
        return true;
    if (subscription->type == TYPE_CLOCK)
        return one->deadline <= now;
    if (!one->ready)
        return false;
    if (subscription->type == TYPE_FD_READ)
        event->nbytes = readable_bytes(tc_fdtable_look(&state->wasi->fds, subscription->fd));
    event->flags = (uint16_t)((one->ready & POLLHUP ? EVENT_HANGUP : 0) |
                              (one->ready & POLLERR ? EVENT_ERROR : 0) |
                              (one->ready & (POLLIN | POLLOUT) ? 0 : EVENT_NOT_READY));
    return true;
}

/* The events of the places from `from` to `end`, in their order; what had none may rest. */
static uint32_t store_some(const poll_state *state, size_t from, size_t end, char *to) {
    uint64_t now = tc_io_now();
    uint32_t stored = 0;
    for (size_t place = tc_waiters_awake(from, end); place < end;
         place = tc_waiters_awake(place + 1, end)) {
        guest_event event;
        if (!make_event(state, place, now, &event)) {
            tc_waiters_rest(&state->list, place);
            continue;
        }
        memcpy(to + stored * sizeof event, &event, sizeof event);
        stored++;
    }
    return stored;
}

static uint32_t store_events(const poll_state *state, char *to) {
    size_t leading = state->list.count - state->list.leading;
    uint32_t stored = store_some(state, leading, state->list.count, to);
    return stored + store_some(state, 0, leading, to + stored * sizeof(guest_event));
}

/* Room for a call's interests; kept for the next, for whoever waits once waits again. A call that
 * ends in the end of the process, when that has drained, leaves nothing behind either. */
static bool make_room(poll_state *state, size_t count) {
    static tc_io_interest *interests;
    static uint32_t *places;
    static size_t capacity;
    if (count > capacity) {
        free(interests);
        free(places);
        interests = malloc(count * sizeof *interests);
        places = malloc(count * sizeof *places);
        capacity = interests && places ? count : 0;
        if (!capacity)
            return false;
    }
    state->interests = interests;
    state->places = places;
    return true;
}

uint32_t tc_wasi_poll_oneoff(tc_wasi *wasi, uint32_t in, uint32_t out, uint32_t count,
                             uint32_t result) {
    const char *from =
        tc_memory_span(&wasi->memory, in, (uint64_t)count * sizeof(guest_subscription));
    char *to = tc_memory_span(&wasi->memory, out, (uint64_t)count * sizeof(guest_event));
    if (!from || !to || !tc_memory_span(&wasi->memory, result, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    if (count == 0 || count > TC_WASI_SUBSCRIPTIONS_MAX)
        return TC_WASI_INVAL;
    poll_state state = {.wasi = wasi};
    if (!make_room(&state, count) || !tc_waiters_load(wasi, from, count, &state.list))
        return TC_WASI_NOMEM;
    uint32_t error = begin(&state);
    if (!error)
        error = tc_wasi_errno(wait_for_any(&state));
    if (!error)
        tc_memory_store_u32(&wasi->memory, result, store_events(&state, to));
    return error;
}
