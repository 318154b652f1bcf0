/* Runs a fuzz target without libFuzzer, for the test suite: the same random inputs every time, and
 * the inputs of files, such as one that a fuzzer has found.
 *
 *   TARGET            RUNS inputs
 *   TARGET FILE...    these inputs
 *   TARGET --vary FILE...   these, and for each VARIANTS that differ from it in some places
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUNS = 3000, SIZE_MAX_RANDOM = 600, SIZE_MAX_FILE = 1 << 20, VARIANTS = 150 };

/* xorshift64* of Vigna: good enough, and the same everywhere. */
static uint64_t next_random(void) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1d;
}

/* Bytes changed, left out, or there twice. Returns the size. */
static size_t vary(uint8_t *data, size_t size) {
    for (uint64_t changes = 1 + next_random() % 6; changes && size > 1; changes--) {
        size_t at = next_random() % size, length = 1 + next_random() % 16;
        length = length < size - at ? length : size - at;
        switch (next_random() % 4) {
        case 0:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 1:
            if (size + length > SIZE_MAX_FILE)
                break;
            memmove(data + at + length, data + at, size - at);
            size += length;
            break;
        default:
            data[at] = (uint8_t)(next_random() >> 32);
        }
    }
    return size;
}

static void run_variants(const uint8_t *data, size_t size) {
    uint8_t *variant = malloc(SIZE_MAX_FILE);
    for (int run = 0; variant && run < VARIANTS; run++) {
        memcpy(variant, data, size);
        LLVMFuzzerTestOneInput(variant, vary(variant, size));
    }
    free(variant);
}

static int run_file(const char *path, uint8_t *data, int varies) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(data, 1, SIZE_MAX_FILE, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    if (varies)
        run_variants(data, size);
    return 0;
}

int main(int argc, char **argv) {
    uint8_t *data = malloc(SIZE_MAX_FILE);
    int failed = !data, varies = argc > 1 && strcmp(argv[1], "--vary") == 0;
    for (int i = 1 + varies; data && i < argc; i++)
        failed |= run_file(argv[i], data, varies);
    for (int run = 0; data && argc == 1 && run < RUNS; run++) {
        size_t size = next_random() % SIZE_MAX_RANDOM;
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)(next_random() >> 32);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return failed;
}
