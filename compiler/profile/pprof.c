/* A profile as pprof reads it: messages of Protocol Buffers, compressed by gzip. The numbers of
 * fields are those of profile.proto (github.com/google/pprof). */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base.h"

enum { SAMPLE_TYPE = 1, SAMPLE = 2, MAPPING = 3, LOCATION = 4, FUNCTION = 5, STRING = 6 };
enum { TIME = 9, DURATION = 10, PERIOD_TYPE = 11, PERIOD = 12, DEFAULT_TYPE = 14 };
enum { VARINT = 0, LENGTH_DELIMITED = 2 };

/* The first strings; the functions' names follow. */
static const char *const words[] = {"", "samples", "count", "cpu", "nanoseconds"};
enum { NO_WORD, SAMPLES, COUNT, CPU, NANOSECONDS, PROGRAM, NAMES };

/* ---- Protocol Buffers ---- */

static void add_varint(tc_buffer *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        tc_buffer_add(out, &(unsigned char){(unsigned char)(value | 0x80)}, 1);
    tc_buffer_add(out, &(unsigned char){(unsigned char)value}, 1);
}

static void add_number(tc_buffer *out, unsigned field, uint64_t value) {
    add_varint(out, field << 3 | VARINT);
    add_varint(out, value);
}

static void add_bytes(tc_buffer *out, unsigned field, const void *bytes, size_t length) {
    add_varint(out, field << 3 | LENGTH_DELIMITED);
    add_varint(out, length);
    tc_buffer_add(out, bytes, length);
}

/* Adds a message, and empties it. */
static void add_message(tc_buffer *out, unsigned field, tc_buffer *message) {
    add_bytes(out, field, message->length ? message->data : "", message->length);
    message->length = 0;
}

/* ---- the profile ---- */

static void add_type(tc_buffer *out, unsigned field, unsigned type, unsigned unit) {
    tc_buffer message = {0};
    add_number(&message, 1, type);
    add_number(&message, 2, unit);
    add_message(out, field, &message);
    tc_buffer_reset(&message);
}

static void add_mapping(tc_buffer *out, const tc_profile *profile) {
    tc_buffer message = {0};
    bool lines = tc_profile_has_lines(profile);
    add_number(&message, 1, 1);
    add_number(&message, 5, PROGRAM);
    add_number(&message, 7, 1);                    /* its functions are named */
    for (unsigned field = 8; field <= 10; field++) /* files, lines, functions that are inlined */
        add_number(&message, field, lines);
    add_message(out, MAPPING, &message);
    tc_buffer_reset(&message);
}

static const tc_profile_path *sorted; /* for by_function */

static int by_function(const void *left, const void *right) {
    const tc_profile_frame *a = &sorted[*(const uint32_t *)left].frame,
                           *b = &sorted[*(const uint32_t *)right].frame;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return (a->file > b->file) - (a->file < b->file);
}

/* Adds the functions: what has one name in one file. Returns their numbers, by path. */
static uint32_t *add_functions(tc_buffer *out, const tc_profile_tree *tree) {
    tc_buffer message = {0};
    uint32_t *numbers = tc_allocate(tree->count * sizeof *numbers);
    uint32_t *order = tc_allocate(tree->count * sizeof *order);
    uint32_t number = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        order[i] = i;
    sorted = tree->paths;
    qsort(order, tree->count, sizeof *order, by_function);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (i == 0 || by_function(&order[i - 1], &order[i]) != 0) {
            const tc_profile_frame *frame = &tree->paths[order[i]].frame;
            add_number(&message, 1, ++number);
            add_number(&message, 2, NAMES + frame->function);
            add_number(&message, 3, NAMES + frame->function);
            add_number(&message, 4, NAMES + frame->file);
            add_message(out, FUNCTION, &message);
        }
        numbers[order[i]] = number;
    }
    tc_buffer_reset(&message);
    free(order);
    return numbers;
}

/* Each path is a location: its function, and those that this one is inlined in. */
static void add_locations(tc_buffer *out, const tc_profile_tree *tree, const uint32_t *functions) {
    tc_buffer message = {0}, line = {0};
    for (uint32_t i = 1; i < tree->count; i++) {
        bool inlined = true;
        add_number(&message, 1, i);
        add_number(&message, 2, 1);
        for (uint32_t at = i; at && inlined; at = tree->paths[at].caller) {
            add_number(&line, 1, functions[at]);
            add_number(&line, 2, tree->paths[at].frame.line);
            add_message(&message, 4, &line);
            inlined = tree->paths[at].frame.inlined;
        }
        add_message(out, LOCATION, &message);
    }
    tc_buffer_reset(&message);
    tc_buffer_reset(&line);
}

static void add_samples(tc_buffer *out, const tc_profile_tree *tree) {
    tc_buffer message = {0}, list = {0};
    for (uint32_t i = 1; i < tree->count; i++) {
        const tc_profile_path *path = &tree->paths[i];
        bool inlined = false; /* the one before, in this: then it is in that one's location */
        if (!path->samples)
            continue;
        for (uint32_t at = i; at; at = tree->paths[at].caller) {
            if (!inlined)
                add_varint(&list, at);
            inlined = tree->paths[at].frame.inlined;
        }
        add_message(&message, 1, &list);
        add_varint(&list, path->samples);
        add_varint(&list, path->self);
        add_message(&message, 2, &list);
        add_message(out, SAMPLE, &message);
    }
    tc_buffer_reset(&message);
    tc_buffer_reset(&list);
}

static void add_strings(tc_buffer *out, const tc_profile *profile) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_bytes(out, STRING, words[i], strlen(words[i]));
    add_bytes(out, STRING, profile->program, strlen(profile->program));
    for (uint32_t i = 0; i < profile->name_count; i++)
        add_bytes(out, STRING, profile->names[i], strlen(profile->names[i]));
}

/* gzip's format (RFC 1952). */
static int write_compressed(const tc_buffer *bytes, FILE *out) {
    unsigned char block[16384];
    z_stream stream = {.next_in = (unsigned char *)bytes->data, .avail_in = (uInt)bytes->length};
    if (bytes->length > UINT32_MAX) {
        errno = EFBIG;
        return -1;
    }
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        errno = ENOMEM;
        return -1;
    }
    int state;
    do {
        stream.next_out = block;
        stream.avail_out = sizeof block;
        state = deflate(&stream, Z_FINISH);
        fwrite(block, 1, sizeof block - stream.avail_out, out);
    } while (state == Z_OK);
    deflateEnd(&stream);
    return ferror(out) ? -1 : 0;
}

int tc_profile_write_pprof(const tc_profile *profile, FILE *out) {
    tc_buffer bytes = {0};
    add_type(&bytes, SAMPLE_TYPE, SAMPLES, COUNT);
    add_type(&bytes, SAMPLE_TYPE, CPU, NANOSECONDS);
    add_samples(&bytes, &profile->lines);
    add_mapping(&bytes, profile);
    uint32_t *functions = add_functions(&bytes, &profile->lines);
    add_locations(&bytes, &profile->lines, functions);
    free(functions);
    add_strings(&bytes, profile);
    add_number(&bytes, TIME, profile->started);
    add_number(&bytes, DURATION, profile->elapsed);
    add_type(&bytes, PERIOD_TYPE, CPU, NANOSECONDS);
    add_number(&bytes, PERIOD, profile->period);
    add_number(&bytes, DEFAULT_TYPE, CPU);
    int result = write_compressed(&bytes, out);
    tc_buffer_reset(&bytes);
    return result;
}
