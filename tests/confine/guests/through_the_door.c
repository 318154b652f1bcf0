/* Goes through the door (door.c): attempt N of its list, or the list for 0. It has sockets, so that
 * the runtime has a ring. */
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) uint32_t
through_the_door(uint32_t number);

int main(int argc, char **argv) {
    if (argc != 2)
        return socket(AF_INET, SOCK_STREAM, 0) + getaddrinfo(argv[1], NULL, NULL, NULL);
    return (int)through_the_door((uint32_t)atoi(argv[1]));
}
