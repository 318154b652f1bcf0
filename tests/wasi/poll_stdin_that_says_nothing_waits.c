// stdin: open
/* Nothing to read is no event: the clock's comes. */
#include "poll.h"

int main(void) {
    subscription wanted[] = {on_fd(1, ON_READ, 0), on_clock(2, MONOTONIC, 30 * MS, RELATIVE)};
    u64 before = now(MONOTONIC);
    OK(wait_for(wanted, 2));
    CHECK(happened == 1 && events[0].userdata == 2);
    CHECK(now(MONOTONIC) - before >= 30 * MS);
    return finish();
}
