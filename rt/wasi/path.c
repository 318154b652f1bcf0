/* The path_ functions: they check descriptors, rights and strings, and hand paths to fs/. */
#include <errno.h>
#include <fcntl.h>

#include "wasi/internal.h"

/* lookupflags */
#define SYMLINK_FOLLOW 1u

/* oflags */
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };

/* A path of the guest as a C string of ours: so that nobody changes it once it was checked, and
 * with the NUL that the guest's has not. */
typedef struct guest_path {
    char text[PATH_MAX];
} guest_path;

static uint32_t copy_path(const tc_memory *memory, uint32_t address, uint32_t length,
                          guest_path *out) {
    const char *at = tc_memory_span(memory, address, length);
    if (!at)
        return TC_WASI_FAULT;
    if (length == 0)
        return TC_WASI_NOENT;
    if (length >= sizeof out->text)
        return TC_WASI_NAMETOOLONG;
    if (memchr(at, '\0', length))
        return TC_WASI_INVAL;
    memcpy(out->text, at, length);
    out->text[length] = '\0';
    return TC_WASI_SUCCESS;
}

/* What most of the functions start with: a folder with `rights` and a path. */
static uint32_t get_folder_and_path(tc_wasi *wasi, uint32_t fd, uint64_t rights, uint32_t address,
                                    uint32_t length, tc_file **folder, guest_path *path) {
    tc_fd *entry = NULL;
    uint32_t refused = tc_wasi_folder(wasi, fd, rights, &entry);
    if (refused)
        return refused;
    *folder = entry->file;
    return copy_path(&wasi->memory, address, length, path);
}

/* ---- path_open ---- */

/* Rights that the folder must have for this way of opening, and those that it must pass on. */
static void rights_needed(uint32_t oflags, uint32_t fdflags, uint64_t *base, uint64_t *inheriting) {
    *base = TC_RIGHT_PATH_OPEN;
    if (oflags & OFLAG_CREAT)
        *base |= TC_RIGHT_PATH_CREATE_FILE;
    if (fdflags & TC_FDFLAG_DSYNC)
        *inheriting |= TC_RIGHT_FD_DATASYNC;
    if (fdflags & (TC_FDFLAG_SYNC | TC_FDFLAG_RSYNC))
        *inheriting |= TC_RIGHT_FD_SYNC;
}

/* To truncate while opening is a right of its own. One who may set the size of what is opened can
 * do the same in two steps; Go's os.Root relies on that. */
static bool may_truncate(const tc_fd *folder) {
    return (folder->rights & TC_RIGHT_PATH_FILESTAT_SET_SIZE) ||
           (folder->rights_inheriting & TC_RIGHT_FD_FILESTAT_SET_SIZE);
}

/* The access that the wanted rights come down to. Without either, reading: Linux has no less. The
 * right to set the size is no sign of writing: Go asks for it when it opens a file to read. */
static int access_for(uint64_t rights) {
    bool reads = rights & (TC_RIGHT_FD_READ | TC_RIGHT_FD_READDIR);
    bool writes = rights & (TC_RIGHT_FD_WRITE | TC_RIGHT_FD_ALLOCATE);
    if (!writes)
        return O_RDONLY;
    return reads ? O_RDWR : O_WRONLY;
}

/* Gives the opened file a number, with the rights that were asked for and that its kind can have.
 */
static uint32_t adopt(tc_wasi *wasi, tc_file *file, uint64_t rights, uint64_t inheriting,
                      uint32_t out) {
    tc_fd fd = {
        .kind = TC_FD_FILE,
        .rights = rights & tc_wasi_file_rights(file),
        .rights_inheriting = inheriting,
        .file = file,
    };
    int number = tc_fdtable_insert(&wasi->fds, fd);
    if (number < 0) {
        tc_file_close(file);
        return tc_wasi_errno(number);
    }
    tc_memory_store_u32(&wasi->memory, out, (uint32_t)number);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_path_open(tc_wasi *wasi, uint32_t dirfd, uint32_t lookup, uint32_t address,
                           uint32_t length, uint32_t oflags, uint64_t rights, uint64_t inheriting,
                           uint32_t fdflags, uint32_t out) {
    guest_path path;
    tc_fd *folder = NULL;
    tc_file *file;
    /* Rights that neither a file nor a folder can have are not asked about: some programs set every
     * bit. */
    uint64_t wanted = rights & (TC_RIGHTS_FILE | TC_RIGHTS_FOLDER);
    uint64_t passed_on = inheriting & (TC_RIGHTS_FILE | TC_RIGHTS_FOLDER);
    uint64_t base, needed = wanted | passed_on;
    rights_needed(oflags, fdflags, &base, &needed);

    uint32_t refused = tc_wasi_folder(wasi, dirfd, base, &folder);
    if (!refused && ((needed & ~folder->rights_inheriting) ||
                     ((oflags & OFLAG_TRUNC) && !may_truncate(folder))))
        refused = TC_WASI_NOTCAPABLE;
    if (!refused)
        refused = copy_path(&wasi->memory, address, length, &path);
    if (!refused && !tc_memory_span(&wasi->memory, out, sizeof(uint32_t)))
        refused = TC_WASI_FAULT;
    if (!refused && ((lookup & ~SYMLINK_FOLLOW) || (oflags & ~15u) || (fdflags & ~31u)))
        refused = TC_WASI_INVAL;
    /* Opening makes files only; Linux says so since version 6.4, open(2). */
    if (!refused && (oflags & OFLAG_CREAT) && (oflags & OFLAG_DIRECTORY))
        refused = TC_WASI_INVAL;
    if (refused)
        return refused;

    tc_path_open_how how = {
        .access = access_for(wanted),
        .create = oflags & OFLAG_CREAT,
        .exclusive = oflags & OFLAG_EXCL,
        .truncate = oflags & OFLAG_TRUNC,
        .directory = oflags & OFLAG_DIRECTORY,
        .follow = lookup & SYMLINK_FOLLOW,
        .flags = fdflags,
    };
    int result = tc_path_open(folder->file, path.text, &how, &file);
    if (result)
        return tc_wasi_errno(result);
    return adopt(wasi, file, wanted, passed_on, out);
}

/* ---- attributes ---- */

uint32_t tc_wasi_path_filestat_get(tc_wasi *wasi, uint32_t fd, uint32_t lookup, uint32_t address,
                                   uint32_t length, uint32_t out) {
    guest_path path;
    tc_file *folder;
    struct stat status;
    uint32_t refused =
        get_folder_and_path(wasi, fd, TC_RIGHT_PATH_FILESTAT_GET, address, length, &folder, &path);
    if (refused)
        return refused;
    if (lookup & ~SYMLINK_FOLLOW)
        return TC_WASI_INVAL;
    int result = tc_path_stat(folder, path.text, lookup & SYMLINK_FOLLOW, &status);
    if (result)
        return tc_wasi_errno(result);
    if (!tc_wasi_store_filestat(&wasi->memory, out, &status, tc_wasi_filetype(status.st_mode)))
        return TC_WASI_FAULT;
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_path_filestat_set_times(tc_wasi *wasi, uint32_t fd, uint32_t lookup,
                                         uint32_t address, uint32_t length, uint64_t access_time,
                                         uint64_t modification_time, uint32_t flags) {
    guest_path path;
    tc_file *folder;
    struct timespec times[2];
    uint32_t refused = get_folder_and_path(wasi, fd, TC_RIGHT_PATH_FILESTAT_SET_TIMES, address,
                                           length, &folder, &path);
    if (refused)
        return refused;
    if ((lookup & ~SYMLINK_FOLLOW) || !tc_wasi_times(access_time, modification_time, flags, times))
        return TC_WASI_INVAL;
    return tc_wasi_errno(tc_path_set_times(folder, path.text, lookup & SYMLINK_FOLLOW, times));
}

/* ---- folders ---- */

uint32_t tc_wasi_path_create_directory(tc_wasi *wasi, uint32_t fd, uint32_t address,
                                       uint32_t length) {
    guest_path path;
    tc_file *folder;
    uint32_t refused = get_folder_and_path(wasi, fd, TC_RIGHT_PATH_CREATE_DIRECTORY, address,
                                           length, &folder, &path);
    return refused ? refused : tc_wasi_errno(tc_path_create_directory(folder, path.text));
}

uint32_t tc_wasi_path_remove_directory(tc_wasi *wasi, uint32_t fd, uint32_t address,
                                       uint32_t length) {
    guest_path path;
    tc_file *folder;
    uint32_t refused = get_folder_and_path(wasi, fd, TC_RIGHT_PATH_REMOVE_DIRECTORY, address,
                                           length, &folder, &path);
    return refused ? refused : tc_wasi_errno(tc_path_remove_directory(folder, path.text));
}

uint32_t tc_wasi_path_unlink_file(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t length) {
    guest_path path;
    tc_file *folder;
    uint32_t refused =
        get_folder_and_path(wasi, fd, TC_RIGHT_PATH_UNLINK_FILE, address, length, &folder, &path);
    return refused ? refused : tc_wasi_errno(tc_path_unlink(folder, path.text));
}

uint32_t tc_wasi_path_rename(tc_wasi *wasi, uint32_t old_fd, uint32_t old_address,
                             uint32_t old_length, uint32_t new_fd, uint32_t new_address,
                             uint32_t new_length) {
    guest_path old_path, new_path;
    tc_file *old_folder, *new_folder;
    uint32_t refused = get_folder_and_path(wasi, old_fd, TC_RIGHT_PATH_RENAME_SOURCE, old_address,
                                           old_length, &old_folder, &old_path);
    if (!refused)
        refused = get_folder_and_path(wasi, new_fd, TC_RIGHT_PATH_RENAME_TARGET, new_address,
                                      new_length, &new_folder, &new_path);
    if (refused)
        return refused;
    return tc_wasi_errno(tc_path_rename(old_folder, old_path.text, new_folder, new_path.text));
}

/* ---- links ---- */

uint32_t tc_wasi_path_link(tc_wasi *wasi, uint32_t old_fd, uint32_t lookup, uint32_t old_address,
                           uint32_t old_length, uint32_t new_fd, uint32_t new_address,
                           uint32_t new_length) {
    guest_path old_path, new_path;
    tc_file *old_folder, *new_folder;
    uint32_t refused = get_folder_and_path(wasi, old_fd, TC_RIGHT_PATH_LINK_SOURCE, old_address,
                                           old_length, &old_folder, &old_path);
    if (!refused)
        refused = get_folder_and_path(wasi, new_fd, TC_RIGHT_PATH_LINK_TARGET, new_address,
                                      new_length, &new_folder, &new_path);
    if (refused)
        return refused;
    if (lookup & ~SYMLINK_FOLLOW)
        return TC_WASI_INVAL;
    return tc_wasi_errno(tc_path_link(old_folder, old_path.text, lookup & SYMLINK_FOLLOW,
                                      new_folder, new_path.text));
}

uint32_t tc_wasi_path_symlink(tc_wasi *wasi, uint32_t target_address, uint32_t target_length,
                              uint32_t fd, uint32_t address, uint32_t length) {
    guest_path target, path;
    tc_file *folder;
    uint32_t refused =
        get_folder_and_path(wasi, fd, TC_RIGHT_PATH_SYMLINK, address, length, &folder, &path);
    if (!refused)
        refused = copy_path(&wasi->memory, target_address, target_length, &target);
    return refused ? refused : tc_wasi_errno(tc_path_symlink(target.text, folder, path.text));
}

uint32_t tc_wasi_path_readlink(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t length,
                               uint32_t buffer, uint32_t size, uint32_t used) {
    guest_path path;
    tc_file *folder;
    uint32_t refused =
        get_folder_and_path(wasi, fd, TC_RIGHT_PATH_READLINK, address, length, &folder, &path);
    if (refused)
        return refused;
    char *at = tc_memory_span(&wasi->memory, buffer, size);
    if (!at || !tc_memory_span(&wasi->memory, used, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    ssize_t stored = tc_path_readlink(folder, path.text, at, size);
    if (stored >= 0)
        tc_memory_store_u32(&wasi->memory, used, (uint32_t)stored);
    return tc_wasi_errno(stored);
}
