/* What the files of fs/ share: making a tc_file, and the two path resolvers. */
#ifndef TC_FS_INTERNAL_H
#define TC_FS_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "fs/fs.h"

/* Wraps an open descriptor; takes it over in every case (closes it when that fails). */
int tc_file_wrap(int fd, int access, unsigned flags, const tc_file *beneath, tc_file **out);

/* The host's open(2) flags for TC_FILE_… flags. */
int tc_file_host_flags(unsigned flags);

/* 0, or -EROFS if the file lies beneath a read-only grant; then the person is told. */
int tc_file_check_writable(const tc_file *file);

void tc_listing_free(struct tc_listing *listing);

/* Opens `path` beneath the folder `root` as openat(2) would. `flags` are open(2)'s; O_NOFOLLOW
 * decides about a symbolic link at the end, O_CLOEXEC is added. Returns a descriptor. */
int tc_resolve_open(int root, const char *path, int flags, mode_t mode);

/* A place in a folder, for the calls that name what they work on. */
typedef struct tc_place {
    int folder; /* O_PATH descriptor of the folder */
    bool owned; /* `folder` is to be closed */
    /* The last component, with one slash after it if the path ended in slashes. May be "." or "..";
     * ".." was checked not to lead out, and every call that gets a place refuses it. */
    char name[NAME_MAX + 2];
} tc_place;

/* Resolves all of `path` but its last component. With `follow`, a symbolic link there is replaced
 * by what it points to, until the place holds none. */
int tc_resolve_place(int root, const char *path, bool follow, tc_place *out);
void tc_place_reset(tc_place *place);

/* Repeats a system call for as long as signals interrupt it; gives its result or -errno. */
#define RETRY(call)                                                                                \
    ({                                                                                             \
        int64_t result_;                                                                           \
        do                                                                                         \
            result_ = (call);                                                                      \
        while (result_ < 0 && errno == EINTR);                                                     \
        result_ < 0 ? -(int64_t)errno : result_;                                                   \
    })

#endif
