/* The subscriptions of poll_oneoff, kept: a copy of the guest's list, and a bit for each that is
 * awake. */
#include "wasi/waiters.h"

#include <stdlib.h>
#include <string.h>

#include "wasi/sockets.h"

#define BLOCK      32u /* subscriptions that are compared at a time */
#define WORD_BITS  64u
#define ROOM_FIRST 64u /* a multiple of WORD_BITS */

static guest_subscription *kept;
static tc_waiter *waiters;
static uint64_t *awake; /* bits; of places that were never used too */
static size_t room;
static unsigned long woken;
static tc_fdtable *table; /* where those that rest have their descriptors */

static void set_awake(size_t place, bool is_awake) {
    uint64_t bit = UINT64_C(1) << place % WORD_BITS;
    if (is_awake)
        awake[place / WORD_BITS] |= bit;
    else
        awake[place / WORD_BITS] &= ~bit;
}

static bool is_awake(size_t place) {
    return awake[place / WORD_BITS] >> place % WORD_BITS & 1;
}

size_t tc_waiters_awake(size_t from, size_t end) {
    while (from < end) {
        uint64_t bits = awake[from / WORD_BITS] >> from % WORD_BITS;
        if (bits) {
            from += (size_t)__builtin_ctzll(bits);
            return from < end ? from : end;
        }
        from += WORD_BITS - from % WORD_BITS;
    }
    return end;
}

unsigned long tc_waiters_woken(void) {
    return woken;
}

void tc_waiters_wake(tc_fd *fd) {
    size_t place = fd->resting - 1;
    fd->resting = 0;
    set_awake(place, true);
    waiters[place].asked = false;
    woken++;
    tc_socket_end_rest(fd->socket);
}

/* Wakes one that rests, for it leaves its place. */
static void wake_place(size_t place) {
    tc_fd *fd = is_awake(place) ? NULL : tc_fdtable_look(table, kept[place].fd);
    if (fd)
        tc_waiters_wake(fd);
}

/* The engine tells that something has come. */
static void on_notice(void *context) {
    tc_fd *fd = tc_fdtable_look(table, (uint32_t)(uintptr_t)context);
    if (fd && fd->resting)
        tc_waiters_wake(fd);
}

void tc_waiters_rest(const tc_waiters *list, size_t place) {
    uint32_t number = kept[place].fd;
    tc_fd *fd = kept[place].type == TYPE_FD_READ ? tc_fdtable_look(table, number) : NULL;
    if (!fd || fd->kind != TC_FD_SOCKET)
        return;
    if (fd->resting && fd->resting > list->count) /* behind the list, which has become shorter */
        tc_waiters_wake(fd);
    if (fd->resting || !tc_socket_rest(fd->socket, on_notice, (void *)(uintptr_t)number))
        return;
    fd->resting = (uint32_t)place + 1;
    set_awake(place, false);
}

/* Room for so many, whose places are as they were; false: no memory, and the same room. */
static bool make_room(size_t count) {
    size_t wanted = room ? room : ROOM_FIRST;
    while (wanted < count)
        wanted *= 2;
    if (wanted == room)
        return true;
    guest_subscription *more = calloc(wanted, sizeof *more);
    tc_waiter *more_waiters = calloc(wanted, sizeof *more_waiters);
    uint64_t *more_awake = malloc(wanted / WORD_BITS * sizeof *more_awake);
    if (!more || !more_waiters || !more_awake) {
        free(more);
        free(more_waiters);
        free(more_awake);
        return false;
    }
    memset(more_awake, 0xff, wanted / WORD_BITS * sizeof *more_awake);
    if (room) {
        memcpy(more, kept, room * sizeof *kept);
        memcpy(more_waiters, waiters, room * sizeof *waiters);
        memcpy(more_awake, awake, room / WORD_BITS * sizeof *awake);
    }
    free(kept);
    free(waiters);
    free(awake);
    kept = more;
    waiters = more_waiters;
    awake = more_awake;
    room = wanted;
    return true;
}

/* Puts the guest's subscriptions in their places, where others have been until now. */
static void replace(const char *from, size_t place, size_t count) {
    for (; count; count--, place++, from += sizeof *kept) {
        if (memcmp(&kept[place], from, sizeof *kept) == 0)
            continue;
        wake_place(place);
        memcpy(&kept[place], from, sizeof *kept);
    }
}

static void take(const char *from, size_t place, size_t count) {
    while (count) {
        size_t some = count < BLOCK ? count : BLOCK;
        if (memcmp(&kept[place], from, some * sizeof *kept) != 0)
            replace(from, place, some);
        from += some * sizeof *kept;
        place += some;
        count -= some;
    }
}

static size_t count_leading_clocks(const char *from, size_t count) {
    size_t leading = 0;
    while (leading < count &&
           from[leading * sizeof *kept + offsetof(guest_subscription, type)] == TYPE_CLOCK)
        leading++;
    return leading;
}

bool tc_waiters_load(tc_wasi *wasi, const char *from, size_t count, tc_waiters *out) {
    if (!make_room(count))
        return false;
    table = &wasi->fds;
    size_t leading = count_leading_clocks(from, count);
    take(from + leading * sizeof *kept, 0, count - leading);
    take(from, count - leading, leading);
    *out =
        (tc_waiters){.subscriptions = kept, .waiters = waiters, .count = count, .leading = leading};
    return true;
}
