/* A client that shows a certificate, as databases, Kubernetes and meshes of services want it: both
 * sides know whom they talk to. Its key is the host's; the guest only names it.
 *
 *   mutual-tls HOST [PORT [PATH [CA-FILE]]]     defaults: 443, /, and the host's trust store
 *
 * CA-FILE, where it is given, is the only authority that the server's certificate may come from: a
 * file of a granted folder, in PEM.
 *
 * Run:    make -C examples run-https-server CLIENTS=1        and in another terminal
 *         make -C examples run-mutual-tls
 *   or:   timecraft run --allow-net=example.com:443 --identity=client=cert.pem,key.pem \
 *             mutual-tls.wasm example.com
 * Needs:  --allow-net=HOST:PORT --identity=client=CERT,KEY, and --dir for CA-FILE
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <timecraft.h>
#include <timecraft/tls.h>
#include <unistd.h>

static size_t read_file(const char *path, char *buffer, size_t size) {
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "mutual-tls: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t got = fread(buffer, 1, size, file);
    fclose(file);
    return got;
}

/* Says why the connection failed, in the host's words. A server of TLS 1.3 that does not accept the
 * certificate says so after the handshake. */
static int fail(const char *what, int fd) {
    char reason[256];
    const char *otherwise = strerror(errno);
    if (timecraft_htls_error(fd, reason, sizeof reason) < 0 || !reason[0])
        snprintf(reason, sizeof reason, "%s", otherwise);
    fprintf(stderr, "mutual-tls: %s: %s\n", what, reason);
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: mutual-tls HOST [PORT [PATH [CA-FILE]]]\n");
        return 2;
    }
    const char *host = argv[1], *port = argc > 2 ? argv[2] : "443",
               *path = argc > 3 ? argv[3] : "/";
    static char anchors[256 * 1024], buffer[16384];
    timecraft_tls_config config = {.named_identity = "client", .alpn = "http/1.1"};
    if (argc > 4) {
        config.trust_anchors = anchors;
        config.trust_anchors_size = read_file(argv[4], anchors, sizeof anchors);
    }
    int fd = timecraft_tls_open(host, port, &config);
    if (fd < 0) {
        fprintf(stderr, "mutual-tls: %s\n", timecraft_connect_reason());
        return 1;
    }
    int length =
        snprintf(buffer, sizeof buffer,
                 "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", path, host, port);
    if (length >= (int)sizeof buffer || send(fd, buffer, (size_t)length, 0) < length)
        return fail("sending", fd);
    ssize_t got;
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    if (got < 0)
        return fail("receiving", fd);
    close(fd);
    return 0;
}
