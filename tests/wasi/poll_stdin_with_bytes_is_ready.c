// stdin: pipe hello
/* Bytes in a pipe are an event that tells how many, and reading them does not wait; then the end of
 * the pipe is one, with the hang-up told. */
#include "poll.h"

int main(void) {
    char text[8];
    u32 done = 0;
    subscription wanted[] = {on_fd(1, ON_READ, 0), on_clock(2, MONOTONIC, 5000 * MS, RELATIVE)};
    OK(wait_for(wanted, 2));
    CHECK(happened == 1 && events[0].userdata == 1 && events[0].error == 0);
    CHECK(events[0].nbytes == 5);
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 5 && memcmp(text, "hello", 5) == 0);
    OK(wait_for(wanted, 2));
    CHECK(happened == 1 && events[0].userdata == 1 && events[0].nbytes == 0);
    CHECK(events[0].flags & HANGUP);
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 0);
    return finish();
}
