/* Addresses of the WasmEdge socket extension, which lays them out in two ways:
 *
 *   version 1: 4 or 16 bytes of address, the port beside it
 *   version 2: 128 bytes: u16 family, then 4 or 16 bytes of address, or a NUL-ended path
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
    size_t length; /* of bytes */
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

#endif
