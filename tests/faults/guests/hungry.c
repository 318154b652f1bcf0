/* Takes memory, a MiB at a time, and writes to all pages of it: as many as its word says, and tells
 * how many it has, a line each eight. Where there is no more it says so, and ends as it should. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, PAGE = 1 << 12, TOLD = 8 };

int main(int argc, char **argv) {
    int wanted = argc > 1 ? atoi(argv[1]) : 0;
    for (int taken = 0; taken < wanted; taken++) {
        volatile char *more = malloc(MIB); /* or the compiler would leave it out */
        if (!more) {
            printf("%s after %d\n", strerror(errno), taken);
            return 0;
        }
        for (int i = 0; i < MIB; i += PAGE)
            more[i] = 1;
        if (taken % TOLD == 0) {
            printf("taken %d\n", taken);
            fflush(stdout);
        }
    }
    puts("enough");
    return 0;
}
