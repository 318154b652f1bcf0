/* getnameinfo and gethostbyaddr of addresses that have names, and of some that have none; a line
 * each. The same natively, where both have the same /etc/hosts. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include "as_native.h"

static void tell(const char *text, int flags, const char *name_of_flags) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    int is_inet = inet_pton(AF_INET, text, &in.sin_addr) == 1;
    char host[NI_MAXHOST] = "nothing";
    if (!is_inet)
        inet_pton(AF_INET6, text, &in6.sin6_addr);
    int error = getnameinfo(is_inet ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
                            is_inet ? sizeof in : sizeof in6, host, sizeof host, NULL, 0, flags);
    printf("%s%s: %s\n", text, name_of_flags, error == EAI_NONAME ? "none" : error ? "?" : host);
}

int main(void) {
    static const char *const addresses[] = {"192.0.2.77",   "192.0.2.78", "2001:db8::77",
                                            "2001:db8::78", "127.0.0.1",  "192.0.2.99"};
    struct in_addr address;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        tell(addresses[i], 0, "");
        tell(addresses[i], NI_NAMEREQD, " required");
        tell(addresses[i], NI_NUMERICHOST, " in numbers");
    }
    inet_pton(AF_INET, "192.0.2.77", &address);
    struct hostent *entry = gethostbyaddr(&address, sizeof address, AF_INET);
    printf("entry: %s\n", entry ? entry->h_name : "none");
    return 0;
}
