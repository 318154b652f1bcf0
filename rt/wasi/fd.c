/* The fd_ functions: on files they go to fs/, on sockets to net/.
 *
 * Each checks in this order: the descriptor (EBADF), what the kind of file can do at all (EISDIR,
 * ESPIPE, …), the rights (ENOTCAPABLE), the guest's pointers (EFAULT).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/io.h"
#include "wasi/internal.h"
#include "wasi/sockets.h"

_Static_assert((int)TC_FILE_APPEND == TC_FDFLAG_APPEND && (int)TC_FILE_DSYNC == TC_FDFLAG_DSYNC &&
                   (int)TC_FILE_NONBLOCK == TC_FDFLAG_NONBLOCK &&
                   (int)TC_FILE_RSYNC == TC_FDFLAG_RSYNC && (int)TC_FILE_SYNC == TC_FDFLAG_SYNC,
               "fs/ has the flags of preview 1");

#define ALL_FDFLAGS                                                                                \
    (TC_FDFLAG_APPEND | TC_FDFLAG_DSYNC | TC_FDFLAG_NONBLOCK | TC_FDFLAG_RSYNC | TC_FDFLAG_SYNC)

static bool has_rights(const tc_fd *fd, uint64_t rights) {
    return (fd->rights & rights) == rights;
}

static uint8_t fd_filetype(const tc_fd *fd) {
    if (fd->kind == TC_FD_SOCKET)
        return tc_socket_is_stream(fd->socket) ? TC_FILETYPE_SOCKET_STREAM
                                               : TC_FILETYPE_SOCKET_DGRAM;
    return tc_wasi_filetype(fd->file->type);
}

/* What a call asks of a file beside rights. A program hears the errno that it would get natively,
 * rather than ENOTCAPABLE, when the kind of file is what stands in the way. */
enum {
    NO_FOLDER = 1, /* EISDIR for a folder */
    NO_STREAM = 2, /* ESPIPE for what has no offset */
    READS = 4,     /* EBADF if it was not opened for reading */
    WRITES = 8,    /* EBADF if it was not opened for writing */
};

static uint32_t check_file(const tc_fd *fd, uint64_t rights, unsigned needs) {
    const tc_file *file = fd->file;
    if ((needs & NO_FOLDER) && S_ISDIR(file->type))
        return TC_WASI_ISDIR;
    if ((needs & NO_STREAM) && tc_file_is_stream(file))
        return TC_WASI_SPIPE;
    if (((needs & READS) && file->access == O_WRONLY) ||
        ((needs & WRITES) && file->access == O_RDONLY))
        return TC_WASI_BADF;
    return has_rights(fd, rights) ? TC_WASI_SUCCESS : TC_WASI_NOTCAPABLE;
}

/* Looks up a descriptor for a call that sockets do not have: EINVAL, or ESPIPE if it wants an
 * offset. 0 with *file borrowed, or the errno. */
static uint32_t get_file(tc_wasi *wasi, uint32_t number, uint64_t rights, unsigned needs,
                         tc_file **file) {
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    *file = NULL;
    if (!fd)
        return TC_WASI_BADF;
    if (fd->kind == TC_FD_SOCKET)
        return needs & NO_STREAM ? TC_WASI_SPIPE : TC_WASI_INVAL;
    *file = fd->file;
    return check_file(fd, rights, needs);
}

uint32_t tc_wasi_folder(tc_wasi *wasi, uint32_t number, uint64_t rights, tc_fd **folder) {
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if (fd->kind != TC_FD_FILE || !(S_ISDIR(fd->file->type) || fd->file->preopen))
        return TC_WASI_NOTDIR;
    if (!has_rights(fd, rights))
        return TC_WASI_NOTCAPABLE;
    *folder = fd;
    return TC_WASI_SUCCESS;
}

/* ---- reading and writing ---- */

static bool has_sockets(const tc_fdtable *table) {
    for (size_t number = 0; number < table->capacity; number++)
        if (table->slots[number].kind == TC_FD_SOCKET)
            return true;
    return false;
}

/* A guest that waits for a pipe or terminal must not hold up its sockets, whose queued bytes and
 * handshakes advance while the I/O engine waits. Without sockets the engine is not even made. */
static void wait_beside_sockets(tc_wasi *wasi, const tc_file *file, short events) {
    struct pollfd at_once = {.fd = file->fd, .events = events};
    if (!tc_file_is_stream(file) || (file->flags & TC_FILE_NONBLOCK) || !has_sockets(&wasi->fds) ||
        poll(&at_once, 1, 0) == 1)
        return;
    tc_io_interest interest = {.fd = file->fd, .events = events};
    while (tc_io_wait(&interest, 1, TC_NEVER) == 0)
        continue;
}

static bool is_empty(const struct iovec *vectors, int count) {
    for (int i = 0; i < count; i++)
        if (vectors[i].iov_len)
            return false;
    return true;
}

static ssize_t transfer(tc_wasi *wasi, tc_fd *fd, bool reading, const struct iovec *vectors,
                        int count) {
    if (fd->kind == TC_FD_FILE) {
        wait_beside_sockets(wasi, fd->file, reading ? POLLIN : POLLOUT);
        return reading ? tc_file_read(fd->file, vectors, count)
                       : tc_file_write(fd->file, vectors, count);
    }
    /* As Linux does with sockets: a read of nothing takes no datagram, and a writev of nothing
     * sends none; but a write does (which a guest's libc makes of one vector). */
    if (is_empty(vectors, count) && (reading || count != 1))
        return 0;
    bool truncated;
    return reading ? tc_socket_recv(fd->socket, vectors, count, 0, &truncated, NULL)
                   : tc_socket_send(fd->socket, vectors, count, NULL);
}

static uint32_t sequential(tc_wasi *wasi, uint32_t number, bool reading, uint32_t array,
                           uint32_t length, uint32_t done) {
    struct iovec vectors[IOV_MAX];
    uint64_t right = reading ? TC_RIGHT_FD_READ : TC_RIGHT_FD_WRITE;
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if (fd->kind == TC_FD_SOCKET && !has_rights(fd, right))
        return TC_WASI_NOTCAPABLE;
    if (fd->kind == TC_FD_FILE) {
        uint32_t refused = check_file(fd, right, NO_FOLDER | (reading ? READS : WRITES));
        if (refused)
            return refused;
    }
    int count = tc_wasi_vectors(&wasi->memory, array, length, vectors);
    if (count < 0 || !tc_memory_span(&wasi->memory, done, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    ssize_t moved = transfer(wasi, fd, reading, vectors, count);
    if (moved >= 0)
        tc_memory_store_u32(&wasi->memory, done, (uint32_t)moved);
    return tc_wasi_errno(moved);
}

uint32_t tc_wasi_fd_read(tc_wasi *wasi, uint32_t fd, uint32_t iovs, uint32_t length,
                         uint32_t nread) {
    return sequential(wasi, fd, true, iovs, length, nread);
}

uint32_t tc_wasi_fd_write(tc_wasi *wasi, uint32_t fd, uint32_t iovs, uint32_t length,
                          uint32_t nwritten) {
    return sequential(wasi, fd, false, iovs, length, nwritten);
}

static uint32_t positioned(tc_wasi *wasi, uint32_t number, bool reading, uint32_t array,
                           uint32_t length, uint64_t offset, uint32_t done) {
    struct iovec vectors[IOV_MAX];
    uint64_t right = reading ? TC_RIGHT_FD_READ : TC_RIGHT_FD_WRITE;
    tc_file *file;
    uint32_t refused = get_file(wasi, number, right | TC_RIGHT_FD_SEEK,
                                NO_FOLDER | NO_STREAM | (reading ? READS : WRITES), &file);
    if (refused)
        return refused;
    int count = tc_wasi_vectors(&wasi->memory, array, length, vectors);
    if (count < 0 || !tc_memory_span(&wasi->memory, done, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    ssize_t moved = reading ? tc_file_pread(file, vectors, count, offset)
                            : tc_file_pwrite(file, vectors, count, offset);
    if (moved >= 0)
        tc_memory_store_u32(&wasi->memory, done, (uint32_t)moved);
    return tc_wasi_errno(moved);
}

uint32_t tc_wasi_fd_pread(tc_wasi *wasi, uint32_t fd, uint32_t iovs, uint32_t length,
                          uint64_t offset, uint32_t nread) {
    return positioned(wasi, fd, true, iovs, length, offset, nread);
}

uint32_t tc_wasi_fd_pwrite(tc_wasi *wasi, uint32_t fd, uint32_t iovs, uint32_t length,
                           uint64_t offset, uint32_t nwritten) {
    return positioned(wasi, fd, false, iovs, length, offset, nwritten);
}

/* ---- offsets ---- */

static uint32_t seek(tc_wasi *wasi, uint32_t number, int64_t offset, int whence, uint64_t rights,
                     uint32_t out) {
    tc_file *file;
    uint32_t refused = get_file(wasi, number, rights, NO_FOLDER | NO_STREAM, &file);
    if (refused)
        return refused;
    if (!tc_memory_span(&wasi->memory, out, sizeof(uint64_t)))
        return TC_WASI_FAULT;
    int64_t position = tc_file_seek(file, offset, whence);
    if (position >= 0)
        tc_memory_store_u64(&wasi->memory, out, (uint64_t)position);
    return tc_wasi_errno(position);
}

uint32_t tc_wasi_fd_seek(tc_wasi *wasi, uint32_t fd, uint64_t offset, uint32_t whence,
                         uint32_t new_offset) {
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    if (!tc_fdtable_get(&wasi->fds, fd))
        return TC_WASI_BADF;
    if (whence >= sizeof whences / sizeof whences[0])
        return TC_WASI_INVAL;
    /* To ask where one is, the lesser right is enough. */
    bool tells = offset == 0 && whences[whence] == SEEK_CUR;
    return seek(wasi, fd, (int64_t)offset, whences[whence],
                tells ? TC_RIGHT_FD_TELL : TC_RIGHT_FD_SEEK | TC_RIGHT_FD_TELL, new_offset);
}

uint32_t tc_wasi_fd_tell(tc_wasi *wasi, uint32_t fd, uint32_t offset) {
    return seek(wasi, fd, 0, SEEK_CUR, TC_RIGHT_FD_TELL, offset);
}

/* ---- the descriptor itself ---- */

uint32_t tc_wasi_fd_close(tc_wasi *wasi, uint32_t fd) {
    return tc_wasi_errno(tc_fdtable_close(&wasi->fds, fd));
}

uint32_t tc_wasi_fd_renumber(tc_wasi *wasi, uint32_t from, uint32_t to) {
    return tc_wasi_errno(tc_fdtable_renumber(&wasi->fds, from, to));
}

/* fdstat, 24 bytes: u8 filetype, u16 flags at 2, u64 rights at 8, u64 inheriting rights at 16. */
uint32_t tc_wasi_fd_fdstat_get(tc_wasi *wasi, uint32_t number, uint32_t out) {
    const tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    uint8_t *at = tc_memory_span(&wasi->memory, out, 24);
    if (!at)
        return TC_WASI_FAULT;
    uint16_t flags;
    if (fd->kind == TC_FD_SOCKET)
        flags = tc_socket_nonblocking(fd->socket) ? TC_FDFLAG_NONBLOCK : 0;
    else
        flags = (uint16_t)fd->file->flags;
    memset(at, 0, 24);
    at[0] = fd_filetype(fd);
    memcpy(at + 2, &flags, sizeof flags);
    memcpy(at + 8, &fd->rights, sizeof fd->rights);
    memcpy(at + 16, &fd->rights_inheriting, sizeof fd->rights_inheriting);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_fd_fdstat_set_flags(tc_wasi *wasi, uint32_t number, uint32_t flags) {
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if (!has_rights(fd, TC_RIGHT_FD_FDSTAT_SET_FLAGS))
        return TC_WASI_NOTCAPABLE;
    if (flags & ~(uint32_t)ALL_FDFLAGS)
        return TC_WASI_INVAL;
    if (fd->kind == TC_FD_FILE)
        return tc_wasi_errno(tc_file_set_flags(fd->file, flags));
    /* The others mean nothing on a socket; fcntl(2) ignores them there too. */
    tc_socket_set_nonblocking(fd->socket, flags & TC_FDFLAG_NONBLOCK);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_fd_fdstat_set_rights(tc_wasi *wasi, uint32_t number, uint64_t rights,
                                      uint64_t inheriting) {
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if ((rights & ~fd->rights) || (inheriting & ~fd->rights_inheriting))
        return TC_WASI_NOTCAPABLE;
    fd->rights = rights;
    fd->rights_inheriting = inheriting;
    return TC_WASI_SUCCESS;
}

/* ---- attributes ---- */

uint32_t tc_wasi_fd_filestat_get(tc_wasi *wasi, uint32_t number, uint32_t out) {
    struct stat status;
    tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if (!has_rights(fd, TC_RIGHT_FD_FILESTAT_GET))
        return TC_WASI_NOTCAPABLE;
    int result = fd->kind == TC_FD_SOCKET ? tc_socket_stat(fd->socket, &status)
                                          : tc_file_stat(fd->file, &status);
    if (result)
        return tc_wasi_errno(result);
    if (!tc_wasi_store_filestat(&wasi->memory, out, &status, fd_filetype(fd)))
        return TC_WASI_FAULT;
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_fd_filestat_set_size(tc_wasi *wasi, uint32_t fd, uint64_t size) {
    tc_file *file;
    uint32_t refused = get_file(wasi, fd, TC_RIGHT_FD_FILESTAT_SET_SIZE, NO_FOLDER | WRITES, &file);
    return refused ? refused : tc_wasi_errno(tc_file_set_size(file, size));
}

uint32_t tc_wasi_fd_filestat_set_times(tc_wasi *wasi, uint32_t fd, uint64_t access_time,
                                       uint64_t modification_time, uint32_t flags) {
    tc_file *file;
    struct timespec times[2];
    uint32_t refused = get_file(wasi, fd, TC_RIGHT_FD_FILESTAT_SET_TIMES, 0, &file);
    if (refused)
        return refused;
    if (!tc_wasi_times(access_time, modification_time, flags, times))
        return TC_WASI_INVAL;
    return tc_wasi_errno(tc_file_set_times(file, times));
}

/* ---- storage ---- */

uint32_t tc_wasi_fd_advise(tc_wasi *wasi, uint32_t fd, uint64_t offset, uint64_t length,
                           uint32_t advice) {
    static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    tc_file *file;
    uint32_t refused = get_file(wasi, fd, TC_RIGHT_FD_ADVISE, NO_STREAM, &file);
    if (refused)
        return refused;
    if (advice >= sizeof advices / sizeof advices[0])
        return TC_WASI_INVAL;
    return tc_wasi_errno(tc_file_advise(file, offset, length, advices[advice]));
}

uint32_t tc_wasi_fd_allocate(tc_wasi *wasi, uint32_t fd, uint64_t offset, uint64_t length) {
    tc_file *file;
    uint32_t refused =
        get_file(wasi, fd, TC_RIGHT_FD_ALLOCATE, NO_FOLDER | NO_STREAM | WRITES, &file);
    return refused ? refused : tc_wasi_errno(tc_file_allocate(file, offset, length));
}

static uint32_t sync_file(tc_wasi *wasi, uint32_t fd, bool data_only) {
    tc_file *file;
    uint64_t right = data_only ? TC_RIGHT_FD_DATASYNC : TC_RIGHT_FD_SYNC;
    uint32_t refused = get_file(wasi, fd, right, 0, &file);
    return refused ? refused : tc_wasi_errno(tc_file_sync(file, data_only));
}

uint32_t tc_wasi_fd_sync(tc_wasi *wasi, uint32_t fd) {
    return sync_file(wasi, fd, false);
}

uint32_t tc_wasi_fd_datasync(tc_wasi *wasi, uint32_t fd) {
    return sync_file(wasi, fd, true);
}

/* ---- preopens ---- */

/* The name of a preopen, or NULL. wasi-libc stops looking for preopens at the first EBADF. */
static const char *preopen_name(tc_wasi *wasi, uint32_t number) {
    const tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    return fd && fd->kind == TC_FD_FILE && fd->file->preopen ? fd->file->grant->guest : NULL;
}

static bool is_passed(tc_wasi *wasi, uint32_t number) {
    const tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    return fd && fd->kind == TC_FD_SOCKET && tc_socket_is_passed(fd->socket);
}

/* prestat, 8 bytes: u8 tag (0: folder), u32 length of the name at 4. Preview 1 has no other tag,
 * but guests look for preopens until they are told EBADF: to find the folders behind a socket that
 * was passed they are told of a preopen that is no folder, which wasi-libc and Go pass over. */
uint32_t tc_wasi_fd_prestat_get(tc_wasi *wasi, uint32_t fd, uint32_t out) {
    enum { TAG_FOLDER = 0, TAG_SOCKET = 1 };
    const char *name = preopen_name(wasi, fd);
    if (!name && !is_passed(wasi, fd))
        return TC_WASI_BADF;
    uint32_t prestat[2] = {name ? TAG_FOLDER : TAG_SOCKET, name ? (uint32_t)strlen(name) : 0};
    void *at = tc_memory_span(&wasi->memory, out, sizeof prestat);
    if (!at)
        return TC_WASI_FAULT;
    memcpy(at, prestat, sizeof prestat);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_fd_prestat_dir_name(tc_wasi *wasi, uint32_t fd, uint32_t path, uint32_t length) {
    const char *name = preopen_name(wasi, fd);
    if (!name)
        return TC_WASI_BADF;
    size_t name_length = strlen(name);
    if (length < name_length)
        return TC_WASI_NAMETOOLONG;
    void *at = tc_memory_span(&wasi->memory, path, length);
    if (!at)
        return TC_WASI_FAULT;
    memcpy(at, name, name_length);
    return TC_WASI_SUCCESS;
}

/* ---- folders ---- */

/* Appends what fits of a dirent: u64 next cookie, u64 inode, u32 length of the name, u8 filetype,
 * three bytes of padding, then the name. */
static size_t put_entry(uint8_t *buffer, size_t room, const tc_entry *entry) {
    uint8_t header[24] = {0};
    uint32_t name_length = (uint32_t)entry->name_length;
    memcpy(header, &entry->next, sizeof entry->next);
    memcpy(header + 8, &entry->inode, sizeof entry->inode);
    memcpy(header + 16, &name_length, sizeof name_length);
    header[20] = tc_wasi_filetype(entry->type);

    size_t head = room < sizeof header ? room : sizeof header;
    memcpy(buffer, header, head);
    size_t name = room - head < entry->name_length ? room - head : entry->name_length;
    memcpy(buffer + head, entry->name, name);
    return head + name;
}

/* A full buffer (used == length) says that there may be more; the entry that was cut off comes
 * again, whole, when the guest asks with the last cookie that it got. */
uint32_t tc_wasi_fd_readdir(tc_wasi *wasi, uint32_t fd, uint32_t buffer, uint32_t length,
                            uint64_t cookie, uint32_t used_out) {
    tc_fd *folder;
    uint32_t refused = tc_wasi_folder(wasi, fd, TC_RIGHT_FD_READDIR, &folder);
    if (refused)
        return refused;
    uint8_t *at = tc_memory_span(&wasi->memory, buffer, length);
    if (!at || !tc_memory_span(&wasi->memory, used_out, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    size_t used = 0;
    int found = 1;
    while (used < length) {
        tc_entry entry;
        found = tc_file_list(folder->file, cookie, &entry);
        if (found <= 0)
            break;
        used += put_entry(at + used, length - used, &entry);
        cookie = entry.next;
    }
    if (found < 0 && used == 0)
        return tc_wasi_errno(found);
    tc_memory_store_u32(&wasi->memory, used_out, (uint32_t)used);
    return TC_WASI_SUCCESS;
}
