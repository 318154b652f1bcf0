/* Of several clocks only those that are due have events; an endless one holds nothing up. */
#include "poll.h"

int main(void) {
    subscription wanted[] = {
        on_clock(1, MONOTONIC, 3600000 * MS, RELATIVE), on_clock(2, MONOTONIC, 10 * MS, RELATIVE),
        on_clock(3, REALTIME, UINT64_MAX, RELATIVE),    on_clock(4, MONOTONIC, 0, RELATIVE),
        on_clock(5, MONOTONIC, UINT64_MAX, ABSOLUTE),
    };
    OK(wait_for(wanted, 5));
    CHECK(happened == 1 && events[0].userdata == 4);
    wanted[3] = wanted[1];
    OK(wait_for(wanted, 5));
    CHECK(happened == 2 && events[0].userdata == 2 && events[1].userdata == 2);
    return finish();
}
