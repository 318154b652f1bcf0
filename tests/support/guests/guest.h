/* What the socket tests' guests share: names of errors, how a result is printed, addresses.
 * Guests also compile as programs of the host, which shows what Linux itself answers. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#ifdef __wasi__
#include <timecraft.h>
#else
#include "../../../sdk/c/include/timecraft/options.h"
#endif

/* "EACCES" for EACCES, "0" for 0, "E71" where the number is none that the tests meet. */
const char *error_name(int error);

/* Prints a C string with everything outside printable ASCII as \xNN, and backslash as \\. */
void print_escaped(const char *text, size_t length);

/* Replaces \n \r \\ \xNN in place; returns the length (the text may contain NUL). */
size_t unescape(char *text);

/* A file's bytes, for the caller to free; NULL and errno. */
char *read_file(const char *path, size_t *size);

/* An address of any family, and its length. */
struct address {
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
        char room[256]; /* wasi-libc's sockaddr_storage has no room for a Unix path */
    };
};

/* "127.0.0.1:80", "[::1]:80", "NAME:80" (resolved, the first result) or "unix:PATH". Returns 0, or
 * what getaddrinfo said. */
int parse_address(const char *text, struct address *address);
void print_address(const struct address *address);

/* Waits with poll for POLLIN and the like; the events, 0 at the time-out, -1 and errno. */
int wait_for(int fd, int events, int milliseconds);

/* Connects a stream socket to a numeric address, and turns hTLS on where `name` is not "-".
 * Blocking or not as said. Returns the socket; on an error prints it and exits with 1. */
int open_connection(const char *address, const char *name, bool nonblocking);

#endif
