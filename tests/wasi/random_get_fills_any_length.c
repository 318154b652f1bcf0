/* random_get fills lengths beyond one getrandom(2) call's 256 bytes, and nothing past them. */
#include "wasi_raw.h"

#define BIG (20u << 20)

int main(void) {
    uint8_t small[8] = {0};
    OK(random_get(AT(small), 0));
    OK(random_get(memory_end(), 0));
    CHECK(memcmp(small, "\0\0\0\0\0\0\0\0", 8) == 0);
    OK(random_get(AT(small), 4));
    CHECK(memcmp(small + 4, "\0\0\0\0", 4) == 0);

    uint8_t *big = calloc(1, BIG + 1);
    OK(random_get(AT(big), BIG));
    CHECK(big[BIG] == 0);
    u32 counts[256] = {0};
    for (u32 i = 0; i < BIG; i++)
        counts[big[i]]++;
    for (u32 i = 0; i < 256; i++) /* 81920 each, standard deviation 286 */
        CHECK(counts[i] > 79000 && counts[i] < 85000);

    EXPECT(EFAULT, random_get(memory_end() - 3, 4));
    EXPECT(EFAULT, random_get(memory_end() + 1, 0));
    EXPECT(EFAULT, random_get(AT(small), UINT32_MAX));
    EXPECT(EFAULT, random_get(UINT32_MAX, 1));
    return finish();
}
