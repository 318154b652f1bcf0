// run: --allow-net=192.0.2.0/24:443,localhost
// stderr-has: refused to look up the name of 198.51.100.7: it was not granted.
// stderr-has: --allow-net=198.51.100.7
// stderr-lines: 1
/* An address that --allow-net does not cover is not asked about: getnameinfo answers in text. */
#include <arpa/inet.h>
#include <netdb.h>

#include "check.h"

static int name_of(const char *address, int flags, char host[static NI_MAXHOST]) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    CHECK(inet_pton(AF_INET, address, &in.sin_addr) == 1);
    return getnameinfo((struct sockaddr *)&in, sizeof in, host, NI_MAXHOST, NULL, 0, flags);
}

int main(void) {
    char host[NI_MAXHOST];
    CHECK(name_of("198.51.100.7", 0, host) == 0);
    CHECK(!strcmp(host, "198.51.100.7"));
    CHECK(name_of("198.51.100.7", NI_NAMEREQD, host) == EAI_NONAME);
    CHECK(name_of("198.51.100.7", NI_NUMERICHOST, host) == 0);
    /* The loopback address is nobody's secret, and nobody is asked. */
    CHECK(name_of("127.0.0.1", NI_NAMEREQD, host) == 0);
    CHECK(!strcmp(host, "localhost"));
    return 0;
}
