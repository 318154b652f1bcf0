// run: --dir {tmp}::/ --env=A=b
/* Every pointer and length that does not lie wholly inside the memory is EFAULT, in every function,
 * and the call has no effect. */
#include "wasi_raw.h"

static u32 file;

static void try_pointer(u32 bad) {
    static u32 out[64];
    iovec32 vector = {AT(out), 4};
    u32 v = AT(&vector), o = AT(out);
    EXPECT(EFAULT, clock_res_get(0, bad));
    EXPECT(EFAULT, clock_time_get(0, 0, bad));
    EXPECT(EFAULT, environ_sizes_get(bad, o));
    EXPECT(EFAULT, environ_sizes_get(o, bad));
    EXPECT(EFAULT, environ_get(bad, o));
    EXPECT(EFAULT, environ_get(o, bad));
    EXPECT(EFAULT, args_sizes_get(bad, o));
    EXPECT(EFAULT, args_sizes_get(o, bad));
    EXPECT(EFAULT, args_get(bad, o));
    EXPECT(EFAULT, args_get(o, bad));
    EXPECT(EFAULT, fd_fdstat_get(file, bad));
    EXPECT(EFAULT, fd_filestat_get(file, bad));
    EXPECT(EFAULT, fd_pread(file, bad, 1, 0, o));
    EXPECT(EFAULT, fd_pread(file, v, 1, 0, bad));
    EXPECT(EFAULT, fd_pwrite(file, bad, 1, 0, o));
    EXPECT(EFAULT, fd_pwrite(file, v, 1, 0, bad));
    EXPECT(EFAULT, fd_read(file, bad, 1, o));
    EXPECT(EFAULT, fd_read(file, v, 1, bad));
    EXPECT(EFAULT, fd_write(file, bad, 1, o));
    EXPECT(EFAULT, fd_write(file, v, 1, bad));
    EXPECT(EFAULT, fd_seek(file, 1, CUR, bad));
    EXPECT(EFAULT, fd_tell(file, bad));
    EXPECT(EFAULT, fd_prestat_get(ROOT, bad));
    EXPECT(EFAULT, fd_prestat_dir_name(ROOT, bad, 8));
    EXPECT(EFAULT, fd_readdir(ROOT, bad, 128, 0, o));
    EXPECT(EFAULT, fd_readdir(ROOT, o, 128, 0, bad));
    EXPECT(EFAULT, path_create_directory(ROOT, bad, 8));
    EXPECT(EFAULT, path_filestat_get(ROOT, 0, bad, 8, o));
    EXPECT(EFAULT, path_filestat_get(ROOT, 0, STR("file"), bad));
    EXPECT(EFAULT, path_filestat_set_times(ROOT, 0, bad, 8, 0, 0, MTIM_NOW));
    EXPECT(EFAULT, path_link(ROOT, 0, bad, 8, ROOT, STR("new")));
    EXPECT(EFAULT, path_link(ROOT, 0, STR("file"), ROOT, bad, 8));
    EXPECT(EFAULT, path_open(ROOT, 0, bad, 8, 0, 0, 0, 0, o));
    EXPECT(EFAULT, path_open(ROOT, 0, STR("new"), O_CREATE, 0, 0, 0, bad));
    EXPECT(EFAULT, path_readlink(ROOT, bad, 8, o, 64, o));
    EXPECT(EFAULT, path_readlink(ROOT, STR("link"), bad, 64, o));
    EXPECT(EFAULT, path_readlink(ROOT, STR("link"), o, 64, bad));
    EXPECT(EFAULT, path_remove_directory(ROOT, bad, 8));
    EXPECT(EFAULT, path_rename(ROOT, bad, 8, ROOT, STR("new")));
    EXPECT(EFAULT, path_rename(ROOT, STR("file"), ROOT, bad, 8));
    EXPECT(EFAULT, path_symlink(bad, 8, ROOT, STR("new")));
    EXPECT(EFAULT, path_symlink(STR("file"), ROOT, bad, 8));
    EXPECT(EFAULT, path_unlink_file(ROOT, bad, 8));
    EXPECT(EFAULT, random_get(bad, 8));
}

int main(void) {
    make_file("file", "text");
    OK(path_symlink(STR("file"), ROOT, STR("link")));
    file = must_open(ROOT, "file", 0, R_FILE);
    u32 end = memory_end();
    try_pointer(end);
    try_pointer(end - 1);
    try_pointer(end + 1);
    try_pointer(0x80000000u);
    try_pointer(UINT32_MAX);
    try_pointer(UINT32_MAX - 7);
    EXPECT(EFAULT, path_open(ROOT, 0, AT("file"), UINT32_MAX, 0, 0, 0, 0, 64));
    EXPECT(EFAULT, path_unlink_file(ROOT, 0, UINT32_MAX));
    EXPECT(EFAULT, fd_readdir(ROOT, 1024, UINT32_MAX, 0, 64));
    CHECK(!exists("new"));
    CHECK(has_text("file", "text"));
    return finish();
}
