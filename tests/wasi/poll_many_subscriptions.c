/* A thousand subscriptions, and as many events. */
#include "poll.h"

enum { COUNT = 1000 };
static subscription wanted[COUNT];
static event many[COUNT];

int main(void) {
    for (u32 i = 0; i < COUNT; i++)
        wanted[i] = i % 2 ? on_clock(i, MONOTONIC, 0, RELATIVE) : on_fd(i, ON_WRITE, 1);
    OK(poll_oneoff(AT(wanted), AT(many), COUNT, AT(&happened)));
    CHECK(happened == COUNT);
    for (u32 i = 0; i < COUNT; i++)
        CHECK(many[i].userdata == i && many[i].error == 0);
    return finish();
}
