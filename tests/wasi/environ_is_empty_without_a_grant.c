// env: HIDDEN=secret
#include "wasi_raw.h"

int main(void) {
    u32 count = 9, size = 9, unused[1];
    OK(environ_sizes_get(AT(&count), AT(&size)));
    CHECK(count == 0);
    CHECK(size == 0);
    OK(environ_get(AT(unused), AT(unused)));
    OK(environ_get(memory_end(), memory_end()));
    return finish();
}
