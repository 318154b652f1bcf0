/* The four clocks give the time and their resolution; other numbers are EINVAL. */
#include "wasi_raw.h"

static void burn_time(void) {
    for (volatile int i = 0; i < 3000000; i++)
        continue;
}

int main(void) {
    for (u32 id = 0; id < 4; id++) {
        u64 resolution = 0, first = 0, second = 0;
        OK(clock_res_get(id, AT(&resolution)));
        CHECK(resolution > 0 && resolution <= 100000000);
        OK(clock_time_get(id, 0, AT(&first)));
        burn_time();
        OK(clock_time_get(id, 1000, AT(&second)));
        CHECK(second > first);
    }
    u64 now;
    OK(clock_time_get(0, 0, AT(&now)));
    CHECK(now > UINT64_C(1700000000000000000)); /* realtime counts from 1970 */
    for (u32 id = 4; id < 8; id++) {
        EXPECT(EINVAL, clock_time_get(id, 0, AT(&now)));
        EXPECT(EINVAL, clock_res_get(id, AT(&now)));
    }
    EXPECT(EINVAL, clock_time_get(UINT32_MAX, 0, AT(&now)));
    EXPECT(EFAULT, clock_time_get(0, 0, memory_end() - 7));
    EXPECT(EFAULT, clock_res_get(1, memory_end() - 7));
    OK(clock_time_get(0, 0, memory_end() - 8));
    return finish();
}
