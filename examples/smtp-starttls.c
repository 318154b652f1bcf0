/* Sends a mail with STARTTLS (RFC 3207): the connection begins in clear, and the first thing said
 * on it is that it goes on in TLS. A server that does not offer that gets no mail.
 *
 *   smtp-starttls HOST PORT FROM TO < MESSAGE
 *
 * Run:    make -C examples run-smtp-starttls HOST=mail.example.com PORT=587 FROM=a@example.com \
 *             TO=b@example.com MESSAGE=mail.txt
 *   or:   timecraft run --allow-net=mail.example.com:587 smtp-starttls.wasm … < mail.txt
 * Needs:  --allow-net=HOST:PORT
 */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <timecraft.h>
#include <timecraft/tls.h>
#include <unistd.h>

/* What has come and was not used: [start, end). */
static char in[4096];
static size_t in_start, in_end;
static int fd = -1;

static _Noreturn void give_up(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "smtp-starttls: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

static _Noreturn void give_up_connection(const char *what) {
    int error = errno;
    char reason[256];
    if (timecraft_htls_error(fd, reason, sizeof reason) < 0 || !reason[0])
        snprintf(reason, sizeof reason, "%s", strerror(error));
    give_up("%s: %s", what, reason);
}

static void connect_to(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int error = getaddrinfo(host, port, &hints, &list);
    if (error)
        give_up("%s port %s: %s", host, port, gai_strerror(error));
    for (const struct addrinfo *i = list; i; i = i->ai_next) {
        fd = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) == 0)
            break;
        error = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd < 0)
        give_up("can't connect to %s port %s: %s", host, port, strerror(error));
}

static void send_all(const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, data, size, 0);
        if (sent < 0)
            give_up_connection("sending");
        data += sent;
        size -= (size_t)sent;
    }
}

/* A line without its end, valid until the next. */
static char *read_line(void) {
    for (;;) {
        char *newline = memchr(in + in_start, '\n', in_end - in_start);
        if (newline) {
            char *line = in + in_start;
            in_start = (size_t)(newline - in) + 1;
            *newline = 0;
            line[strcspn(line, "\r")] = 0;
            return line;
        }
        memmove(in, in + in_start, in_end - in_start);
        in_end -= in_start;
        in_start = 0;
        if (in_end == sizeof in)
            give_up("the server says lines of more than %zu bytes", sizeof in);
        ssize_t got = recv(fd, in + in_end, sizeof in - in_end, 0);
        if (got < 0)
            give_up_connection("receiving");
        if (got == 0)
            give_up("the server has gone");
        in_end += (size_t)got;
    }
}

/* Reads a reply, "250-first line", "250 last line" (RFC 5321, 4.2): one of the wanted kind ('2' or
 * '3'), else gives up. Returns whether a line says `keyword`, which may be NULL. */
static int expect(char kind, const char *keyword) {
    int found = 0;
    for (;;) {
        const char *line = read_line();
        if (line[0] != kind || strlen(line) < 3)
            give_up("the server says: %s", line);
        if (keyword && line[3] && strcasecmp(line + 4, keyword) == 0)
            found = 1;
        if (line[3] != '-')
            return found;
    }
}

static void say(const char *format, const char *argument) {
    char line[1024];
    int length = snprintf(line, sizeof line, format, argument);
    if (length >= (int)sizeof line || strpbrk(argument, "\r\n<>"))
        give_up("that is no address: %s", argument);
    send_all(line, (size_t)length);
}

static void start_tls(const char *host) {
    say("EHLO %s\r\n", "localhost");
    if (!expect('2', "STARTTLS"))
        give_up("%s offers no STARTTLS, and in clear nothing is sent", host);
    say("STARTTLS\r\n", "");
    expect('2', NULL);
    /* Whatever came after that answer is in clear: somebody else's, meant to be taken for what the
     * server says in TLS. */
    if (timecraft_tls_upgrade_client(fd, host, NULL, in_end - in_start) < 0) {
        if (in_end > in_start)
            give_up("somebody has put bytes between %s and TLS", host);
        give_up_connection("TLS");
    }
}

/* Lines end with CR LF, and one that begins with a dot gets another one (RFC 5321, 4.5.2). */
static void send_message(FILE *message) {
    char line[1000];
    int at_begin = 1;
    while (fgets(line, sizeof line, message)) {
        size_t length = strcspn(line, "\r\n");
        if (at_begin && line[0] == '.')
            send_all(".", 1);
        send_all(line, length);
        at_begin = strchr(line, '\n') != NULL;
        if (at_begin)
            send_all("\r\n", 2);
    }
    send_all(at_begin ? ".\r\n" : "\r\n.\r\n", at_begin ? 3 : 5);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: smtp-starttls HOST PORT FROM TO < MESSAGE\n");
        return 2;
    }
    connect_to(argv[1], argv[2]);
    expect('2', NULL);
    start_tls(argv[1]);
    say("EHLO %s\r\n", "localhost"); /* what was said in clear is void */
    expect('2', NULL);
    say("MAIL FROM:<%s>\r\n", argv[3]);
    expect('2', NULL);
    say("RCPT TO:<%s>\r\n", argv[4]);
    expect('2', NULL);
    say("DATA\r\n", "");
    expect('3', NULL);
    send_message(stdin);
    expect('2', NULL);
    say("QUIT\r\n", "");
    char cipher[64];
    timecraft_tls_cipher(fd, cipher, sizeof cipher);
    printf("sent to %s, by way of %s with %s\n", argv[4], argv[1], cipher);
    close(fd);
    return 0;
}
