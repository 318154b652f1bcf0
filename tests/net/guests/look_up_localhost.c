/* Looks up "localhost" and names below it, waiting and (a hint of ours) not waiting, and prints
 * what it was told: the answer is there at once in both. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PASSIVE = 1, CANONNAME = 2, NUMERICHOST = 4, NOWAIT = 0x8000 };
enum { UNSPEC, INET4, INET6, STREAM = 2, MOST = 4 };

typedef struct socket_address {
    uint32_t family;
    uint32_t size;
    uint8_t *data;
} socket_address;

typedef struct address_info {
    uint16_t flags;
    uint8_t family, type;
    uint32_t protocol;
    uint32_t address_size;
    socket_address *address;
    char *canonical;
    uint32_t canonical_size;
    struct address_info *next;
} address_info;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_getaddrinfo"))) uint32_t
sock_getaddrinfo(const char *name, uint32_t name_size, const char *service, uint32_t service_size,
                 const address_info *hints, address_info **results, uint32_t most, uint32_t *count);

static void print_address(uint32_t family, const uint8_t *data) {
    static const uint8_t loopback6[16] = {[15] = 1};
    const uint8_t *bytes = data + 2;
    if (family == INET4)
        printf(" %u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    else
        printf(" %s", memcmp(bytes, loopback6, sizeof loopback6) ? "another" : "::1");
    printf(":%u", data[0] << 8 | data[1]);
}

static void look_up(const char *name, uint8_t family, uint16_t flags) {
    static uint8_t data[MOST][26];
    socket_address addresses[MOST];
    address_info nodes[MOST], hints = {.flags = flags, .family = family, .type = STREAM};
    address_info *first = nodes;
    char canonical[64] = "";
    uint32_t count = 0;
    memset(nodes, 0, sizeof nodes);
    for (int i = 0; i < MOST; i++) {
        addresses[i] = (socket_address){.size = sizeof data[i], .data = data[i]};
        nodes[i].address = &addresses[i];
        nodes[i].next = i + 1 < MOST ? &nodes[i + 1] : NULL;
    }
    nodes[0].canonical = canonical;
    nodes[0].canonical_size = sizeof canonical;
    uint32_t error =
        sock_getaddrinfo(name, (uint32_t)strlen(name), "80", 2, &hints, &first, MOST, &count);
    printf("%s:", name);
    if (error)
        printf(" error %u", (unsigned)error);
    for (uint32_t i = 0; !error && i < count; i++)
        print_address(addresses[i].family, data[i]);
    printf("%s%s\n", canonical[0] ? " is " : "", canonical);
}

int main(void) {
    static const char *const names[] = {"localhost", "LOCALHOST.", "app.localhost",
                                        "a.b.LocalHost"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        look_up(names[i], UNSPEC, 0);
        look_up(names[i], UNSPEC, NOWAIT);
    }
    look_up("localhost", INET4, NOWAIT);
    look_up("localhost", INET6, PASSIVE);
    look_up("app.localhost", INET4, CANONNAME);
    look_up("localhost", UNSPEC, NUMERICHOST);
    return 0;
}
