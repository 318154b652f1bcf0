/* Files in the terms of preview 1, for the fd_ and the path_ functions: kinds, rights, attributes.
 */
#include <fcntl.h>
#include <string.h>

#include "wasi/internal.h"

uint8_t tc_wasi_filetype(mode_t type) {
    switch (type & S_IFMT) {
    case S_IFBLK:
        return TC_FILETYPE_BLOCK_DEVICE;
    case S_IFCHR:
        return TC_FILETYPE_CHARACTER_DEVICE;
    case S_IFDIR:
        return TC_FILETYPE_DIRECTORY;
    case S_IFREG:
        return TC_FILETYPE_REGULAR_FILE;
    case S_IFLNK:
        return TC_FILETYPE_SYMBOLIC_LINK;
    case S_IFSOCK:
        return TC_FILETYPE_SOCKET_STREAM;
    default: /* preview 1 has no number for pipes */
        return TC_FILETYPE_UNKNOWN;
    }
}

uint64_t tc_wasi_file_rights(const tc_file *file) {
    if (S_ISDIR(file->type))
        return file->grant ? TC_RIGHTS_FOLDER : TC_RIGHT_FD_FILESTAT_GET;
    uint64_t rights = TC_RIGHTS_FILE;
    if (file->preopen) /* the program's own file stands where a folder would */
        rights |= TC_RIGHTS_FOLDER;
    if (file->access == O_RDONLY)
        rights &= ~(TC_RIGHT_FD_WRITE | TC_RIGHT_FD_ALLOCATE | TC_RIGHT_FD_FILESTAT_SET_SIZE);
    if (file->access == O_WRONLY)
        rights &= ~TC_RIGHT_FD_READ;
    /* wasi-libc's isatty: a character device that can neither seek nor tell. */
    if (tc_file_is_stream(file))
        rights &= ~(TC_RIGHT_FD_SEEK | TC_RIGHT_FD_TELL);
    return rights;
}

/* Nanoseconds since 1970; what preview 1 can not say is cut to the nearest that it can. */
static uint64_t timestamp(const struct timespec *time) {
    uint64_t nanoseconds;
    if (time->tv_sec < 0)
        return 0;
    if (__builtin_mul_overflow((uint64_t)time->tv_sec, UINT64_C(1000000000), &nanoseconds) ||
        __builtin_add_overflow(nanoseconds, (uint64_t)time->tv_nsec, &nanoseconds))
        return UINT64_MAX;
    return nanoseconds;
}

bool tc_wasi_store_filestat(const tc_memory *memory, uint32_t address, const struct stat *status,
                            uint8_t filetype) {
    uint64_t words[8] = {
        status->st_dev,
        status->st_ino,
        filetype, /* a byte, then seven of padding */
        status->st_nlink,
        (uint64_t)status->st_size,
        timestamp(&status->st_atim),
        timestamp(&status->st_mtim),
        timestamp(&status->st_ctim),
    };
    void *at = tc_memory_span(memory, address, sizeof words);
    if (at)
        memcpy(at, words, sizeof words);
    return at != NULL;
}

static bool one_time(uint64_t nanoseconds, bool set, bool now, struct timespec *out) {
    if (set && now)
        return false;
    out->tv_sec = set ? (time_t)(nanoseconds / 1000000000) : 0;
    out->tv_nsec = set ? (long)(nanoseconds % 1000000000) : now ? UTIME_NOW : UTIME_OMIT;
    return true;
}

bool tc_wasi_times(uint64_t access_time, uint64_t modification_time, uint32_t flags,
                   struct timespec times[2]) {
    enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };
    return !(flags & ~(uint32_t)(ATIM | ATIM_NOW | MTIM | MTIM_NOW)) &&
           one_time(access_time, flags & ATIM, flags & ATIM_NOW, &times[0]) &&
           one_time(modification_time, flags & MTIM, flags & MTIM_NOW, &times[1]);
}
