/* Content-Encoding undone, by the field's libraries. */
#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zstd.h>

#include "record/http.h"

enum { STEP = 64 << 10 };

typedef bool (*decoder)(const uint8_t *in, size_t length, size_t limit, tc_buffer *out, bool *cut);

static bool decode_gzip(const uint8_t *in, size_t length, size_t limit, tc_buffer *out, bool *cut) {
    return tc_inflate(in, length, TC_GZIP, limit, out, cut);
}

/* zlib's format (RFC 1950), which some leave the frame of out (RFC 9110, 8.4.1.2). */
static bool decode_deflate(const uint8_t *in, size_t length, size_t limit, tc_buffer *out,
                           bool *cut) {
    bool framed = length >= 2 && (in[0] & 0xf) == 8 && (in[0] << 8 | in[1]) % 31 == 0;
    return tc_inflate(in, length, framed ? TC_ZLIB : TC_DEFLATED, limit, out, cut);
}

static bool decode_brotli(const uint8_t *in, size_t length, size_t limit, tc_buffer *out,
                          bool *cut) {
    uint8_t room[STEP];
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    if (!state)
        return false;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && out->length < limit) {
        uint8_t *next = room;
        size_t left = sizeof room;
        result = BrotliDecoderDecompressStream(state, &length, &in, &left, &next, NULL);
        tc_buffer_add(out, room, sizeof room - left);
    }
    BrotliDecoderDestroyInstance(state);
    *cut |= result != BROTLI_DECODER_RESULT_SUCCESS;
    return result != BROTLI_DECODER_RESULT_ERROR;
}

static bool decode_zstd(const uint8_t *in, size_t length, size_t limit, tc_buffer *out, bool *cut) {
    char room[STEP];
    enum { WINDOW_LOG_MAX = 23 }; /* RFC 9659: of this content coding */
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer from = {in, length, 0};
    size_t left = 1;
    bool full = true;
    if (!context)
        return false;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    while ((from.pos < from.size || full) && !ZSTD_isError(left) && out->length < limit) {
        ZSTD_outBuffer to = {room, sizeof room, 0};
        left = ZSTD_decompressStream(context, &to, &from);
        tc_buffer_add(out, room, to.pos);
        full = to.pos == to.size && left != 0;
    }
    ZSTD_freeDCtx(context);
    *cut |= left != 0;
    return !ZSTD_isError(left);
}

static decoder find(const char *name, size_t length) {
    static const struct {
        const char *name;
        decoder decode;
    } all[] = {{"gzip", decode_gzip},
               {"x-gzip", decode_gzip},
               {"deflate", decode_deflate},
               {"br", decode_brotli},
               {"zstd", decode_zstd}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strlen(all[i].name) == length && strncasecmp(all[i].name, name, length) == 0)
            return all[i].decode;
    return NULL;
}

/* Codings are listed in the order in which they were applied (RFC 9110, 8.4). */
bool tc_content_decode(const char *encoding, const void *bytes, size_t length, size_t limit,
                       tc_buffer *out, bool *cut) {
    enum { CODINGS_MAX = 4 };
    tc_buffer now = {0}, next = {0};
    size_t end = strlen(encoding);
    bool good = true;
    *cut = false;
    tc_buffer_add(&now, bytes, length);
    for (int count = 0; end > 0 && good; count++) {
        while (end && strchr(" \t,", encoding[end - 1]))
            end--;
        size_t begin = end;
        while (begin && !strchr(" \t,", encoding[begin - 1]))
            begin--;
        if (begin == end)
            break;
        bool identity = end - begin == 8 && strncasecmp(encoding + begin, "identity", 8) == 0;
        decoder decode = find(encoding + begin, end - begin);
        end = begin;
        if (identity)
            continue;
        good = decode && count < CODINGS_MAX &&
               decode((const uint8_t *)now.data, now.length, limit, &next, cut);
        if (!decode)
            break;
        tc_buffer_reset(&now);
        now = next;
        next = (tc_buffer){0};
    }
    if (now.length > limit) {
        now.length = limit;
        *cut = true;
    }
    tc_buffer_add(out, now.data, now.length);
    tc_buffer_reset(&now);
    tc_buffer_reset(&next);
    return good;
}

/* How many bytes a character of UTF-8 has (RFC 3629, 4); 0: it is none. */
static size_t character(const uint8_t *at, size_t left) {
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xc2 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf5 ? 4
                                   : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool tc_content_is_text(const void *bytes, size_t length) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length;) {
        size_t size = character(at + i, length - i);
        if ((at[i] < 0x20 && !strchr("\t\n\r\f", at[i])) || at[i] == 0 || at[i] == 0x7f)
            return false;
        if (size == 0) /* the last one may be cut */
            return length - i < 4 && at[i] >= 0xc2 && i > 0;
        i += size;
    }
    return true;
}
