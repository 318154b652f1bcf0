/* What a worker sends to its supervisor, whatever it is, gets an answer at most: it is bound under
 * the grants alone, and nothing is left open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/module.h"
#include "net/internal.h"
#include "service/service.h"
#include "support/check.h"

const tc_module tc_guest_module = {.name = "requests_test"};

/* As in share.c. */
typedef struct request {
    char kind;
    uint32_t ordinal;
    tc_address wanted;
} request;

static int worker, supervisor;

static int open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (folder && readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void send_with(const void *data, size_t size, int fd) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } extra = {0};
    struct iovec vector = {(void *)data, size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &extra;
        message.msg_controllen = sizeof extra.room;
        extra.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&extra.head), &fd, sizeof fd);
    }
    CHECK(sendmsg(worker, &message, 0) == (ssize_t)size);
}

/* The answer; *fd is the socket that came with it, or -1. */
static int32_t answer_to(const void *data, size_t size, int sent, int *fd) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } extra;
    int32_t result = 1;
    struct iovec vector = {&result, sizeof result};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &extra,
                             .msg_controllen = sizeof extra.room};
    send_with(data, size, sent);
    tc_share_answer(supervisor);
    *fd = -1;
    if (recvmsg(worker, &message, MSG_DONTWAIT) < 0)
        return 1; /* none */
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head)
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    return result;
}

/* For a socket of this family, which is closed here. */
static int32_t ask(const request *asked, int family, int type) {
    int came, fd = socket(family, type, 0);
    int32_t result = answer_to(asked, sizeof *asked, fd, &came);
    close(fd);
    if (came >= 0)
        close(came);
    return result;
}

static request for_port(uint16_t port, uint32_t ordinal) {
    request made = {
        .kind = TC_REQUEST_SOCKET, .ordinal = ordinal, .wanted.length = sizeof(struct sockaddr_in)};
    *(struct sockaddr_in *)&made.wanted.storage = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    return made;
}

/* A free port that is granted by the options of main. */
static uint16_t port;

static void what_is_no_request_is_refused(void) {
    int came, before = open_descriptors();
    request good = for_port(port, 0);
    CHECK(answer_to("s", 1, -1, &came) == -EINVAL && came < 0);
    CHECK(answer_to(&good, sizeof good - 1, 0, &came) == -EINVAL && came < 0);
    CHECK(answer_to(&good, sizeof good, -1, &came) == -EINVAL && came < 0);
    CHECK(answer_to(&good, sizeof good, 0, &came) == -EINVAL && came < 0); /* no socket */
    CHECK(ask(&good, AF_INET6, SOCK_STREAM) == -EINVAL);
    CHECK(ask(&good, AF_UNIX, SOCK_STREAM) == -EINVAL);
    CHECK(ask(&good, AF_NETLINK, SOCK_RAW) == -EINVAL);
    request bad = good;
    bad.wanted.length = 0;
    CHECK(ask(&bad, AF_INET, SOCK_STREAM) == -EINVAL);
    bad.wanted.length = UINT32_MAX;
    CHECK(ask(&bad, AF_INET, SOCK_STREAM) == -EINVAL);
    bad.wanted.length = sizeof bad.wanted.storage + 1;
    CHECK(ask(&bad, AF_INET, SOCK_STREAM) == -EINVAL);
    CHECK(open_descriptors() == before);
}

static void a_path_without_an_end_is_refused(void) {
    request asked = {.kind = TC_REQUEST_SOCKET, .wanted.length = sizeof(struct sockaddr_un)};
    memset(&asked.wanted.storage, 'x', sizeof asked.wanted.storage);
    asked.wanted.storage.ss_family = AF_UNIX;
    CHECK(ask(&asked, AF_UNIX, SOCK_STREAM) == -EINVAL);
    asked.wanted.length = sizeof asked.wanted.storage;
    CHECK(ask(&asked, AF_UNIX, SOCK_STREAM) == -EINVAL);
    asked.wanted.length = sizeof(sa_family_t);
    CHECK(ask(&asked, AF_UNIX, SOCK_STREAM) == -EINVAL);
    /* An abstract name is none that can be granted. */
    asked.wanted.length = sizeof(struct sockaddr_un);
    ((struct sockaddr_un *)&asked.wanted.storage)->sun_path[0] = '\0';
    CHECK(ask(&asked, AF_UNIX, SOCK_STREAM) == -EACCES);
}

static void only_what_is_granted_is_bound(void) {
    request asked = for_port(port == 1 ? 2 : 1, 0);
    CHECK(ask(&asked, AF_INET, SOCK_STREAM) == -EACCES);
    int came, fd = socket(AF_INET, SOCK_STREAM, 0);
    asked = for_port(port, 0);
    CHECK(answer_to(&asked, sizeof asked, fd, &came) == 0 && came < 0);
    struct sockaddr_in bound;
    socklen_t length = sizeof bound;
    CHECK(getsockname(fd, (struct sockaddr *)&bound, &length) == 0);
    CHECK(ntohs(bound.sin_port) == port);
    close(fd);
    /* The next one gets that very socket. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(answer_to(&asked, sizeof asked, fd, &came) == 0 && came >= 0);
    CHECK(getsockname(came, (struct sockaddr *)&bound, &length) == 0);
    CHECK(ntohs(bound.sin_port) == port);
    close(came);
    close(fd);
    /* Of another type it is another one. */
    CHECK(ask(&asked, AF_INET, SOCK_DGRAM) == 0);
}

static void more_than_a_few_are_not_kept(void) {
    int before = open_descriptors();
    for (uint32_t ordinal = 1; ordinal <= 1000; ordinal++) {
        request asked = for_port(0, ordinal);
        CHECK(ask(&asked, AF_INET, SOCK_STREAM) == 0);
    }
    CHECK(open_descriptors() - before <= 256);
}

static void who_does_not_read_is_not_waited_for(void) {
    for (int i = 0; i < 10000; i++) {
        if (send(worker, "s", 1, MSG_DONTWAIT) < 0)
            break;
        tc_share_answer(supervisor);
    }
}

int main(void) {
    static tc_options options;
    char text[64], *error = NULL;
    int ends[2], probe = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof any;
    if (probe < 0 || bind(probe, (struct sockaddr *)&any, sizeof any) ||
        getsockname(probe, (struct sockaddr *)&any, &length) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
        return 1;
    port = ntohs(any.sin_port);
    close(probe);
    worker = ends[0];
    supervisor = ends[1];
    snprintf(text, sizeof text, "--allow-listen=127.0.0.1:%u", port);
    tc_options_init(&options);
    CHECK(tc_options_apply_text(&options, text, &error) == 0);
    tc_net_init(&options);
    what_is_no_request_is_refused();
    a_path_without_an_end_is_refused();
    only_what_is_granted_is_bound();
    more_than_a_few_are_not_kept();
    who_does_not_read_is_not_waited_for();
    return failures != 0;
}
