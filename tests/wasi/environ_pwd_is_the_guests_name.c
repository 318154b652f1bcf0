// run: --inherit-env --dir /::/all --dir {tmp}/..::/up --dir {tmp}::. --dir /tmp::/far
// env: PWD=/somewhere/else
/* --inherit-env passes PWD on as the guest sees the current folder, through the closest grant. */
#include "wasi_raw.h"

int main(void) {
    CHECK(getenv("PWD") && strcmp(getenv("PWD"), "/up/tmp") == 0);
    return finish();
}
