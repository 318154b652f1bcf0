// status: 3
// stdout-has: here
/* proc_exit ends at once: nothing of the guest runs after it, what was written is there. */
#include "wasi_raw.h"

static void never(void) {
    puts("ran");
}

int main(void) {
    u32 done;
    atexit(never);
    write_text(1, "here\n", &done);
    proc_exit(3);
}
