// status: 134
/* proc_raise(abrt): as a native program that raises SIGABRT, 128 + 6. */
#include "wasi_raw.h"

int main(void) {
    proc_raise(6);
    return 1;
}
