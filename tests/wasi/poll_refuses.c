/* No subscription, and kinds that do not exist, are EINVAL; what is wrong with one subscription is
 * its event's error and does not wait. */
#include "poll.h"

static u32 error_of(subscription wanted) {
    CHECK(wait_for(&wanted, 1) == 0);
    CHECK(happened == 1 && events[0].userdata == wanted.userdata);
    CHECK(events[0].type == wanted.type);
    return events[0].error;
}

int main(void) {
    subscription endless = on_clock(1, MONOTONIC, UINT64_MAX, RELATIVE);
    EXPECT(EINVAL, wait_for(&endless, 0));
    subscription unknown = endless;
    unknown.type = 3;
    EXPECT(EINVAL, wait_for(&unknown, 1));
    unknown.type = 255;
    EXPECT(EINVAL, wait_for(&unknown, 1));

    CHECK(error_of(on_fd(2, ON_READ, 99)) == EBADF);
    CHECK(error_of(on_fd(3, ON_WRITE, UINT32_MAX)) == EBADF);
    CHECK(error_of(on_clock(4, PROCESS_CPU, 0, RELATIVE)) == ENOTSUP);
    CHECK(error_of(on_clock(5, 77, 0, RELATIVE)) == ENOTSUP);
    CHECK(error_of(on_clock(6, MONOTONIC, 0, 2)) == EINVAL);

    subscription both[] = {endless, on_fd(7, ON_READ, 99)};
    OK(wait_for(both, 2));
    CHECK(happened == 1 && events[0].userdata == 7 && events[0].error == EBADF);
    return finish();
}
