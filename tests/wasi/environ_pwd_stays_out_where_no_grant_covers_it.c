// run: --inherit-env --dir {tmp}/data::/data --dir {tmp}::.
// setup: mkdir data
// env: PWD=/somewhere/else
/* A folder that the guest cannot reach by an absolute path is not told: relative paths of guests
 * that go by PWD would all be ENOENT. */
#include "wasi_raw.h"

int main(void) {
    CHECK(getenv("PWD") == NULL);
    CHECK(getenv("PATH") != NULL);
    return finish();
}
