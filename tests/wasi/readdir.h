/* Reading folders, for the guests about fd_readdir. */
#ifndef READDIR_H
#define READDIR_H

#include "wasi_raw.h"

typedef struct {
    u64 next;
    u64 inode;
    u32 name_length;
    u32 filetype; /* a byte and padding */
} dirent32;

typedef struct {
    u64 next;
    u64 inode;
    u32 filetype;
    char name[256];
} entry;

/* Reads the entries from `cookie` on, with a buffer of `size` bytes a call, as wasi-libc does. At
 * most `room` entries are stored; gives their number. */
static inline u32 list(u32 fd, u64 cookie, u32 size, entry *entries, u32 room) {
    static uint8_t buffer[65536];
    u32 count = 0;
    for (;;) {
        u32 used = 0, at = 0, whole = 0;
        u32 error = fd_readdir(fd, AT(buffer), size, cookie, AT(&used));
        if (error || used > size) {
            printf("fd_readdir: errno %u, %u bytes\n", (unsigned)error, (unsigned)used);
            failures++;
            return count;
        }
        while (at + sizeof(dirent32) <= used) {
            dirent32 head;
            memcpy(&head, buffer + at, sizeof head);
            if (head.name_length > 255 || at + sizeof head + head.name_length > used)
                break;
            if (count < room) {
                entry *out = &entries[count];
                *out = (entry){.next = head.next, .inode = head.inode, .filetype = head.filetype};
                memcpy(out->name, buffer + at + sizeof head, head.name_length);
            }
            count++;
            whole++;
            cookie = head.next;
            at += sizeof head + head.name_length;
        }
        if (used < size || whole == 0)
            return count;
    }
}

static inline const entry *find(const entry *entries, u32 count, const char *name) {
    for (u32 i = 0; i < count; i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    return NULL;
}

#endif
