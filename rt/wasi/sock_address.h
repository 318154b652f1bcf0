/* Addresses of the WasmEdge socket extension, which lays them out in two ways:
 *
 *   version 1: 4 or 16 bytes of address, the port beside it
 *   version 2: 128 bytes: u16 family, then 4 or 16 bytes of address, or a NUL-ended path
 *
 * What version 1's sock_recv_from stores has the port in it, where there is room:
 *
 *   4 bytes:   the address (IPv4)
 *   16 bytes:  u16 family (2 for IPv4, 10 for IPv6), u16 port, 4 bytes of address, zeros; of an
 * IPv6 sender family and port alone. So wasmedge_wasi_socket 0.4.1 to 0.4.3 read it
 *              (Socket::recv_from in src/socket.rs), and 0.5.0 without its feature wasmedge_0_12.
 *   from 28:   the same, of an IPv6 sender four zeros and 16 bytes of address (sockaddr_in6)
 *
 * Version 2 of ours has more, which no guest of the extension uses: behind a link-local IPv6
 * address its scope, u32; family 0 is AF_UNSPEC, laid out as IPv4; and 2 bytes alone are a family
 * without an address, for what a guest has that is too short for one: the kernel judges it.
 *
 * Every address argument is a pointer to {u32 buffer; u32 length}; the length tells the versions
 * apart where a function has the same type in both. Functions return an errno of preview 1.
 */
#ifndef TC_WASI_SOCK_ADDRESS_H
#define TC_WASI_SOCK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/memory.h"
#include "net/net.h"

/* Families and types of the extension. */
enum { TC_SOCK_UNSPEC = 0, TC_SOCK_INET4 = 1, TC_SOCK_INET6 = 2, TC_SOCK_UNIX = 3 };
enum { TC_SOCK_ANY = 0, TC_SOCK_DATAGRAM = 1, TC_SOCK_STREAM = 2 };

#define TC_SOCK_ADDRESS_SIZE 128u /* of version 2 */
#define TC_SOCK_PATH_MAX     (TC_SOCK_ADDRESS_SIZE - sizeof(uint16_t))

/* An address of the host in the extension's terms. */
typedef struct tc_sock_address {
    uint16_t family;
    uint32_t port;
    uint32_t scope; /* of a link-local IPv6 address; 0: none */
    size_t length;  /* of bytes */
    uint8_t bytes[TC_SOCK_PATH_MAX];
} tc_sock_address;

tc_sock_address tc_sock_address_of(const tc_address *address);

/* What an address argument points to: a span of the guest's memory. */
typedef struct tc_sock_buffer {
    uint8_t *bytes;
    uint32_t length;
} tc_sock_buffer;

/* False: the argument, or what it points to, lies outside the memory. */
bool tc_sock_load_buffer(const tc_memory *memory, uint32_t pointer, tc_sock_buffer *out);

/* Reads an address of either version. */
uint32_t tc_sock_load_address(const tc_memory *memory, uint32_t pointer, uint32_t port,
                              tc_address *out);

/* Writes an address as version 2 lays it out. */
uint32_t tc_sock_store_address(const tc_memory *memory, uint32_t pointer,
                               const tc_sock_address *address);
/* The same for version 1, whose buffers must have room for the address. */
uint32_t tc_sock_store_address_v1(const tc_memory *memory, uint32_t pointer,
                                  const tc_sock_address *address);
/* And for version 1's sock_recv_from: whether there is room for a sender; storing it. */
bool tc_sock_has_room_for_sender_v1(const tc_sock_buffer *buffer);
uint32_t tc_sock_store_sender_v1(const tc_memory *memory, uint32_t pointer,
                                 const tc_sock_address *address);

/* Whether sock_getsockopt's last argument, which is the size of the value, is a pointer to it, as
 * getsockopt(2) has it: so pass it the crates wasmedge_wasi_socket, all of them. The extension's
 * own values are smaller than any pointer. The size is what there was stored, afterwards. */
bool tc_sock_is_pointer_to_size(uint32_t level, uint32_t size);

#endif
