/* Connects, tells what was negotiated, asks for "/" and prints the answer.
 *
 *   tls_client ADDRESS NAME [times=N] [SETTING=VALUE]...
 *
 * For each connection: "connection", what report() writes, "answer" and what the server said, and
 * where something failed "failed ERRNO: words". See settings.h. The exit status is 1 if one has
 * failed. */
#include "settings.h"

#include <sys/socket.h>
#include <unistd.h>

static bool ask(int fd) {
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char buffer[4096];
    ssize_t got;
    if (send(fd, request, sizeof request - 1, 0) < 0)
        return false;
    printf("answer\n");
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    printf("\n");
    return got == 0;
}

static bool visit(const char *address, const char *name, const settings *settings) {
    printf("connection\n");
    int fd = open_connection(address, "-", false);
    bool done = settings_apply(settings, fd) == 0 && timecraft_tls_connect(fd, name, NULL) == 0;
    if (done)
        report(stdout, fd);
    done = done && ask(fd);
    if (!done)
        report_failure(stdout, fd, errno);
    fflush(stdout);
    close(fd);
    return done;
}

int main(int argc, char **argv) {
    settings settings = {.identity_count = 0};
    int times = 1;
    if (argc < 3)
        return 2;
    for (int i = 3; i < argc; i++) {
        if (value_of(argv[i], "times"))
            times = atoi(value_of(argv[i], "times"));
        else if (!settings_take(&settings, argv[i]))
            return 2;
    }
    bool done = true;
    for (int i = 0; i < times; i++)
        done &= visit(argv[1], argv[2], &settings);
    return done ? 0 : 1;
}
