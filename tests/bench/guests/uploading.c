/* Sends a request with a body of so many bytes, in pieces of 64 KiB, and waits for the answer.
 *
 *   uploading ADDRESS:PORT NAME PATH BYTES
 *
 * Prints the CPU time that it took. */
#include <stdint.h>

#include "connection.h"
#include "cpu_time.h"

enum { PIECE = 65536 };

static void send_all(connection *c, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = transmit(c, bytes, size);
        if (sent <= 0)
            fail("send");
        bytes += sent;
        size -= (size_t)sent;
    }
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    static char piece[PIECE], head[512];
    unsigned long long left = strtoull(argv[4], NULL, 10);
    for (size_t i = 0; i < PIECE; i++)
        piece[i] = (char)(i * 131);
    int length =
        snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %llu\r\n\r\n",
                 argv[3], argv[2], left);
    connection server;
    open_connection(&server, argv[1], argv[2]);
    uint64_t begin = cpu_time();
    send_all(&server, head, (size_t)length);
    for (; left > 0; left -= left < PIECE ? left : PIECE)
        send_all(&server, piece, left < PIECE ? (size_t)left : PIECE);
    ssize_t got = receive(&server, head, sizeof head - 1);
    if (got < 12 || memcmp(head, "HTTP/1.1 200", 12) != 0)
        fail("no 200 came");
    tell_cpu_time_since(begin);
    return 0;
}
