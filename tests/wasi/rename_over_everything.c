// run: --dir {tmp}/a::/ --dir {tmp}/b::/b
// setup: mkdir a b
#include "wasi_raw.h"

static u32 rename_here(const char *from, const char *to) {
    return path_rename(ROOT, STR(from), ROOT, STR(to));
}

int main(void) {
    enum { B = 4 };
    make_file("file", "1");
    make_file("other", "2");
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_create_directory(ROOT, STR("empty")));
    OK(path_create_directory(ROOT, STR("full")));
    make_file("full/inner", "3");
    OK(path_symlink(STR("dir"), ROOT, STR("link")));

    OK(rename_here("file", "new"));
    CHECK(!exists("file") && has_text("new", "1"));
    OK(rename_here("new", "other"));
    CHECK(!exists("new") && has_text("other", "1"));
    OK(rename_here("other", "other"));
    CHECK(has_text("other", "1"));
    EXPECT(EISDIR, rename_here("other", "dir"));
    EXPECT(ENOTDIR, rename_here("dir", "other"));
    EXPECT(ENOTEMPTY, rename_here("dir", "full"));
    OK(rename_here("dir", "empty"));
    CHECK(!exists("dir"));
    OK(rename_here("full/", "moved/"));
    CHECK(has_text("moved/inner", "3"));
    EXPECT(EINVAL, rename_here("moved", "moved/inside"));
    EXPECT(ENOTDIR, rename_here("other/", "x"));
    EXPECT(ENOTDIR, rename_here("other", "x/"));
    EXPECT(ENOENT, rename_here("none", "x"));
    EXPECT(ENOENT, rename_here("other", "none/x"));
    EXPECT(EBUSY, rename_here(".", "x"));
    EXPECT(EBUSY, rename_here("moved/..", "x"));
    EXPECT(EBUSY, rename_here("moved", "."));
    OK(rename_here("link", "renamed")); /* the link itself */
    CHECK(exists("renamed") && !exists("link"));
    OK(rename_here("other", "renamed")); /* and over a link */
    CHECK(has_text("renamed", "1"));

    OK(path_rename(ROOT, STR("renamed"), B, STR("arrived"))); /* from one grant to another */
    CHECK(!exists("renamed"));
    OK(path_rename(B, STR("arrived"), ROOT, STR("moved/back")));
    CHECK(has_text("moved/back", "1"));
    return finish();
}
