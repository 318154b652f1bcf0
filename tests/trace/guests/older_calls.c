/* Makes the calls that are laid out in another way in wasi_unstable and in version 1 of the socket
 * extension. */
#include <stdint.h>
#include <wasi/api.h>

#pragma clang diagnostic ignored "-Wunused-result"

#define UNSTABLE(name)                                                                             \
    __attribute__((import_module("wasi_unstable"), import_name(#name))) uint32_t old_##name
#define SOCK(name)                                                                                 \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_" #name)))           \
    uint32_t sock_##name

UNSTABLE(fd_seek)(uint32_t fd, int64_t offset, uint32_t whence, uint64_t *position);
UNSTABLE(fd_filestat_get)(uint32_t fd, void *status);
UNSTABLE(path_filestat_get)
(uint32_t fd, uint32_t flags, const char *path, uint32_t length, void *status);
UNSTABLE(poll_oneoff)(const void *in, void *out, uint32_t count, uint32_t *events);
SOCK(open)(uint32_t family, uint32_t type, uint32_t *fd);
SOCK(bind)(uint32_t fd, const void *address, uint32_t port);
SOCK(connect)(uint32_t fd, const void *address, uint32_t port);
SOCK(listen)(uint32_t fd, uint32_t backlog);
SOCK(accept)(uint32_t fd, uint32_t *accepted);
SOCK(send_to)
(uint32_t fd, const void *vectors, uint32_t count, const void *address, uint32_t port,
 uint32_t flags, uint32_t *sent);
SOCK(recv_from)
(uint32_t fd, const void *vectors, uint32_t count, const void *address, uint32_t flags,
 uint32_t *got, uint16_t *oflags);
SOCK(getlocaladdr)(uint32_t fd, const void *address, uint32_t *type, uint32_t *port);
SOCK(getpeeraddr)(uint32_t fd, const void *address, uint32_t *type, uint32_t *port);

struct buffer {
    void *bytes;
    uint32_t length;
};

/* A clock: userdata, type, identifier, clock, timeout, precision, flags. */
struct old_subscription {
    uint64_t userdata;
    uint64_t type;
    uint64_t identifier;
    uint64_t clock;
    uint64_t timeout, precision, flags;
};

__attribute__((export_name("_start"))) void _start(void) {
    static struct old_subscription in = {.userdata = 7, .clock = 1, .timeout = 1500000};
    uint8_t address[4] = {127, 0, 0, 1}, from[16], room[64];
    struct buffer here = {address, sizeof address}, there = {from, 4}, sender = {from, sizeof from};
    struct buffer hello = {"hello", 5}, into = {room, sizeof room};
    uint32_t listener, client, server, fd, size, type, port;
    uint64_t position;
    uint16_t flags;
    __wasi_path_open(3, 0, "file", __WASI_OFLAGS_CREAT, 0xfffffff, 0, 0, (__wasi_fd_t *)&fd);
    old_fd_seek(fd, 5, 2, &position);
    old_fd_seek(fd, -2, 0, &position);
    old_fd_filestat_get(fd, room);
    old_path_filestat_get(3, 0, "file", 4, room);
    old_poll_oneoff(&in, room, 1, &size);
    sock_open(1, 2, &listener);
    sock_bind(listener, &here, 0);
    sock_listen(listener, 5);
    sock_getlocaladdr(listener, &there, &type, &port);
    sock_open(1, 2, &client);
    sock_connect(client, &here, port);
    sock_accept(listener, &server);
    sock_getpeeraddr(client, &there, &type, &port);
    sock_open(1, 1, &server);
    sock_bind(server, &here, 0);
    sock_getlocaladdr(server, &there, &type, &port);
    sock_send_to(server, &hello, 1, &here, port, 0, &size);
    sock_recv_from(server, &into, 1, &sender, 0, &size, &flags);
}
