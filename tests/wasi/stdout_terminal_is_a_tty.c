// stdout: tty
#include "wasi_raw.h"
#include <unistd.h>

int main(void) {
    CHECK(isatty(1) == 1);
    CHECK(isatty(2) == 0);
    return finish();
}
