/* Reads 19 MB from /file, of 1,000,000 bytes, a call each: mostly 100,000 bytes, every 16th time
 * 300,000; and tells how many, and their sum. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { CALLS = 170, SMALL = 100000, LARGE = 300000, FILE_SIZE = 1000000 };

int main(void) {
    static uint8_t bytes[LARGE];
    uint64_t sum = 0, all = 0;
    int file = open("/file", O_RDONLY);
    for (int i = 0; i < CALLS; i++) {
        size_t size = i % 16 == 15 ? LARGE : SMALL;
        ssize_t got = pread(file, bytes, size, i * 7919 % (FILE_SIZE - LARGE));
        if (got != (ssize_t)size) {
            perror("pread");
            return 1;
        }
        for (size_t at = 0; at < size; at++)
            sum = sum * 31 + bytes[at];
        all += size;
    }
    printf("%llu bytes, %016llx\n", (unsigned long long)all, (unsigned long long)sum);
    return close(file);
}
