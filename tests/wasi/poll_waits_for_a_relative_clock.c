/* A clock's event comes after its time, not before, with its own userdata, and alone. */
#include "poll.h"

int main(void) {
    for (u32 id = REALTIME; id <= MONOTONIC; id++) {
        u64 before = now(MONOTONIC);
        subscription wanted = on_clock(0x1122334455667788, id, 20 * MS, RELATIVE);
        OK(wait_for(&wanted, 1));
        CHECK(now(MONOTONIC) - before >= 20 * MS);
        CHECK(happened == 1);
        CHECK(events[0].userdata == 0x1122334455667788);
        CHECK(events[0].error == 0 && events[0].type == ON_CLOCK);
    }
    return finish();
}
