// run: --inherit-env --dir {tmp}::/
// env: PWD=/somewhere/else
/* The usual way to grant the current folder: PWD is "/", without the host's path. */
#include "wasi_raw.h"

int main(void) {
    CHECK(getenv("PWD") && strcmp(getenv("PWD"), "/") == 0);
    return finish();
}
