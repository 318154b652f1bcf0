// status: 143
#include "wasi_raw.h"

int main(void) {
    proc_raise(15);
    return 1;
}
