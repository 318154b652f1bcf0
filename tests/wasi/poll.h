/* For the guests about poll_oneoff: subscriptions and events as they lie in memory. */
#ifndef POLL_H
#define POLL_H

#include "wasi_raw.h"

enum { ON_CLOCK, ON_READ, ON_WRITE };
enum { REALTIME, MONOTONIC, PROCESS_CPU };
enum { RELATIVE, ABSOLUTE };
enum { HANGUP = 1 };

#define MS UINT64_C(1000000) /* nanoseconds */

typedef struct subscription {
    u64 userdata;
    uint8_t type;
    union {
        struct {
            u32 id;
            u64 timeout;
            u64 precision;
            uint16_t flags;
        } clock;
        u32 fd;
    };
} subscription;

typedef struct event {
    u64 userdata;
    uint16_t error;
    uint8_t type;
    u64 nbytes;
    uint16_t flags;
} event;

_Static_assert(sizeof(subscription) == 48 && sizeof(event) == 32, "preview 1's layout");

static inline subscription on_clock(u64 userdata, u32 id, u64 timeout, uint16_t flags) {
    return (subscription){.userdata = userdata,
                          .type = ON_CLOCK,
                          .clock = {.id = id, .timeout = timeout, .flags = flags}};
}

static inline subscription on_fd(u64 userdata, uint8_t type, u32 fd) {
    return (subscription){.userdata = userdata, .type = type, .fd = fd};
}

static inline u64 now(u32 id) {
    u64 time = 0;
    clock_time_get(id, 1, AT(&time));
    return time;
}

static event events[16];
static u32 happened;

/* poll_oneoff into `events`. */
static inline u32 wait_for(const subscription *wanted, u32 count) {
    happened = 0;
    memset(events, 0, sizeof events);
    return poll_oneoff(AT(wanted), AT(events), count, AT(&happened));
}

#endif
