// run: --dir {tmp}::/
/* Reading from a file never waits, and tells how much is left; nor does writing. */
#include "poll.h"

int main(void) {
    u32 done;
    u64 at;
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    OK(write_text(file, "hello", &done));
    OK(fd_seek(file, 2, SET, AT(&at)));
    subscription wanted[] = {on_fd(1, ON_READ, file), on_fd(2, ON_WRITE, file),
                             on_clock(3, MONOTONIC, UINT64_MAX, RELATIVE)};
    OK(wait_for(wanted, 3));
    CHECK(happened == 2);
    CHECK(events[0].userdata == 1 && events[0].type == ON_READ && events[0].nbytes == 3);
    CHECK(events[1].userdata == 2 && events[1].type == ON_WRITE && events[1].error == 0);
    OK(fd_seek(file, 0, END, AT(&at)));
    OK(wait_for(wanted, 1));
    CHECK(happened == 1 && events[0].nbytes == 0);
    return finish();
}
