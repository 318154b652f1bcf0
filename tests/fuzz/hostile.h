/* What fuzz targets share: a guest's memory with nothing around it, a server for it, and an input
 * from which a sequence of calls and their arguments are read. Definitions, for one file a program.
 */
#ifndef TC_TESTS_HOSTILE_H
#define TC_TESTS_HOSTILE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasm-rt.h"

enum { MEMORY_SIZE = 65536 };

static wasm_rt_memory_t memory;

/* Ends the program where `holds` is false: libFuzzer and the driver keep the input. */
static inline void demand(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "fuzz target: %s\n", what);
    abort();
}

/* Whoever leaves it dies. */
static inline void make_memory(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *all =
        mmap(NULL, MEMORY_SIZE + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    demand(all != MAP_FAILED && mprotect(all + page, MEMORY_SIZE, PROT_READ | PROT_WRITE) == 0,
           "no memory");
    memory.data = all + page;
    memory.size = MEMORY_SIZE;
}

/* The lowest number that a new descriptor would get: a higher one than before means that another
 * stays open. */
static inline int lowest_free_descriptor(void) {
    int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

/* The only server that the guest may connect to. */
static int listener;
static uint16_t port;

/* `backlog` is as many connections as an input can make. */
static inline void make_listener(int backlog) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    demand(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
               listen(listener, backlog) == 0 &&
               getsockname(listener, (struct sockaddr *)&address, &length) == 0,
           "no listener");
    port = ntohs(address.sin_port);
}

static inline void close_waiting(void) {
    int waiting;
    while ((waiting = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        close(waiting);
}

/* What is left of the input. */
static const uint8_t *at, *end;

static inline uint32_t byte(void) {
    return at < end ? *at++ : 0;
}

/* Mostly within the memory, sometimes at the very ends of what there is. */
static inline uint32_t number(void) {
    uint32_t low = byte(), high = byte();
    return high >= 0xfc   ? UINT32_MAX - low
           : high >= 0xf8 ? MEMORY_SIZE - low % 64
                          : high << 8 | low;
}

#endif
