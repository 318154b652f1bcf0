/* The guest's descriptors, in an array that grows: a number is an index, the lowest free one is
 * given out first, as POSIX has it. */
#include "wasi/fdtable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wasi/sockets.h"
#include "wasi/waiters.h"

static int grow(tc_fdtable *table) {
    if (table->capacity >= TC_FD_MAX)
        return -EMFILE;
    size_t capacity = table->capacity ? table->capacity * 2 : 64;
    tc_fd *slots = realloc(table->slots, capacity * sizeof *slots);
    if (!slots)
        return -ENOMEM;
    memset(slots + table->capacity, 0, (capacity - table->capacity) * sizeof *slots);
    table->slots = slots;
    table->capacity = capacity;
    return 0;
}

int tc_fdtable_insert(tc_fdtable *table, tc_fd fd) {
    size_t number = table->lowest_free;
    while (number < table->capacity && table->slots[number].kind != TC_FD_FREE)
        number++;
    table->lowest_free = number;
    if (number == table->capacity) {
        int result = grow(table);
        if (result)
            return result;
    }
    table->slots[number] = fd;
    table->lowest_free = number + 1;
    return (int)number;
}

tc_fd *tc_fdtable_look(const tc_fdtable *table, uint32_t number) {
    if (number >= table->capacity || table->slots[number].kind == TC_FD_FREE)
        return NULL;
    return &table->slots[number];
}

tc_fd *tc_fdtable_get(tc_fdtable *table, uint32_t number) {
    tc_fd *fd = tc_fdtable_look(table, number);
    if (fd && fd->resting)
        tc_waiters_wake(fd);
    return fd;
}

/* Closes what the entry holds. */
static void release(tc_fd *fd) {
    if (fd->resting)
        tc_waiters_wake(fd);
    switch (fd->kind) {
    case TC_FD_FREE:
        break;
    case TC_FD_FILE:
        tc_file_close(fd->file);
        break;
    case TC_FD_SOCKET:
        tc_socket_close(fd->socket);
        break;
    }
}

static void vacate(tc_fdtable *table, uint32_t number) {
    table->slots[number] = (tc_fd){.kind = TC_FD_FREE};
    if (number < table->lowest_free)
        table->lowest_free = number;
}

int tc_fdtable_close(tc_fdtable *table, uint32_t number) {
    tc_fd *fd = tc_fdtable_get(table, number);
    if (!fd)
        return -EBADF;
    release(fd);
    vacate(table, number);
    return 0;
}

int tc_fdtable_renumber(tc_fdtable *table, uint32_t from, uint32_t to) {
    tc_fd *source = tc_fdtable_get(table, from);
    tc_fd *target = tc_fdtable_get(table, to);
    if (!source || !target)
        return -EBADF;
    if (from == to)
        return 0;
    release(target);
    *target = *source;
    vacate(table, from);
    return 0;
}

void tc_fdtable_reset(tc_fdtable *table) {
    for (size_t number = table->capacity; number-- > 0;)
        release(&table->slots[number]);
    free(table->slots);
    *table = (tc_fdtable){0};
}
