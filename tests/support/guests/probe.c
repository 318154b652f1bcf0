/* Plays a script of socket calls and tells what each one answered.
 *
 *   probe socket:tcp4 connect:127.0.0.1:443 htls:localhost send:hello recv:5
 *
 * prints one line a step: the step, a tab, its outcome ("ok", an errno's name, or what came):
 *
 *   recv:5	5 world
 *
 * Several sockets live side by side in slots; `slot:1` makes slot 1 the one that steps work on, and
 * where an address is expected, `@0` is the local address of the socket in slot 0. */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 8, BUFFER_SIZE = 1 << 20 };

static int slots[SLOTS] = {-1, -1, -1, -1, -1, -1, -1, -1};
static int slot;
static char buffer[BUFFER_SIZE + 1];

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void print_outcome(int result) {
    fputs(result < 0 ? error_name(errno) : "ok", stdout);
}

static void print_count(ssize_t count) {
    if (count < 0)
        fputs(error_name(errno), stdout);
    else
        printf("%zd", count);
}

static void print_bytes(ssize_t count, const char *bytes) {
    print_count(count);
    if (count > 0) {
        putchar(' ');
        print_escaped(bytes, (size_t)count);
    }
}

/* The part after the next ':' of *arguments, which is cut there; "" when there is none. */
static char *next_argument(char **arguments) {
    char *at = *arguments;
    char *colon = strchr(at, ':');
    *arguments = colon ? colon + 1 : at + strlen(at);
    if (colon)
        *colon = 0;
    return at;
}

static int address_of(const char *text, struct address *address) {
    if (text[0] != '@')
        return parse_address(text, address);
    memset(address, 0, sizeof *address);
    address->length = sizeof address->room;
    return getsockname(slots[atoi(text + 1)], &address->any, &address->length);
}

/* Sockets and where they lead. */

static void do_socket(char *kind) {
    int family = strchr(kind, '6') ? AF_INET6 : strchr(kind, '4') ? AF_INET : AF_UNIX;
    int type = strncmp(kind, "udp", 3) == 0 || strstr(kind, "dgram") ? SOCK_DGRAM : SOCK_STREAM;
    slots[slot] = socket(family, type, 0);
    print_outcome(slots[slot]);
}

static void do_open(char *path) {
    slots[slot] = open(path, O_RDWR | O_CREAT, 0600);
    print_outcome(slots[slot]);
}

static void do_fd(char *number) {
    slots[slot] = (int)strtol(number, NULL, 10);
    printf("ok");
}

static void do_fileno(char *unused) {
    (void)unused;
    printf("%d", slots[slot]);
}

static void do_slot(char *number) {
    slot = atoi(number) % SLOTS;
    printf("ok");
}

static void do_bind(char *text) {
    struct address address;
    if (address_of(text, &address) != 0)
        printf("bad address");
    else
        print_outcome(bind(slots[slot], &address.any, address.length));
}

static void do_connect(char *text) {
    struct address address;
    if (address_of(text, &address) != 0)
        printf("bad address");
    else
        print_outcome(connect(slots[slot], &address.any, address.length));
}

static void do_listen(char *backlog) {
    print_outcome(listen(slots[slot], atoi(backlog)));
}

static void do_accept(char *listener) {
    slots[slot] = accept(slots[atoi(listener)], NULL, NULL);
    print_outcome(slots[slot]);
}

static void do_accept_from(char *listener) {
    struct address address = {.length = sizeof address.room};
    slots[slot] = accept(slots[atoi(listener)], &address.any, &address.length);
    if (slots[slot] < 0)
        print_outcome(-1);
    else
        print_address(&address);
}

static void print_name(int result, const struct address *address) {
    if (result < 0)
        print_outcome(result);
    else
        print_address(address);
}

static void do_getsockname(char *unused) {
    (void)unused;
    struct address address = {.length = sizeof address.room};
    print_name(getsockname(slots[slot], &address.any, &address.length), &address);
}

static void do_getpeername(char *unused) {
    (void)unused;
    struct address address = {.length = sizeof address.room};
    print_name(getpeername(slots[slot], &address.any, &address.length), &address);
}

static void do_shutdown(char *how) {
    int direction = strcmp(how, "r") == 0 ? SHUT_RD : strcmp(how, "w") == 0 ? SHUT_WR : SHUT_RDWR;
    print_outcome(shutdown(slots[slot], direction));
}

static void do_close(char *unused) {
    (void)unused;
    print_outcome(close(slots[slot]));
}

static int family_of(const char *text) {
    return strcmp(text, "4") == 0 ? AF_INET : strcmp(text, "6") == 0 ? AF_INET6 : AF_UNSPEC;
}

/* resolve:NAME:SERVICE[:4|6] */
static void do_resolve(char *arguments) {
    char *name = next_argument(&arguments), *service = next_argument(&arguments);
    struct addrinfo *results, hints = {.ai_socktype = SOCK_STREAM};
    hints.ai_family = family_of(arguments);
    int error = getaddrinfo(name[0] ? name : NULL, service[0] ? service : NULL, &hints, &results);
    if (error) {
        printf("failed: %s", gai_strerror(error));
        return;
    }
    for (struct addrinfo *at = results; at; at = at->ai_next) {
        struct address address = {.length = at->ai_addrlen};
        memcpy(address.room, at->ai_addr, at->ai_addrlen);
        print_address(&address);
        if (at->ai_next)
            putchar(' ');
    }
    freeaddrinfo(results);
}

/* Options. */

static void do_nonblock(char *unused) {
    (void)unused;
    print_outcome(fcntl(slots[slot], F_SETFL, O_NONBLOCK));
}

static void do_block(char *unused) {
    (void)unused;
    print_outcome(fcntl(slots[slot], F_SETFL, 0));
}

static void set_name(char *name, size_t extra) {
    size_t length = unescape(name) + extra;
    print_outcome(setsockopt(slots[slot], TIMECRAFT_LEVEL, HTLS_OPTION, name, (socklen_t)length));
}

static void do_htls(char *name) {
    set_name(name, 0);
}

/* As the reference document's C program passes it: with the trailing NUL. */
static void do_htls0(char *name) {
    set_name(name, 1);
}

static void do_reason(char *unused) {
    (void)unused;
    socklen_t length = BUFFER_SIZE;
    if (getsockopt(slots[slot], TIMECRAFT_LEVEL, TIMECRAFT_HTLS_ERROR_OPTION, buffer, &length) < 0)
        print_outcome(-1);
    else
        print_escaped(buffer, strnlen(buffer, length));
}

/* As reason, with room for so many bytes only. */
static void do_reason_room(char *room) {
    socklen_t length = (socklen_t)atoi(room);
    memset(buffer, '#', BUFFER_SIZE);
    if (getsockopt(slots[slot], TIMECRAFT_LEVEL, TIMECRAFT_HTLS_ERROR_OPTION, buffer, &length) < 0)
        print_outcome(-1);
    else
        printf("%u %s", (unsigned)length, buffer[atoi(room)] == '#' ? "within" : "beyond");
}

static int get_int(int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    if (getsockopt(slots[slot], level, name, &value, &length) < 0)
        return -1;
    return value;
}

static void do_so_error(char *unused) {
    (void)unused;
    errno = 0;
    int error = get_int(SOL_SOCKET, SO_ERROR);
    if (error < 0)
        printf("failed: %s", error_name(errno));
    else
        fputs(error_name(error), stdout);
}

static const struct {
    const char *name;
    int level, number;
} int_options[] = {
    {"reuseaddr", SOL_SOCKET, SO_REUSEADDR},
    {"type", SOL_SOCKET, SO_TYPE},
    {"sndbuf", SOL_SOCKET, SO_SNDBUF},
    {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
    {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
    {"broadcast", SOL_SOCKET, SO_BROADCAST},
    {"acceptconn", SOL_SOCKET, SO_ACCEPTCONN},
    {"nodelay", IPPROTO_TCP, TCP_NODELAY},
    {"unknown", SOL_SOCKET, 4711},
    {"unknown_level", 4711, 1},
    {"reason", TIMECRAFT_LEVEL, TIMECRAFT_HTLS_ERROR_OPTION},
};

static int option_index(const char *name) {
    int i = 0;
    while (strcmp(int_options[i].name, name) != 0)
        i++;
    return i;
}

/* setopt:NAME:VALUE */
static void do_setopt(char *arguments) {
    int i = option_index(next_argument(&arguments)), value = atoi(arguments);
    print_outcome(
        setsockopt(slots[slot], int_options[i].level, int_options[i].number, &value, sizeof value));
}

static void do_getopt(char *name) {
    int i = option_index(name), value = get_int(int_options[i].level, int_options[i].number);
    if (value < 0)
        print_outcome(-1);
    else if (strcmp(name, "type") == 0)
        fputs(value == SOCK_STREAM ? "stream" : value == SOCK_DGRAM ? "datagram" : "?", stdout);
    else
        printf("%d", value);
}

static void set_time_limit(int name, int milliseconds) {
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};
    print_outcome(setsockopt(slots[slot], SOL_SOCKET, name, &limit, sizeof limit));
}

static void do_rcvtimeo(char *milliseconds) {
    set_time_limit(SO_RCVTIMEO, atoi(milliseconds));
}

static void do_sndtimeo(char *milliseconds) {
    set_time_limit(SO_SNDTIMEO, atoi(milliseconds));
}

/* Options of hTLS, by name or, for numbers that are none, by number. */

enum kind { NUMBER, TEXT, BLOB };

static const struct {
    const char *name;
    int number;
    enum kind kind;
} tls_options[] = {
    {"htls", TIMECRAFT_HTLS_OPTION, TEXT},
    {"error", TIMECRAFT_HTLS_ERROR_OPTION, TEXT},
    {"server", TIMECRAFT_SERVER_OPTION, NUMBER},
    {"upgrade", TIMECRAFT_UPGRADE_OPTION, NUMBER},
    {"anchors", TIMECRAFT_TRUST_ANCHORS_OPTION, BLOB},
    {"trust", TIMECRAFT_TRUST_OPTION, NUMBER},
    {"verify", TIMECRAFT_VERIFY_OPTION, NUMBER},
    {"identity", TIMECRAFT_IDENTITY_OPTION, BLOB},
    {"named", TIMECRAFT_NAMED_IDENTITY_OPTION, TEXT},
    {"alpn", TIMECRAFT_ALPN_OPTION, TEXT},
    {"min", TIMECRAFT_MIN_VERSION_OPTION, NUMBER},
    {"max", TIMECRAFT_MAX_VERSION_OPTION, NUMBER},
    {"ciphers", TIMECRAFT_CIPHERS_OPTION, TEXT},
    {"groups", TIMECRAFT_GROUPS_OPTION, TEXT},
    {"timeout", TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION, NUMBER},
    {"version", TIMECRAFT_VERSION_OPTION, NUMBER},
    {"cipher", TIMECRAFT_CIPHER_OPTION, TEXT},
    {"group", TIMECRAFT_GROUP_OPTION, TEXT},
    {"resumed", TIMECRAFT_RESUMED_OPTION, NUMBER},
    {"server_name", TIMECRAFT_SERVER_NAME_OPTION, TEXT},
    {"certificates", TIMECRAFT_PEER_CERTIFICATES_OPTION, BLOB},
    {"info", TIMECRAFT_PEER_INFO_OPTION, BLOB},
    {"exporter", TIMECRAFT_TLS_EXPORTER_OPTION, BLOB},
    {"end_point", TIMECRAFT_SERVER_END_POINT_OPTION, BLOB},
};

static int tls_option(const char *name, enum kind *kind) {
    for (size_t i = 0; i < sizeof tls_options / sizeof tls_options[0]; i++)
        if (strcmp(tls_options[i].name, name) == 0) {
            *kind = tls_options[i].kind;
            return tls_options[i].number;
        }
    *kind = NUMBER;
    return (int)strtol(name, NULL, 0);
}

static void set_tls_option(const char *name, const void *value, size_t length) {
    enum kind kind;
    int number = tls_option(name, &kind);
    print_outcome(setsockopt(slots[slot], TIMECRAFT_LEVEL, number, value, (socklen_t)length));
}

/* opt:NAME:BYTES, with \xNN for those that are not printable */
static void do_opt(char *arguments) {
    const char *name = next_argument(&arguments);
    size_t length = unescape(arguments);
    set_tls_option(name, arguments, length);
}

/* optn:NAME:NUMBER */
static void do_optn(char *arguments) {
    const char *name = next_argument(&arguments);
    uint32_t number = (uint32_t)strtoul(arguments, NULL, 0);
    set_tls_option(name, &number, sizeof number);
}

/* optf:NAME:FILE[,FILE], whose contents one after the other are the value */
static void do_optf(char *arguments) {
    const char *name = next_argument(&arguments);
    size_t total = 0;
    for (char *path = strtok(arguments, ","); path; path = strtok(NULL, ",")) {
        size_t size;
        char *bytes = read_file(path, &size);
        if (!bytes) {
            printf("%s: %s", path, error_name(errno));
            return;
        }
        memcpy(buffer + total, bytes, size);
        total += size;
        free(bytes);
    }
    set_tls_option(name, buffer, total);
}

/* optz:NAME:LENGTH, so many bytes of zero */
static void do_optz(char *arguments) {
    const char *name = next_argument(&arguments);
    memset(buffer, 0, sizeof buffer);
    set_tls_option(name, buffer, (size_t)atoi(arguments));
}

/* get:NAME[:ROOM]: a number, a text, or a blob as "LENGTH BYTES" with its first bytes */
static void do_get(char *arguments) {
    enum kind kind;
    int number = tls_option(next_argument(&arguments), &kind);
    socklen_t length = (socklen_t)(arguments[0] ? atoi(arguments) : BUFFER_SIZE);
    memset(buffer, '#', BUFFER_SIZE);
    uint32_t value;
    if (getsockopt(slots[slot], TIMECRAFT_LEVEL, number, buffer, &length) < 0) {
        print_outcome(-1);
        return;
    }
    memcpy(&value, buffer, sizeof value);
    if (kind == NUMBER)
        printf("%u", (unsigned)value);
    else if (kind == TEXT)
        print_escaped(buffer, strnlen(buffer, length));
    else {
        printf("%u ", (unsigned)value);
        print_escaped(buffer + sizeof value, length - sizeof value);
    }
}

/* ask:NAME:MILLISECONDS: asks for a number until the answer is not EAGAIN, and does not wait */
static void do_ask(char *arguments) {
    enum kind kind;
    int number = tls_option(next_argument(&arguments), &kind), value;
    int64_t end = now_ms() + atoi(arguments);
    do
        value = get_int(TIMECRAFT_LEVEL, number);
    while (value < 0 && errno == EAGAIN && now_ms() < end);
    if (value < 0)
        print_outcome(-1);
    else
        printf("%d", value);
}

/* Sending and receiving. */

static void do_send(char *text) {
    size_t length = unescape(text);
    print_count(send(slots[slot], text, length, 0));
}

static void do_write(char *text) {
    size_t length = unescape(text);
    print_count(write(slots[slot], text, length));
}

/* send_size:N, one call with N bytes */
static void do_send_size(char *size) {
    memset(buffer, 'x', BUFFER_SIZE);
    print_count(send(slots[slot], buffer, (size_t)atoi(size), 0));
}

/* send_until_full: how much a non-blocking socket takes before it says that it is full */
static void do_send_until_full(char *unused) {
    (void)unused;
    size_t total = 0;
    ssize_t count;
    memset(buffer, 'x', BUFFER_SIZE);
    while ((count = send(slots[slot], buffer, BUFFER_SIZE, 0)) > 0)
        total += (size_t)count;
    printf("%zu %s", total, count < 0 ? error_name(errno) : "0");
}

/* writev:A,B,C as three vectors */
static void do_writev(char *text) {
    struct iovec vectors[16];
    int count = 0;
    for (char *part = strtok(text, ","); part && count < 16; part = strtok(NULL, ","))
        vectors[count++] = (struct iovec){.iov_base = part, .iov_len = strlen(part)};
    print_count(writev(slots[slot], vectors, count));
}

/* recv:N[:peek|waitall] */
static void do_recv(char *arguments) {
    size_t size = (size_t)atoi(next_argument(&arguments));
    int flags = strcmp(arguments, "peek") == 0      ? MSG_PEEK
                : strcmp(arguments, "waitall") == 0 ? MSG_WAITALL
                                                    : 0;
    print_bytes(recv(slots[slot], buffer, size, flags), buffer);
}

static void do_read(char *size) {
    print_bytes(read(slots[slot], buffer, (size_t)atoi(size)), buffer);
}

/* readv:N into N vectors of one byte */
static void do_readv(char *number) {
    struct iovec vectors[16];
    int count = atoi(number) % 17;
    for (int i = 0; i < count; i++)
        vectors[i] = (struct iovec){.iov_base = buffer + i, .iov_len = 1};
    print_bytes(readv(slots[slot], vectors, count), buffer);
}

/* recv_all[:CHUNK]: everything to the end; "N end" or "N ECONNRESET" */
static void do_recv_all(char *chunk) {
    size_t total = 0, size = chunk[0] ? (size_t)atoi(chunk) : BUFFER_SIZE;
    ssize_t count;
    while ((count = recv(slots[slot], buffer, size, 0)) > 0)
        total += (size_t)count;
    printf("%zu %s", total, count < 0 ? error_name(errno) : "end");
}

/* recv_polled:N: N times poll for input and receive one byte; how often both gave something */
static void do_recv_polled(char *number) {
    int want = atoi(number), have = 0;
    while (have < want && wait_for(slots[slot], POLLIN, 2000) == POLLIN &&
           recv(slots[slot], buffer, 1, 0) == 1)
        have++;
    printf("%d", have);
}

/* sendto:ADDRESS=TEXT */
static void do_sendto(char *arguments) {
    char *text = strchr(arguments, '=');
    *text++ = 0;
    struct address address;
    size_t length = unescape(text);
    if (address_of(arguments, &address) != 0)
        printf("bad address");
    else
        print_count(sendto(slots[slot], text, length, 0, &address.any, address.length));
}

static void do_recvfrom(char *size) {
    struct address address = {.length = sizeof address.room};
    ssize_t count =
        recvfrom(slots[slot], buffer, (size_t)atoi(size), 0, &address.any, &address.length);
    print_bytes(count, buffer);
    if (count >= 0) {
        printf(" from ");
        print_address(&address);
    }
}

/* Sends `size` bytes and receives as many. */
static bool exchange(size_t size) {
    if (send(slots[slot], buffer, size, 0) != (ssize_t)size)
        return false;
    for (size_t have = 0; have < size;) {
        ssize_t count = recv(slots[slot], buffer + have, size - have, 0);
        if (count <= 0)
            return false;
        have += (size_t)count;
    }
    return true;
}

/* exchange:TIMES:SIZE with a peer that echoes */
static void do_exchange(char *arguments) {
    int times = atoi(next_argument(&arguments)), done = 0;
    size_t size = (size_t)atoi(arguments);
    memset(buffer, 'x', BUFFER_SIZE);
    while (done < times && exchange(size))
        done++;
    printf("%d", done);
}

/* Waiting. */

static void print_events(int events) {
    const char *separator = "";
    static const struct {
        int bit;
        const char *name;
    } names[] = {
        {POLLIN, "in"}, {POLLOUT, "out"}, {POLLERR, "err"}, {POLLHUP, "hup"}, {POLLNVAL, "nval"}};
    if (events == 0)
        printf("nothing");
    if (events < 0)
        print_outcome(-1);
    for (size_t i = 0; events > 0 && i < sizeof names / sizeof names[0]; i++)
        if (events & names[i].bit) {
            printf("%s%s", separator, names[i].name);
            separator = ",";
        }
}

/* poll:[r][w]:MILLISECONDS */
static void do_poll(char *arguments) {
    char *what = next_argument(&arguments);
    int events = (strchr(what, 'r') ? POLLIN : 0) | (strchr(what, 'w') ? POLLOUT : 0);
    print_events(wait_for(slots[slot], events, atoi(arguments)));
}

/* handshake:MILLISECONDS: polls until SO_ERROR has the outcome, as a Go dialer does */
static void do_handshake(char *milliseconds) {
    int64_t end = now_ms() + atoi(milliseconds), left;
    int error = EINPROGRESS;
    while (error == EINPROGRESS && (left = end - now_ms()) > 0) {
        wait_for(slots[slot], POLLOUT, (int)left);
        error = get_int(SOL_SOCKET, SO_ERROR);
    }
    fputs(error_name(error), stdout);
}

/* watch_error:MILLISECONDS: the same, without ever waiting for the socket */
static void do_watch_error(char *milliseconds) {
    int64_t end = now_ms() + atoi(milliseconds);
    int error = EINPROGRESS;
    while (error == EINPROGRESS && now_ms() < end)
        error = get_int(SOL_SOCKET, SO_ERROR);
    fputs(error_name(error), stdout);
}

/* sleep_error:MILLISECONDS: the same, with short sleeps between the looks */
static void do_sleep_error(char *milliseconds) {
    int64_t end = now_ms() + atoi(milliseconds);
    int error = EINPROGRESS;
    while (error == EINPROGRESS && now_ms() < end) {
        usleep(5000);
        error = get_int(SOL_SOCKET, SO_ERROR);
    }
    fputs(error_name(error), stdout);
}

/* insist:MILLISECONDS:TEXT: sends again and again until it is taken or the time is over */
static void do_insist(char *arguments) {
    int64_t end = now_ms() + atoi(next_argument(&arguments));
    size_t length = unescape(arguments);
    ssize_t count;
    do
        count = send(slots[slot], arguments, length, 0);
    while (count < 0 && errno == EAGAIN && now_ms() < end);
    print_count(count);
}

static void do_sleep(char *milliseconds) {
    usleep((unsigned)atoi(milliseconds) * 1000);
    printf("ok");
}

/* Waits until the test has written a line: it looks at the process from outside meanwhile. */
static void do_pause(char *unused) {
    (void)unused;
    printf("paused\n");
    fflush(stdout);
    char line[16];
    fputs(fgets(line, sizeof line, stdin) ? "go on" : "end", stdout);
}

static const struct {
    const char *verb;
    void (*play)(char *arguments);
} verbs[] = {
    {"accept", do_accept},
    {"accept_from", do_accept_from},
    {"ask", do_ask},
    {"bind", do_bind},
    {"block", do_block},
    {"close", do_close},
    {"connect", do_connect},
    {"exchange", do_exchange},
    {"fd", do_fd},
    {"fileno", do_fileno},
    {"get", do_get},
    {"getopt", do_getopt},
    {"getpeername", do_getpeername},
    {"getsockname", do_getsockname},
    {"handshake", do_handshake},
    {"htls", do_htls},
    {"htls0", do_htls0},
    {"insist", do_insist},
    {"listen", do_listen},
    {"nonblock", do_nonblock},
    {"open", do_open},
    {"opt", do_opt},
    {"optf", do_optf},
    {"optn", do_optn},
    {"optz", do_optz},
    {"pause", do_pause},
    {"poll", do_poll},
    {"rcvtimeo", do_rcvtimeo},
    {"read", do_read},
    {"readv", do_readv},
    {"reason", do_reason},
    {"reason_room", do_reason_room},
    {"recv", do_recv},
    {"recv_all", do_recv_all},
    {"recv_polled", do_recv_polled},
    {"recvfrom", do_recvfrom},
    {"resolve", do_resolve},
    {"send", do_send},
    {"send_size", do_send_size},
    {"send_until_full", do_send_until_full},
    {"sendto", do_sendto},
    {"setopt", do_setopt},
    {"shutdown", do_shutdown},
    {"sleep", do_sleep},
    {"sleep_error", do_sleep_error},
    {"slot", do_slot},
    {"sndtimeo", do_sndtimeo},
    {"so_error", do_so_error},
    {"socket", do_socket},
    {"watch_error", do_watch_error},
    {"write", do_write},
    {"writev", do_writev},
};

static bool play(char *step) {
    size_t length = strcspn(step, ":");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strlen(verbs[i].verb) == length && memcmp(verbs[i].verb, step, length) == 0) {
            printf("%s\t", step);
            verbs[i].play(step + length + (step[length] == ':'));
            putchar('\n');
            fflush(stdout);
            return true;
        }
    fprintf(stderr, "probe: no such step: %s\n", step);
    return false;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!play(argv[i]))
            return 2;
    return 0;
}
