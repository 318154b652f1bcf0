/* Asks a DNS server, by UDP and again by TCP where an answer is cut, for names and an address:
 * c_ares SERVER NAME... prints what it says. */
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>

static void found(void *name, int status, int timeouts, struct hostent *host) {
    char text[INET6_ADDRSTRLEN];
    (void)timeouts;
    printf("%s:", (const char *)name);
    if (status != ARES_SUCCESS)
        printf(" %s", ares_strerror(status));
    for (char **address = host ? host->h_addr_list : NULL; address && *address; address++)
        printf(" %s", inet_ntop(host->h_addrtype, *address, text, sizeof text));
    printf("\n");
}

static void named(void *address, int status, int timeouts, struct hostent *host) {
    (void)timeouts;
    printf("%s: %s\n", (const char *)address,
           status == ARES_SUCCESS ? host->h_name : ares_strerror(status));
}

static void run(ares_channel channel) {
    for (;;) {
        fd_set readers, writers;
        struct timeval time, *limit;
        FD_ZERO(&readers);
        FD_ZERO(&writers);
        int count = ares_fds(channel, &readers, &writers);
        if (!count)
            return;
        limit = ares_timeout(channel, NULL, &time);
        select(count, &readers, &writers, NULL, limit);
        ares_process(channel, &readers, &writers);
    }
}

int main(int argc, char **argv) {
    struct ares_options options = {.timeout = 2000, .tries = 2, .lookups = (char *)"b"};
    ares_channel channel;
    struct in_addr in;
    if (argc < 3 || ares_library_init(ARES_LIB_INIT_ALL) ||
        ares_init_options(&channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) ||
        ares_set_servers_ports_csv(channel, argv[1]))
        return 1;
    for (int i = 2; i < argc; i++) { /* one after the other, so that the order is known */
        if (inet_pton(AF_INET, argv[i], &in) == 1)
            ares_gethostbyaddr(channel, &in, sizeof in, AF_INET, named, argv[i]);
        else
            ares_gethostbyname(channel, argv[i], AF_INET, found, argv[i]);
        run(channel);
    }
    ares_destroy(channel);
    ares_library_cleanup();
    return 0;
}
