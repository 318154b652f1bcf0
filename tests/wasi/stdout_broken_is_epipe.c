// stdout: broken
/* A pipe that nobody reads is an errno, not the end of the program. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    return write_text(1, "text", &done) == EPIPE && write_text(1, "more", &done) == EPIPE ? 0 : 1;
}
