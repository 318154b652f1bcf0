/* Arrays that do not lie in the memory, counts that overflow, and a result that has no place. */
#include "poll.h"

int main(void) {
    u32 size = (u32)__builtin_wasm_memory_size(0) * 65536;
    subscription wanted = on_clock(1, MONOTONIC, 0, RELATIVE);
    EXPECT(EFAULT, poll_oneoff(size - 47, AT(events), 1, AT(&happened)));
    EXPECT(EFAULT, poll_oneoff(UINT32_MAX - 3, AT(events), 1, AT(&happened)));
    EXPECT(EFAULT, poll_oneoff(AT(&wanted), size - 31, 1, AT(&happened)));
    EXPECT(EFAULT, poll_oneoff(AT(&wanted), AT(events), 1, size - 3));
    EXPECT(EFAULT, poll_oneoff(AT(&wanted), AT(events), UINT32_MAX, AT(&happened)));
    EXPECT(EFAULT, poll_oneoff(AT(&wanted), AT(events), 0x80000000, AT(&happened)));
    return finish();
}
