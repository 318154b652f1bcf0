// run: --dir {tmp}::/
/* A descriptor without the right to be polled has ENOTCAPABLE as its event. */
#include "poll.h"

int main(void) {
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    subscription wanted = on_fd(1, ON_READ, file);
    OK(wait_for(&wanted, 1));
    CHECK(happened == 1 && events[0].error == 0);
    OK(fd_fdstat_set_rights(file, R_READ, 0));
    OK(wait_for(&wanted, 1));
    CHECK(happened == 1 && events[0].error == ENOTCAPABLE);
    return finish();
}
