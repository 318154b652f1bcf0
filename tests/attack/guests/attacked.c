/* One TLS connection of a guest that somebody attacks: it shakes hands, may send, receives to the
 * end or a failure, and tells what became of it.
 *
 *   attacked client ADDRESS NAME [WORD...]
 *   attacked server ADDRESS [WORD...]       listens there, and prints "listening ADDRESS" first
 *
 *   blocking      everything blocks, and the accepted socket starts TLS (unless said otherwise)
 *   poll          non-blocking, every step waits with poll; a server lets its listening socket
 *                 start TLS
 *   patience=MS   how long a step may wait (2000)
 *   read=BYTES    size of the receive buffer (4096)
 *   send=BYTES    send so many before receiving
 *   upgrade       speak some clear text first, then start TLS on the same connection
 *   identity=NAME the identity that the host holds (a server needs one)
 *   demand        a server demands a certificate of its client
 *   alpn=NAME     the one protocol offered, or chosen
 *   connections=N a server takes so many, one after the other (1)
 *
 * prints, a line each:
 *   handshake OUTCOME     "ok" or an errno's name
 *   sent COUNT OUTCOME    where it was to send
 *   received COUNT OUTCOME BYTES   the outcome is "end", or an errno's name, EAGAIN when patience
 *                         ran out; of the bytes the first 64 are shown
 *   reason WORDS          why TLS failed, as the host tells it */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { SHOWN = 64, LINE_MAX_SIZE = 64 };

static bool polling, upgrading, demanding;
static int patience = 2000, connections = 1;
static size_t read_size = 4096, send_size;
static const char *identity, *protocol;

static _Noreturn void fail(const char *what) {
    printf("failed %s: %s\n", what, error_name(errno));
    exit(1);
}

/* The value of a word "NAME=VALUE", or NULL. */
static const char *value_of(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static void read_word(const char *word) {
    const char *value;
    if (strcmp(word, "poll") == 0)
        polling = true;
    else if (strcmp(word, "blocking") == 0)
        polling = false;
    else if (strcmp(word, "upgrade") == 0)
        upgrading = true;
    else if (strcmp(word, "demand") == 0)
        demanding = true;
    else if ((value = value_of(word, "patience")))
        patience = atoi(value);
    else if ((value = value_of(word, "read")))
        read_size = (size_t)atoi(value);
    else if ((value = value_of(word, "send")))
        send_size = (size_t)atoi(value);
    else if ((value = value_of(word, "identity")))
        identity = value;
    else if ((value = value_of(word, "alpn")))
        protocol = value;
    else if ((value = value_of(word, "connections")))
        connections = atoi(value);
    else
        fail(word);
}

static int set_option(int fd, int name, const void *value, size_t length) {
    return setsockopt(fd, TIMECRAFT_LEVEL, name, value, (socklen_t)length);
}

static void set_number(int fd, int name, uint32_t number) {
    if (set_option(fd, name, &number, sizeof number) < 0)
        fail("option");
}

/* What a connection's socket is told before TLS starts. */
static void configure(int fd) {
    char list[256];
    if (identity && set_option(fd, TIMECRAFT_NAMED_IDENTITY_OPTION, identity, strlen(identity)) < 0)
        fail("identity");
    if (upgrading)
        set_number(fd, TIMECRAFT_UPGRADE_OPTION, 1);
    if (demanding)
        set_number(fd, TIMECRAFT_VERIFY_OPTION, TIMECRAFT_VERIFY_REQUIRE);
    if (!protocol)
        return;
    int length = snprintf(list, sizeof list, "%c%s", (char)strlen(protocol), protocol);
    if (set_option(fd, TIMECRAFT_ALPN_OPTION, list, (size_t)length) < 0)
        fail("alpn");
}

static void set_patience(int fd) {
    struct timeval limit = {patience / 1000, patience % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* recv and send that obey the patience in both modes: EAGAIN when it ran out. */
static ssize_t receive(int fd, void *buffer, size_t size) {
    for (;;) {
        if (polling && wait_for(fd, POLLIN, patience) == 0)
            return errno = EAGAIN, -1;
        ssize_t count = recv(fd, buffer, size, 0);
        if (count >= 0 || errno != EAGAIN || !polling)
            return count;
    }
}

static ssize_t transmit(int fd, const void *buffer, size_t size) {
    for (;;) {
        if (polling && wait_for(fd, POLLOUT, patience) == 0)
            return errno = EAGAIN, -1;
        ssize_t count = send(fd, buffer, size, 0);
        if (count >= 0 || errno != EAGAIN || !polling)
            return count;
    }
}

/* The clear text before TLS: reads a line byte by byte, so that nothing behind it is taken. */
static void expect_line(int fd, const char *wanted) {
    char line[LINE_MAX_SIZE];
    size_t length = 0;
    do {
        if (receive(fd, line + length, 1) != 1)
            fail("clear text");
    } while (line[length++] != '\n' && length < sizeof line);
    if (length != strlen(wanted) || memcmp(line, wanted, length) != 0)
        fail(wanted);
}

static void say_line(int fd, const char *line) {
    if (transmit(fd, line, strlen(line)) != (ssize_t)strlen(line))
        fail(line);
}

/* As SMTP does it (RFC 3207): the server greets, the client asks, the server agrees. */
static void speak_clear_text(int fd, bool server) {
    if (server) {
        say_line(fd, "220 hello\n");
        expect_line(fd, "STARTTLS\n");
        say_line(fd, "220 go ahead\n");
    } else {
        expect_line(fd, "220 hello\n");
        say_line(fd, "STARTTLS\n");
        expect_line(fd, "220 go ahead\n");
    }
}

/* SO_ERROR once it is no more EINPROGRESS. The host's own limit ends the handshake. */
static int handshake_outcome(int fd) {
    for (;;) {
        int error = 0;
        socklen_t length = sizeof error;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
            fail("SO_ERROR");
        if (error != EINPROGRESS)
            return error;
        wait_for(fd, POLLOUT, 1000);
    }
}

static int start_tls(int fd, const char *name) {
    int result = 0;
    uint32_t on = 1;
    if (name)
        result = set_option(fd, HTLS_OPTION, name, strlen(name));
    else if (!polling || upgrading)
        result = set_option(fd, TIMECRAFT_SERVER_OPTION, &on, sizeof on);
    if (result < 0)
        return errno;
    return polling ? handshake_outcome(fd) : 0;
}

static void send_all(int fd) {
    char *bytes = malloc(send_size);
    memset(bytes, 'x', send_size);
    size_t sent = 0;
    while (sent < send_size) {
        ssize_t count = transmit(fd, bytes + sent, send_size - sent);
        if (count < 0)
            break;
        sent += (size_t)count;
    }
    printf("sent %zu %s\n", sent, sent == send_size ? "ok" : error_name(errno));
    free(bytes);
}

static void receive_all(int fd) {
    char *bytes = malloc(read_size), shown[SHOWN];
    size_t received = 0;
    ssize_t count;
    while ((count = receive(fd, bytes, read_size)) > 0) {
        if (received < SHOWN)
            memcpy(shown + received, bytes,
                   (size_t)count < SHOWN - received ? (size_t)count : SHOWN - received);
        received += (size_t)count;
    }
    printf("received %zu %s ", received, count == 0 ? "end" : error_name(errno));
    print_escaped(shown, received < SHOWN ? received : SHOWN);
    printf("\n");
    free(bytes);
}

static void print_reason(int fd) {
    char reason[512];
    if (timecraft_htls_error(fd, reason, sizeof reason) == 0 && reason[0])
        printf("reason %s\n", reason);
}

static void serve_connection(int fd, const char *name) {
    if (polling)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    else
        set_patience(fd);
    if (upgrading)
        speak_clear_text(fd, name == NULL);
    int error = start_tls(fd, name);
    printf("handshake %s\n", error ? error_name(error) : "ok");
    if (!error && send_size)
        send_all(fd);
    /* After a failure too: nothing may come out of such a connection. */
    receive_all(fd);
    print_reason(fd);
    fflush(stdout);
    close(fd);
}

static void run_client(const char *text, const char *name) {
    struct address address;
    int fd = -1;
    if (parse_address(text, &address) == 0)
        fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        fail(text);
    configure(fd);
    if (connect(fd, &address.any, address.length) < 0)
        fail("connect");
    serve_connection(fd, name);
}

static void run_server(const char *text) {
    struct address address, bound = {.length = sizeof bound.room};
    int listener = -1;
    uint32_t on = 1;
    if (parse_address(text, &address) == 0)
        listener = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, &address.any, address.length) < 0 ||
        listen(listener, 64) < 0 || getsockname(listener, &bound.any, &bound.length) < 0)
        fail(text);
    configure(listener);
    if (polling && !upgrading && set_option(listener, TIMECRAFT_SERVER_OPTION, &on, sizeof on) < 0)
        fail("server");
    printf("listening ");
    print_address(&bound);
    printf("\n");
    fflush(stdout);
    for (int i = 0; i < connections; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            fail("accept");
        serve_connection(fd, NULL);
    }
}

int main(int argc, char **argv) {
    bool client = argc > 3 && strcmp(argv[1], "client") == 0;
    if (!client && argc < 3)
        return 2;
    for (int i = client ? 4 : 3; i < argc; i++)
        read_word(argv[i]);
    if (client)
        run_client(argv[2], argv[3]);
    else
        run_server(argv[2]);
    return 0;
}
