// run: --inherit-env --env PWD=/here --dir {tmp}::/
// env: PWD=/somewhere/else
/* What --env says of PWD is the person's own word. */
#include "wasi_raw.h"

int main(void) {
    CHECK(getenv("PWD") && strcmp(getenv("PWD"), "/here") == 0);
    return finish();
}
