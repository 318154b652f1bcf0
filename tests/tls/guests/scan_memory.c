/* Uses an identity on both sides of a connection with itself, and then searches all of its memory.
 *
 *   scan_memory held NAME [HEX]...       the identity that the host holds under that name
 *   scan_memory given FILE [HEX]...      the one of a PEM file that the guest may read
 *
 * For each needle, bytes in hexadecimal, it prints in how many places it was found: "found N". The
 * needles are never put together in memory; their hexadecimal digits are, which are other bytes. */
#include "guest.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <timecraft/tls.h>
#include <unistd.h>

static int fail(const char *what) {
    printf("%s: %s\n", what, error_name(errno));
    exit(1);
}

/* Everything that can be asked of a connection; all answers stay. */
static void ask_everything(int fd) {
    static char answers[3][64][4096];
    static int turn;
    for (int option = 0; option < 64; option++) {
        socklen_t length = sizeof answers[0][0];
        getsockopt(fd, TIMECRAFT_LEVEL, option, answers[turn % 3][option], &length);
    }
    turn++;
}

static void use_identity(const timecraft_tls_config *config, const char *name) {
    struct address address;
    parse_address("127.0.0.1:0", &address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, &address.any, address.length) < 0 || listen(listener, 1) < 0 ||
        timecraft_tls_serve(listener, config) < 0)
        fail("serve");
    getsockname(listener, &address.any, &address.length);
    if (connect(client, &address.any, address.length) < 0)
        fail("connect");
    int server = accept(listener, NULL, NULL);
    if (server < 0 || timecraft_tls_connect(client, name, config) < 0 ||
        timecraft_tls_wait(server, 5000) < 0)
        fail("handshake");
    char byte;
    if (send(client, "x", 1, 0) != 1 || recv(server, &byte, 1, 0) != 1)
        fail("exchange");
    ask_everything(client);
    ask_everything(server);
    ask_everything(listener);
    close(client);
    close(server);
    close(listener);
}

static int digit(char letter) {
    return letter <= '9' ? letter - '0' : (letter | 32) - 'a' + 10;
}

static int byte_of(const char *hex, size_t index) {
    return digit(hex[2 * index]) * 16 + digit(hex[2 * index + 1]);
}

static int count(const char *hex) {
    size_t size = __builtin_wasm_memory_size(0) * (size_t)65536, length = strlen(hex) / 2;
    const volatile uint8_t *memory = (const volatile uint8_t *)(uintptr_t)0;
    int found = 0, first = byte_of(hex, 0);
    for (size_t at = 0; at + length <= size; at++) {
        if (memory[at] != first)
            continue;
        size_t same = 1;
        while (same < length && memory[at + same] == byte_of(hex, same))
            same++;
        found += same == length;
    }
    return found;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    timecraft_tls_config config = {.named_identity = argv[2]};
    size_t size;
    if (strcmp(argv[1], "given") == 0) {
        char *pem = read_file(argv[2], &size);
        if (!pem)
            return fail(argv[2]);
        config = (timecraft_tls_config){.identity = pem, .identity_size = size};
    }
    use_identity(&config, "server.example.test");
    for (int i = 3; i < argc; i++)
        printf("found %d\n", count(argv[i]));
    return 0;
}
