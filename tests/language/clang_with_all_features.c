// cflags: -mbulk-memory -mmultivalue -Xclang -target-abi -Xclang experimental-mv -mmutable-globals
// cflags: -mnontrapping-fptoint -mreference-types -msign-ext -mtail-call
/* What clang makes of C when it may use all that WebAssembly has. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define OPAQUE(value)                                                                              \
    ({                                                                                             \
        volatile __typeof__(value) hidden = (value);                                               \
        hidden;                                                                                    \
    })

typedef struct pair {
    int64_t quotient;
    double rest;
} pair;

__attribute__((noinline)) static pair divide(int64_t a, int64_t b) { /* two results */
    return (pair){a / b, (double)(a % b) / (double)b};
}

static uint64_t sum_even(uint64_t n, uint64_t sum);

__attribute__((noinline)) static uint64_t sum_odd(uint64_t n, uint64_t sum) {
    if (n == 0)
        return sum;
    __attribute__((musttail)) return sum_even(n - 1, sum + 1);
}

__attribute__((noinline)) static uint64_t sum_even(uint64_t n, uint64_t sum) {
    if (n == 0)
        return sum;
    __attribute__((musttail)) return sum_odd(n - 1, sum + 2);
}

typedef uint64_t step(uint64_t n, uint64_t sum);
static step *const volatile steps[] = {sum_even, sum_odd};

__attribute__((noinline)) static uint64_t sum_of(uint64_t n, uint64_t sum) {
    __attribute__((musttail)) return steps[n % 2](n, sum);
}

static int check_memory(void) {
    static unsigned char bytes[100000], copy[100000];
    size_t size = OPAQUE(sizeof bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7);
    memcpy(copy, bytes, size);
    memmove(copy + 1, copy, size - 1);
    if (copy[0] != 0 || memcmp(copy + 1, bytes, size - 1) != 0)
        return 0;
    memset(copy, OPAQUE(0x5a), size);
    return copy[0] == 0x5a && copy[size - 1] == 0x5a;
}

static int check_conversions(void) {
    return (int8_t)OPAQUE(0x180) == -128 && (int16_t)OPAQUE(0x18000) == -32768 &&
           (int64_t)(int32_t)OPAQUE(INT64_C(0x180000000)) == INT32_MIN && (int)OPAQUE(-7.9) == -7 &&
           (uint64_t)OPAQUE(1e19) == UINT64_C(10000000000000000000);
}

int main(void) {
    pair result = divide(OPAQUE(INT64_C(1000000000007)), OPAQUE(INT64_C(1000)));
    if (result.quotient != 1000000000 || result.rest != 0.007)
        return 1;
    if (sum_of(OPAQUE(UINT64_C(1000000)), 0) != 1500000 || sum_of(OPAQUE(UINT64_C(3)), 0) != 4)
        return 2;
    if (!check_memory())
        return 3;
    if (!check_conversions())
        return 4;
    return 0;
}
