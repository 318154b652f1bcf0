/* Fuzz target: the socket imports, with everything that a guest passes to them in its memory
 * (addresses, vectors, lists of results, options of hTLS and their certificates), and bytes that a
 * peer sends. An input is a sequence of calls. None of them may touch anything outside of the
 * guest's memory, before and behind which lies nothing, wait, or leave a descriptor open. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/module.h"
#include "hostile.h"
#include "net/net.h"
#include "timecraft/options.h"
#include "wasi/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS_MAX = 64, SOCKETS_MAX = 8, PEERS_MAX = 4 };

const tc_module tc_guest_module = {.name = "sockets_fuzz"};

static tc_wasi wasi;
static tc_options options;

/* What sensible guests put into their memory. */
static struct {
    const void *bytes;
    size_t size;
} templates[16];
static size_t template_count;

/* Setting up. */

static void add_template(const void *bytes, size_t size) {
    templates[template_count].bytes = bytes;
    templates[template_count++].size = size;
}

static void add_text(const char *text) {
    add_template(text, strlen(text));
}

/* A certificate and its key, as an identity in PEM, and the certificate alone in both forms. */
static void add_certificates(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    static BIO *both, *alone; /* hold what the templates point to */
    both = BIO_new(BIO_s_mem());
    alone = BIO_new(BIO_s_mem());
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"fuzz", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    demand(X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
    PEM_write_bio_X509(both, certificate);
    PEM_write_bio_X509(alone, certificate);
    PEM_write_bio_PrivateKey(both, key, NULL, NULL, 0, NULL, NULL);
    char *text;
    long length = BIO_get_mem_data(both, &text);
    add_template(text, (size_t)length);
    length = BIO_get_mem_data(alone, &text);
    add_template(text, (size_t)length);
    unsigned char *der = NULL;
    int der_length = i2d_X509(certificate, &der);
    add_template(der, (size_t)der_length);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void add_templates(void) {
    static uint8_t address[136] = {8}; /* {8, 128}, then what it points to, if it lies at 0 */
    address[4] = 128;
    address[8] = 1;
    memcpy(address + 10, "\x7f\0\0\1", 4);
    add_template(address, sizeof address);
    add_text("localhost");
    add_text("127.0.0.1");
    add_text("https");
    add_text("TLS_AES_128_GCM_SHA256:TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    add_text("X25519:P-256:P-384");
    add_text("\x02h2\x08http/1.1");
    add_template("\1\0\0\0\0\0\0\0\0\0", 8);
    add_certificates();
}

static void set_up(void) {
    char text[256], *error;
    signal(SIGPIPE, SIG_IGN);
    make_memory();
    wasi.memory.wasm = &memory;
    make_listener(64);
    add_templates();
    snprintf(text, sizeof text,
             "--allow-net=127.0.0.1:%u --allow-listen=127.0.0.1 --allow-insecure-tls "
             "--tls-handshake-timeout=0.2",
             port);
    tc_options_init(&options);
    demand(tc_options_apply_text(&options, text, &error) == 0, "options");
    wasi.options = &options;
    tc_net_init(&options);
    tc_io_engine_name(); /* it has descriptors of its own */
}

static uint32_t descriptor(void) {
    return byte() % SOCKETS_MAX;
}

static void fill(void) {
    uint32_t to = number() % MEMORY_SIZE, length = byte();
    for (uint32_t i = 0; i < length && to + i < MEMORY_SIZE; i++)
        memory.data[to + i] = (uint8_t)byte();
}

static uint32_t put_template(uint32_t to, uint32_t *length) {
    uint32_t which = byte() % (uint32_t)template_count;
    *length = (uint32_t)templates[which].size;
    memcpy(memory.data + to, templates[which].bytes, *length);
    return to;
}

/* What the calls have. */

static int peers[PEERS_MAX];

/* No call of the guest may wait for a peer. */
static void unblock(uint32_t fd) {
    tc_wasi_fd_fdstat_set_flags(&wasi, fd, TC_FDFLAG_NONBLOCK);
}

static void unblock_all(void) {
    for (uint32_t fd = 0; fd < SOCKETS_MAX; fd++)
        unblock(fd);
}

static void open_connected(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint32_t fd = 0;
    if (tc_wasi_sock_open(&wasi, 1, 2, MEMORY_SIZE - 4) != TC_WASI_SUCCESS)
        return;
    memcpy(&fd, memory.data + MEMORY_SIZE - 4, sizeof fd);
    tc_address to = {.length = sizeof address};
    memcpy(&to.storage, &address, sizeof address);
    demand(tc_socket_connect(tc_fdtable_get(&wasi.fds, fd)->socket, &to) == 0, "no connection");
}

static void close_peer(int *peer) {
    if (*peer >= 0)
        close(*peer);
    *peer = -1;
}

static void accept_peer(int *peer) {
    close_peer(peer);
    *peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Bytes from the network: what stands in the memory, so that templates can be sent too. */
static void send_from_peer(int peer) {
    uint32_t from = number() % MEMORY_SIZE, length = number() % MEMORY_SIZE;
    if (length > MEMORY_SIZE - from)
        length = MEMORY_SIZE - from;
    if (peer >= 0 && send(peer, memory.data + from, length, MSG_DONTWAIT) < 0)
        demand(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET, "the peer cannot send");
}

/* Never waits: its first subscription is a clock that is due. */
static void poll_once(void) {
    uint32_t from = number() % (MEMORY_SIZE / 2), count = 1 + byte() % 8;
    memset(memory.data + from, 0, 48);
    tc_wasi_poll_oneoff(&wasi, from, number(), count, number());
}

static void set_option(void) {
    static const uint32_t levels[] = {0, 6, 41, TIMECRAFT_LEVEL};
    uint32_t fd = descriptor(), level = levels[byte() % 4], name = byte() % 32;
    uint32_t to = number(), length;
    if (byte() % 4 && level == TIMECRAFT_LEVEL)
        to = put_template(to % (MEMORY_SIZE / 2), &length);
    else
        length = byte() % 2 ? 4 : number();
    tc_wasi_sock_setsockopt(&wasi, fd, level, name, to, length);
}

static void get_option(void) {
    static const uint32_t levels[] = {0, 6, 41, TIMECRAFT_LEVEL};
    uint32_t fd = descriptor(), level = levels[byte() % 4], name = byte() % 32;
    tc_wasi_sock_getsockopt(&wasi, fd, level, name, number(), byte() % 2 ? 4 : number());
}

static void call(void) {
    uint32_t fd, length, what = byte() % 32;
    switch (what) {
    case 0:
        fill();
        break;
    case 1:
        put_template(number() % (MEMORY_SIZE / 2), &length);
        break;
    case 2:
        tc_wasi_sock_open(&wasi, byte() % 5, byte() % 4, number());
        break;
    case 3:
        fd = descriptor();
        tc_wasi_sock_bind(&wasi, fd, number(), byte() % 2 ? 0 : number());
        break;
    case 4:
        fd = descriptor();
        tc_wasi_sock_connect(&wasi, fd, number(), byte() % 2 ? port : number());
        break;
    case 5:
        tc_wasi_sock_listen(&wasi, descriptor(), byte());
        break;
    case 6:
        fd = descriptor();
        tc_wasi_sock_accept(&wasi, fd, byte() % 8, number());
        break;
    case 7:
        fd = descriptor();
        tc_wasi_sock_send_to(&wasi, fd, number(), byte(), number(), byte() % 2 ? port : number(),
                             byte() % 2, number());
        break;
    case 8:
        fd = descriptor();
        tc_wasi_sock_recv_from(&wasi, fd, number(), byte(), number(), byte() % 4, number(),
                               number(), number());
        break;
    case 9:
        fd = descriptor();
        tc_wasi_sock_recv_from_v1(&wasi, fd, number(), byte(), number(), byte() % 4, number(),
                                  number());
        break;
    case 10:
        fd = descriptor();
        tc_wasi_sock_getlocaladdr(&wasi, fd, number(), number());
        break;
    case 11:
        fd = descriptor();
        tc_wasi_sock_getlocaladdr_v1(&wasi, fd, number(), number(), number());
        break;
    case 12:
        fd = descriptor();
        tc_wasi_sock_getpeeraddr(&wasi, fd, number(), number());
        break;
    case 13:
        fd = descriptor();
        tc_wasi_sock_getpeeraddr_v1(&wasi, fd, number(), number(), number());
        break;
    case 14: {
        uint32_t name = number(), name_length = number(), service = number();
        if (byte() % 2)
            name = put_template(name % (MEMORY_SIZE / 2), &name_length);
        tc_wasi_sock_getaddrinfo(&wasi, name, name_length, service, byte(), number(), number(),
                                 byte(), number());
        break;
    }
    case 15:
        fd = descriptor();
        tc_wasi_sock_send(&wasi, fd, number(), byte(), byte() % 2, number());
        break;
    case 16:
        fd = descriptor();
        tc_wasi_sock_recv(&wasi, fd, number(), byte(), byte() % 4, number(), number());
        break;
    case 17:
        fd = descriptor();
        tc_wasi_sock_shutdown(&wasi, fd, byte() % 4);
        break;
    case 18:
        tc_wasi_fd_close(&wasi, descriptor());
        break;
    case 19:
        poll_once();
        break;
    case 20:
        accept_peer(&peers[byte() % PEERS_MAX]);
        break;
    case 21:
        send_from_peer(peers[byte() % PEERS_MAX]);
        break;
    case 22:
        close_peer(&peers[byte() % PEERS_MAX]);
        break;
    case 23:
    case 24:
        open_connected();
        break;
    case 25:
    case 26:
        get_option();
        break;
    default:
        set_option();
    }
}

/* Everything is closed; what goes on in the background ends as soon as the peers have gone. */
static void tear_down(void) {
    for (size_t i = 0; i < PEERS_MAX; i++)
        close_peer(&peers[i]);
    close_waiting();
    tc_fdtable_reset(&wasi.fds);
    tc_net_finish();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!memory.data)
        set_up();
    int before = lowest_free_descriptor();
    memset(memory.data, 0, MEMORY_SIZE);
    for (size_t i = 0; i < PEERS_MAX; i++)
        peers[i] = -1;
    at = data;
    end = data + size;
    for (int calls = 0; calls < CALLS_MAX && at < end; calls++) {
        call();
        unblock_all();
    }
    tear_down();
    demand(lowest_free_descriptor() == before, "a descriptor stays open");
    return 0;
}
