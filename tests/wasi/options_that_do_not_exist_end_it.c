// run: --no-such-option
// status: 2
// stderr-has: TIMECRAFT_OPTIONS
// stderr-has: --no-such-option
/* A word of the runner's that is not understood: a usage error, and the guest does not run. */
#include <stdio.h>

int main(void) {
    puts("ran");
    return 0;
}
