/* An absolute time is waited for on its own clock; one that has passed is an event at once. */
#include "poll.h"

int main(void) {
    for (u32 id = REALTIME; id <= MONOTONIC; id++) {
        u64 until = now(id) + 20 * MS;
        subscription wanted = on_clock(1, id, until, ABSOLUTE);
        OK(wait_for(&wanted, 1));
        CHECK(happened == 1 && events[0].error == 0);
        CHECK(now(id) >= until);

        wanted = on_clock(2, id, 1, ABSOLUTE);
        u64 before = now(MONOTONIC);
        OK(wait_for(&wanted, 1));
        CHECK(happened == 1 && events[0].userdata == 2);
        CHECK(now(MONOTONIC) - before < 5000 * MS);
    }
    return finish();
}
