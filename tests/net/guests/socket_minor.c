/* Addresses that are too short, the lengths that MSG_TRUNC and MSG_PEEK tell, the end of an
 * association by AF_UNSPEC, and what is an address in words and what is not. */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(const char *what, long result) {
    printf("%s: %ld %s\n", what, result, result < 0 ? error_name(errno) : "");
}

static void end_association(const char *what, int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    say(what, connect(fd, &none, sizeof none));
    say("its peer then", getpeername(fd, (struct sockaddr *)&peer, &length));
    say("send then", send(fd, "x", 1, MSG_NOSIGNAL));
}

static void play_datagrams(void) {
    char bytes[16];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    bind(to, (struct sockaddr *)&address, length);
    getsockname(to, (struct sockaddr *)&address, &length);
    say("sendto with 8 bytes of address",
        sendto(from, "0123456789", 10, 0, (struct sockaddr *)&address, 8));
    say("connect with 8 bytes of address", connect(from, (struct sockaddr *)&address, 8));
    say("bind with 8 bytes of address", bind(from, (struct sockaddr *)&address, 8));
    for (int i = 0; i < 3; i++)
        sendto(from, "0123456789", 10, 0, (struct sockaddr *)&address, sizeof address);
    say("peek of 4", recv(to, bytes, 4, MSG_PEEK));
    say("peek of 4, whole length", recv(to, bytes, 4, MSG_PEEK | MSG_TRUNC));
    say("peek of 16", recv(to, bytes, 16, MSG_PEEK));
    say("recv of 4, whole length", recv(to, bytes, 4, MSG_TRUNC));
    struct iovec vector = {bytes, 4};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    say("recvmsg of 4", recvmsg(to, &message, 0));
    printf("flags %s\n", message.msg_flags & MSG_TRUNC ? "truncated" : "none");
    message.msg_flags = 0;
    say("recvmsg of 4, whole length", recvmsg(to, &message, MSG_TRUNC));
    printf("flags %s\n", message.msg_flags & MSG_TRUNC ? "truncated" : "none");
    say("nothing left", recv(to, bytes, 4, MSG_DONTWAIT | MSG_TRUNC));
    connect(from, (struct sockaddr *)&address, sizeof address);
    end_association("connect AF_UNSPEC of a datagram socket", from);
    say("sendto then", sendto(from, "x", 1, 0, (struct sockaddr *)&address, sizeof address));
    say("connect then", connect(from, (struct sockaddr *)&address, sizeof address));
    close(to);
    close(from);
}

static void play_stream(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(server, (struct sockaddr *)&address, length);
    listen(server, 3);
    getsockname(server, (struct sockaddr *)&address, &length);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    end_association("connect AF_UNSPEC of a stream", fd);
    say("connect then", connect(fd, (struct sockaddr *)&address, sizeof address));
    say("send then", send(fd, "x", 1, MSG_NOSIGNAL));
    end_association("connect AF_UNSPEC of a listener", server);
    say("accept then", accept(server, NULL, NULL));
    close(server);
    close(fd);
}

/* An address with its scope in text is the same address again: the host's has an interface's name
 * there, the guest's a number. */
static void print_again(const struct sockaddr_in6 *address) {
    char text[128];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found = NULL;
    int error = getnameinfo((const struct sockaddr *)address, sizeof *address, text, sizeof text,
                            NULL, 0, NI_NUMERICHOST);
    if (error || getaddrinfo(text, NULL, &hints, &found)) {
        printf("no text\n");
        return;
    }
    unsigned scope = (unsigned)((struct sockaddr_in6 *)found->ai_addr)->sin6_scope_id;
    printf("in text it has %s scope %u\n", strchr(text, '%') ? "a" : "no", scope);
    freeaddrinfo(found);
}

static void look_up(const char *name) {
    char text[INET6_ADDRSTRLEN] = "";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found = NULL;
    int error = getaddrinfo(name, "80", &hints, &found);
    if (error) {
        printf("%s: %s\n", name, error == EAI_NONAME ? "no address" : "another error");
        return;
    }
    if (found->ai_family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text);
        printf("%s: %s\n", name, text);
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)found->ai_addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        printf("%s: %s scope %u\n", name, text, (unsigned)in6->sin6_scope_id);
        print_again(in6);
    }
    freeaddrinfo(found);
}

static void play_texts(void) {
    static const char *const names[] = {
        "4294967296",
        "4294967295",
        "4294967295.1",
        "256.1",
        "1.16777216",
        "1.16777215",
        "1.2.65536",
        "1.2.65535",
        "1.2.3.256",
        "1.2.3.255",
        "1.2.3.4.5",
        "1.2.3.",
        "127.1",
        "0x7f.1",
        "0177.1",
        "08.1",
        " 1.2.3.4",
        "1.2.3.4 ",
        "+1",
        "-1",
        "0x",
        "1..2",
        "fe80::1%lo",
        "fe80::1%1",
        "fe80::1%0",
        "::1%lo",
        "fe80::1%nobody",
        "fe80::1%",
        "2001:db8::1%lo",
        "ff02::1%lo",
        "::1",
        "1:2",
        "::1.2.3.256",
        "1.2.3.4%lo",
        "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct in_addr in = {0};
        look_up(names[i]);
        int result = inet_aton(names[i], &in);
        printf("inet_aton %d %08x\n", result, result ? (unsigned)ntohl(in.s_addr) : 0);
    }
}

/* A scope is an interface, and where the wrong one is named, or none, nothing is sent or bound. */
static void play_scopes(void) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    inet_pton(AF_INET6, "fe80::1", &address.sin6_addr);
    static const unsigned scopes[] = {0, 1, 999999};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        int fd = socket(AF_INET6, SOCK_DGRAM, 0);
        address.sin6_scope_id = scopes[i];
        printf("scope %u\n", scopes[i]);
        say("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
        say("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address));
        say("bind", bind(fd, (struct sockaddr *)&address, sizeof address));
        close(fd);
    }
}

int main(void) {
    play_datagrams();
    play_stream();
    play_texts();
    play_scopes();
    return 0;
}
