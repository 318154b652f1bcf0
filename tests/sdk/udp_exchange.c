// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* Datagrams keep their borders and tell their sender; one that does not fit is cut and says so. */
#include <poll.h>

#include "check.h"

static void check_sendto(void) {
    struct sockaddr_in server_address, client_address, from;
    int server = bound_socket(SOCK_DGRAM, &server_address);
    int client = bound_socket(SOCK_DGRAM, &client_address);
    CHECK(sendto(client, "one", 3, 0, (struct sockaddr *)&server_address, sizeof from) == 3);
    CHECK(sendto(client, "", 0, 0, (struct sockaddr *)&server_address, sizeof from) == 0);
    CHECK(sendto(client, "three", 5, 0, (struct sockaddr *)&server_address, sizeof from) == 5);

    char buffer[64];
    socklen_t length = sizeof from;
    CHECK(recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length) == 3);
    CHECK(!memcmp(buffer, "one", 3) && length == sizeof from);
    CHECK(!memcmp(&from, &client_address, sizeof from));
    CHECK(recvfrom(server, buffer, sizeof buffer, 0, NULL, NULL) == 0);

    /* "three" into four bytes, in two vectors. */
    struct iovec vectors[] = {{buffer, 1}, {buffer + 10, 3}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    CHECK(recvmsg(server, &message, 0) == 4);
    CHECK(message.msg_flags & MSG_TRUNC && buffer[0] == 't' && !memcmp(buffer + 10, "hre", 3));
    CHECK(message.msg_namelen == sizeof from && from.sin_port == client_address.sin_port);

    CHECK_ERRNO(recv(server, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);
    close(client);
    close(server);
}

static void check_connected(void) {
    struct sockaddr_in first_address, second_address;
    int first = bound_socket(SOCK_DGRAM, &first_address);
    int second = bound_socket(SOCK_DGRAM, &second_address);
    char buffer[8];
    CHECK(connect(first, (struct sockaddr *)&second_address, sizeof second_address) == 0);
    CHECK(connect(second, (struct sockaddr *)&first_address, sizeof first_address) == 0);
    CHECK(send(first, "ping", 4, 0) == 4);
    struct pollfd readable = {.fd = second, .events = POLLIN};
    CHECK(poll(&readable, 1, 5000) == 1 && readable.revents == POLLIN);
    CHECK(read(second, buffer, sizeof buffer) == 4 && !memcmp(buffer, "ping", 4));
    CHECK(write(second, "pong", 4) == 4);
    CHECK(recv(first, buffer, sizeof buffer, 0) == 4 && !memcmp(buffer, "pong", 4));
    close(first);
    close(second);
}

int main(void) {
    check_sendto();
    check_connected();
    return 0;
}
