// stdin: closed
#include "wasi_raw.h"

int main(void) {
    char text[4];
    u32 done = 1;
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 0);
    CHECK(!feof(stdin) && getchar() == EOF);
    return finish();
}
