// run: --dir {tmp}/box::/
// setup: mkdir -p box/door outside; echo inside > box/door/secret; echo OUTSIDE > outside/secret
// setup: cd box; ln -s ../outside gate; ln door/secret plain; ln -s ../outside/secret fancy
// swap: box/door box/gate
// swap: box/plain box/fancy
// check: test "$(ls outside)" = secret; test "$(cat outside/secret)" = OUTSIDE
// check: test "$(stat -c %h outside/secret)" = 1; test "$(stat -c %Y outside/secret)" -gt 1000
/* A thread of the host exchanges a folder with a link that points out, and a file with one, while
 * the guest uses them in every way: what it reaches is always inside. */
#include "wasi_raw.h"

static u32 reached, refused;

static void count(u32 error) {
    if (error)
        refused++;
    else
        reached++;
}

static void read_through(const char *path) {
    char text[16] = "";
    u32 fd, done = 0;
    u32 error = path_open(ROOT, FOLLOW, STR(path), 0, R_READ, 0, 0, AT(&fd));
    count(error);
    if (error)
        return;
    OK(read_into(fd, text, sizeof text, &done));
    CHECK(strncmp(text, "OUTSIDE", 7) != 0);
    OK(fd_close(fd));
}

static void write_through(const char *path) {
    u32 fd, done;
    if (path_open(ROOT, FOLLOW, STR(path), O_CREATE, R_WRITE, 0, 0, AT(&fd)))
        return;
    write_text(fd, "changed", &done);
    fd_close(fd);
}

int main(void) {
    static char out[4096];
    u32 o = AT(out);
    u64 start, now;
    clock_time_get(1, 0, AT(&start));
    do {
        read_through("door/secret");
        read_through("gate/secret");
        read_through("plain");
        read_through("fancy");
        read_through("gate/../door/secret");
        write_through("door/new");
        write_through("gate/new");
        write_through("fancy");
        path_create_directory(ROOT, STR("door/folder"));
        path_remove_directory(ROOT, STR("door/folder"));
        path_unlink_file(ROOT, STR("gate/new"));
        path_symlink(STR("x"), ROOT, STR("door/link"));
        path_unlink_file(ROOT, STR("door/link"));
        if (path_link(ROOT, FOLLOW, STR("fancy"), ROOT, STR("stolen")) == 0) {
            CHECK(!has_text("stolen", "OUTSIDE\n"));
            path_unlink_file(ROOT, STR("stolen"));
        }
        path_link(ROOT, 0, STR("plain"), ROOT, STR("door/hard"));
        path_unlink_file(ROOT, STR("door/hard"));
        path_rename(ROOT, STR("door/new"), ROOT, STR("gate/renamed"));
        path_unlink_file(ROOT, STR("door/renamed"));
        path_filestat_set_times(ROOT, FOLLOW, STR("fancy"), 1, 1, ATIM | MTIM);
        path_filestat_set_times(ROOT, FOLLOW, STR("door/secret"), 1, 1, ATIM | MTIM);
        path_readlink(ROOT, STR("door/secret"), o, 64, o);
        clock_time_get(1, 0, AT(&now));
    } while (now - start < 700000000);
    printf("%u reached, %u refused\n", (unsigned)reached, (unsigned)refused);
    CHECK(reached > 0 && refused > 0); /* the swapping was in time */
    return finish();
}
