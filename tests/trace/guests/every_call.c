/* Makes every call of preview 1 and of version 2 of the socket extension at least once. */
#include <stdint.h>
#include <string.h>
#include <wasi/api.h>

#pragma clang diagnostic ignored "-Wunused-result"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) uint32_t
proc_raise(uint32_t signal);

#define SOCK(name)                                                                                 \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_" #name)))           \
    uint32_t sock_##name

SOCK(open)(uint32_t family, uint32_t type, uint32_t *fd);
SOCK(bind)(uint32_t fd, const void *address, uint32_t port);
SOCK(connect)(uint32_t fd, const void *address, uint32_t port);
SOCK(listen)(uint32_t fd, uint32_t backlog);
SOCK(accept)(uint32_t fd, uint32_t flags, uint32_t *accepted);
SOCK(recv)
(uint32_t fd, const void *vectors, uint32_t count, uint32_t flags, uint32_t *got, uint16_t *oflags);
SOCK(send)(uint32_t fd, const void *vectors, uint32_t count, uint32_t flags, uint32_t *sent);
SOCK(shutdown)(uint32_t fd, uint32_t how);
SOCK(send_to)
(uint32_t fd, const void *vectors, uint32_t count, const void *address, uint32_t port,
 uint32_t flags, uint32_t *sent);
SOCK(recv_from)
(uint32_t fd, const void *vectors, uint32_t count, const void *address, uint32_t flags,
 uint32_t *port, uint32_t *got, uint16_t *oflags);
SOCK(getsockopt)(uint32_t fd, uint32_t level, uint32_t name, void *value, uint32_t length);
SOCK(setsockopt)(uint32_t fd, uint32_t level, uint32_t name, const void *value, uint32_t length);
SOCK(getlocaladdr)(uint32_t fd, const void *address, uint32_t *port);
SOCK(getpeeraddr)(uint32_t fd, const void *address, uint32_t *port);
SOCK(getaddrinfo)
(const char *name, uint32_t name_length, const char *service, uint32_t service_length,
 const void *hints, void *list, uint32_t capacity, uint32_t *count);

struct buffer {
    void *bytes;
    uint32_t length;
};

struct sockaddr_of_guest {
    uint32_t family, length;
    void *data;
};

struct addrinfo_of_guest {
    uint16_t flags;
    uint8_t family, type;
    uint32_t protocol, address_length;
    struct sockaddr_of_guest *address;
    char *canonical;
    uint32_t canonical_length;
    struct addrinfo_of_guest *next;
};

static uint8_t bytes[4096], room[256];

static void files(void) {
    __wasi_ciovec_t out[2] = {{(const uint8_t *)"one\n", 4}, {(const uint8_t *)"\"two\"\x01", 6}};
    __wasi_iovec_t in = {room, 8};
    __wasi_fd_t fd, other;
    __wasi_size_t size;
    __wasi_filesize_t offset;
    __wasi_fdstat_t fdstat;
    __wasi_filestat_t status;
    __wasi_path_create_directory(3, "sub");
    __wasi_path_open(3, 0, "sub/file", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, 0xfffffff, 0, 0,
                     &fd);
    __wasi_fd_write(fd, out, 2, &size);
    __wasi_fd_tell(fd, &offset);
    __wasi_fd_seek(fd, -4, __WASI_WHENCE_CUR, &offset);
    __wasi_fd_read(fd, &in, 1, &size);
    __wasi_fd_pread(fd, &in, 1, 2, &size);
    __wasi_fd_pwrite(fd, out, 1, 100, &size);
    __wasi_fd_advise(fd, 0, 100, __WASI_ADVICE_SEQUENTIAL);
    __wasi_fd_allocate(fd, 0, 10);
    __wasi_fd_datasync(fd);
    __wasi_fd_sync(fd);
    __wasi_fd_fdstat_get(0, &fdstat);
    __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_NONBLOCK);
    __wasi_fd_filestat_get(fd, &status);
    __wasi_fd_filestat_set_size(fd, 7);
    __wasi_fd_filestat_set_times(fd, 0, 1700000000123456789, __WASI_FSTFLAGS_MTIM);
    __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_READ, 0);
    __wasi_path_open(3, 0, "none", 0, 0, 0, 0, &other);
    __wasi_path_open(3, 0, ".", __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR, 0, 0, &other);
    __wasi_fd_readdir(other, bytes, sizeof bytes, 0, &size);
    __wasi_fd_renumber(fd, other);
    __wasi_fd_close(other);
    __wasi_fd_close(99);
    __wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "sub", &status);
    __wasi_path_filestat_set_times(3, 0, "sub", 0, 0, __WASI_FSTFLAGS_ATIM_NOW);
    __wasi_path_link(3, 0, "sub/file", 3, "hard");
    __wasi_path_symlink("hard", 3, "soft");
    __wasi_path_readlink(3, "soft", room, sizeof room, &size);
    __wasi_path_rename(3, "hard", 3, "harder");
    __wasi_path_unlink_file(3, "harder");
    __wasi_path_remove_directory(3, "sub");
}

static void sockets(void) {
    uint8_t address[128] = {1, 0, 127, 0, 0, 1}, from[128];
    struct buffer here = {address, sizeof address}, there = {from, sizeof from};
    struct buffer hello = {"hello", 5}, in = {room, sizeof room};
    uint8_t data[26], no_delay[4] = {1};
    struct sockaddr_of_guest place = {0, sizeof data, data};
    struct addrinfo_of_guest answer = {.address = &place}, *list = &answer;
    struct addrinfo_of_guest hints = {.family = 1, .type = 2, .flags = 4};
    uint32_t listener, client, server, port, size;
    uint16_t flags;
    sock_open(1, 2, &listener);
    sock_bind(listener, &here, 0);
    sock_listen(listener, 5);
    sock_getlocaladdr(listener, &there, &port);
    sock_open(1, 2, &client);
    sock_connect(client, &here, port);
    sock_accept(listener, 0, &server);
    sock_getpeeraddr(client, &there, &port);
    sock_setsockopt(client, 6, 15, no_delay, 4);
    sock_getsockopt(client, 0, 2, &size, 4);
    sock_send(client, &hello, 1, 0, &size);
    sock_recv(server, &in, 1, 0, &size, &flags);
    sock_shutdown(client, 2);
    __wasi_fd_close(client);
    __wasi_fd_close(server);
    __wasi_fd_close(listener);
    sock_open(1, 1, &server);
    sock_bind(server, &here, 0);
    sock_getlocaladdr(server, &there, &port);
    sock_send_to(server, &hello, 1, &here, port, 0, &size);
    sock_recv_from(server, &in, 1, &there, 0, &port, &size, &flags);
    sock_getaddrinfo("127.0.0.1", 9, "80", 2, &hints, &list, 1, &size);
}

static void others(void) {
    static __wasi_subscription_t in = {.userdata = 7};
    static __wasi_event_t out;
    uint8_t *pointers[16];
    __wasi_prestat_t prestat;
    __wasi_size_t count, size;
    __wasi_timestamp_t time;
    __wasi_args_sizes_get(&count, &size);
    __wasi_args_get(pointers, bytes);
    __wasi_environ_sizes_get(&count, &size);
    __wasi_environ_get(pointers, bytes);
    __wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &time);
    __wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1000, &time);
    __wasi_fd_prestat_get(3, &prestat);
    __wasi_fd_prestat_dir_name(3, room, 5);
    in.u.tag = __WASI_EVENTTYPE_CLOCK;
    in.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    in.u.u.clock.timeout = 1500000;
    __wasi_poll_oneoff(&in, &out, 1, &size);
    __wasi_random_get(room, 4);
    __wasi_sched_yield();
    proc_raise(27); /* winch */
}

__attribute__((export_name("_start"))) void _start(void) {
    others();
    files();
    sockets();
    __wasi_proc_exit(5);
}
