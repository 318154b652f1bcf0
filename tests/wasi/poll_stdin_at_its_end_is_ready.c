// stdin: closed
/* The end of the input is something to read. */
#include "poll.h"

int main(void) {
    subscription wanted[] = {on_fd(1, ON_READ, 0), on_clock(2, MONOTONIC, 5000 * MS, RELATIVE)};
    OK(wait_for(wanted, 2));
    CHECK(happened == 1 && events[0].userdata == 1 && events[0].error == 0);
    return finish();
}
