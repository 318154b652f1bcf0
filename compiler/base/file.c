/* Files and paths: whole-file reading and writing, directories, looking programs up. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

int tc_file_read_descriptor(int file, size_t limit, tc_buffer *out) {
    struct stat status;
    if (fstat(file, &status) < 0 || (lseek(file, 0, SEEK_SET) < 0 && errno != ESPIPE))
        return -1;
    size_t expected = status.st_size > 0 && (uint64_t)status.st_size <= limit ? status.st_size : 0;
    tc_buffer_reset(out);
    out->capacity = expected + 65536;
    out->data = tc_reallocate(NULL, out->capacity);
    for (;;) {
        if (out->capacity - out->length < 4096) {
            out->capacity *= 2;
            out->data = tc_reallocate(out->data, out->capacity);
        }
        ssize_t got = read(file, out->data + out->length, out->capacity - out->length - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        out->length += (size_t)got;
        out->data[out->length] = 0;
        if (got == 0)
            return 0;
        if (out->length > limit) {
            errno = EFBIG;
            return -1;
        }
    }
}

int tc_file_read(const char *path, size_t limit, tc_buffer *out) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    int result = tc_file_read_descriptor(file, limit, out);
    int error = errno;
    close(file);
    errno = error;
    return result;
}

int tc_file_write_descriptor(int file, const void *data, size_t length) {
    for (const char *at = data; length;) {
        ssize_t put = write(file, at, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        at += put;
        length -= (size_t)put;
    }
    return 0;
}

int tc_file_write(const char *path, const void *data, size_t length) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return -1;
    int result = tc_file_write_descriptor(file, data, length);
    int error = errno;
    if (close(file) < 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

static int copy_bytes(int from, int to) {
    ssize_t count;
    do
        count = copy_file_range(from, NULL, to, NULL, SSIZE_MAX / 2, 0);
    while (count > 0 || (count < 0 && errno == EINTR));
    /* Not between file systems before Linux 5.19, and not between all of them. */
    while (count < 0 && (count = sendfile(to, from, NULL, 1 << 30)) > 0)
        count = -1;
    return count < 0 ? -1 : 0;
}

int tc_file_move(const char *from, const char *to) {
    if (rename(from, to) == 0)
        return 0;
    if (errno != EXDEV)
        return -1;
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int copy = source < 0 ? -1 : open(to, O_WRONLY | O_TRUNC | O_CLOEXEC);
    int result = copy < 0 ? -1 : copy_bytes(source, copy);
    int error = errno;
    if (copy >= 0 && close(copy) < 0 && result == 0) {
        error = errno;
        result = -1;
    }
    if (source >= 0)
        close(source);
    if (result == 0)
        unlink(from);
    errno = error;
    return result;
}

int tc_directory_make(const char *path, mode_t mode) {
    if (mkdir(path, mode) == 0)
        return 0;
    if (errno == EEXIST) {
        struct stat status;
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return 0;
        errno = ENOTDIR;
        return -1;
    }
    if (errno != ENOENT || !strchr(path, '/'))
        return -1;
    char *parent = tc_path_directory(path);
    int result = strcmp(parent, path) == 0 ? -1 : tc_directory_make(parent, mode);
    free(parent);
    if (result == 0 && mkdir(path, mode) < 0 && errno != EEXIST)
        result = -1;
    return result;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

void tc_directory_remove(const char *path) {
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *tc_path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *tc_path_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return tc_copy_text(".");
    if (slash == path)
        return tc_copy_text("/");
    return tc_format("%.*s", (int)(slash - path), path);
}

static bool is_program(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Programs are started in other directories. Links stay as they are: some programs look at the name
 * by which they were called. */
static char *make_absolute(char *path) {
    char here[PATH_MAX];
    if (*path == '/' || !getcwd(here, sizeof here))
        return path;
    char *absolute = tc_format("%s/%s", here, path);
    free(path);
    return absolute;
}

char *tc_path_find_program(const char *name) {
    if (!*name)
        return NULL;
    if (strchr(name, '/'))
        return is_program(name) ? make_absolute(tc_copy_text(name)) : NULL;
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at;) {
        size_t length = strcspn(at, ":");
        char *candidate = tc_format("%.*s%s%s", (int)length, at, length ? "/" : "./", name);
        if (is_program(candidate))
            return make_absolute(candidate);
        free(candidate);
        at = at[length] ? at + length + 1 : NULL;
    }
    return NULL;
}

void tc_file_identity(tc_buffer *out, const char *path) {
    struct stat status;
    if (stat(path, &status) < 0) {
        tc_buffer_print(out, "%s absent\n", path);
        return;
    }
    char resolved[PATH_MAX];
    const char *name = realpath(path, resolved) ? resolved : path;
    tc_buffer_print(out, "%s %lld %lld.%09ld %llu\n", name, (long long)status.st_size,
                    (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                    (unsigned long long)status.st_ino);
}
