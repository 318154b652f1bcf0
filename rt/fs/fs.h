/* Files and folders: the three standard streams, and what lies beneath the folders that were
 * granted with --dir (the preopens).
 *
 * The promise of this part: a path is resolved beneath the folder it starts from and never leaves
 * it, whatever the path says (`..`, a leading slash), wherever symbolic links on the way point, and
 * whoever renames or swaps things meanwhile. A way out is -EPERM.
 *
 * May use: guest/ and options/.
 *
 * Nothing here knows the guest's memory. Paths are C strings of host memory, not empty and at most
 * PATH_MAX - 1 bytes (the caller sees to that); vectors are spans that the caller has checked.
 * Every function returns 0, a count or an offset, or a negative errno value, as the system call of
 * the same name documents it (Linux man-pages, section 2). Interrupted calls are repeated.
 */
#ifndef TC_FS_H
#define TC_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "options/options.h"

/* How a file behaves when it is written to or would block. The values are those of preview 1's
 * "fdflags". */
enum {
    TC_FILE_APPEND = 1,   /* each write goes to the end */
    TC_FILE_DSYNC = 2,    /* a write returns when its data is on the disk */
    TC_FILE_NONBLOCK = 4, /* -EAGAIN rather than waiting */
    TC_FILE_RSYNC = 8,    /* as SYNC; Linux makes no difference */
    TC_FILE_SYNC = 16,    /* a write returns when data and metadata are on the disk */
};

/* An open file, folder, device or pipe. The fields are for reading; only fs/ writes them. */
typedef struct tc_file {
    int fd;                    /* host descriptor */
    bool standard;             /* a standard stream of this process: its open file description is
                                  shared with other processes, so its host flags stay as they are */
    bool terminal;             /* isatty(3) */
    mode_t type;               /* S_IFREG, S_IFDIR, … (the S_IFMT bits of st_mode) */
    int access;                /* O_RDONLY, O_WRONLY or O_RDWR */
    unsigned flags;            /* TC_FILE_… */
    unsigned native_flags;     /* those of `flags` that the host descriptor has itself */
    const tc_dir_grant *grant; /* the --dir it lies beneath (borrowed); NULL for standard streams */
    bool preopen;              /* the folder of the grant itself, as opened at start-up */
    dev_t root_device;         /* st_dev and st_ino of the grant's folder */
    ino_t root_inode;
    struct tc_listing *listing; /* buffer of tc_file_list; owned, NULL until it is needed */
} tc_file;

/* ---- opening and closing (file.c) ---- */

/* Opens the folder of a grant. The grant is borrowed and must outlive every file beneath it. */
int tc_file_open_preopen(const tc_dir_grant *grant, tc_file **out);

/* Opens this program's own file, read-only, as a preopen that is no folder but a file: its path "."
 * is the file, and nothing lies beneath it. `grant` is borrowed as above; it is read-only and its
 * `host` is NULL. */
int tc_file_open_program(const tc_dir_grant *grant, tc_file **out);

/* Takes host descriptor 0, 1 or 2. */
int tc_file_open_standard(int fd, tc_file **out);

/* Closes and frees. Descriptors 0 and 1 of the host are replaced by /dev/null, so that their
 * numbers are never reused and whoever reads the other end sees the end; 2 stays open for messages.
 */
void tc_file_close(tc_file *file);

/* ---- open files (file.c) ---- */

/* Read and write as readv(2) and writev(2): at the file's offset, partial transfers possible. A
 * standard stream waits, or not, as the file's own NONBLOCK says, whatever the host's says. */
ssize_t tc_file_read(tc_file *file, const struct iovec *vectors, int count);
ssize_t tc_file_write(tc_file *file, const struct iovec *vectors, int count);
/* At `offset`, the file's own offset stays. -EINVAL above INT64_MAX, -ESPIPE for streams. */
ssize_t tc_file_pread(tc_file *file, const struct iovec *vectors, int count, uint64_t offset);
ssize_t tc_file_pwrite(tc_file *file, const struct iovec *vectors, int count, uint64_t offset);

/* whence: SEEK_SET, SEEK_CUR, SEEK_END. Returns the new offset. */
int64_t tc_file_seek(tc_file *file, int64_t offset, int whence);

/* True for what has no offset: pipes, sockets, terminals. */
bool tc_file_is_stream(const tc_file *file);

int tc_file_sync(tc_file *file, bool data_only);
int tc_file_stat(tc_file *file, struct stat *out);
/* times[0]: access, times[1]: modification; tv_nsec may be UTIME_NOW or UTIME_OMIT. */
int tc_file_set_times(tc_file *file, const struct timespec times[2]);
int tc_file_set_size(tc_file *file, uint64_t size);
int tc_file_allocate(tc_file *file, uint64_t offset, uint64_t length);
int tc_file_advise(tc_file *file, uint64_t offset, uint64_t length, int advice); /* POSIX_FADV_… */
int tc_file_set_flags(tc_file *file, unsigned flags);                            /* TC_FILE_… */

/* ---- folders (listing.c) ---- */

typedef struct tc_entry {
    uint64_t next; /* cookie of the entry after this one; never 0 */
    uint64_t inode;
    mode_t type; /* S_IFREG, …; 0: not known */
    size_t name_length;
    const char *name; /* borrowed: valid until the next call on the file */
} tc_entry;

/* The entry at `cookie` (0: the first, read afresh). Returns 1, 0 at the end, or -errno. Cookies
 * stay good while the folder is open, also when entries come and go. "." and ".." are among the
 * entries; ".." of the granted folder itself has that folder's own inode, not its parent's. */
int tc_file_list(tc_file *folder, uint64_t cookie, tc_entry *out);

/* ---- paths (path.c); `folder` is where a relative path starts: -ENOTDIR when it is none ---- */

typedef struct tc_path_open_how {
    int access;     /* O_RDONLY, O_WRONLY, O_RDWR */
    bool create;    /* O_CREAT, with mode 0666 less the umask */
    bool exclusive; /* O_EXCL */
    bool truncate;  /* O_TRUNC */
    bool directory; /* O_DIRECTORY */
    bool follow;    /* a symbolic link at the end is followed; if not: -ELOOP */
    unsigned flags; /* TC_FILE_… */
} tc_path_open_how;

int tc_path_open(tc_file *folder, const char *path, const tc_path_open_how *how, tc_file **out);
int tc_path_stat(tc_file *folder, const char *path, bool follow, struct stat *out);
int tc_path_set_times(tc_file *folder, const char *path, bool follow,
                      const struct timespec times[2]);
int tc_path_create_directory(tc_file *folder, const char *path);
int tc_path_remove_directory(tc_file *folder, const char *path);
int tc_path_unlink(tc_file *folder, const char *path);
int tc_path_rename(tc_file *old_folder, const char *old_path, tc_file *new_folder,
                   const char *new_path);
/* follow: the link is made to what a symbolic link at the end of old_path points to. */
int tc_path_link(tc_file *old_folder, const char *old_path, bool follow, tc_file *new_folder,
                 const char *new_path);
/* An absolute target is -EPERM. A relative one is stored as it is; following it is another matter.
 */
int tc_path_symlink(const char *target, tc_file *folder, const char *path);
/* Returns how many bytes were stored; a longer target is cut, and nothing ends it. */
ssize_t tc_path_readlink(tc_file *folder, const char *path, char *buffer, size_t size);

#endif
