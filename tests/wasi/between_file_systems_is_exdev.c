// run: --dir {tmp}::/ --dir /dev::/dev
/* Nothing is renamed or linked from one file system to another, and both stay as they were. */
#include "wasi_raw.h"

#define DEV 4u

int main(void) {
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("dir")));
    EXPECT(EXDEV, path_rename(ROOT, STR("file"), DEV, STR("timecraft-test")));
    EXPECT(EXDEV, path_rename(ROOT, STR("dir"), DEV, STR("timecraft-test")));
    EXPECT(EXDEV, path_rename(DEV, STR("null"), ROOT, STR("null")));
    EXPECT(EXDEV, path_rename(DEV, STR("null"), ROOT, STR("file")));
    EXPECT(EXDEV, path_link(ROOT, 0, STR("file"), DEV, STR("timecraft-test")));
    EXPECT(EXDEV, path_link(DEV, 0, STR("null"), ROOT, STR("null")));
    EXPECT(EEXIST, path_link(DEV, 0, STR("null"), ROOT, STR("file")));
    CHECK(has_text("file", "text"));
    CHECK(exists("dir") && !exists("null"));
    return finish();
}
