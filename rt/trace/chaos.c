/* A fault leaves the state as the real one would: a connection that is reset is shut down for real
 * and stays reset, one that is aborted is accepted and closed, a clock that has jumped stays ahead.
 * Programs that the kernel could not trouble are left alone: EAGAIN only where a descriptor is not
 * to wait, EINTR only where something is waited for, an error of the disk only where it is written
 * to (what a program is made of can be read). And whoever tries again gets on: no two calls of an
 * import in a row end with EAGAIN or EINTR that was made up. */
#include "trace/chaos.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "guest/memory.h"
#include "guest/report.h"
#include "trace/descriptors.h"
#include "trace/trace.h"

enum { FD_MAX = 65536, VECTORS_MAX = 1024, STREAM = 2 };
#define MILLISECOND UINT64_C(1000000)
#define SECOND      UINT64_C(1000000000)

/* errno of WASI */
enum {
    AGAIN = 6,
    CONNABORTED = 13,
    CONNRESET = 15,
    HOSTUNREACH = 23,
    INTR = 27,
    IO = 29,
    NOSPC = 51,
    PIPE = 64,
    TIMEDOUT = 73,
};

/* What a call is about, found from what its parameters are. */
typedef enum family {
    OTHER,
    READ,
    WRITE,
    CONNECT,
    ACCEPT,
    LOOKUP,
    OUTCOME, /* SO_ERROR: whether a connection has come about */
    POLL,
    CLOCK,
    RANDOM,
    SYNC,  /* what was written gets to the disk */
    ALLOT, /* something new takes room on the disk */
    CLOSE,
} family;

typedef enum effect {
    LESS,  /* fewer bytes than there could be */
    SLOW,  /* it is done, but takes its time */
    FAIL,  /* the errno, and nothing is done */
    RESET, /* the errno, and the connection is no more */
    ABORT, /* the errno, and what was accepted is no more */
    JUMP,  /* forward, for good */
} effect;

/* Where a fault can happen. */
enum {
    ANYWHERE,
    ON_STREAM,     /* a file, a pipe, a stream socket: no datagram */
    ON_SOCKET,     /* any */
    ON_CONNECTION, /* a stream socket that has a peer */
    ON_WAITING,    /* a socket that waits */
    ON_HASTY,      /* one that does not (NONBLOCK) */
    ON_FILE,       /* no standard stream */
    IF_POLLED,     /* descriptors are waited for, not only a clock */
};

static const struct {
    family family;
    effect effect;
    uint8_t where;
    uint8_t error;
    uint8_t weight; /* of the faults that can happen to a call */
} faults[] = {
    {READ, LESS, ON_STREAM, 0, 8},
    {READ, SLOW, ON_SOCKET, 0, 2},
    {READ, FAIL, ON_HASTY, AGAIN, 4},
    {READ, RESET, ON_CONNECTION, CONNRESET, 1},
    {WRITE, LESS, ON_STREAM, 0, 8},
    {WRITE, SLOW, ON_SOCKET, 0, 2},
    {WRITE, FAIL, ON_HASTY, AGAIN, 4},
    {WRITE, RESET, ON_CONNECTION, CONNRESET, 1},
    {WRITE, FAIL, ON_FILE, NOSPC, 1},
    {WRITE, FAIL, ON_FILE, IO, 1},
    {CONNECT, SLOW, ANYWHERE, 0, 2},
    {CONNECT, FAIL, ON_WAITING, TIMEDOUT, 1},
    {CONNECT, FAIL, ON_HASTY, HOSTUNREACH, 1},
    {OUTCOME, RESET, ON_CONNECTION, TIMEDOUT, 1},
    {ACCEPT, ABORT, ANYWHERE, CONNABORTED, 1},
    {ACCEPT, FAIL, ON_HASTY, AGAIN, 1},
    {LOOKUP, SLOW, ANYWHERE, 0, 2},
    {LOOKUP, FAIL, ANYWHERE, AGAIN, 1},
    {POLL, SLOW, ANYWHERE, 0, 1},
    {POLL, FAIL, IF_POLLED, INTR, 1},
    {CLOCK, JUMP, ANYWHERE, 0, 1},
    {RANDOM, SLOW, ANYWHERE, 0, 1}, /* little entropy: getrandom(2) waits for it */
    {SYNC, FAIL, ON_FILE, IO, 1},
    {ALLOT, FAIL, ANYWHERE, NOSPC, 1},
};
enum { FAULT_COUNT = sizeof faults / sizeof *faults };

/* Clocks are asked so often that one call in twenty of those that would be due is enough. */
enum { CLOCK_RARITY = 20 };
#define SLOW_LEAST  (1 * MILLISECOND)
#define SLOW_MOST   (30 * MILLISECOND)
#define JUMP_LEAST  (1 * MILLISECOND)
#define JUMP_MOST   (60 * SECOND)       /* of the time of day */
#define PAUSE_MOST  (500 * MILLISECOND) /* of the monotonic clock: a machine that slept */
#define FUTURE_MOST (UINT64_C(24) * 3600 * SECOND) /* all jumps together */

static struct {
    double ratio;
    uint64_t seed;
    tc_wasi *wasi;
    const tc_memory *memory;
    family families[TC_ID_COUNT];
    uint64_t counts[TC_ID_COUNT];
    bool put_off[TC_ID_COUNT]; /* the last one was told to try again */
    bool broken[FD_MAX];       /* connections that were reset */
    uint64_t ahead[2];         /* how far the guest's clocks are: time of day, monotonic */
} chaos;

/* ---- chance ---- */

/* A well-mixed number for a number: the finalizer of SplitMix64 (Steele, Lea, Flood: Fast
 * splittable pseudorandom number generators, 2014). */
static uint64_t mix(uint64_t value) {
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t between(uint64_t chance, uint64_t least, uint64_t most) {
    return least + chance % (most - least + 1);
}

static bool happens(uint64_t chance, family about) {
    double ratio = about == CLOCK ? chaos.ratio / CLOCK_RARITY : chaos.ratio;
    return (double)(chance >> 11) * 0x1p-53 < ratio;
}

/* ---- what can happen to a call ---- */

static const tc_described *import_of(const tc_invocation *call) {
    return &tc_imports_described[call->id];
}

static uint32_t find_parameter(tc_import_id id, tc_parameter_kind kind) {
    const tc_described *import = &tc_imports_described[id];
    uint32_t i = 0;
    while (i < import->count && import->parameters[i].kind != kind)
        i++;
    return i;
}

static bool has(tc_import_id id, tc_parameter_kind kind) {
    return find_parameter(id, kind) < tc_imports_described[id].count;
}

static family family_of(tc_import_id id) {
    switch (id) {
    case TC_ID_tc_wasi_sock_connect:
        return CONNECT;
    case TC_ID_tc_wasi_sock_accept:
    case TC_ID_tc_wasi_sock_accept_v1:
        return ACCEPT;
    case TC_ID_tc_wasi_sock_getsockopt:
        return OUTCOME;
    case TC_ID_tc_wasi_fd_sync:
    case TC_ID_tc_wasi_fd_datasync:
        return SYNC;
    case TC_ID_tc_wasi_fd_allocate:
    case TC_ID_tc_wasi_path_create_directory:
    case TC_ID_tc_wasi_path_link:
    case TC_ID_tc_wasi_path_symlink:
    case TC_ID_tc_wasi_path_open:
        return ALLOT;
    case TC_ID_tc_wasi_fd_close:
    case TC_ID_tc_wasi_fd_renumber:
        return CLOSE;
    default:
        break;
    }
    return has(id, TC_P_VECTORS_OUT)                                              ? READ
           : has(id, TC_P_VECTORS_IN)                                             ? WRITE
           : has(id, TC_P_ADDRINFO_OUT)                                           ? LOOKUP
           : has(id, TC_P_SUBSCRIPTIONS_IN) || has(id, TC_P_OLD_SUBSCRIPTIONS_IN) ? POLL
           : has(id, TC_P_TIME_OUT)                                               ? CLOCK
           : has(id, TC_P_BYTES_OUT)                                              ? RANDOM
                                                                                  : OTHER;
}

static size_t subscription_size(tc_import_id id) {
    return has(id, TC_P_SUBSCRIPTIONS_IN) ? 48 : 56;
}

enum { SUBSCRIPTION_TYPE = 8, SUBSCRIPTION_CLOCK = 0 };

/* The subscriptions of a poll; NULL: they are not in memory. */
static uint8_t *subscriptions(const tc_invocation *call, uint32_t *count) {
    *count = (uint32_t)call->arguments[find_parameter(call->id, TC_P_COUNT)];
    return tc_memory_span(chaos.memory, (uint32_t)call->arguments[0],
                          (uint64_t)*count * subscription_size(call->id));
}

static bool polls_descriptors(const tc_invocation *call) {
    uint32_t count;
    const uint8_t *at = subscriptions(call, &count);
    for (uint32_t i = 0; at && i < count; i++)
        if (at[i * subscription_size(call->id) + SUBSCRIPTION_TYPE] != SUBSCRIPTION_CLOCK)
            return true;
    return false;
}

static bool can_happen(const tc_invocation *call, uint8_t where) {
    uint32_t fd = import_of(call)->count ? (uint32_t)call->arguments[0] : 0;
    const tc_descriptor *one = tc_trace_descriptor(fd);
    bool socket = one && one->kind == TC_DESCRIPTOR_SOCKET;
    bool hasty = socket && tc_trace_sockets && tc_trace_sockets->is_nonblocking(chaos.wasi, fd);
    switch (where) {
    case ANYWHERE:
        return true;
    case ON_STREAM:
        return one && (!socket || one->type == STREAM);
    case ON_SOCKET:
        return socket;
    case ON_CONNECTION:
        return socket && one->type == STREAM && !one->listening &&
               (one->server || one->peer.family);
    case ON_WAITING:
        return socket && !hasty;
    case ON_HASTY:
        return hasty;
    case ON_FILE:
        return one && one->kind == TC_DESCRIPTOR_FILE && fd > 2;
    default:
        return polls_descriptors(call);
    }
}

enum {
    OFLAG_CREAT = 1,
    RECV_WAITALL = 2,
    SO_ERROR_LEVEL = 0,
    SO_ERROR_NAME = 2,
    SMALL_OPTION = 256
};

/* What the parameters say beside the descriptor. */
static bool is_subject(const tc_invocation *call) {
    switch (call->id) {
    case TC_ID_tc_wasi_path_open:
        return call->arguments[4] & OFLAG_CREAT;
    case TC_ID_tc_wasi_sock_getsockopt:
        return call->arguments[1] == SO_ERROR_LEVEL && call->arguments[2] == SO_ERROR_NAME &&
               call->arguments[4] >= sizeof(uint32_t);
    default:
        return true;
    }
}

/* The fault's place in the list; FAULT_COUNT: none can happen to this call. */
static size_t choose(const tc_invocation *call, uint64_t chance) {
    bool possible[FAULT_COUNT];
    unsigned all = 0;
    if (!is_subject(call))
        return FAULT_COUNT;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        bool again = faults[i].error == AGAIN || faults[i].error == INTR;
        possible[i] = faults[i].family == chaos.families[call->id] &&
                      !(again && chaos.put_off[call->id]) && can_happen(call, faults[i].where);
        all += possible[i] ? faults[i].weight : 0;
    }
    if (all == 0)
        return FAULT_COUNT;
    unsigned at = (unsigned)(chance % all);
    size_t i = 0;
    for (; !possible[i] || at >= faults[i].weight; i++)
        at -= possible[i] ? faults[i].weight : 0;
    return i;
}

/* ---- doing it ---- */

static void pause_for(uint64_t time) {
    struct timespec left = {.tv_sec = (time_t)(time / SECOND), .tv_nsec = (long)(time % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        continue;
}

/* The same call with its vectors cut to fewer bytes: the last one's length is another one while the
 * call is made. */
static uint64_t perform_less(tc_invocation *call, uint64_t chance) {
    uint32_t parameter = find_parameter(
        call->id, chaos.families[call->id] == READ ? TC_P_VECTORS_OUT : TC_P_VECTORS_IN);
    uint32_t flags = find_parameter(call->id, TC_P_FLAGS);
    uint64_t arguments[TC_PARAMETERS_MAX], total = 0;
    const tc_described *import = import_of(call);
    uint32_t count = (uint32_t)call->arguments[parameter + 1], i, length = 0;
    count = count < VECTORS_MAX ? count : VECTORS_MAX;
    uint8_t *array =
        tc_memory_span(chaos.memory, (uint32_t)call->arguments[parameter], (uint64_t)count * 8);
    bool whole = flags < import->count && import->parameters[flags].detail == TC_RIFLAGS &&
                 (call->arguments[flags] & RECV_WAITALL);
    for (i = 0; array && i < count; i++) {
        memcpy(&length, array + 8 * (size_t)i + 4, sizeof length);
        total += length;
    }
    if (total < 2 || whole)
        return tc_trace_perform(call);
    uint64_t left = between(chance, 1, total - 1);
    for (i = 0;; i++) {
        memcpy(&length, array + 8 * (size_t)i + 4, sizeof length);
        if (length >= left)
            break;
        left -= length;
    }
    memcpy(arguments, call->arguments, import->count * sizeof *arguments);
    arguments[parameter + 1] = i + 1;
    uint32_t shorter = (uint32_t)left;
    memcpy(array + 8 * (size_t)i + 4, &shorter, sizeof shorter);
    uint64_t result = call->perform(call->host, arguments);
    memcpy(array + 8 * (size_t)i + 4, &length, sizeof length);
    call->flags |= TC_CALL_CHAOS;
    return result;
}

static uint64_t perform_abort(tc_invocation *call, uint64_t error) {
    uint32_t accepted;
    uint64_t result = tc_trace_perform(call);
    uint32_t place = find_parameter(call->id, TC_P_FD_OUT);
    if (result || !tc_memory_load_u32(chaos.memory, (uint32_t)call->arguments[place], &accepted))
        return result;
    tc_wasi_fd_close(call->host, accepted);
    call->flags |= TC_CALL_CHAOS;
    return error;
}

static uint64_t perform_reset(tc_invocation *call, uint32_t error) {
    uint32_t fd = (uint32_t)call->arguments[0];
    if (fd >= FD_MAX || !tc_trace_sockets)
        return tc_trace_perform(call);
    tc_trace_sockets->reset(chaos.wasi, fd);
    chaos.broken[fd] = true;
    call->flags |= TC_CALL_CHAOS;
    if (chaos.families[call->id] != OUTCOME)
        return error;
    /* The last argument is the value's size, or where that is: see tc_wasi_sock_getsockopt. */
    bool stored = tc_memory_store_u32(chaos.memory, (uint32_t)call->arguments[3], error);
    if (call->arguments[4] > SMALL_OPTION)
        stored &= tc_memory_store_u32(chaos.memory, (uint32_t)call->arguments[4], sizeof error);
    return stored ? 0 : tc_trace_perform(call);
}

static uint64_t perform_with(tc_invocation *call, size_t fault, uint64_t chance) {
    uint8_t error = faults[fault].error;
    switch (faults[fault].effect) {
    case LESS:
        return perform_less(call, chance);
    case SLOW:
        pause_for(between(chance, SLOW_LEAST, SLOW_MOST));
        call->flags |= TC_CALL_CHAOS;
        return tc_trace_perform(call);
    case RESET:
        return perform_reset(call, error);
    case ABORT:
        return perform_abort(call, error);
    case JUMP:
        if (call->arguments[0] > 1 || chaos.ahead[call->arguments[0]] > FUTURE_MOST)
            return tc_trace_perform(call);
        chaos.ahead[call->arguments[0]] +=
            between(chance, JUMP_LEAST, call->arguments[0] == 0 ? JUMP_MOST : PAUSE_MOST);
        call->flags |= TC_CALL_CHAOS;
        return tc_trace_perform(call);
    default:
        chaos.put_off[call->id] = error == AGAIN || error == INTR;
        call->flags |= TC_CALL_CHAOS;
        return error;
    }
}

/* ---- what stays ---- */

/* A connection that was reset: nothing more comes, and nothing can be sent. */
static bool answer_broken(tc_invocation *call, uint64_t *result) {
    uint32_t fd = import_of(call)->count ? (uint32_t)call->arguments[0] : FD_MAX;
    family about = chaos.families[call->id];
    if (fd >= FD_MAX || !chaos.broken[fd] || (about != READ && about != WRITE))
        return false;
    call->flags |= TC_CALL_CHAOS;
    *result = PIPE;
    if (about == WRITE)
        return true;
    uint32_t size = find_parameter(call->id, TC_P_SIZE_OUT);
    uint32_t flags = find_parameter(call->id, TC_P_FLAGS_OUT);
    *result = 0;
    if (!tc_memory_store_u32(chaos.memory, (uint32_t)call->arguments[size], 0) ||
        (flags < import_of(call)->count &&
         !tc_memory_store_u16(chaos.memory, (uint32_t)call->arguments[flags], 0)))
        return false; /* wasi/ says what it has to say to that */
    return true;
}

static void follow_descriptors(const tc_invocation *call) {
    uint32_t from = (uint32_t)call->arguments[0];
    if (call->id == TC_ID_tc_wasi_fd_close && from < FD_MAX) {
        chaos.broken[from] = false;
    } else if (call->id == TC_ID_tc_wasi_fd_renumber) {
        uint32_t to = (uint32_t)call->arguments[1];
        if (from < FD_MAX && to < FD_MAX && from != to) {
            chaos.broken[to] = chaos.broken[from];
            chaos.broken[from] = false;
        }
    }
}

static void put_ahead(const tc_invocation *call) {
    uint64_t clock = call->arguments[0], time;
    uint32_t at = (uint32_t)call->arguments[find_parameter(call->id, TC_P_TIME_OUT)];
    const void *written = tc_memory_span(chaos.memory, at, sizeof time);
    if (clock > 1 || !written)
        return;
    memcpy(&time, written, sizeof time);
    tc_memory_store_u64(chaos.memory, at, time + chaos.ahead[clock]);
}

/* A subscription's clock: its id, when, and whether that is a time of that clock. */
typedef struct clock_fields {
    size_t id, timeout, flags;
} clock_fields;

/* Times that the guest waits for are told to the host in its own. `back` undoes it. */
static void shift_subscriptions(const tc_invocation *call, bool back) {
    static const clock_fields newer = {16, 24, 40}, older = {24, 32, 48};
    uint32_t count, id;
    uint16_t flags;
    uint64_t timeout;
    uint8_t *at = subscriptions(call, &count);
    size_t size = subscription_size(call->id);
    const clock_fields *fields = size == 48 ? &newer : &older;
    for (uint32_t i = 0; at && i < count; i++, at += size) {
        memcpy(&id, at + fields->id, sizeof id);
        memcpy(&flags, at + fields->flags, sizeof flags);
        memcpy(&timeout, at + fields->timeout, sizeof timeout);
        if (at[SUBSCRIPTION_TYPE] != SUBSCRIPTION_CLOCK || id > 1 || !(flags & 1))
            continue;
        timeout += back ? chaos.ahead[id] : -chaos.ahead[id];
        memcpy(at + fields->timeout, &timeout, sizeof timeout);
    }
}

/* ---- a call ---- */

static uint64_t perform_chance(tc_invocation *call, family about) {
    uint64_t chance = mix(chaos.seed ^ mix(((uint64_t)call->id << 48) + chaos.counts[call->id]));
    size_t fault = about != OTHER && about != CLOSE && happens(chance, about)
                       ? choose(call, mix(chance))
                       : FAULT_COUNT;
    bool was_put_off = chaos.put_off[call->id];
    chaos.put_off[call->id] = false;
    uint64_t result =
        fault < FAULT_COUNT ? perform_with(call, fault, mix(~chance)) : tc_trace_perform(call);
    /* What has to try again for real is not counted, and leaves all as it was. */
    if (result == AGAIN && !(call->flags & TC_CALL_CHAOS))
        chaos.put_off[call->id] = was_put_off;
    else
        chaos.counts[call->id]++;
    return result;
}

static uint64_t answer(tc_invocation *call) {
    family about = chaos.families[call->id];
    uint64_t result;
    if (answer_broken(call, &result))
        return result;
    bool shifts = about == POLL && (chaos.ahead[0] || chaos.ahead[1]);
    if (shifts)
        shift_subscriptions(call, false);
    result = perform_chance(call, about);
    if (shifts)
        shift_subscriptions(call, true);
    if (about == CLOCK && result == 0)
        put_ahead(call);
    if (about == CLOSE && result == 0)
        follow_descriptors(call);
    return result;
}

void tc_chaos_start(tc_wasi *wasi, const tc_options *options) {
    chaos.ratio = options->chaos;
    chaos.seed = options->chaos_seed;
    chaos.wasi = wasi;
    chaos.memory = tc_wasi_observe(wasi).memory;
    if (!options->chaos_seeded) {
        uint32_t seed = (uint32_t)time(NULL);
        if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
            seed ^= (uint32_t)options->chaos_seed;
        chaos.seed = seed;
        tc_report("its faults come again with --chaos=%g,seed=%" PRIu64, chaos.ratio, chaos.seed);
    }
    for (int id = 0; id < TC_ID_COUNT; id++)
        chaos.families[id] = family_of((tc_import_id)id);
    tc_trace_source = answer;
}
