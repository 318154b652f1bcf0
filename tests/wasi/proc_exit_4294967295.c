// status: 255
/* The guest's exit code is the program's status, of which a host has 8 bits; an error never turns
 * into success. */
#include "wasi_raw.h"

int main(void) {
    proc_exit(4294967295u);
    return 99;
}
