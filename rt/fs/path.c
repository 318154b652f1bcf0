/* What can be done with a path: each call resolves it (resolve.c) and then works on a descriptor,
 * or on a name in a folder's descriptor, so that nothing is looked up twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/internal.h"

/* Modes of new files and folders, before the umask. */
#define FILE_MODE   0666
#define FOLDER_MODE 0777

static int host_result(int64_t result) {
    return result < 0 ? -errno : 0;
}

/* A folder that stands where a standard stream is expected grants nothing beneath it. */
static int check_folder(const tc_file *folder) {
    if (!S_ISDIR(folder->type))
        return -ENOTDIR;
    return folder->grant ? 0 : -EPERM;
}

/* A preopen that is a file is its own "."; opened anew, it has an offset of its own. */
static int open_program(const char *path, int flags) {
    if (strcmp(path, ".") != 0)
        return -ENOTDIR;
    return RETRY(open("/proc/self/exe", flags | O_CLOEXEC));
}

static bool is_program(const tc_file *folder) {
    return folder->preopen && S_ISREG(folder->type);
}

/* For the calls that change a folder: resolves to the place where. */
static int place_to_change(const tc_file *folder, const char *path, bool follow, tc_place *place) {
    int result = check_folder(folder);
    if (result == 0)
        result = tc_resolve_place(folder->fd, path, follow, place);
    if (result)
        return result;
    result = tc_file_check_writable(folder);
    if (result)
        tc_place_reset(place);
    return result;
}

/* ---- opening ---- */

static int open_flags(const tc_path_open_how *how) {
    int flags = how->access | O_NOCTTY | tc_file_host_flags(how->flags);
    if (how->create)
        flags |= O_CREAT;
    if (how->exclusive)
        flags |= O_EXCL;
    if (how->truncate)
        flags |= O_TRUNC;
    if (how->directory)
        flags |= O_DIRECTORY;
    if (!how->follow)
        flags |= O_NOFOLLOW;
    return flags;
}

/* Beneath a read-only grant, as on a read-only file system: what is there can be opened for
 * reading, also by a call that would create it if it were not. */
static int open_read_only(const tc_file *folder, const char *path, const tc_path_open_how *how) {
    if (how->access != O_RDONLY || how->truncate)
        return tc_file_check_writable(folder);
    int flags = open_flags(how) & ~(O_CREAT | O_EXCL);
    int fd = is_program(folder) ? open_program(path, flags & ~O_NOFOLLOW)
                                : tc_resolve_open(folder->fd, path, flags, 0);
    if (fd == -ENOENT && how->create)
        return tc_file_check_writable(folder);
    if (fd >= 0 && how->create && how->exclusive) {
        close(fd);
        return -EEXIST;
    }
    return fd;
}

int tc_path_open(tc_file *folder, const char *path, const tc_path_open_how *how, tc_file **out) {
    int result = is_program(folder) ? 0 : check_folder(folder);
    if (result)
        return result;
    if (how->directory && how->access != O_RDONLY)
        return -EISDIR;
    if (how->directory && how->create) /* what Linux does here changed over time: open(2), BUGS */
        return -EINVAL;
    int fd = folder->grant->read_only
                 ? open_read_only(folder, path, how)
                 : tc_resolve_open(folder->fd, path, open_flags(how), FILE_MODE);
    return fd < 0 ? fd : tc_file_wrap(fd, how->access, how->flags, folder, out);
}

/* Opens what is at `path` without any access to its contents. */
static int open_for_attributes(const tc_file *folder, const char *path, bool follow) {
    if (is_program(folder))
        return open_program(path, O_PATH);
    int result = check_folder(folder);
    if (result)
        return result;
    return tc_resolve_open(folder->fd, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
}

int tc_path_stat(tc_file *folder, const char *path, bool follow, struct stat *out) {
    int fd = open_for_attributes(folder, path, follow);
    if (fd < 0)
        return fd;
    int result = host_result(fstat(fd, out));
    close(fd);
    return result;
}

/* Kernels before 5.8 refuse AT_EMPTY_PATH here; the name under /proc leads to the very same object,
 * also when that is a symbolic link. */
static int set_times(int fd, const struct timespec times[2]) {
    char name[32];
    if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return host_result(utimensat(AT_FDCWD, name, times, 0));
}

int tc_path_set_times(tc_file *folder, const char *path, bool follow,
                      const struct timespec times[2]) {
    int fd = open_for_attributes(folder, path, follow);
    if (fd < 0)
        return fd;
    int result = tc_file_check_writable(folder);
    if (result == 0)
        result = set_times(fd, times);
    close(fd);
    return result;
}

/* ---- changing folders ---- */

int tc_path_create_directory(tc_file *folder, const char *path) {
    tc_place place;
    int result = place_to_change(folder, path, false, &place);
    if (result)
        return result;
    result = host_result(mkdirat(place.folder, place.name, FOLDER_MODE));
    tc_place_reset(&place);
    return result;
}

static int unlink_place(tc_file *folder, const char *path, int flags) {
    tc_place place;
    int result = place_to_change(folder, path, false, &place);
    if (result)
        return result;
    result = host_result(unlinkat(place.folder, place.name, flags));
    tc_place_reset(&place);
    return result;
}

int tc_path_remove_directory(tc_file *folder, const char *path) {
    return unlink_place(folder, path, AT_REMOVEDIR);
}

int tc_path_unlink(tc_file *folder, const char *path) {
    return unlink_place(folder, path, 0);
}

int tc_path_rename(tc_file *old_folder, const char *old_path, tc_file *new_folder,
                   const char *new_path) {
    tc_place from, to;
    int result = place_to_change(old_folder, old_path, false, &from);
    if (result)
        return result;
    result = place_to_change(new_folder, new_path, false, &to);
    if (result == 0) {
        result = host_result(renameat(from.folder, from.name, to.folder, to.name));
        tc_place_reset(&to);
    }
    tc_place_reset(&from);
    return result;
}

/* Both folders must be writable: through a link in the one, the file could be changed that the
 * other has. A name with a slash after it would make the kernel follow a symbolic link by itself;
 * it can only name a folder, which has no links; so does ".", of which Landlock would say that it
 * is beyond the granted folder. */
int tc_path_link(tc_file *old_folder, const char *old_path, bool follow, tc_file *new_folder,
                 const char *new_path) {
    tc_place from, to;
    int result = place_to_change(old_folder, old_path, follow, &from);
    if (result)
        return result;
    if (strchr(from.name, '/') || strcmp(from.name, ".") == 0) {
        struct stat status;
        result = tc_path_stat(old_folder, old_path, true, &status);
        if (result == 0)
            result = -EPERM;
    }
    if (result == 0)
        result = place_to_change(new_folder, new_path, false, &to);
    if (result == 0) {
        result = host_result(linkat(from.folder, from.name, to.folder, to.name, 0));
        tc_place_reset(&to);
    }
    tc_place_reset(&from);
    return result;
}

/* ---- symbolic links ---- */

int tc_path_symlink(const char *target, tc_file *folder, const char *path) {
    tc_place place;
    if (target[0] == '/')
        return -EPERM;
    int result = place_to_change(folder, path, false, &place);
    if (result)
        return result;
    result = host_result(symlinkat(target, place.folder, place.name));
    tc_place_reset(&place);
    return result;
}

ssize_t tc_path_readlink(tc_file *folder, const char *path, char *buffer, size_t size) {
    char target[PATH_MAX];
    int fd = open_for_attributes(folder, path, false);
    if (fd < 0)
        return fd;
    struct stat status;
    ssize_t length = -EINVAL; /* no symbolic link */
    if (fstat(fd, &status) == 0 && S_ISLNK(status.st_mode)) {
        length = readlinkat(fd, "", target, sizeof target);
        if (length < 0)
            length = -errno;
    }
    close(fd);
    if (length <= 0)
        return length;
    if ((size_t)length > size)
        length = (ssize_t)size;
    memcpy(buffer, target, (size_t)length);
    return length;
}
