// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* sendmsg gathers and recvmsg scatters; control messages there are none. */
#include <sys/uio.h>

#include "check.h"

int main(void) {
    int fds[2];
    char first[3], second[8];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    connected_pair(fds);
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cdefg", 5}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};
    CHECK(sendmsg(fds[0], &message, 0) == 7);
    CHECK(writev(fds[0], out, 3) == 7);

    struct iovec in[] = {{first, sizeof first}, {second, 4}};
    message = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    CHECK(recvmsg(fds[1], &message, MSG_WAITALL) == 7);
    CHECK(!memcmp(first, "abc", 3) && !memcmp(second, "defg", 4));
    CHECK(message.msg_controllen == 0 && message.msg_flags == 0 && !CMSG_FIRSTHDR(&message));
    CHECK(readv(fds[1], in, 2) == 7);

    message = (struct msghdr){.msg_iov = out, .msg_iovlen = 3};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    CHECK(CMSG_FIRSTHDR(&message) == &control.header);
    CHECK(CMSG_NXTHDR(&message, &control.header) == NULL);
    CHECK_ERRNO(sendmsg(fds[0], &message, 0), EOPNOTSUPP);
    return 0;
}
