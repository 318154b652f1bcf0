/* What a record is to keep, step by step, as the first argument says. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline)) static void fall(volatile int *at) {
    *at = 1;
}

int main(int argc, char **argv) {
    static char block[1000000];
    const char *step = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    size_t size = argc > 3 ? (size_t)atoi(argv[3]) : 100000;
    size = size < sizeof block ? size : sizeof block;
    if (strcmp(step, "count") == 0) { /* a line a number, for ever */
        for (int i = 0; count == 0 || i < count; i++) {
            char line[32];
            int length = snprintf(line, sizeof line, "%d\n", i);
            if (write(1, line, (size_t)length) != length)
                return 1;
        }
    } else if (strcmp(step, "large") ==
               0) { /* so many times 100,000 bytes, or the next argument's */
        for (int i = 0; i < count; i++) {
            memset(block, 'a' + i % 26, size);
            if (write(1, block, size) != (ssize_t)size)
                return 1;
        }
    } else if (strcmp(step, "trap") == 0) {
        puts("falling");
        fflush(stdout);
        fall((volatile int *)0xfffffff0);
    } else if (strcmp(step, "sleep") == 0) {
        sleep(1000);
    } else if (strcmp(step, "random") == 0) {
        getentropy(block, 16);
        fwrite(block, 1, 16, stdout);
    } else if (strcmp(step, "read") == 0) {
        ssize_t got = read(0, block, size);
        return got < 0;
    }
    return 0;
}
