/* Calls the socket imports with everything that a hostile guest may pass, no library between.
 *
 *   hostile GROUP [PORT NAME]
 *
 * plays one group of calls, and prints "ok WHAT" or "not ok WHAT: …" for each. With a port, the
 * sockets used for sending and receiving are hTLS connections to an echoing peer there; without,
 * they are plain ones to a socket of this guest. Compiled once for each version of the socket
 * extension; see raw.h. */
#include "raw.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE = 4096, NONBLOCK = 4, MEMORY_PAGE = 65536, ADDRESS_SIZE = 128 };

#define AT(object) ((uint32_t)(uintptr_t)(object))
#define FAR        UINT32_C(0xfffffff0) /* no memory is this large */
#define ALL        UINT32_MAX

static uint32_t memory_end; /* the first address past the memory */
static uint32_t past;       /* two bytes before it: what is stored there sticks out */
static char buffer[BUFFER_SIZE];
static uint32_t result, result2;
static uint32_t tls_port;
static const char *tls_name;

/* Says whether `got` is one of the wanted errnos, a list that ends with -1. */
static void check(const char *what, uint32_t got, ...) {
    va_list wanted, again;
    bool good = false;
    va_start(wanted, got);
    va_copy(again, wanted);
    for (int one; (one = va_arg(wanted, int)) >= 0;)
        good |= (uint32_t)one == got;
    va_end(wanted);
    if (good) {
        printf("ok %s\n", what);
    } else {
        printf("not ok %s: errno %u, wanted", what, got);
        for (int one; (one = va_arg(again, int)) >= 0;)
            printf(" %d", one);
        putchar('\n');
    }
    va_end(again);
    fflush(stdout);
}

#define CHECK(what, ...) check(what, __VA_ARGS__, -1)

static void must(const char *what, uint32_t error) {
    if (error) {
        printf("not ok, cannot prepare: %s: errno %u\n", what, error);
        exit(0);
    }
}

/* Fixtures. */

static const uint8_t loopback[4] = {127, 0, 0, 1};
static raw_span v1_loopback = {0, 4};

static uint32_t loopback_address(void) {
    v1_loopback.buffer = AT(loopback);
    return AT(&v1_loopback);
}

static uint32_t open_socket(uint32_t family, uint32_t type) {
    uint32_t fd;
    must("open", raw_sock_open(family, type, AT(&fd)));
    return fd;
}

static uint32_t accept_from(uint32_t fd, uint32_t newfd) {
#if SOCK_VERSION == 1
    return raw_sock_accept(fd, newfd);
#else
    return raw_sock_accept(fd, 0, newfd);
#endif
}

static uint32_t local_port(uint32_t fd) {
    uint8_t room[ADDRESS_SIZE];
    uint32_t port = 0;
#if SOCK_VERSION == 1
    uint32_t type;
    raw_span address = {AT(room), 16};
    must("getlocaladdr", raw_sock_getlocaladdr(fd, AT(&address), AT(&type), AT(&port)));
#else
    raw_span address = {AT(room), sizeof room};
    must("getlocaladdr", raw_sock_getlocaladdr(fd, AT(&address), AT(&port)));
#endif
    return port;
}

static uint32_t bound_socket(uint32_t type) {
    uint32_t fd = open_socket(INET4, type);
    must("bind", raw_sock_bind(fd, loopback_address(), 0));
    return fd;
}

static uint32_t listening_socket(void) {
    uint32_t fd = bound_socket(STREAM);
    must("listen", raw_sock_listen(fd, 16));
    return fd;
}

static uint32_t connected_to(uint32_t port) {
    uint32_t fd = open_socket(INET4, STREAM);
    must("connect", raw_sock_connect(fd, loopback_address(), port));
    return fd;
}

static void send_text(uint32_t fd, const char *text) {
    raw_span iov = {AT(text), (uint32_t)strlen(text)};
    must("send", raw_sock_send(fd, AT(&iov), 1, 0, AT(&result)));
}

/* A connected stream socket on which `text` has arrived or will. */
static uint32_t stream_with(const char *text) {
    uint32_t fd, other;
    if (tls_port) {
        fd = connected_to(tls_port);
        must("htls",
             raw_sock_setsockopt(fd, 0x74696d65, 1, AT(tls_name), (uint32_t)strlen(tls_name)));
        other = fd; /* the peer echoes */
    } else {
        uint32_t listener = listening_socket();
        fd = connected_to(local_port(listener));
        must("accept", accept_from(listener, AT(&other)));
        raw_fd_close(listener);
    }
    if (text[0])
        send_text(other, text);
    return fd;
}

static uint32_t recv_span(uint32_t fd, raw_span span) {
    return raw_sock_recv(fd, AT(&span), 1, 0, AT(&result), AT(&result2));
}

static void check_receives(const char *what, uint32_t fd, const char *text) {
    memset(buffer, 0, sizeof buffer);
    uint32_t error = recv_span(fd, (raw_span){AT(buffer), BUFFER_SIZE});
    CHECK(what, error, OK);
    if (error == OK && strcmp(buffer, text) != 0)
        printf("not ok %s: got \"%s\", wanted \"%s\"\n", what, buffer, text);
}

static uint32_t closed_fd(void) {
    uint32_t fd = open_socket(INET4, STREAM);
    raw_fd_close(fd);
    return fd;
}

/* Descriptors that are none of a socket's: `call` must refuse each. */
static void refuses_what_is_no_socket(uint32_t (*call)(uint32_t fd)) {
    CHECK("a closed descriptor", call(closed_fd()), BADF);
    CHECK("a descriptor never opened", call(4711), BADF);
    CHECK("descriptor 2^31", call(UINT32_C(1) << 31), BADF);
    CHECK("descriptor 2^32-1", call(ALL), BADF);
    CHECK("standard output", call(1), NOTSOCK);
    CHECK("a folder", call(3), NOTSOCK);
}

/* Addresses that are none: `call` must refuse each. */
static void refuses_bad_addresses(uint32_t (*call)(uint32_t address, uint32_t port)) {
    static uint8_t bytes[ADDRESS_SIZE];
    CHECK("an address past the end of memory", call(past, 80), FAULT);
    CHECK("an address far outside", call(FAR, 80), FAULT);
    raw_span span = {FAR, 4};
    CHECK("address bytes far outside", call(AT(&span), 80), FAULT);
    span = (raw_span){past, 4};
    CHECK("address bytes that stick out", call(AT(&span), 80), FAULT);
    span = (raw_span){memory_end - ADDRESS_SIZE / 2, ADDRESS_SIZE};
    CHECK("128 address bytes that stick out", call(AT(&span), 80), FAULT);
    span = (raw_span){AT(bytes), ALL};
    CHECK("2^32-1 address bytes", call(AT(&span), 80), FAULT, INVAL);
    static const uint32_t lengths[] = {0, 1, 3, 5, 15, 17, 127};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        span = (raw_span){AT(bytes), lengths[i]};
        CHECK("an address of a length that none has", call(AT(&span), 80), INVAL, AFNOSUPPORT);
    }
    CHECK("port 65536", call(loopback_address(), 65536), INVAL);
    CHECK("port 2^32-1", call(loopback_address(), ALL), INVAL);
    bytes[0] = 9;
    span = (raw_span){AT(bytes), sizeof bytes};
    CHECK("an unknown family", call(AT(&span), 80), AFNOSUPPORT, INVAL);
    memset(bytes, 0xff, sizeof bytes);
    CHECK("family 65535", call(AT(&span), 80), AFNOSUPPORT, INVAL);
    memset(bytes, 'a', sizeof bytes);
    bytes[0] = UNIX, bytes[1] = 0;
    CHECK("a Unix path without an end", call(AT(&span), 80), INVAL, AFNOSUPPORT, NAMETOOLONG);
    memset(bytes, 0, sizeof bytes);
    bytes[0] = INET6;
    CHECK("another family than the socket's", call(AT(&span), 80), AFNOSUPPORT, INVAL);
}

/* Vectors that are none: `call` must refuse each. */
static void refuses_bad_vectors(uint32_t (*call)(uint32_t iov, uint32_t count)) {
    raw_span two[2] = {{AT(buffer), 4}, {FAR, 4}};
    CHECK("a vector array past the end of memory", call(past, 1), FAULT);
    CHECK("a vector array far outside", call(FAR, 1), FAULT);
    CHECK("an array that ends outside", call(memory_end - 8, 2), FAULT);
    CHECK("2^32-1 vectors", call(AT(two), ALL), FAULT, INVAL);
    CHECK("2^29 vectors, 2^32 bytes of array", call(AT(two), UINT32_C(1) << 29), FAULT, INVAL);
    CHECK("2^29+1 vectors, 2^32+8 bytes of array", call(AT(two), (UINT32_C(1) << 29) + 1), FAULT,
          INVAL);
    CHECK("a second vector far outside", call(AT(two), 2), FAULT);
    two[0] = (raw_span){past, 4};
    CHECK("a buffer that sticks out", call(AT(two), 1), FAULT);
    two[0] = (raw_span){AT(buffer), ALL};
    CHECK("a buffer of 2^32-1 bytes", call(AT(two), 1), FAULT);
    two[0] = (raw_span){AT(buffer), ALL - AT(buffer) + 2};
    CHECK("a buffer that wraps around to 1", call(AT(two), 1), FAULT);
    two[0] = (raw_span){memory_end + 1, 0};
    uint32_t error = call(AT(two), 1);
    CHECK("an empty buffer outside", error, FAULT, OK, INVAL, AGAIN);
}

/* The groups. */

static void play_open(void) {
    static const uint32_t wrong[] = {4, 255, 65536, UINT32_C(1) << 31, ALL};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK("an unknown family", raw_sock_open(wrong[i], STREAM, AT(&result)), AFNOSUPPORT, INVAL,
              NOTSUP);
        CHECK("an unknown type", raw_sock_open(INET4, wrong[i], AT(&result)), INVAL, PROTOTYPE,
              NOTSUP, PROTONOSUPPORT);
    }
    uint32_t before = open_socket(INET4, STREAM);
    raw_fd_close(before);
    CHECK("a result past the end of memory", raw_sock_open(INET4, STREAM, past), FAULT);
    CHECK("a result far outside", raw_sock_open(INET4, STREAM, FAR), FAULT);
    CHECK("a misaligned result", raw_sock_open(INET4, STREAM, AT(buffer + 1)), OK);
    memcpy(&result, buffer + 1, sizeof result);
    CHECK("a refused open leaves nothing open", result == before ? OK : INVAL, OK);
    while (raw_sock_open(INET4, DATAGRAM, AT(&result)) == OK && result < 3000)
        ;
    CHECK("the last of many", raw_fd_close(result), OK);
}

static uint32_t test_fd;

static uint32_t bind_fd(uint32_t fd) {
    return raw_sock_bind(fd, loopback_address(), 0);
}
static uint32_t bind_address(uint32_t address, uint32_t port) {
    return raw_sock_bind(test_fd, address, port);
}

static void play_bind(void) {
    refuses_what_is_no_socket(bind_fd);
    test_fd = open_socket(INET4, STREAM);
    refuses_bad_addresses(bind_address);
    CHECK("a good bind after all that", bind_fd(test_fd), OK);
    CHECK("a second bind", bind_fd(test_fd), INVAL);
}

static uint32_t connect_fd(uint32_t fd) {
    return raw_sock_connect(fd, loopback_address(), 80);
}
static uint32_t connect_address(uint32_t address, uint32_t port) {
    return raw_sock_connect(test_fd, address, port);
}

static void play_connect(void) {
    refuses_what_is_no_socket(connect_fd);
    test_fd = open_socket(INET4, STREAM);
    refuses_bad_addresses(connect_address);
    uint32_t port = local_port(listening_socket());
    CHECK("a good connect after all that", connect_address(loopback_address(), port), OK);
    CHECK("a second connect", connect_address(loopback_address(), port), ISCONN);
}

static uint32_t listen_fd(uint32_t fd) {
    return raw_sock_listen(fd, 1);
}

static void play_listen(void) {
    refuses_what_is_no_socket(listen_fd);
    CHECK("a datagram socket", listen_fd(bound_socket(DATAGRAM)), NOTSUP);
    CHECK("a connected socket", listen_fd(stream_with("")), INVAL);
    CHECK("a backlog of 2^32-1", raw_sock_listen(bound_socket(STREAM), ALL), OK, INVAL);
}

static uint32_t accepted;

static uint32_t accept_fd(uint32_t fd) {
    return accept_from(fd, AT(&accepted));
}

static void play_accept(void) {
    refuses_what_is_no_socket(accept_fd);
    CHECK("a socket that does not listen", accept_fd(bound_socket(STREAM)), INVAL);
    CHECK("a datagram socket", accept_fd(bound_socket(DATAGRAM)), NOTSUP, INVAL);
    CHECK("a connected socket", accept_fd(stream_with("")), INVAL);
    uint32_t listener = listening_socket();
    raw_fd_fdstat_set_flags(listener, NONBLOCK);
    CHECK("nobody there", accept_fd(listener), AGAIN);
    uint32_t client = connected_to(local_port(listener));
    CHECK("a result past the end of memory", accept_from(listener, past), FAULT);
    CHECK("a result far outside", accept_from(listener, FAR), FAULT);
#if SOCK_VERSION == 2
    CHECK("unknown flags", raw_sock_accept(listener, 0xffff, AT(&result)), INVAL, NOTSUP);
    CHECK("flags of more than 16 bits", raw_sock_accept(listener, ALL, AT(&result)), INVAL, NOTSUP);
#endif
    CHECK("a good accept after all that", accept_fd(listener), OK);
    send_text(client, "hello");
    check_receives("the connection waited", accepted, "hello");
}

static uint32_t recv_fd(uint32_t fd) {
    return recv_span(fd, (raw_span){AT(buffer), 16});
}
static uint32_t recv_vectors(uint32_t iov, uint32_t count) {
    return raw_sock_recv(test_fd, iov, count, 0, AT(&result), AT(&result2));
}

static void play_recv(void) {
    refuses_what_is_no_socket(recv_fd);
    raw_span iov = {AT(buffer), 16};
    test_fd = stream_with("nothing is lost");
    refuses_bad_vectors(recv_vectors);
    CHECK("a count past the end of memory",
          raw_sock_recv(test_fd, AT(&iov), 1, 0, past, AT(&result)), FAULT);
    CHECK("a count far outside", raw_sock_recv(test_fd, AT(&iov), 1, 0, FAR, AT(&result)), FAULT);
    CHECK("flags past the end of memory",
          raw_sock_recv(test_fd, AT(&iov), 1, 0, AT(&result), memory_end - 1), FAULT);
    CHECK("unknown flags", raw_sock_recv(test_fd, AT(&iov), 1, 0xfff0, AT(&result), AT(&result2)),
          INVAL, NOTSUP);
    CHECK("flags of more than 16 bits",
          raw_sock_recv(test_fd, AT(&iov), 1, UINT32_C(0xffff0000), AT(&result), AT(&result2)),
          INVAL, NOTSUP);
    check_receives("what the refused calls left", test_fd, "nothing is lost");
}

static void play_recv_odd(void) {
    raw_span overlapping[2] = {{AT(buffer), 4}, {AT(buffer + 2), 4}};
    test_fd = stream_with("abcdefg");
    CHECK("overlapping buffers", recv_vectors(AT(overlapping), 2), OK);
    test_fd = stream_with("abcdefg");
    raw_span itself[2] = {{AT(itself), sizeof itself}, {AT(buffer), 4}};
    CHECK("a buffer over the vectors", recv_vectors(AT(itself), 2), OK);
    test_fd = stream_with("abcdefg");
    raw_span over_count = {AT(&result), 4};
    CHECK("a buffer over the count", recv_vectors(AT(&over_count), 1), OK);
    test_fd = stream_with("abcdefg");
    raw_span last = {memory_end - 4, 4};
    CHECK("the last bytes of memory", recv_vectors(AT(&last), 1), OK);
    CHECK("a count in the last bytes of memory",
          raw_sock_recv(test_fd, AT(&last), 1, 0, memory_end - 4, AT(&result)), OK);
    test_fd = stream_with("abcdefg");
    raw_span odd = {AT(buffer), 16};
    memcpy(buffer + 33, &odd, sizeof odd);
    CHECK("misaligned vectors and results",
          raw_sock_recv(test_fd, AT(buffer + 33), 1, 0, AT(buffer + 51), AT(buffer + 61)), OK);
    raw_span *most = calloc(2048, sizeof *most);
    most[2047] = (raw_span){AT(buffer), 4};
    test_fd = stream_with("abcdefg");
    raw_fd_fdstat_set_flags(test_fd, NONBLOCK);
    CHECK("2048 vectors, empty but for the last", recv_vectors(AT(most), 2048), OK, INVAL, AGAIN);
    CHECK("no vectors", recv_vectors(AT(most), 0), OK, INVAL, AGAIN);
}

static uint32_t send_fd(uint32_t fd) {
    raw_span iov = {AT(buffer), 16};
    return raw_sock_send(fd, AT(&iov), 1, 0, AT(&result));
}
static uint32_t send_vectors(uint32_t iov, uint32_t count) {
    return raw_sock_send(test_fd, iov, count, 0, AT(&result));
}

static void play_send(void) {
    refuses_what_is_no_socket(send_fd);
    test_fd = stream_with("");
    refuses_bad_vectors(send_vectors);
    raw_span iov = {AT(buffer), 1};
    CHECK("a count past the end of memory", raw_sock_send(test_fd, AT(&iov), 1, 0, past), FAULT);
    CHECK("a count far outside", raw_sock_send(test_fd, AT(&iov), 1, 0, FAR), FAULT);
    CHECK("unknown flags", raw_sock_send(test_fd, AT(&iov), 1, 0xffff, AT(&result)), INVAL, NOTSUP);
    CHECK("no vectors", send_vectors(AT(&iov), 0), OK, INVAL);
    iov = (raw_span){AT(buffer), 0};
    CHECK("an empty buffer", send_vectors(AT(&iov), 1), OK);
    raw_span overlapping[2] = {{AT("abcd"), 4}, {AT(overlapping), 4}};
    CHECK("a buffer over the vectors", send_vectors(AT(overlapping), 2), OK);
    send_text(test_fd, "still sending");
}

static uint32_t shutdown_fd(uint32_t fd) {
    return raw_sock_shutdown(fd, 1);
}

static void play_shutdown(void) {
    refuses_what_is_no_socket(shutdown_fd);
    CHECK("a socket without a connection", shutdown_fd(open_socket(INET4, STREAM)), NOTCONN);
    test_fd = stream_with("");
    CHECK("no direction", raw_sock_shutdown(test_fd, 0), INVAL);
    CHECK("unknown directions", raw_sock_shutdown(test_fd, 4), INVAL);
    CHECK("every bit", raw_sock_shutdown(test_fd, ALL), INVAL);
    CHECK("a good shutdown after all that", raw_sock_shutdown(test_fd, 3), OK);
}

static uint32_t send_to_fd(uint32_t fd) {
    raw_span iov = {AT(buffer), 4};
    return raw_sock_send_to(fd, AT(&iov), 1, loopback_address(), 9, 0, AT(&result));
}
static uint32_t send_to_vectors(uint32_t iov, uint32_t count) {
    return raw_sock_send_to(test_fd, iov, count, loopback_address(), 9, 0, AT(&result));
}
static uint32_t send_to_address(uint32_t address, uint32_t port) {
    raw_span iov = {AT(buffer), 4};
    return raw_sock_send_to(test_fd, AT(&iov), 1, address, port, 0, AT(&result));
}

static void play_send_to(void) {
    raw_span iov = {AT(buffer), 4};
    refuses_what_is_no_socket(send_to_fd);
    test_fd = bound_socket(DATAGRAM);
    refuses_bad_vectors(send_to_vectors);
    refuses_bad_addresses(send_to_address);
    uint32_t to = loopback_address(), port = local_port(test_fd);
    CHECK("a count past the end of memory",
          raw_sock_send_to(test_fd, AT(&iov), 1, to, port, 0, past), FAULT);
    CHECK("unknown flags", raw_sock_send_to(test_fd, AT(&iov), 1, to, port, 0xffff, AT(&result)),
          INVAL, NOTSUP);
    iov.length = BUFFER_SIZE;
    raw_span many[17];
    for (int i = 0; i < 17; i++)
        many[i] = iov;
    CHECK("a datagram of 69632 bytes",
          raw_sock_send_to(test_fd, AT(many), 17, to, port, 0, AT(&result)), MSGSIZE);
}

/* The two versions differ in where the port goes; `address` is where the sender does. */
static uint32_t receive_from(uint32_t fd, raw_span iov, uint32_t address, uint32_t port,
                             uint32_t nread, uint32_t oflags) {
#if SOCK_VERSION == 1
    (void)port;
    return raw_sock_recv_from(fd, AT(&iov), 1, address, 0, nread, oflags);
#else
    return raw_sock_recv_from(fd, AT(&iov), 1, address, 0, port, nread, oflags);
#endif
}

static raw_span sender = {0, 0};
static uint8_t sender_room[ADDRESS_SIZE];

static uint32_t sender_address(void) {
    sender = (raw_span){AT(sender_room), sizeof sender_room};
    return AT(&sender);
}

static uint32_t recv_from_fd(uint32_t fd) {
    return receive_from(fd, (raw_span){AT(buffer), 4}, sender_address(), AT(&result), AT(&result),
                        AT(&result2));
}

static uint32_t recv_from_vectors(uint32_t iov, uint32_t count) {
#if SOCK_VERSION == 1
    return raw_sock_recv_from(test_fd, iov, count, sender_address(), 0, AT(&result), AT(&result2));
#else
    return raw_sock_recv_from(test_fd, iov, count, sender_address(), 0, AT(&result), AT(&result),
                              AT(&result2));
#endif
}

static void play_recv_from(void) {
    refuses_what_is_no_socket(recv_from_fd);
    test_fd = bound_socket(DATAGRAM);
    raw_fd_fdstat_set_flags(test_fd, NONBLOCK);
    CHECK("nothing there", recv_from_fd(test_fd), AGAIN);
    raw_span iov = {AT("datagram"), 8}, into = {AT(buffer), 16};
    must("send_to", raw_sock_send_to(test_fd, AT(&iov), 1, loopback_address(), local_port(test_fd),
                                     0, AT(&result)));
    refuses_bad_vectors(recv_from_vectors);
    uint32_t from = sender_address(), ok = AT(&result);
    CHECK("a sender past the end of memory", receive_from(test_fd, into, past, ok, ok, ok), FAULT);
    CHECK("a sender far outside", receive_from(test_fd, into, FAR, ok, ok, ok), FAULT);
    CHECK("a count past the end", receive_from(test_fd, into, from, ok, past, ok), FAULT);
    CHECK("flags past the end", receive_from(test_fd, into, from, ok, ok, memory_end - 1), FAULT);
    if (SOCK_VERSION == 2)
        CHECK("a port past the end", receive_from(test_fd, into, from, past, ok, ok), FAULT);
    sender.buffer = FAR;
    CHECK("sender bytes far outside", receive_from(test_fd, into, from, ok, ok, ok), FAULT);
    sender = (raw_span){memory_end - 3, 4};
    CHECK("sender bytes that stick out", receive_from(test_fd, into, from, ok, ok, ok), FAULT);
    sender = (raw_span){AT(sender_room), ALL};
    CHECK("2^32-1 sender bytes", receive_from(test_fd, into, from, ok, ok, ok), FAULT, INVAL);
    sender = (raw_span){AT(sender_room), 3};
    CHECK("3 sender bytes", receive_from(test_fd, into, from, ok, ok, ok), INVAL, FAULT);
    CHECK("a good receive after all that", recv_from_fd(test_fd), OK);
}

static uint32_t getsockopt_fd(uint32_t fd) {
    result2 = 4;
    return raw_sock_getsockopt(fd, 0, 1, AT(&result), 4);
}

static void play_getsockopt(void) {
    refuses_what_is_no_socket(getsockopt_fd);
    test_fd = open_socket(INET4, STREAM);
    CHECK("a value past the end of memory", raw_sock_getsockopt(test_fd, 0, 1, past, 4), FAULT);
    CHECK("a value far outside", raw_sock_getsockopt(test_fd, 0, 1, FAR, 4), FAULT);
    CHECK("an unknown level", raw_sock_getsockopt(test_fd, 4711, 1, AT(buffer), 4), NOPROTOOPT,
          INVAL, NOTSUP);
    CHECK("an unknown option", raw_sock_getsockopt(test_fd, 0, 4711, AT(buffer), 4), NOPROTOOPT,
          INVAL, NOTSUP);
    CHECK("every bit", raw_sock_getsockopt(test_fd, ALL, ALL, AT(buffer), 4), NOPROTOOPT, INVAL,
          NOTSUP);
    CHECK("an unknown option of the hTLS level",
          raw_sock_getsockopt(test_fd, 0x74696d65, ALL, AT(buffer), 4), NOPROTOOPT, INVAL, NOTSUP);
    CHECK("a value of 1 byte", raw_sock_getsockopt(test_fd, 0, 1, memory_end - 1, 1), OK, INVAL);
    CHECK("no value", raw_sock_getsockopt(test_fd, 0, 1, memory_end, 0), OK, INVAL);
    CHECK("a good call after all that", getsockopt_fd(test_fd), OK);
}

static uint32_t setsockopt_fd(uint32_t fd) {
    result = 1;
    return raw_sock_setsockopt(fd, 0, 0, AT(&result), 4);
}
static uint32_t htls_fd(uint32_t fd) {
    return raw_sock_setsockopt(fd, 0x74696d65, 1, AT("localhost"), 9);
}

static void play_setsockopt(void) {
    refuses_what_is_no_socket(setsockopt_fd);
    refuses_what_is_no_socket(htls_fd);
    test_fd = open_socket(INET4, STREAM);
    CHECK("a value past the end of memory", raw_sock_setsockopt(test_fd, 0, 0, past, 4), FAULT);
    CHECK("a value far outside", raw_sock_setsockopt(test_fd, 0, 0, FAR, 4), FAULT);
    CHECK("a value of 2^32-1 bytes", raw_sock_setsockopt(test_fd, 0, 0, AT(&result), ALL), FAULT,
          INVAL);
    CHECK("a value of 3 bytes", raw_sock_setsockopt(test_fd, 0, 0, AT(&result), 3), INVAL);
    CHECK("no value", raw_sock_setsockopt(test_fd, 0, 0, AT(&result), 0), INVAL);
    CHECK("an unknown level", raw_sock_setsockopt(test_fd, 4711, 1, AT(buffer), 4), NOPROTOOPT,
          INVAL, NOTSUP);
    CHECK("an unknown option", raw_sock_setsockopt(test_fd, 0, 4711, AT(buffer), 4), NOPROTOOPT,
          INVAL, NOTSUP);
    CHECK("an option that is only for reading", raw_sock_setsockopt(test_fd, 0, 1, AT(&result), 4),
          NOPROTOOPT, INVAL, NOTSUP);
    test_fd = connected_to(local_port(listening_socket()));
    CHECK("a host name past the end of memory",
          raw_sock_setsockopt(test_fd, 0x74696d65, 1, past, 9), FAULT);
    CHECK("a host name of 2^32-1 bytes",
          raw_sock_setsockopt(test_fd, 0x74696d65, 1, AT(buffer), ALL), FAULT, INVAL);
    CHECK("a host name of 64 KiB",
          raw_sock_setsockopt(test_fd, 0x74696d65, 1, AT(calloc(1, 65536)), 65536), INVAL);
    CHECK("a good call after all that", setsockopt_fd(test_fd), OK);
}

/* getlocaladdr and getpeeraddr differ in nothing but the name. */
static bool ask_peer;

static uint32_t get_address(uint32_t fd, uint32_t address, uint32_t type, uint32_t port) {
#if SOCK_VERSION == 1
    return ask_peer ? raw_sock_getpeeraddr(fd, address, type, port)
                    : raw_sock_getlocaladdr(fd, address, type, port);
#else
    (void)type;
    return ask_peer ? raw_sock_getpeeraddr(fd, address, port)
                    : raw_sock_getlocaladdr(fd, address, port);
#endif
}

static uint32_t get_address_fd(uint32_t fd) {
    return get_address(fd, sender_address(), AT(&result), AT(&result2));
}

static void play_get_address(void) {
    refuses_what_is_no_socket(get_address_fd);
    if (ask_peer)
        CHECK("a socket without a connection", get_address_fd(open_socket(INET4, STREAM)), NOTCONN);
    test_fd = stream_with("");
    uint32_t ok = AT(&result), address = sender_address();
    CHECK("an address past the end of memory", get_address(test_fd, past, ok, ok), FAULT);
    CHECK("an address far outside", get_address(test_fd, FAR, ok, ok), FAULT);
    CHECK("a port past the end of memory", get_address(test_fd, address, ok, past), FAULT);
    if (SOCK_VERSION == 1)
        CHECK("a type past the end of memory", get_address(test_fd, address, past, ok), FAULT);
    sender.buffer = FAR;
    CHECK("address bytes far outside", get_address(test_fd, address, ok, ok), FAULT);
    sender.buffer = memory_end - 2;
    CHECK("address bytes that stick out", get_address(test_fd, address, ok, ok), FAULT);
    sender = (raw_span){AT(sender_room), ALL};
    CHECK("2^32-1 address bytes", get_address(test_fd, address, ok, ok), FAULT, INVAL);
    sender.length = 3;
    CHECK("3 address bytes", get_address(test_fd, address, ok, ok), INVAL, FAULT);
    sender.length = 0;
    CHECK("no address bytes", get_address(test_fd, address, ok, ok), INVAL, FAULT);
    CHECK("a good call after all that", get_address_fd(test_fd), OK);
}

static void play_getlocaladdr(void) {
    play_get_address();
}

static void play_getpeeraddr(void) {
    ask_peer = true;
    play_get_address();
}

/* A result that the guest allocated, as the socket extension lays it out. */
typedef struct raw_addrinfo {
    uint16_t flags;
    uint8_t family, socktype;
    uint32_t protocol, address_length, address, canonical_name, canonical_length, next;
} raw_addrinfo;

typedef struct raw_sockaddr {
    uint32_t family, length, data;
} raw_sockaddr;

static raw_addrinfo node, hints;
static raw_sockaddr node_address;
static char node_data[26], node_name[64];
static uint32_t list;

static uint32_t resolve(uint32_t capacity) {
    return raw_sock_getaddrinfo(AT("127.0.0.1"), 9, AT("80"), 2, AT(&hints), AT(&list), capacity,
                                AT(&result));
}

static void reset_node(void) {
    node_address = (raw_sockaddr){0, 14, AT(node_data)};
    node = (raw_addrinfo){.address = AT(&node_address),
                          .address_length = 16,
                          .canonical_name = AT(node_name),
                          .canonical_length = sizeof node_name};
    hints = (raw_addrinfo){.family = INET4, .socktype = STREAM};
    list = AT(&node);
}

static void play_getaddrinfo(void) {
    reset_node();
    uint32_t name = AT("127.0.0.1"), service = AT("80"), hint = AT(&hints), res = AT(&list),
             count = AT(&result);
    CHECK("a good look-up", resolve(1), OK);
    CHECK("a name past the end of memory",
          raw_sock_getaddrinfo(past, 9, service, 2, hint, res, 1, count), FAULT);
    CHECK("a name of 2^32-1 bytes",
          raw_sock_getaddrinfo(name, ALL, service, 2, hint, res, 1, count), FAULT, INVAL,
          NAMETOOLONG);
    CHECK("a name of 64 KiB",
          raw_sock_getaddrinfo(AT(memset(malloc(65536), 'a', 65536)), 65536, service, 2, hint, res,
                               1, count),
          INVAL, NAMETOOLONG, NOENT);
    CHECK("a name with a NUL inside",
          raw_sock_getaddrinfo(AT("127\0.0.1"), 8, service, 2, hint, res, 1, count), INVAL, NOENT,
          ACCES);
    CHECK("a service past the end of memory",
          raw_sock_getaddrinfo(name, 9, past, 9, hint, res, 1, count), FAULT);
    CHECK("a service of 2^32-1 bytes",
          raw_sock_getaddrinfo(name, 9, service, ALL, hint, res, 1, count), FAULT, INVAL);
    CHECK("hints past the end of memory",
          raw_sock_getaddrinfo(name, 9, service, 2, past, res, 1, count), FAULT);
    CHECK("results past the end of memory",
          raw_sock_getaddrinfo(name, 9, service, 2, hint, past, 1, count), FAULT);
    CHECK("a count past the end of memory",
          raw_sock_getaddrinfo(name, 9, service, 2, hint, res, 1, past), FAULT);
    CHECK("no name and no service", raw_sock_getaddrinfo(0, 0, 0, 0, hint, res, 1, count), INVAL,
          NOENT);
    hints.family = 200;
    CHECK("hints of an unknown family", resolve(1), INVAL, AFNOSUPPORT, NOTSUP);
}

static void play_getaddrinfo_results(void) {
    reset_node();
    list = FAR;
    CHECK("a result far outside", resolve(1), FAULT);
    list = memory_end - sizeof node / 2;
    CHECK("a result that sticks out", resolve(1), FAULT);
    reset_node();
    node.address = FAR;
    CHECK("a result's address far outside", resolve(1), FAULT);
    reset_node();
    node_address.data = past;
    CHECK("a result's address bytes that stick out", resolve(1), FAULT);
    reset_node();
    node.next = AT(&node);
    CHECK("results in a circle, 2^32-1 of them", resolve(ALL), OK, INVAL, FAULT);
    reset_node();
    node.next = FAR;
    CHECK("a next result far outside, and room for two", resolve(2), OK, FAULT);
    reset_node();
    CHECK("room for none", resolve(0), OK, INVAL);
    hints.flags = 2; /* ask for the canonical name */
    node.canonical_name = FAR;
    CHECK("a canonical name far outside", resolve(1), OK, FAULT);
    reset_node();
    hints.flags = 2;
    node.canonical_length = ALL;
    CHECK("a canonical name of 2^32-1 bytes", resolve(1), OK, FAULT, INVAL);
}

/* A subscription of preview 1, 48 bytes: userdata, tag at 8, descriptor or clock from 16. */
static void play_poll(void) {
    static uint8_t in[2][48], out[2][32];
    uint32_t from = AT(in), to = AT(out), count = AT(&result), fd = stream_with("hello");
    in[0][8] = 1;
    memcpy(&in[0][16], &fd, sizeof fd);
    CHECK("no subscriptions", raw_poll_oneoff(from, to, 0, count), INVAL);
    CHECK("2^32-1 subscriptions", raw_poll_oneoff(from, to, ALL, count), FAULT, INVAL);
    CHECK("subscriptions past the end of memory", raw_poll_oneoff(past, to, 1, count), FAULT);
    CHECK("events past the end of memory", raw_poll_oneoff(from, past, 1, count), FAULT);
    CHECK("a count past the end of memory", raw_poll_oneoff(from, to, 1, past), FAULT);
    in[1][8] = 77;
    CHECK("an unknown kind", raw_poll_oneoff(AT(in[1]), to, 1, count), INVAL, OK);
    CHECK("a good call after all that", raw_poll_oneoff(from, to, 1, count), OK);
    fd = ALL;
    memcpy(&in[0][16], &fd, sizeof fd);
    CHECK("descriptor 2^32-1", raw_poll_oneoff(from, to, 1, count), OK, BADF);
}

static const struct {
    const char *name;
    void (*play)(void);
} groups[] = {
    {"accept", play_accept},
    {"bind", play_bind},
    {"connect", play_connect},
    {"getaddrinfo", play_getaddrinfo},
    {"getaddrinfo_results", play_getaddrinfo_results},
    {"getlocaladdr", play_getlocaladdr},
    {"getpeeraddr", play_getpeeraddr},
    {"getsockopt", play_getsockopt},
    {"listen", play_listen},
    {"open", play_open},
    {"poll", play_poll},
    {"recv", play_recv},
    {"recv_from", play_recv_from},
    {"recv_odd", play_recv_odd},
    {"send", play_send},
    {"send_to", play_send_to},
    {"setsockopt", play_setsockopt},
    {"shutdown", play_shutdown},
};

int main(int argc, char **argv) {
    if (argc == 4) {
        tls_port = (uint32_t)atoi(argv[2]);
        tls_name = argv[3];
    }
    /* The last page is nobody's: the heap ends before it, and has enough not to grow again. */
    void *volatile heap = malloc(1 << 20); /* volatile, or the pair would be left out */
    free(heap);
    __builtin_wasm_memory_grow(0, 1);
    memory_end = (uint32_t)__builtin_wasm_memory_size(0) * MEMORY_PAGE;
    past = memory_end - 2;
    for (size_t i = 0; argc > 1 && i < sizeof groups / sizeof groups[0]; i++)
        if (strcmp(groups[i].name, argv[1]) == 0) {
            groups[i].play();
            printf("done %s\n", argv[1]);
            return 0;
        }
    return 2;
}
