// run: --dir {tmp}/box::/
// setup: mkdir -p box/dir/deep outside/sub; echo secret > secret; echo secret > outside/secret
// setup: echo own > box/own; cd box; ln -s .. up; ln -s ../secret file; ln -s ../outside folder
// setup: cd box; ln -s / root; ln -s /etc/passwd passwd; ln -s {tmp}/secret absolute
// setup: cd box; ln -s {tmp}/outside absolute-folder; ln -s {tmp}/box/own absolute-inside
// setup: cd box; ln -s dir/../../secret winding; ln -s up up-again; ln -s up-again/secret chain
// setup: cd box/dir; ln -s ../../secret file; ln -s ../.. up; ln -s deep/../../.. up-winding
// setup: cd box; ln -s ../new new; ln -s ../outside/new new-outside; ln -s dir/up/new new-chain
// setup: cd box; ln -s /proc/self/root proc-root; ln -s /proc/self/cwd proc-cwd; ln -s /proc proc
// setup: cd box; ln -s ../box/own out-and-back; ln -s ../box box-again; ln -s /dev/null null
// check: test "$(cat secret outside/secret)" = "$(printf 'secret\nsecret')"; test ! -e new
// check: test "$(ls -A outside)" = "$(printf 'secret\nsub')"; test "$(ls -A | wc -l)" = 3
// check: test "$(cat box/own)" = own; test "$(stat -c %h secret)" = 1
// check: test "$(stat -c %Y secret)" -gt 1000000000; test "$(ls -A outside/sub | wc -l)" = 0
/* Ways out of the granted folder, each tried with every function that takes a path: none is let
 * through, nothing outside is read, made, changed or removed. */
#include "wasi_raw.h"

/* Each leads out, at once or at the end of what its symbolic links say. */
static const char *const ways_out[] = {
    "..",
    "../",
    "../.",
    "../..",
    "./..",
    ".//..",
    "../secret",
    "../outside",
    "../outside/secret",
    "../box",
    "../box/own",
    "../box/../secret",
    "../../../../../../../../etc/passwd",
    "dir/..//../secret",
    "dir/../../secret",
    "dir/deep/../../../secret",
    "dir/deep/../../../outside/secret",
    "dir/./.././../secret",
    "/",
    "//",
    "/etc/passwd",
    "///etc/passwd",
    "/../etc/passwd",
    "/./etc",
    "/own",
    "/proc/self/root/etc/passwd",
    "/proc/self/cwd",
    "/proc/self/fd/3/../secret",
    "/dev/null",
    "/tmp",
    "up/secret",
    "up/outside/secret",
    "up/box/own",
    "up/../..",
    "up/.",
    "up/",
    "up/..",
    "folder/secret",
    "folder/",
    "folder/.",
    "folder/..",
    "folder/sub/../secret",
    "folder/../box/own",
    "root/etc/passwd",
    "root/",
    "root/proc/self/root/etc/passwd",
    "root/.",
    "absolute-folder/secret",
    "absolute-folder/",
    "up-again/secret",
    "up-again/outside",
    "dir/up/secret",
    "dir/up/",
    "dir/up/box/own",
    "dir/up-winding/secret",
    "dir/deep/../up/secret",
    "dir/deep/../../up/secret",
    "dir/../up/secret",
    "proc-root/etc/passwd",
    "proc-root/",
    "proc-cwd/secret",
    "proc-cwd/own",
    "proc/self/root/etc/passwd",
    "proc/self/fd/3/own",
    "proc/self/environ",
    "proc/1/root",
    "box-again/own",
    "box-again/",
    "box-again/../secret",
};

/* These lead out only if the link at their end is followed. */
static const char *const ways_out_if_followed[] = {
    "up",        "file",         "folder",          "root",      "passwd",   "absolute",
    "winding",   "up-again",     "chain",           "dir/file",  "dir/up",   "dir/up-winding",
    "new",       "new-outside",  "new-chain",       "proc",      "null",     "absolute-folder",
    "box-again", "out-and-back", "absolute-inside", "proc-root", "proc-cwd",
};

static char buffer[4096];
static const char *way;

/* Says which way went wrong how. */
static void refuse(const char *what, u32 error) {
    if (error == EPERM)
        return;
    printf("%s %s: errno %u (%s)\n", what, way, (unsigned)error, strerror((int)error));
    failures++;
}

/* For calls that may stop at a link that they do not follow: anything but success. */
static void fail(const char *what, u32 error) {
    if (error == 0)
        refuse(what, error);
}

static void try_reading(const char *path, u32 lookup) {
    u32 fd, o = AT(buffer);
    static const u32 oflags[] = {0, O_DIR, O_CREATE, O_TRUNCATE, O_CREATE | O_TRUNCATE};
    static const u64 rights[] = {0, R_READ, R_WRITE, R_READ | R_WRITE, R_READDIR};
    for (u32 i = 0; i < 5; i++)
        for (u32 j = 0; j < 5; j++) {
            u32 error = path_open(ROOT, lookup, STR(path), oflags[i], rights[j], 0, 0, AT(&fd));
            if (error != EISDIR || !((rights[j] & R_WRITE) || (oflags[i] & ~(u32)O_DIR)))
                refuse("path_open", error);
        }
    u32 error = path_open(ROOT, lookup, STR(path), O_CREATE | O_EXCLUSIVE, R_WRITE, 0, 0, AT(&fd));
    if (error != EEXIST && error != EISDIR)
        refuse("path_open O_EXCL", error);
    refuse("path_filestat_get", path_filestat_get(ROOT, lookup, STR(path), o));
    refuse("path_filestat_set_times",
           path_filestat_set_times(ROOT, lookup, STR(path), 1, 1, ATIM | MTIM));
    refuse("path_link", path_link(ROOT, lookup, STR(path), ROOT, STR("dir/stolen")));
}

static void try_changing(const char *path) {
    u32 o = AT(buffer);
    refuse("path_readlink", path_readlink(ROOT, STR(path), o, 64, o));
    fail("path_create_directory", path_create_directory(ROOT, STR(path)));
    fail("path_remove_directory", path_remove_directory(ROOT, STR(path)));
    fail("path_unlink_file", path_unlink_file(ROOT, STR(path)));
    fail("path_rename from", path_rename(ROOT, STR(path), ROOT, STR("dir/stolen")));
    fail("path_rename to", path_rename(ROOT, STR("own"), ROOT, STR(path)));
    fail("path_link to", path_link(ROOT, 0, STR("own"), ROOT, STR(path)));
    fail("path_symlink", path_symlink(STR("own"), ROOT, STR(path)));
}

/* New names in folders outside. */
static void try_making(const char *folder) {
    char path[256];
    u32 fd;
    snprintf(path, sizeof path, "%s/new", folder);
    refuse("create", path_open(ROOT, 0, STR(path), O_CREATE, R_WRITE, 0, 0, AT(&fd)));
    refuse("mkdir", path_create_directory(ROOT, STR(path)));
    refuse("symlink", path_symlink(STR("own"), ROOT, STR(path)));
    refuse("link", path_link(ROOT, 0, STR("own"), ROOT, STR(path)));
    refuse("rename", path_rename(ROOT, STR("own"), ROOT, STR(path)));
    snprintf(path, sizeof path, "%s/secret", folder);
    refuse("unlink", path_unlink_file(ROOT, STR(path)));
    refuse("steal", path_rename(ROOT, STR(path), ROOT, STR("stolen")));
    snprintf(path, sizeof path, "%s/sub", folder);
    refuse("rmdir", path_remove_directory(ROOT, STR(path)));
}

int main(void) {
    static const char *const folders[] = {
        "..",     "up",        "folder",   "../outside", "root/tmp",       "absolute-folder",
        "dir/up", "dir/../..", "proc-cwd", "up-again",   "dir/up-winding", "box-again",
        "/tmp"};
    CHECK(sizeof ways_out / sizeof *ways_out + sizeof ways_out_if_followed / sizeof(char *) >= 60);
    for (u32 i = 0; i < sizeof ways_out / sizeof *ways_out; i++) {
        way = ways_out[i];
        try_reading(way, 0);
        try_reading(way, FOLLOW);
        try_changing(way);
    }
    for (u32 i = 0; i < sizeof ways_out_if_followed / sizeof *ways_out_if_followed; i++) {
        way = ways_out_if_followed[i];
        try_reading(way, FOLLOW);
    }
    for (u32 i = 0; i < sizeof folders / sizeof *folders; i++) {
        way = folders[i];
        try_making(way);
    }

    /* The same from a folder that the guest opened itself. */
    u32 deep = must_open(ROOT, "dir/deep", O_DIR, R_FOLDER), fd;
    refuse("from deep", path_open(deep, FOLLOW, STR(".."), O_DIR, 0, 0, 0, AT(&fd)));
    refuse("from deep", path_open(deep, FOLLOW, STR("../file"), 0, R_READ, 0, 0, AT(&fd)));
    refuse("from deep", path_open(deep, FOLLOW, STR("../../own"), 0, R_READ, 0, 0, AT(&fd)));
    refuse("from deep", path_rename(deep, STR("../up"), ROOT, STR("x")));
    refuse("from deep", path_unlink_file(deep, STR("../up")));
    CHECK(has_text("own", "own\n"));
    return finish();
}
