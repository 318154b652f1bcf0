// status: 125
/* The guest's exit code is the program's status, of which a host has 8 bits; an error never turns
 * into success. */
#include "wasi_raw.h"

int main(void) {
    proc_exit(125u);
    return 99;
}
