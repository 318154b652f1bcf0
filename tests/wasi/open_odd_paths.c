// run: --dir {tmp}::/
/* Dots and slashes in every place; what is empty, too long or has a NUL in it. */
#include "wasi_raw.h"

static u32 open_bytes(const void *path, u32 length) {
    u32 fd;
    return path_open(ROOT, 0, AT(path), length, 0, R_READ, 0, 0, AT(&fd));
}

int main(void) {
    static char longest[5000];
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_create_directory(ROOT, STR("dir/nested")));
    make_file("dir/nested/file", "text");
    CHECK(has_text("dir/nested/file", "text"));
    CHECK(has_text("dir/.//nested/../../dir/nested/../nested///./file", "text"));
    CHECK(has_text("./././dir/nested/file", "text"));
    EXPECT(ENOTDIR, open_bytes("dir/nested/file/", 16));
    EXPECT(ENOTDIR, open_bytes("dir/nested/file///", 18));
    EXPECT(ENOTDIR, open_bytes("dir/nested/file/.", 17));
    EXPECT(ENOTDIR, open_bytes("dir/nested/file/..", 18));
    EXPECT(EINVAL, open_bytes("dir/nested/file\0", 16));
    EXPECT(EINVAL, open_bytes("dir\0/nested/file", 16));
    EXPECT(EINVAL, open_bytes("\0", 1));
    EXPECT(ENOENT, open_bytes("", 0));
    EXPECT(EPERM, open_bytes("/", 1));
    EXPECT(EPERM, open_bytes("/dir/nested/file", 16));
    EXPECT(ENOENT, open_bytes("dir/none/../nested/file", 23));
    EXPECT(ENOENT, open_bytes("\xff\xfe", 2));

    memset(longest, 'n', sizeof longest);
    EXPECT(ENAMETOOLONG, open_bytes(longest, sizeof longest));
    EXPECT(ENAMETOOLONG, open_bytes(longest, 4096));
    EXPECT(ENAMETOOLONG, open_bytes(longest, 256));
    EXPECT(ENOENT, open_bytes(longest, 255));
    for (u32 i = 0; i + 2 <= 4094; i += 2)
        memcpy(longest + i, "./", 2);
    longest[4094] = '.';
    OK(open_bytes(longest, 4095)); /* PATH_MAX - 1 */
    EXPECT(ENAMETOOLONG, open_bytes(longest, 4096));

    static const char name[] = "caf\xc3\xa9 \xff\x01\n";
    make_file(name, "bytes");
    CHECK(has_text(name, "bytes"));
    return finish();
}
