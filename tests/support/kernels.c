/* Loops that compilers make vector instructions of, if they may: the same source is built with
 * -msimd128 and without. Says for each what it computed and, on standard error, how long it took.
 *
 *     kernels [ROUNDS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __wasi__
#include <wasi/api.h>
#else
#include <time.h>
#endif

#define PIXELS (1 << 16)
#define SIDE   128 /* of the matrices */

static uint8_t front[4 * PIXELS], back[4 * PIXELS], mixed[4 * PIXELS], distances[4 * PIXELS];
static float left[SIDE * SIDE], right[SIDE * SIDE], product[SIDE * SIDE];
static uint16_t levels[PIXELS];
static double positions[PIXELS], speeds[PIXELS];

static void fill(void) {
    uint32_t state = 2463534242u; /* xorshift32 */
    for (int i = 0; i < 4 * PIXELS; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        front[i] = (uint8_t)state;
        back[i] = (uint8_t)(state >> 8);
        levels[i % PIXELS] = (uint16_t)(state >> 3);
        left[i % (SIDE * SIDE)] = (float)(int32_t)state / 1e9f;
        right[i % (SIDE * SIDE)] = (float)(state >> 16) / 1e4f;
        positions[i % PIXELS] = (double)state / 7;
        speeds[i % PIXELS] = (double)(int32_t)state / 1e7;
    }
}

/* Lays one image over another, half transparent. */
static void blend(void) {
    for (int i = 0; i < 4 * PIXELS; i++)
        mixed[i] = (uint8_t)((front[i] * 77 + back[i] * 179 + 128) >> 8);
}

static void multiply_matrices(void) {
    memset(product, 0, sizeof product);
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE; k++)
            for (int j = 0; j < SIDE; j++)
                product[i * SIDE + j] += left[i * SIDE + k] * right[k * SIDE + j];
}

/* The absolute differences of two images, as motion is looked for. */
static void compare(void) {
    for (int i = 0; i < 4 * PIXELS; i++) {
        int difference = front[i] - back[i];
        distances[i] = (uint8_t)(difference < 0 ? -difference : difference);
    }
}

static void brighten(void) {
    for (int i = 0; i < PIXELS; i++) {
        uint32_t value = levels[i] + 300u;
        levels[i] = (uint16_t)(value > 65535 ? 65535 : value);
    }
}

static void move(void) {
    for (int i = 0; i < PIXELS; i++) {
        positions[i] += speeds[i] * 0.01;
        speeds[i] *= 0.999;
    }
}

static const struct {
    const char *name;
    void (*run)(void);
    const void *result;
    size_t size;
    int repeats; /* so that each takes about as long */
} kernels[] = {
    {"blend", blend, mixed, sizeof mixed, 20},
    {"matrices", multiply_matrices, product, sizeof product, 4},
    {"compare", compare, distances, sizeof distances, 20},
    {"brighten", brighten, levels, sizeof levels, 100},
    {"move", move, positions, sizeof positions, 40},
};

/* FNV-1a. */
static uint64_t checksum(const unsigned char *bytes, size_t size) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Not every wasi-libc has a name for this clock in time.h. */
static double processor_time(void) {
#ifdef __wasi__
    __wasi_timestamp_t nanoseconds = 0;
    (void)__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1, &nanoseconds);
    return (double)nanoseconds / 1e9;
#else
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
#endif
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    fill();
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        double start = processor_time();
        for (int round = 0; round < rounds * kernels[i].repeats; round++)
            kernels[i].run();
        fprintf(stderr, "%s %.4f\n", kernels[i].name, processor_time() - start);
        printf("%s %016llx\n", kernels[i].name,
               (unsigned long long)checksum(kernels[i].result, kernels[i].size));
    }
    return 0;
}
