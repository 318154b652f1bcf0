// run:
/* Without a grant there is no network: each way to it says EACCES. */
#include <netdb.h>
#include <timecraft.h>

#include "check.h"

int main(void) {
    struct sockaddr_in address = loopback(1);
    int stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(stream >= 0 && datagram >= 0);
    CHECK_ERRNO(connect(stream, (struct sockaddr *)&address, sizeof address), EACCES);
    CHECK_ERRNO(bind(stream, (struct sockaddr *)&address, sizeof address), EACCES);
    CHECK_ERRNO(sendto(datagram, "x", 1, 0, (struct sockaddr *)&address, sizeof address), EACCES);
    struct addrinfo *list;
    CHECK(getaddrinfo("localhost", "80", NULL, &list) == EAI_FAIL && errno == EACCES);
    CHECK_ERRNO(timecraft_connect_tls("localhost", "https"), EACCES);
    CHECK(!strncmp(timecraft_connect_reason(), "resolve localhost: ", 19));
    return 0;
}
