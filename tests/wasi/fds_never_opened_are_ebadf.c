// run: --dir {tmp}::/
/* Every function that takes a descriptor answers EBADF for numbers that were never opened. */
#include "wasi_raw.h"

static void try_all(u32 fd) {
    static u32 out[32];
    iovec32 vector = {AT(out), 4};
    u32 v = AT(&vector), o = AT(out);
    EXPECT(EBADF, fd_advise(fd, 0, 0, 0));
    EXPECT(EBADF, fd_allocate(fd, 0, 1));
    EXPECT(EBADF, fd_close(fd));
    EXPECT(EBADF, fd_datasync(fd));
    EXPECT(EBADF, fd_fdstat_get(fd, o));
    EXPECT(EBADF, fd_fdstat_set_flags(fd, 0));
    EXPECT(EBADF, fd_fdstat_set_rights(fd, 0, 0));
    EXPECT(EBADF, fd_filestat_get(fd, o));
    EXPECT(EBADF, fd_filestat_set_size(fd, 0));
    EXPECT(EBADF, fd_filestat_set_times(fd, 0, 0, MTIM_NOW));
    EXPECT(EBADF, fd_pread(fd, v, 1, 0, o));
    EXPECT(EBADF, fd_prestat_get(fd, o));
    EXPECT(EBADF, fd_prestat_dir_name(fd, o, 4));
    EXPECT(EBADF, fd_pwrite(fd, v, 1, 0, o));
    EXPECT(EBADF, fd_read(fd, v, 1, o));
    EXPECT(EBADF, fd_readdir(fd, o, 128, 0, o));
    EXPECT(EBADF, fd_renumber(fd, 1));
    EXPECT(EBADF, fd_renumber(1, fd));
    EXPECT(EBADF, fd_renumber(fd, fd));
    EXPECT(EBADF, fd_seek(fd, 0, 0, o));
    EXPECT(EBADF, fd_sync(fd));
    EXPECT(EBADF, fd_tell(fd, o));
    EXPECT(EBADF, fd_write(fd, v, 1, o));
    EXPECT(EBADF, path_create_directory(fd, STR("x")));
    EXPECT(EBADF, path_filestat_get(fd, 0, STR("x"), o));
    EXPECT(EBADF, path_filestat_set_times(fd, 0, STR("x"), 0, 0, MTIM_NOW));
    EXPECT(EBADF, path_link(fd, 0, STR("x"), ROOT, STR("y")));
    EXPECT(EBADF, path_link(ROOT, 0, STR("x"), fd, STR("y")));
    EXPECT(EBADF, path_open(fd, 0, STR("x"), 0, 0, 0, 0, o));
    EXPECT(EBADF, path_readlink(fd, STR("x"), o, 4, o));
    EXPECT(EBADF, path_remove_directory(fd, STR("x")));
    EXPECT(EBADF, path_rename(fd, STR("x"), ROOT, STR("y")));
    EXPECT(EBADF, path_rename(ROOT, STR("x"), fd, STR("y")));
    EXPECT(EBADF, path_symlink(STR("x"), fd, STR("y")));
    EXPECT(EBADF, path_unlink_file(fd, STR("x")));
    EXPECT(EBADF, sock_accept(fd, 0, o));
    EXPECT(EBADF, sock_recv(fd, v, 1, 0, o, o + 4));
    EXPECT(EBADF, sock_send(fd, v, 1, 0, o));
    EXPECT(EBADF, sock_shutdown(fd, 3));
}

int main(void) {
    static const u32 numbers[] = {
        4, 5, 63, 64, 1000, 65535, 65536, 1u << 31, UINT32_MAX - 1, UINT32_MAX};
    for (u32 i = 0; i < sizeof numbers / sizeof *numbers; i++)
        try_all(numbers[i]);
    OK(fd_close(ROOT));
    EXPECT(EBADF, fd_prestat_get(ROOT, AT(numbers)));
    return finish();
}
