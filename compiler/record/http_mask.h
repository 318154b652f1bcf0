/* Masks secrets in what a connection moves, as it moves: the values of Authorization, Cookie and
 * their like in HTTP/1's headers, byte for byte; HTTP/2's headers are written anew, without
 * compression, so that what comes out may be longer or shorter. */
#ifndef TC_RECORD_HTTP_MASK_H
#define TC_RECORD_HTTP_MASK_H

#include "base/base.h"

typedef struct tc_http_mask tc_http_mask;

tc_http_mask *tc_http_mask_create(bool server);
void tc_http_mask_destroy(tc_http_mask *mask);
/* TLS has agreed on HTTP/2: a server may send first. */
void tc_http_mask_expect_http2(tc_http_mask *mask);
/* Takes what moved in a direction: `length` bytes, of which `kept` are there. Appends what is to be
 * shown; *missing bytes that are not there follow it. */
void tc_http_mask_feed(tc_http_mask *mask, uint8_t direction, const uint8_t *bytes, size_t kept,
                       size_t length, tc_buffer *out, uint64_t *missing);

#endif
