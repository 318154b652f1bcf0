/* What POSIX has of files and wasi-libc has not: permissions and owners, which WASI does not know,
 * temporary names, locks, and names without symbolic links. All of it is weak: programs that were
 * ported to WASI bring their own. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define WEAK __attribute__((weak))

/* ---- permissions and owners ---- */

WEAK int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    struct stat status;
    (void)mode;
    return fstatat(folder, path, &status, flags) ? -1 : tc_result(ENOTSUP);
}

WEAK int chmod(const char *path, mode_t mode) {
    return fchmodat(AT_FDCWD, path, mode, 0);
}

WEAK int fchmod(int fd, mode_t mode) {
    struct stat status;
    (void)mode;
    return fstat(fd, &status) ? -1 : tc_result(ENOTSUP);
}

WEAK mode_t umask(mode_t mask) {
    static mode_t kept = 022;
    mode_t before = kept;
    kept = mask & 0777;
    return before;
}

/* All files belong to user and group 0. */
static int may_own(uid_t user, gid_t group) {
    bool own = (user == 0 || user == (uid_t)-1) && (group == 0 || group == (gid_t)-1);
    return own ? 0 : tc_result(EPERM);
}

WEAK int chown(const char *path, uid_t user, gid_t group) {
    struct stat status;
    return stat(path, &status) ? -1 : may_own(user, group);
}

WEAK int lchown(const char *path, uid_t user, gid_t group) {
    struct stat status;
    return lstat(path, &status) ? -1 : may_own(user, group);
}

WEAK int fchown(int fd, uid_t user, gid_t group) {
    struct stat status;
    return fstat(fd, &status) ? -1 : may_own(user, group);
}

/* ---- descriptors ---- */

static bool is_open(int fd) {
    __wasi_fdstat_t status;
    return fd >= 0 && __wasi_fd_fdstat_get(fd, &status) == 0;
}

WEAK int dup(int fd) {
    return tc_result(is_open(fd) ? ENOSYS : EBADF);
}

WEAK int dup2(int fd, int to) {
    if (is_open(fd) && fd == to)
        return fd;
    return dup(fd);
}

WEAK int getdtablesize(void) {
    return 1024;
}

/* WASI has no locks, and one that nobody else sees would be worse than none. */
WEAK int flock(int fd, int operation) {
    int what = operation & ~LOCK_NB;
    if (!is_open(fd))
        return tc_result(EBADF);
    return tc_result(what == LOCK_SH || what == LOCK_EX || what == LOCK_UN ? ENOLCK : EINVAL);
}

/* ---- temporary names ---- */

static const char suffix[] = "XXXXXX";

/* Where the template's letters go, or NULL. */
static char *letters_of(char *template) {
    size_t length = strlen(template), count = sizeof suffix - 1;
    if (length < count || strcmp(template + length - count, suffix) != 0)
        return NULL;
    return template + length - count;
}

static void choose(char *letters) {
    static const char from[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char random[sizeof suffix - 1];
    if (__wasi_random_get(random, sizeof random) != 0)
        abort();
    for (size_t i = 0; i < sizeof random; i++)
        letters[i] = from[random[i] % (sizeof from - 1)];
}

enum { TRIES = 100 };

/* Has `make` make something of a name that is not there yet. The template is as it was when that
 * fails. */
static int make_new(char *template, int flags, int (*make)(const char *, int)) {
    char *letters = letters_of(template);
    if (!letters)
        return tc_result(EINVAL);
    int made = -1;
    for (int i = 0; i < TRIES; i++) {
        choose(letters);
        made = make(template, flags);
        if (made >= 0 || errno != EEXIST)
            break;
    }
    if (made < 0)
        memcpy(letters, suffix, sizeof suffix);
    return made;
}

static int make_file(const char *path, int flags) {
    return open(path, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
}

static int make_folder(const char *path, int flags) {
    (void)flags;
    return mkdir(path, 0700);
}

/* What is there makes it look for another name. */
static int make_nothing(const char *path, int flags) {
    struct stat status;
    (void)flags;
    if (lstat(path, &status) == 0)
        return tc_result(EEXIST);
    return errno == ENOENT ? 0 : -1;
}

WEAK int mkostemp(char *template, int flags) {
    return make_new(template, flags, make_file);
}

WEAK int mkstemp(char *template) {
    return mkostemp(template, 0);
}

WEAK char *mkdtemp(char *template) {
    return make_new(template, 0, make_folder) ? NULL : template;
}

WEAK char *mktemp(char *template) {
    if (make_new(template, 0, make_nothing))
        *template = 0;
    return template;
}

/* ---- names without symbolic links ---- */

enum { LINKS_MAX = 40 }; /* Linux's own limit: path_resolution(7) */

/* Puts `front` and `behind`, which may be within `rest`, into `rest`, with a slash between names.
 */
static bool put_before(char rest[PATH_MAX], const char *front, size_t length, const char *behind) {
    size_t left = strlen(behind), slash = *behind && *behind != '/';
    if (length + slash + left >= PATH_MAX)
        return false;
    memmove(rest + length + slash, behind, left + 1);
    memcpy(rest, front, length);
    if (slash)
        rest[length] = '/';
    return true;
}

/* Walks `rest` from the root; `out` is the name so far, "" for the root. */
static int walk(char rest[PATH_MAX], char out[PATH_MAX]) {
    char target[PATH_MAX];
    size_t length = 0;
    int links = 0;
    bool seen = true; /* whether the last name of `out` is to be seen */
    const char *at = rest;
    out[0] = 0;
    while (*(at += strspn(at, "/"))) {
        size_t size = strcspn(at, "/");
        const char *behind = at + size;
        bool last = !behind[strspn(behind, "/")];
        if (size == 1 && at[0] == '.') {
            at = behind;
            continue;
        }
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            if (!seen)
                return ENOENT;
            while (length && out[--length] != '/')
                ;
            out[length] = 0;
            at = behind;
            continue;
        }
        if (length + 1 + size >= PATH_MAX)
            return ENAMETOOLONG;
        size_t before = length;
        out[length++] = '/';
        memcpy(out + length, at, size);
        length += size;
        out[length] = 0;
        struct stat status;
        seen = lstat(out, &status) == 0;
        if (!seen) {
            /* Above a granted folder there is nothing to be seen, and what follows may be one. */
            if (last || (errno != ENOENT && errno != ENOTCAPABLE))
                return errno == ENOTCAPABLE ? ENOENT : errno;
            at = behind;
            continue;
        }
        if (!S_ISLNK(status.st_mode)) {
            if (*behind && !S_ISDIR(status.st_mode))
                return ENOTDIR;
            at = behind;
            continue;
        }
        ssize_t got = readlink(out, target, sizeof target - 1);
        if (got < 0)
            return errno;
        if (++links > LINKS_MAX)
            return ELOOP;
        if (!put_before(rest, target, (size_t)got, behind))
            return ENAMETOOLONG;
        at = rest;
        length = got && target[0] == '/' ? 0 : before;
        out[length] = 0;
    }
    return 0;
}

WEAK char *realpath(const char *restrict path, char *restrict resolved) {
    char rest[PATH_MAX], out[PATH_MAX];
    struct stat status;
    if (!path || !*path) {
        errno = path ? ENOENT : EINVAL;
        return NULL;
    }
    size_t length = strlen(path);
    if (length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (path[0] == '/') {
        memcpy(rest, path, length + 1);
    } else if (!getcwd(out, sizeof out)) {
        return NULL;
    } else if (!put_before(rest, out, strlen(out), path)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int error = walk(rest, out);
    if (!error && *out && stat(out, &status))
        error = errno;
    if (error) {
        errno = error;
        return NULL;
    }
    if (!*out)
        memcpy(out, "/", 2);
    return resolved ? strcpy(resolved, out) : strdup(out);
}
