/* What an observer may ask of sockets: their addresses, and what TLS has agreed. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "timecraft/options.h"
#include "wasi/internal.h"
#include "wasi/observe.h"
#include "wasi/sock_address.h"

static tc_socket *socket_of(tc_wasi *wasi, uint32_t fd) {
    const tc_fd *found = tc_fdtable_get(&wasi->fds, fd);
    return found && found->kind == TC_FD_SOCKET ? found->socket : NULL;
}

static tc_wasi_address in_its_terms(const tc_address *address) {
    tc_sock_address from = tc_sock_address_of(address);
    tc_wasi_address out = {.family = from.family, .port = (uint16_t)from.port};
    size_t length = from.length;
    if (from.family == TC_SOCK_UNIX)
        length = strnlen((const char *)from.bytes, from.length); /* without its NUL */
    if (length > sizeof out.bytes)
        length = sizeof out.bytes;
    out.length = (uint32_t)length;
    memcpy(out.bytes, from.bytes, length);
    return out;
}

static bool observe_addresses(tc_wasi *wasi, uint32_t fd, tc_wasi_address *local,
                              tc_wasi_address *peer) {
    tc_address address;
    tc_socket *socket = socket_of(wasi, fd);
    *local = *peer = (tc_wasi_address){0};
    if (!socket)
        return false;
    if (tc_socket_local_address(socket, &address) == 0)
        *local = in_its_terms(&address);
    if (tc_socket_peer_address(socket, &address) == 0)
        *peer = in_its_terms(&address);
    return true;
}

/* A text that the option gives, "" where it gives none. */
static void get_text(tc_socket *socket, uint32_t option, char *text, uint32_t size) {
    uint32_t length = size;
    text[0] = '\0';
    if (tc_socket_get_option(socket, TIMECRAFT_LEVEL, option, text, &length) < 0 || length == 0)
        text[0] = '\0';
    else
        text[length - 1] = '\0';
}

static int get_number(tc_socket *socket, uint32_t option, uint32_t *number) {
    uint32_t length = sizeof *number;
    *number = 0;
    return tc_socket_get_option(socket, TIMECRAFT_LEVEL, option, number, &length);
}

/* A blob is its whole length, a u32, and as much of it as there was room for. */
static void get_peer(tc_socket *socket, char *text, size_t size) {
    char blob[4096];
    uint32_t length = sizeof blob;
    text[0] = '\0';
    if (tc_socket_get_option(socket, TIMECRAFT_LEVEL, TIMECRAFT_PEER_INFO_OPTION, blob, &length) <
            0 ||
        length < sizeof(uint32_t))
        return;
    size_t shown = length - sizeof(uint32_t);
    if (shown >= size)
        shown = size - 1;
    memcpy(text, blob + sizeof(uint32_t), shown);
    text[shown] = '\0';
}

static tc_wasi_tls_state observe_tls_state(tc_wasi *wasi, uint32_t fd) {
    bool server;
    uint64_t begun, ended;
    uint32_t version;
    tc_socket *socket = socket_of(wasi, fd);
    if (!socket || !tc_socket_handshake(socket, &server, &begun, &ended))
        return TC_WASI_TLS_NONE;
    if (ended == 0)
        return TC_WASI_TLS_HANDSHAKE;
    return get_number(socket, TIMECRAFT_VERSION_OPTION, &version) < 0 ? TC_WASI_TLS_FAILED
                                                                      : TC_WASI_TLS_DONE;
}

static void observe_tls(tc_wasi *wasi, uint32_t fd, tc_wasi_tls_view *out) {
    tc_socket *socket = socket_of(wasi, fd);
    memset(out, 0, sizeof *out);
    if (!socket || !tc_socket_handshake(socket, &out->server, &out->begun, &out->ended))
        return;
    out->state = TC_WASI_TLS_HANDSHAKE;
    if (out->ended == 0)
        return;
    int failed = get_number(socket, TIMECRAFT_VERSION_OPTION, &out->version);
    if (failed) {
        out->state = TC_WASI_TLS_FAILED;
        out->error = tc_wasi_errno(failed);
        get_text(socket, TIMECRAFT_HTLS_ERROR_OPTION, out->reason, sizeof out->reason);
        return;
    }
    out->state = TC_WASI_TLS_DONE;
    get_number(socket, TIMECRAFT_RESUMED_OPTION, &out->resumed);
    get_text(socket, TIMECRAFT_CIPHER_OPTION, out->cipher, sizeof out->cipher);
    get_text(socket, TIMECRAFT_GROUP_OPTION, out->group, sizeof out->group);
    get_text(socket, TIMECRAFT_ALPN_OPTION, out->alpn, sizeof out->alpn);
    get_text(socket, TIMECRAFT_SERVER_NAME_OPTION, out->server_name, sizeof out->server_name);
    get_peer(socket, out->peer, sizeof out->peer);
}

static bool is_nonblocking(tc_wasi *wasi, uint32_t fd) {
    const tc_socket *socket = socket_of(wasi, fd);
    return socket && tc_socket_nonblocking(socket);
}

static bool is_stream(tc_wasi *wasi, uint32_t fd) {
    const tc_socket *socket = socket_of(wasi, fd);
    return socket && tc_socket_is_stream(socket);
}

static bool is_listening(tc_wasi *wasi, uint32_t fd) {
    const tc_socket *socket = socket_of(wasi, fd);
    return socket && tc_socket_is_listening(socket);
}

static void reset(tc_wasi *wasi, uint32_t fd) {
    tc_socket *socket = socket_of(wasi, fd);
    if (socket)
        tc_socket_break(socket);
}

const tc_wasi_socket_observer tc_wasi_sockets_observed = {
    .addresses = observe_addresses,
    .tls_state = observe_tls_state,
    .tls = observe_tls,
    .is_nonblocking = is_nonblocking,
    .is_stream = is_stream,
    .is_listening = is_listening,
    .reset = reset,
};
