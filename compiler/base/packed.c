/* What is packed: compressed bytes. Numbers of few bytes are in the header. */
#include <zlib.h>

#include "base/base.h"

enum { STEP = 64 << 10 };

bool tc_inflate(const void *in, size_t length, tc_packing packing, size_t limit, tc_buffer *out,
                bool *cut) {
    static const int windows[] = {
        [TC_GZIP] = MAX_WBITS + 16, [TC_ZLIB] = MAX_WBITS, [TC_DEFLATED] = -MAX_WBITS};
    char room[STEP];
    z_stream stream = {.next_in = (Bytef *)in, .avail_in = (uInt)length};
    if (length > UINT32_MAX || inflateInit2(&stream, windows[packing]) != Z_OK)
        return false;
    int result = Z_OK;
    while (result == Z_OK && out->length < limit) {
        stream.next_out = (Bytef *)room;
        stream.avail_out = sizeof room;
        result = inflate(&stream, Z_NO_FLUSH);
        tc_buffer_add(out, room, sizeof room - stream.avail_out);
        /* RFC 1952, 2.2: members may follow each other. */
        if (result == Z_STREAM_END && stream.avail_in && packing == TC_GZIP)
            result = inflateReset(&stream);
    }
    inflateEnd(&stream);
    *cut |= result != Z_STREAM_END;
    return result == Z_STREAM_END || result == Z_OK || result == Z_BUF_ERROR;
}
