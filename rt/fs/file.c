/* Open files: making, closing, reading, writing, and what can be asked of a descriptor. */
#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/internal.h"
#include "guest/report.h"

/* Flags that the kernel lets us change on an open descriptor. */
#define CHANGEABLE  (TC_FILE_APPEND | TC_FILE_NONBLOCK)
#define SYNCHRONOUS (TC_FILE_SYNC | TC_FILE_RSYNC)

int tc_file_host_flags(unsigned flags) {
    int host = 0;
    if (flags & TC_FILE_APPEND)
        host |= O_APPEND;
    if (flags & TC_FILE_NONBLOCK)
        host |= O_NONBLOCK;
    if (flags & TC_FILE_DSYNC)
        host |= O_DSYNC;
    if (flags & SYNCHRONOUS)
        host |= O_SYNC;
    return host;
}

static unsigned flags_of_host(int host) {
    unsigned flags = 0;
    if (host & O_APPEND)
        flags |= TC_FILE_APPEND;
    if (host & O_NONBLOCK)
        flags |= TC_FILE_NONBLOCK;
    if ((host & O_SYNC) == O_SYNC)
        flags |= TC_FILE_SYNC;
    else if (host & O_DSYNC)
        flags |= TC_FILE_DSYNC;
    return flags;
}

/* On failure the descriptor stays open. */
static int wrap(int fd, int access, unsigned flags, const tc_file *beneath, tc_file **out) {
    struct stat status;
    if (fstat(fd, &status))
        return -errno;
    tc_file *file = calloc(1, sizeof *file);
    if (!file)
        return -ENOMEM;
    file->fd = fd;
    file->type = status.st_mode & S_IFMT;
    file->terminal = S_ISCHR(status.st_mode) && isatty(fd);
    file->access = access;
    file->flags = file->native_flags = flags;
    file->root_device = status.st_dev;
    file->root_inode = status.st_ino;
    if (beneath) {
        file->grant = beneath->grant;
        file->root_device = beneath->root_device;
        file->root_inode = beneath->root_inode;
    }
    *out = file;
    return 0;
}

int tc_file_wrap(int fd, int access, unsigned flags, const tc_file *beneath, tc_file **out) {
    int result = wrap(fd, access, flags, beneath, out);
    if (result)
        close(fd);
    return result;
}

static int open_preopen(const tc_dir_grant *grant, const char *path, int flags, tc_file **out) {
    int fd = RETRY(open(path, O_RDONLY | O_CLOEXEC | flags));
    if (fd < 0)
        return fd;
    int result = tc_file_wrap(fd, O_RDONLY, 0, NULL, out);
    if (result)
        return result;
    (*out)->grant = grant;
    (*out)->preopen = true;
    return 0;
}

int tc_file_open_preopen(const tc_dir_grant *grant, tc_file **out) {
    return open_preopen(grant, grant->host, O_DIRECTORY, out);
}

int tc_file_open_program(const tc_dir_grant *grant, tc_file **out) {
    return open_preopen(grant, "/proc/self/exe", 0, out);
}

/* What a standard stream becomes when it is closed; opened while it can be. */
static int null_device = -1;

int tc_file_open_standard(int fd, tc_file **out) {
    if (null_device < 0)
        null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
    int host = fcntl(fd, F_GETFL);
    if (host < 0)
        return -errno;
    /* Whether the host's description is non-blocking is another program's doing (a shell may share
     * it with one): the guest starts with a blocking stream. */
    unsigned flags = flags_of_host(host) & ~(unsigned)TC_FILE_NONBLOCK;
    int result = wrap(fd, host & O_ACCMODE, flags, NULL, out); /* standard error is still needed */
    if (result == 0)
        (*out)->standard = true;
    return result;
}

static void close_standard(int fd) {
    if (fd != STDERR_FILENO && null_device >= 0)
        dup2(null_device, fd);
}

void tc_file_close(tc_file *file) {
    if (file->standard)
        close_standard(file->fd);
    else
        close(file->fd);
    tc_listing_free(file->listing);
    free(file);
}

bool tc_file_is_stream(const tc_file *file) {
    return S_ISFIFO(file->type) || S_ISSOCK(file->type) || file->terminal;
}

static bool is_empty(const struct iovec *vectors, int count) {
    for (int i = 0; i < count; i++)
        if (vectors[i].iov_len)
            return false;
    return true;
}

/* Waits for a standard stream: until it is ready, or not at all if the guest wants no waiting. */
static int wait_standard(const tc_file *file, short events) {
    struct pollfd wanted = {.fd = file->fd, .events = events};
    int ready = (int)RETRY(poll(&wanted, 1, file->flags & TC_FILE_NONBLOCK ? 0 : -1));
    if (ready < 0)
        return ready;
    return ready ? 0 : -EAGAIN;
}

ssize_t tc_file_read(tc_file *file, const struct iovec *vectors, int count) {
    bool shared = file->standard && !S_ISREG(file->type) && !is_empty(vectors, count);
    for (;;) {
        int waited = shared && (file->flags & TC_FILE_NONBLOCK) ? wait_standard(file, POLLIN) : 0;
        if (waited < 0)
            return waited;
        ssize_t got = RETRY(readv(file->fd, vectors, count));
        if (got != -EAGAIN || !shared || (file->flags & TC_FILE_NONBLOCK))
            return got;
        /* The host's description is non-blocking, the guest's descriptor is not. */
        waited = wait_standard(file, POLLIN);
        if (waited < 0)
            return waited;
    }
}

/* A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking, and maybe no more. */
static ssize_t write_without_blocking(tc_file *file, const struct iovec *vectors) {
    int waited = wait_standard(file, POLLOUT);
    if (waited < 0)
        return waited;
    while (vectors->iov_len == 0)
        vectors++;
    size_t length = vectors->iov_len < PIPE_BUF ? vectors->iov_len : PIPE_BUF;
    return RETRY(write(file->fd, vectors->iov_base, length));
}

static ssize_t write_stream(tc_file *file, const struct iovec *vectors, int count) {
    bool shared = file->standard && !S_ISREG(file->type) && !is_empty(vectors, count);
    if (shared && (file->flags & TC_FILE_NONBLOCK))
        return write_without_blocking(file, vectors);
    for (;;) {
        ssize_t put = RETRY(writev(file->fd, vectors, count));
        if (put != -EAGAIN || !shared)
            return put;
        int waited = wait_standard(file, POLLOUT);
        if (waited < 0)
            return waited;
    }
}

/* Does what SYNC and DSYNC ask for, where they were set after the file was opened: the kernel takes
 * them only at open(2). */
static ssize_t sync_written(tc_file *file, ssize_t written) {
    unsigned missing = file->flags & ~file->native_flags;
    if (written <= 0 || !(missing & (SYNCHRONOUS | TC_FILE_DSYNC)))
        return written;
    int result = tc_file_sync(file, !(missing & SYNCHRONOUS));
    /* Pipes and devices have nothing to sync. */
    return result < 0 && result != -EINVAL && result != -EROFS ? result : written;
}

ssize_t tc_file_write(tc_file *file, const struct iovec *vectors, int count) {
    unsigned missing = file->flags & ~file->native_flags;
    if ((missing & TC_FILE_APPEND) && S_ISREG(file->type) && lseek(file->fd, 0, SEEK_END) < 0)
        return -errno;
    return sync_written(file, write_stream(file, vectors, count));
}

ssize_t tc_file_pread(tc_file *file, const struct iovec *vectors, int count, uint64_t offset) {
    return offset > INT64_MAX ? -EINVAL : RETRY(preadv(file->fd, vectors, count, (off_t)offset));
}

ssize_t tc_file_pwrite(tc_file *file, const struct iovec *vectors, int count, uint64_t offset) {
    if (offset > INT64_MAX)
        return -EINVAL;
    return sync_written(file, RETRY(pwritev(file->fd, vectors, count, (off_t)offset)));
}

int64_t tc_file_seek(tc_file *file, int64_t offset, int whence) {
    return RETRY(lseek(file->fd, offset, whence));
}

int tc_file_sync(tc_file *file, bool data_only) {
    return (int)RETRY(data_only ? fdatasync(file->fd) : fsync(file->fd));
}

int tc_file_stat(tc_file *file, struct stat *out) {
    return (int)RETRY(fstat(file->fd, out));
}

int tc_file_check_writable(const tc_file *file) {
    const tc_dir_grant *grant = file->grant;
    if (!grant || !grant->read_only)
        return 0;
    if (!grant->host) /* the program's own file: nothing would allow it */
        return -EROFS;
    tc_report_once("the guest may not change anything in %s, which it has read-only; "
                   "to allow it, grant --dir %s::%s without :ro",
                   grant->guest, grant->host, grant->guest);
    return -EROFS;
}

/* Times can be set through a descriptor that is only open for reading, so the grant decides here.
 */
int tc_file_set_times(tc_file *file, const struct timespec times[2]) {
    int refused = tc_file_check_writable(file);
    return refused ? refused : (int)RETRY(futimens(file->fd, times));
}

int tc_file_set_size(tc_file *file, uint64_t size) {
    if (size > INT64_MAX)
        return -EFBIG;
    return (int)RETRY(ftruncate(file->fd, (off_t)size));
}

int tc_file_allocate(tc_file *file, uint64_t offset, uint64_t length) {
    if (length == 0)
        return -EINVAL;
    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return -EFBIG;
    return (int)RETRY(fallocate(file->fd, 0, (off_t)offset, (off_t)length));
}

int tc_file_advise(tc_file *file, uint64_t offset, uint64_t length, int advice) {
    if (offset > INT64_MAX || length > INT64_MAX)
        return -EINVAL;
    return -posix_fadvise(file->fd, (off_t)offset, (off_t)length, advice);
}

int tc_file_set_flags(tc_file *file, unsigned flags) {
    if (!file->standard) {
        int host = fcntl(file->fd, F_GETFL);
        if (host < 0)
            return -errno;
        host &= ~tc_file_host_flags(CHANGEABLE);
        if (fcntl(file->fd, F_SETFL, host | tc_file_host_flags(flags & CHANGEABLE)))
            return -errno;
        file->native_flags = (file->native_flags & ~(unsigned)CHANGEABLE) | (flags & CHANGEABLE);
    }
    file->flags = flags;
    return 0;
}
