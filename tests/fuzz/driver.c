/* Runs a fuzz target without libFuzzer, for the test suite: the same random inputs every time, and
 * the inputs of files, such as one that a fuzzer has found.
 *
 *   TARGET            RUNS inputs
 *   TARGET FILE...    these inputs
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUNS = 3000, SIZE_MAX_RANDOM = 600, SIZE_MAX_FILE = 1 << 20 };

/* xorshift64* of Vigna: good enough, and the same everywhere. */
static uint64_t next_random(void) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1d;
}

static int run_file(const char *path, uint8_t *data) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(data, 1, SIZE_MAX_FILE, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    return 0;
}

int main(int argc, char **argv) {
    uint8_t *data = malloc(SIZE_MAX_FILE);
    int failed = !data;
    for (int i = 1; data && i < argc; i++)
        failed |= run_file(argv[i], data);
    for (int run = 0; data && argc == 1 && run < RUNS; run++) {
        size_t size = next_random() % SIZE_MAX_RANDOM;
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)(next_random() >> 32);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return failed;
}
