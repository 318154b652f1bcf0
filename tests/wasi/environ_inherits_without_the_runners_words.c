// run: --inherit-env --env PLAIN=changed --env TIMECRAFT_ASKED
// env: PLAIN=from the host
// env: ODD=\a "b" $c
// env: TIMECRAFT_ASKED=no
/* --inherit-env passes the host's environment on, but never the TIMECRAFT_ variables. */
#include "wasi_raw.h"

int main(void) {
    extern char **environ;
    CHECK(getenv("PATH") != NULL);
    CHECK(getenv("PLAIN") && strcmp(getenv("PLAIN"), "changed") == 0);
    CHECK(getenv("ODD") && strcmp(getenv("ODD"), "\\a \"b\" $c") == 0);
    for (char **entry = environ; *entry; entry++)
        CHECK(strncmp(*entry, "TIMECRAFT", 9) != 0);
    return finish();
}
