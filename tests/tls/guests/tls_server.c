/* A TLS server for many clients at a time. It answers a request of HTTP with a page that tells what
 * was negotiated, and everything else by sending it back.
 *
 *   tls_server ADDRESS [SETTING=VALUE]... [+ SETTING=VALUE...]
 *
 * A second listening socket with settings of its own comes after a "+". Each prints
 * "listening 127.0.0.1:PORT"; then comes "failed ERRNO: words" for each connection that fails. See
 * settings.h. It serves until it is killed. */
#include "settings.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, REQUEST_MAX = 4096 };

static struct pollfd interests[CLIENTS_MAX];
static char *requests[CLIENTS_MAX]; /* what has come so far; NULL for a listener */
static int count;

static void listen_at(const char *text, const settings *settings) {
    struct address address;
    if (parse_address(text, &address) != 0)
        exit(2);
    int fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, &address.any, address.length) < 0 || listen(fd, 1024) < 0 ||
        settings_apply(settings, fd) < 0 || timecraft_tls_serve(fd, NULL) < 0) {
        printf("cannot serve: %s\n", error_name(errno));
        exit(1);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    getsockname(fd, &address.any, &address.length);
    printf("listening ");
    print_address(&address);
    printf("\n");
    fflush(stdout);
    interests[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void welcome(int listener) {
    int fd;
    while (count < CLIENTS_MAX && (fd = accept(listener, NULL, NULL)) >= 0) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
        requests[count] = calloc(1, REQUEST_MAX);
        interests[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

/* The last one takes its place. */
static void leave(int index) {
    close(interests[index].fd);
    free(requests[index]);
    count--;
    interests[index] = interests[count];
    requests[index] = requests[count];
}

/* Small answers, which always find room. */
static void answer_page(int fd) {
    char *body, *page;
    size_t body_size, page_size;
    FILE *out = open_memstream(&body, &body_size);
    report(out, fd);
    fclose(out);
    out = open_memstream(&page, &page_size);
    fprintf(out, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", body_size, body);
    fclose(out);
    send(fd, page, page_size, 0);
    free(body);
    free(page);
}

/* False when the connection is over. */
static bool serve(int index) {
    char *request = requests[index];
    int fd = interests[index].fd;
    size_t have = strlen(request);
    ssize_t got = recv(fd, request + have, REQUEST_MAX - 1 - have, 0);
    if (got < 0 && errno == EAGAIN)
        return true;
    if (got < 0) {
        report_failure(stdout, fd, errno);
        fflush(stdout);
    }
    if (got <= 0)
        return false;
    request[have + (size_t)got] = 0;
    if (strncmp(request, "GET ", 4) == 0) {
        bool whole = strstr(request, "\r\n\r\n") || strstr(request, "\n\n");
        if (whole)
            answer_page(fd);
        return !whole;
    }
    send(fd, request, have + (size_t)got, 0);
    request[0] = 0;
    return true;
}

int main(int argc, char **argv) {
    settings settings = {.identity_count = 0};
    if (argc < 2)
        return 2;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "+") == 0) {
            listen_at(argv[1], &settings);
            memset(&settings, 0, sizeof settings);
        } else if (!settings_take(&settings, argv[i])) {
            return 2;
        }
    }
    listen_at(argv[1], &settings);
    while (poll(interests, (nfds_t)count, -1) >= 0)
        for (int i = count - 1; i >= 0; i--) {
            if (!interests[i].revents)
                continue;
            if (!requests[i])
                welcome(interests[i].fd);
            else if (!serve(i))
                leave(i);
        }
    return 1;
}
