// run: --dir {tmp}::/deep/granted
/* What POSIX has of files and WASI has not: temporary names are made, names are freed of symbolic
 * links, and permissions, owners, locks and copies of descriptors have the answer that fits. */
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "check.h"

#define TOP "/deep/granted"

static void check_temporary_names(void) {
    char first[] = TOP "/fileXXXXXX", second[] = TOP "/fileXXXXXX", folder[] = TOP "/folderXXXXXX";
    char nothing[] = TOP "/XXXXXX", wrong[] = TOP "/XXXXX", nowhere[] = TOP "/none/XXXXXX";
    struct stat status;
    int fd = mkstemp(first);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && stat(first, &status) == 0 && status.st_size == 1);
    close(fd);
    fd = mkostemp(second, O_APPEND);
    CHECK(fd >= 0 && strcmp(first, second) != 0 && (fcntl(fd, F_GETFL) & O_APPEND));
    close(fd);
    CHECK(mkdtemp(folder) == folder && stat(folder, &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(mktemp(nothing) == nothing && stat(nothing, &status) < 0 && errno == ENOENT);
    CHECK_ERRNO(mkstemp(wrong), EINVAL);
    CHECK_ERRNO(mkstemp(nowhere), ENOENT);
    CHECK(strcmp(nowhere, TOP "/none/XXXXXX") == 0);
    CHECK(!mkdtemp(wrong) && errno == EINVAL && mktemp(wrong) == wrong && !*wrong);
    CHECK(unlink(first) == 0 && unlink(second) == 0 && rmdir(folder) == 0);
}

/* The real path is `wanted`, or there is none for the reason `error`. */
static void check_path(const char *path, const char *wanted, int error) {
    char place[PATH_MAX];
    errno = 0;
    char *found = realpath(path, NULL);
    CHECK(wanted ? found && strcmp(found, wanted) == 0 : !found && errno == error);
    CHECK(!found || (realpath(path, place) == place && strcmp(place, found) == 0));
    free(found);
}

static void check_real_paths(void) {
    CHECK(mkdir(TOP "/a", 0700) == 0 && mkdir(TOP "/a/b", 0700) == 0);
    close(open(TOP "/a/file", O_CREAT | O_WRONLY, 0600));
    CHECK(symlink("a/b", TOP "/link") == 0 && symlink("../file", TOP "/a/b/up") == 0);
    CHECK(symlink("loop", TOP "/loop") == 0 && symlink("none", TOP "/dangling") == 0);
    check_path(TOP, TOP, 0);
    check_path(TOP "//a/./b/", TOP "/a/b", 0);
    check_path(TOP "/a/b/../file", TOP "/a/file", 0);
    check_path(TOP "/link", TOP "/a/b", 0);
    check_path(TOP "/link/up", TOP "/a/file", 0);
    check_path(TOP "/link/../file", TOP "/a/file", 0);
    CHECK(chdir(TOP "/a") == 0);
    check_path("b/..", TOP "/a", 0);
    check_path("../link", TOP "/a/b", 0);
    check_path("", NULL, ENOENT);
    check_path(NULL, NULL, EINVAL);
    check_path("file/", NULL, ENOTDIR);
    check_path("file/..", NULL, ENOTDIR);
    check_path("none", NULL, ENOENT);
    check_path("none/../b", NULL, ENOENT);
    check_path(TOP "/dangling", NULL, ENOENT);
    check_path(TOP "/loop", NULL, ELOOP);
    check_path("/etc/passwd", NULL, ENOENT);
    CHECK(unlink(TOP "/link") == 0 && unlink(TOP "/loop") == 0 && unlink(TOP "/dangling") == 0);
    CHECK(unlink("b/up") == 0 && unlink("file") == 0 && rmdir("b") == 0 && rmdir(TOP "/a") == 0);
}

static void check_what_wasi_has_not(void) {
    int fd = open(TOP "/x", O_CREAT | O_RDWR, 0600);
    struct flock lock = {.l_type = F_WRLCK};
    CHECK(umask(077) == 022 && umask(022) == 077);
    CHECK_ERRNO(chmod(TOP "/x", 0644), ENOTSUP);
    CHECK_ERRNO(chmod(TOP "/none", 0644), ENOENT);
    CHECK_ERRNO(fchmod(fd, 0644), ENOTSUP);
    CHECK_ERRNO(fchmod(999, 0644), EBADF);
    CHECK(chown(TOP "/x", 0, (gid_t)-1) == 0 && fchown(fd, (uid_t)-1, 0) == 0);
    CHECK_ERRNO(lchown(TOP "/x", 1000, 0), EPERM);
    CHECK_ERRNO(chown(TOP "/none", 0, 0), ENOENT);
    CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), ENOLCK);
    CHECK_ERRNO(flock(fd, 77), EINVAL);
    CHECK_ERRNO(flock(999, LOCK_UN), EBADF);
    CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EINVAL);
    CHECK_ERRNO(dup(fd), ENOSYS);
    CHECK_ERRNO(dup(999), EBADF);
    CHECK(dup2(fd, fd) == fd);
    CHECK_ERRNO(dup2(fd, fd + 1), ENOSYS);
    CHECK(system(NULL) == 0 && getgroups(0, NULL) == 0);
    CHECK_ERRNO(system("true"), ENOSYS);
    CHECK(!popen("true", "r") && errno == ENOSYS);
    CHECK(close(fd) == 0 && unlink(TOP "/x") == 0);
}

static void check_usage(void) {
    struct rusage usage, children;
    memset(&usage, 0xff, sizeof usage);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && getrusage(RUSAGE_CHILDREN, &children) == 0);
    CHECK(usage.ru_maxrss >= 1024 && usage.ru_utime.tv_usec < 1000000 && usage.ru_nivcsw == 0);
    CHECK(children.ru_utime.tv_sec == 0 && children.ru_utime.tv_usec == 0);
    CHECK_ERRNO(getrusage(77, &usage), EINVAL);
}

/* Every kind of file has a number of its own. */
static const char *kind(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "folder";
    case S_IFSOCK:
        return "socket";
    case S_IFIFO:
        return "pipe";
    case S_IFLNK:
        return "link";
    default:
        return "other";
    }
}

int main(void) {
    struct ifreq request = {.ifr_name = "lo"};
    check_temporary_names();
    check_real_paths();
    check_what_wasi_has_not();
    check_usage();
    CHECK(strcmp(kind(S_IFSOCK), "socket") == 0 && strcmp(kind(S_IFIFO), "pipe") == 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_ERRNO(ioctl(fd, SIOCGIFADDR, &request), EINVAL);
    return 0;
}
