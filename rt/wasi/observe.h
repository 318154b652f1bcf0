/* What an observer of the guest's calls (trace/) may ask of the state behind them. Nothing here
 * changes it, but for what --chaos breaks. */
#ifndef TC_WASI_OBSERVE_H
#define TC_WASI_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wasi/wasi.h"

struct tc_options;
struct tc_memory;

/* All borrowed. */
typedef struct tc_wasi_view {
    const struct tc_options *options;
    const struct tc_memory *memory;
    int argc;
    char **argv;
    int envc;
    char **envv; /* NAME=VALUE */
} tc_wasi_view;

tc_wasi_view tc_wasi_observe(const tc_wasi *wasi);

/* A descriptor of a file or folder, as the guest is given it at the start. */
typedef struct tc_wasi_file_view {
    bool folder;
    bool preopen;
    int standard;     /* 0 to 2: a standard stream; else -1 */
    const char *path; /* of a preopen, as the guest sees it; borrowed; or NULL */
} tc_wasi_file_view;

/* False: the guest has no such descriptor, or it is no file. */
bool tc_wasi_observe_file(tc_wasi *wasi, uint32_t fd, tc_wasi_file_view *out);

typedef struct tc_wasi_address {
    uint16_t family; /* of the extension: 1 inet4, 2 inet6, 3 unix; 0: not known */
    uint16_t port;
    uint32_t length;
    uint8_t bytes[108];
} tc_wasi_address;

typedef enum tc_wasi_tls_state {
    TC_WASI_TLS_NONE,
    TC_WASI_TLS_HANDSHAKE,
    TC_WASI_TLS_DONE,
    TC_WASI_TLS_FAILED,
} tc_wasi_tls_state;

typedef struct tc_wasi_tls_view {
    tc_wasi_tls_state state;
    bool server;
    uint64_t begun, ended; /* CLOCK_MONOTONIC, nanoseconds */
    uint32_t error;        /* FAILED: errno of preview 1 */
    char reason[512];      /* FAILED: in words */
    /* DONE: as the options in timecraft/options.h tell it. */
    uint32_t version, resumed;
    char cipher[64], group[32], alpn[256], server_name[256];
    char peer[4096]; /* lines about the peer's certificate, cut where they are more; "": none */
} tc_wasi_tls_view;

/* How sockets are asked. A structure of pointers, so that a program whose module has no sockets
 * does not link what answers. */
typedef struct tc_wasi_socket_observer {
    /* Where the descriptor is a socket: its addresses. */
    bool (*addresses)(tc_wasi *wasi, uint32_t fd, tc_wasi_address *local, tc_wasi_address *peer);
    tc_wasi_tls_state (*tls_state)(tc_wasi *wasi, uint32_t fd);
    void (*tls)(tc_wasi *wasi, uint32_t fd, tc_wasi_tls_view *out);
    bool (*is_nonblocking)(tc_wasi *wasi, uint32_t fd);
    bool (*is_stream)(tc_wasi *wasi, uint32_t fd);
    bool (*is_listening)(tc_wasi *wasi, uint32_t fd);
    /* Not a question: breaks the connection as if the peer had reset it. For --chaos. */
    void (*reset)(tc_wasi *wasi, uint32_t fd);
} tc_wasi_socket_observer;

extern const tc_wasi_socket_observer tc_wasi_sockets_observed;

#endif
