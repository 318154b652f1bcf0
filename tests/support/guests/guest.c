/* What the socket tests' guests share; see guest.h. */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
} errors[] = {
#define E(name)                                                                                    \
    { name, #name }
    E(EACCES),       E(EADDRINUSE),  E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(EAGAIN),
    E(EALREADY),     E(EBADF),       E(ECONNABORTED),  E(ECONNREFUSED), E(ECONNRESET),
    E(EDESTADDRREQ), E(EDOM),        E(EEXIST),        E(EFAULT),       E(EHOSTUNREACH),
    E(EILSEQ),       E(EINPROGRESS), E(EINTR),         E(EINVAL),       E(EIO),
    E(EISCONN),      E(EISDIR),      E(EMFILE),        E(EMSGSIZE),     E(ENAMETOOLONG),
    E(ENETUNREACH),  E(ENFILE),      E(ENOBUFS),       E(ENOENT),       E(ENOMEM),
    E(ENOPROTOOPT),  E(ENOSYS),      E(ENOTCONN),      E(ENOTDIR),      E(ENOTSOCK),
    E(EOPNOTSUPP),   E(EPERM),       E(EPIPE),         E(EPROTO),       E(EPROTONOSUPPORT),
    E(EPROTOTYPE),   E(ERANGE),      E(ESPIPE),        E(ETIMEDOUT),
#ifdef __wasi__
    E(ENOTCAPABLE),
#endif
#undef E
};

const char *error_name(int error) {
    static char number[16];
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].number == error)
            return errors[i].name;
    snprintf(number, sizeof number, error ? "E%d" : "%d", error);
    return number;
}

void print_escaped(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\\')
            fputs("\\\\", stdout);
        else if (byte < ' ' || byte > '~')
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
}

static char unescape_one(const char **at) {
    char letter = *(*at)++;
    if (letter == 'n')
        return '\n';
    if (letter == 'r')
        return '\r';
    if (letter != 'x')
        return letter;
    char digits[3] = {(*at)[0], (*at)[1], 0};
    *at += 2;
    return (char)strtoul(digits, NULL, 16);
}

size_t unescape(char *text) {
    char *out = text;
    for (const char *at = text; *at;) {
        char byte = *at++;
        *out++ = byte == '\\' ? unescape_one(&at) : byte;
    }
    *out = 0;
    return (size_t)(out - text);
}

char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = NULL;
    size_t capacity = 0, got;
    *size = 0;
    do {
        capacity += 65536;
        bytes = realloc(bytes, capacity);
        if (!bytes)
            break;
        got = fread(bytes + *size, 1, capacity - *size, file);
        *size += got;
    } while (*size == capacity);
    fclose(file);
    return bytes;
}

static int unix_address(const char *path, struct address *address) {
    struct sockaddr_un *local = (void *)address->room;
    local->sun_family = AF_UNIX;
    strcpy(local->sun_path, path);
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return 0;
}

/* A name's IPv4 address: most machines' localhost has both, and tests listen on 127.0.0.1. */
static int named_address(const char *host, const char *service, struct address *address) {
    struct addrinfo *result, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    int error = getaddrinfo(host, service, &hints, &result);
    if (error)
        return error;
    memcpy(address->room, result->ai_addr, result->ai_addrlen);
    address->length = result->ai_addrlen;
    freeaddrinfo(result);
    return 0;
}

int parse_address(const char *text, struct address *address) {
    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0)
        return unix_address(text + 5, address);
    char host[256];
    const char *colon = strrchr(text, ':');
    if (!colon || colon - text >= (ptrdiff_t)sizeof host)
        return EAI_NONAME;
    bool brackets = text[0] == '[' && colon[-1] == ']';
    size_t length = (size_t)(colon - text) - 2 * brackets;
    memcpy(host, text + brackets, length);
    host[length] = 0;
    in_port_t port = htons((in_port_t)atoi(colon + 1));
    struct sockaddr_in *v4 = (void *)address->room;
    struct sockaddr_in6 *v6 = (void *)address->room;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        address->length = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        address->length = sizeof *v6;
    } else {
        return named_address(host, colon + 1, address);
    }
    return 0;
}

void print_address(const struct address *address) {
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *v4 = (const void *)address->room;
    const struct sockaddr_in6 *v6 = (const void *)address->room;
    const struct sockaddr_un *local = (const void *)address->room;
    if (address->any.sa_family == AF_INET)
        printf("%s:%d", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text), ntohs(v4->sin_port));
    else if (address->any.sa_family == AF_INET6)
        printf("[%s]:%d", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text),
               ntohs(v6->sin6_port));
    else if (address->length <= offsetof(struct sockaddr_un, sun_path))
        printf("unix:");
    else
        printf("unix:%s", local->sun_path);
}

int wait_for(int fd, int events, int milliseconds) {
    struct pollfd interest = {.fd = fd, .events = (short)events};
    int count = poll(&interest, 1, milliseconds);
    return count > 0 ? interest.revents : count;
}

static int give_up(const char *what) {
    printf("%s: %s\n", what, error_name(errno));
    exit(1);
}

int open_connection(const char *text, const char *name, bool nonblocking) {
    struct address address;
    if (parse_address(text, &address) != 0)
        return give_up(text);
    int fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return give_up("socket");
    if (nonblocking && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        return give_up("fcntl");
    if (connect(fd, &address.any, address.length) < 0 && errno != EINPROGRESS)
        return give_up("connect");
    if (strcmp(name, "-") != 0 &&
        setsockopt(fd, TIMECRAFT_LEVEL, HTLS_OPTION, name, (socklen_t)strlen(name)) < 0)
        return give_up("htls");
    return fd;
}
