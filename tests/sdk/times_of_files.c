// run: --dir {tmp}::/
/* Files get the times that they are given, and the present one where none is. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <utime.h>

#include "check.h"

static struct stat status(void) {
    struct stat found;
    CHECK(stat("/file", &found) == 0);
    return found;
}

static bool is_now(time_t seconds) {
    return llabs((long long)time(NULL) - (long long)seconds) < 60;
}

int main(void) {
    int fd = open("/file", O_CREAT | O_RDWR, 0666);
    CHECK(fd >= 0);
    struct timespec given[2] = {{.tv_sec = 5, .tv_nsec = 6}, {.tv_sec = 7, .tv_nsec = 8}};
    for (int by_fd = 0; by_fd < 2; by_fd++) {
        CHECK((by_fd ? futimens(fd, given) : utimensat(AT_FDCWD, "/file", given, 0)) == 0);
        CHECK(status().st_atim.tv_sec == 5 && status().st_atim.tv_nsec == 6);
        CHECK(status().st_mtim.tv_sec == 7 && status().st_mtim.tv_nsec == 8);
        CHECK((by_fd ? futimens(fd, NULL) : utimensat(AT_FDCWD, "/file", NULL, 0)) == 0);
        CHECK(is_now(status().st_atime) && is_now(status().st_mtime));
    }

    struct timespec one[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 9}};
    CHECK(futimens(fd, given) == 0 && utimensat(AT_FDCWD, "/file", one, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(status().st_atime == 5 && status().st_mtime == 9);
    one[0].tv_nsec = UTIME_NOW;
    CHECK(futimens(fd, one) == 0);
    CHECK(is_now(status().st_atime) && status().st_mtime == 9);
    CHECK(futimens(fd, given) == 0 && utime("/file", NULL) == 0);
    CHECK(is_now(status().st_mtime));

    given[1].tv_nsec = 1000000000;
    CHECK_ERRNO(futimens(fd, given), EINVAL);
    CHECK_ERRNO(utimensat(AT_FDCWD, "/missing", NULL, 0), ENOENT);
    return 0;
}
