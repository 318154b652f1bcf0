/* The guest's descriptors: small integers to files, folders and sockets. */
#ifndef TC_WASI_FDTABLE_H
#define TC_WASI_FDTABLE_H

#include <stddef.h>
#include <stdint.h>

#include "fs/fs.h"
#include "net/net.h"

typedef enum tc_fd_kind {
    TC_FD_FREE = 0,
    TC_FD_FILE,   /* anything that fs/ opened: file, folder, preopen, standard stream */
    TC_FD_SOCKET, /* anything that net/ opened */
} tc_fd_kind;

typedef struct tc_fd {
    tc_fd_kind kind;
    uint32_t resting; /* of its subscriptions, 1 + that one's place; 0: none (waiters.h) */
    uint64_t rights;  /* fs_rights_base */
    uint64_t rights_inheriting; /* fs_rights_inheriting */
    union {
        tc_file *file;     /* owned */
        tc_socket *socket; /* owned */
    };
} tc_fd;

typedef struct tc_fdtable {
    tc_fd *slots;
    size_t capacity;
    size_t lowest_free; /* no free slot below this one */
} tc_fdtable;

/* At most this many descriptors: then EMFILE. */
#define TC_FD_MAX 65536u

/* The lowest free number gets `fd` (ownership moves on success). Returns it, or -EMFILE / -ENOMEM.
 */
int tc_fdtable_insert(tc_fdtable *table, tc_fd fd);

/* Borrowed entry, or NULL if the guest has no such descriptor. Valid until the next insert. */
tc_fd *tc_fdtable_get(tc_fdtable *table, uint32_t number);

/* The same for who changes nothing of it, and does not use it: poll_oneoff. A subscription that
 * rests goes on to. */
tc_fd *tc_fdtable_look(const tc_fdtable *table, uint32_t number);

/* Closes what stands there. 0 or -EBADF. */
int tc_fdtable_close(tc_fdtable *table, uint32_t number);

/* Moves `from` to `to`, closing what stood at `to`; both must be open. 0 or -EBADF. */
int tc_fdtable_renumber(tc_fdtable *table, uint32_t from, uint32_t to);

/* Closes everything, in descending order, and frees the table. */
void tc_fdtable_reset(tc_fdtable *table);

#endif
