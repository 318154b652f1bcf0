/* Shows a server's certificate and what was negotiated with it; how long it lasts.
 *
 *   certificate HOST [PORT]         default: 443
 *   certificate -k HOST [PORT]      also one that is not accepted
 *
 * The exit status is 0 for a certificate that is accepted and lasts for 14 days more, else 1.
 *
 * Run:    make -C examples run-certificate HOST=example.com PORT=443
 *   or:   timecraft run --allow-net=:443 certificate.wasm example.com
 * Needs:  --allow-net=HOST:PORT, and --allow-insecure-tls for -k
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <timecraft.h>
#include <timecraft/tls.h>
#include <unistd.h>

/* Whole days from now to "2027-01-31T00:00:00Z". */
static long days_until(const char *text) {
    struct tm end = {0};
    if (sscanf(text, "%d-%d-%dT%d:%d:%d", &end.tm_year, &end.tm_mon, &end.tm_mday, &end.tm_hour,
               &end.tm_min, &end.tm_sec) != 6)
        return -1;
    end.tm_year -= 1900;
    end.tm_mon -= 1;
    return (long)((timegm(&end) - time(NULL)) / (24 * 60 * 60));
}

static void show_connection(int fd) {
    char cipher[64], group[64], alpn[64];
    timecraft_tls_cipher(fd, cipher, sizeof cipher);
    timecraft_tls_group(fd, group, sizeof group);
    timecraft_tls_alpn(fd, alpn, sizeof alpn);
    printf("TLS 1.%c, %s%s%s%s%s\n", timecraft_tls_version(fd) == TIMECRAFT_TLS_1_3 ? '3' : '2',
           cipher, *group ? ", " : "", group, *alpn ? ", ALPN " : "", alpn);
}

static void show_chain(int fd) {
    timecraft_tls_certificates chain;
    const unsigned char *der;
    size_t size, count = 0, total = 0;
    if (timecraft_tls_peer_certificates(fd, &chain) == 0)
        while (timecraft_tls_next_certificate(&chain, &der, &size))
            count++, total += size;
    timecraft_tls_certificates_free(&chain);
    printf("%zu certificate%s, %zu bytes; the server's own:\n\n", count, count == 1 ? "" : "s",
           total);
}

int main(int argc, char **argv) {
    int any = argc > 1 && strcmp(argv[1], "-k") == 0;
    if (argc < 2 + any) {
        fprintf(stderr, "usage: certificate [-k] HOST [PORT]\n");
        return 2;
    }
    const char *host = argv[1 + any], *port = argc > 2 + any ? argv[2 + any] : "443";
    timecraft_tls_config config = {.alpn = "h2,http/1.1", .verify_nothing = any};
    int fd = timecraft_tls_open(host, port, &config);
    if (fd < 0) {
        fprintf(stderr, "certificate: %s\n", timecraft_connect_reason());
        return 1;
    }
    show_connection(fd);
    show_chain(fd);
    char *info = timecraft_tls_peer_info(fd), end[32];
    if (!info) {
        perror("certificate");
        return 1;
    }
    fputs(info, stdout);
    timecraft_tls_info_field(info, "not_after", 0, end, sizeof end);
    long days = days_until(end);
    printf("\nIt lasts for %ld more day%s.\n", days, days == 1 ? "" : "s");
    free(info);
    close(fd);
    return days < 14;
}
