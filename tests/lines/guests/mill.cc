/* Burns in a known loop. */
#include <cstdio>
#include <cstdint>

namespace mill {
struct Wheel {
    uint32_t state;

    __attribute__((noinline)) void turn(int times) {
        for (int i = 0; i < times; i++)
            state = state * 1664525 + (state >> 7);
    }
};

__attribute__((noinline)) uint32_t grind(int times) {
    Wheel wheel{1};
    wheel.turn(times);
    return wheel.state;
}
} // namespace mill

int main() {
    printf("%u\n", mill::grind(200000000));
    return 0;
}
