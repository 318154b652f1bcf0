/* Numbers of records and of guest memory: little-endian, at any address. */
#ifndef TC_TRACE_BYTES_H
#define TC_TRACE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t tc_load16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t tc_load32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t tc_load64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

#endif
