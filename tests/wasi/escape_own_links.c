// run: --dir {tmp}/box::/
// setup: mkdir -p box outside; echo secret > secret; echo secret > outside/secret
// check: test "$(cat secret)" = secret; test "$(ls -A | tr '\n' ' ')" = "box outside secret "
// check: test "$(ls -A outside)" = secret; test "$(cat outside/secret)" = secret
/* Ways out that the guest lays itself: links with any relative target, folders that are moved while
 * they are open, names that look like something else. */
#include "wasi_raw.h"

static void expect_inside(const char *target, u32 number) {
    char name[16], through[32];
    static char out[256];
    u32 fd;
    snprintf(name, sizeof name, "link%u", (unsigned)number);
    snprintf(through, sizeof through, "%s/secret", name);
    OK(path_symlink(STR(target), ROOT, STR(name)));
    CHECK(path_open(ROOT, FOLLOW, STR(name), 0, R_READ, 0, 0, AT(&fd)) != 0);
    CHECK(path_open(ROOT, FOLLOW, STR(through), 0, R_READ, 0, 0, AT(&fd)) != 0);
    CHECK(path_open(ROOT, FOLLOW, STR(name), O_CREATE, R_WRITE, 0, 0, AT(&fd)) != 0);
    CHECK(path_filestat_get(ROOT, FOLLOW, STR(name), AT(out)) != 0);
    CHECK(path_link(ROOT, FOLLOW, STR(name), ROOT, STR("stolen")) != 0);
    CHECK(path_filestat_set_times(ROOT, FOLLOW, STR(name), 1, 1, MTIM) != 0);
}

int main(void) {
    static const char *const targets[] = {"..",
                                          "../",
                                          "../secret",
                                          "./../secret",
                                          ".//..//secret",
                                          "../outside",
                                          "x/../../secret",
                                          "link0",
                                          "link0/secret",
                                          "link0/../box",
                                          "../box/link2",
                                          "dir/../../secret",
                                          "dir/up/secret",
                                          "dir/up/../outside/secret",
                                          "../../../../../../../../../../etc/passwd",
                                          "dir/up/..",
                                          "link1/outside/secret"};
    u32 fd, deep;
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_create_directory(ROOT, STR("dir/deep")));
    OK(path_create_directory(ROOT, STR("dir/deep/deeper")));
    OK(path_symlink(STR("../.."), ROOT, STR("dir/up")));
    for (u32 i = 0; i < sizeof targets / sizeof *targets; i++)
        expect_inside(targets[i], i);
    EXPECT(EPERM, path_symlink(STR("/secret"), ROOT, STR("x")));

    /* A folder moved up keeps its descriptor, from which ".." is still out. */
    deep = must_open(ROOT, "dir/deep/deeper", O_DIR, R_FOLDER);
    OK(path_rename(ROOT, STR("dir/deep/deeper"), ROOT, STR("moved")));
    EXPECT(EPERM, path_open(deep, FOLLOW, STR("../secret"), 0, R_READ, 0, 0, AT(&fd)));
    EXPECT(EPERM, path_open(deep, FOLLOW, STR("../../secret"), 0, R_READ, 0, 0, AT(&fd)));
    OK(path_create_directory(deep, STR("fine")));
    CHECK(exists("moved/fine"));

    /* A link in a folder that is moved means something else where it is now. */
    OK(path_symlink(STR("../../own"), ROOT, STR("dir/deep/link")));
    make_file("own", "own");
    CHECK(has_text("dir/deep/link", "own"));
    OK(path_rename(ROOT, STR("dir/deep"), ROOT, STR("higher")));
    EXPECT(EPERM, open_at(ROOT, "higher/link", 0, R_READ, 0, &fd));

    static const char *const names[] = {"...",         ".. ",    " ..",          "..\\..\\secret",
                                        "..%2fsecret", "%2e%2e", "..\xc0\xaf..", "C:\\",
                                        "~",           "-",      "\xef\xbc\x8e."};
    for (u32 i = 0; i < sizeof names / sizeof *names; i++) { /* plain names, all of them */
        make_file(names[i], "own");
        CHECK(has_text(names[i], "own"));
        OK(path_unlink_file(ROOT, STR(names[i])));
    }
    return finish();
}
