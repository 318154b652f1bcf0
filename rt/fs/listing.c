/* Listing a folder: getdents64(2) with a buffer, addressed by cookies.
 *
 * A cookie is the file system's own position (d_off), so it stays good when entries come and go,
 * and costs no memory here. Reading on from where the last call ended comes from the buffer.
 */
#include "fs/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/internal.h"

/* A record of the kernel's, as getdents64(2) documents it. */
struct record {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

struct tc_listing {
    uint64_t cookie; /* of the record at `position` */
    size_t position;
    size_t used;
    _Alignas(struct record) char buffer[32 * 1024];
};

void tc_listing_free(struct tc_listing *listing) {
    free(listing);
}

/* Makes the buffer hold the record at `cookie`. Returns 1, 0 at the end, or -errno. */
static int fill(int fd, struct tc_listing *listing, uint64_t cookie) {
    bool sequential = cookie != 0 && cookie == listing->cookie;
    if (sequential && listing->position < listing->used)
        return 1;
    listing->position = listing->used = 0;
    if (cookie > INT64_MAX)
        return -EINVAL;
    if (lseek(fd, (off_t)cookie, SEEK_SET) < 0)
        return -errno;
    long got = syscall(SYS_getdents64, fd, listing->buffer, sizeof listing->buffer);
    if (got < 0)
        return errno == ENOENT ? 0 : -errno; /* the folder was removed */
    listing->cookie = cookie;
    listing->used = (size_t)got;
    return got > 0;
}

/* Some file systems do not say the type in the listing; then the entry itself is asked. */
static mode_t entry_type(const tc_file *folder, const struct record *record) {
    struct stat status;
    if (record->type != DT_UNKNOWN)
        return DTTOIF(record->type);
    if (fstatat(folder->fd, record->name, &status, AT_SYMLINK_NOFOLLOW))
        return 0;
    return status.st_mode & S_IFMT;
}

/* The number of the granted folder's parent is not the guest's to know. */
static uint64_t entry_inode(const tc_file *folder, const struct record *record) {
    struct stat status;
    if (strcmp(record->name, "..") != 0)
        return record->inode;
    if (fstat(folder->fd, &status) == 0 &&
        (status.st_dev != folder->root_device || status.st_ino != folder->root_inode))
        return record->inode;
    return folder->root_inode;
}

int tc_file_list(tc_file *folder, uint64_t cookie, tc_entry *out) {
    if (!S_ISDIR(folder->type))
        return -ENOTDIR;
    if (!folder->listing && !(folder->listing = calloc(1, sizeof *folder->listing)))
        return -ENOMEM;
    struct tc_listing *listing = folder->listing;
    int found = fill(folder->fd, listing, cookie);
    if (found <= 0)
        return found;
    const struct record *record = (const struct record *)(listing->buffer + listing->position);
    *out = (tc_entry){
        .next = (uint64_t)record->next,
        .inode = entry_inode(folder, record),
        .type = entry_type(folder, record),
        .name_length = strlen(record->name),
        .name = record->name,
    };
    listing->position += record->length;
    listing->cookie = out->next;
    return 1;
}
