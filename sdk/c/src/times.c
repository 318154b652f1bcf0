/* Times of files: the wasi-libc of Debian 12 reads them from address 0 where NULL stands for now.
 * The linker finds these first. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <wasi/api.h>

/* A time as WASI has it, and the flag for it. */
static bool translate(const struct timespec *time, __wasi_fstflags_t given, __wasi_fstflags_t now,
                      __wasi_timestamp_t *out, __wasi_fstflags_t *flags) {
    *out = 0;
    if (!time || time->tv_nsec == UTIME_NOW) {
        *flags |= now;
    } else if (time->tv_nsec != UTIME_OMIT) {
        if (time->tv_nsec < 0 || time->tv_nsec > 999999999 || time->tv_sec < 0 ||
            __builtin_mul_overflow((__wasi_timestamp_t)time->tv_sec, 1000000000u, out) ||
            __builtin_add_overflow(*out, (__wasi_timestamp_t)time->tv_nsec, out))
            return false;
        *flags |= given;
    }
    return true;
}

static bool translate_both(const struct timespec times[2], __wasi_timestamp_t out[2],
                           __wasi_fstflags_t *flags) {
    *flags = 0;
    return translate(times, __WASI_FSTFLAGS_ATIM, __WASI_FSTFLAGS_ATIM_NOW, &out[0], flags) &&
           translate(times ? times + 1 : NULL, __WASI_FSTFLAGS_MTIM, __WASI_FSTFLAGS_MTIM_NOW,
                     &out[1], flags);
}

static int result(__wasi_errno_t error) {
    if (!error)
        return 0;
    errno = error;
    return -1;
}

int futimens(int fd, const struct timespec times[2]) {
    __wasi_timestamp_t stamps[2];
    __wasi_fstflags_t flags;
    if (!translate_both(times, stamps, &flags))
        return result(EINVAL);
    return result(__wasi_fd_filestat_set_times(fd, stamps[0], stamps[1], flags));
}

/* What utimensat, utimes and utime call with a path below a preopened folder. */
int __wasilibc_nocwd_utimensat(int fd, const char *path, const struct timespec times[2], int flag) {
    __wasi_timestamp_t stamps[2];
    __wasi_fstflags_t flags;
    if ((flag & ~AT_SYMLINK_NOFOLLOW) || !translate_both(times, stamps, &flags))
        return result(EINVAL);
    __wasi_lookupflags_t lookup = flag ? 0 : __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW;
    return result(__wasi_path_filestat_set_times(fd, lookup, path, stamps[0], stamps[1], flags));
}
