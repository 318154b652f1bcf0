/* One place for both arrays: every event is right all the same. */
#include "poll.h"

int main(void) {
    static union {
        subscription in[4];
        event out[4];
    } place;
    for (u32 i = 0; i < 4; i++)
        place.in[i] = on_clock(100 + i, MONOTONIC, 0, RELATIVE);
    OK(poll_oneoff(AT(&place), AT(&place), 4, AT(&happened)));
    CHECK(happened == 4);
    for (u32 i = 0; i < 4; i++)
        CHECK(place.out[i].userdata == 100 + i && place.out[i].type == ON_CLOCK);
    return finish();
}
