/* A record written anew, with its blocks compressed where that pays: trace/record.h says why the
 * runtime does not. What is damaged stays behind, and a limit is no more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "record/reader.h"
#include "record/views.h"
#include "trace/checksum.h"

enum { LEVEL = 3, BLOCK = 1 << 20, COMPRESSED_MAX = 256 << 20 };

typedef struct writer {
    FILE *out;
    uint64_t salt, at;
    tc_buffer events; /* of the block that is being filled */
    tc_record_block block;
    uint64_t next_call;
} writer;

static void put(writer *to, const void *bytes, size_t length) {
    fwrite(bytes, 1, length, to->out);
    to->at += length;
}

static void write_header(writer *to, const tc_record_header *from) {
    static const uint8_t zeroes[TC_RECORD_HEADER_SIZE - sizeof *from];
    tc_record_header header = *from;
    header.segment_size = 0;
    header.staging_size = 0;
    header.staging_count = 0;
    header.segment_count = 0;
    header.check = tc_checksum(&header, offsetof(tc_record_header, check), 0);
    put(to, &header, sizeof header);
    put(to, zeroes, sizeof zeroes);
}

static void align(writer *to) {
    static const uint8_t zeroes[TC_RECORD_BLOCK_ALIGNMENT];
    put(to, zeroes, -to->at % TC_RECORD_BLOCK_ALIGNMENT);
}

/* Checks are over the number of the block that an event is in. */
static void check_events(writer *to) {
    char *bytes = to->events.data;
    tc_record_event event;
    for (size_t at = 0; at < to->events.length; at += event.size) {
        memcpy(&event, bytes + at, sizeof event);
        event.check =
            (uint32_t)tc_checksum(bytes + at + sizeof event.check, event.size - sizeof event.check,
                                  to->salt + to->block.number);
        memcpy(bytes + at, &event, sizeof event);
    }
}

static void write_block(writer *to) {
    tc_record_block *block = &to->block;
    size_t length = to->events.length, most = ZSTD_compressBound(length);
    if (!length)
        return;
    check_events(to);
    uint8_t *packed = tc_allocate(most);
    size_t size = length <= COMPRESSED_MAX
                      ? ZSTD_compress(packed, most, to->events.data, length, LEVEL)
                      : length;
    bool pays = !ZSTD_isError(size) && size < length - length / 16;
    block->magic = TC_RECORD_BLOCK_MAGIC;
    block->encoding = pays ? TC_RECORD_ZSTD : TC_RECORD_PLAIN;
    block->room = length;
    block->used = (uint32_t)length;
    block->stored = (uint32_t)(pays ? size : length);
    block->open_check = (uint32_t)tc_checksum(block, offsetof(tc_record_block, used), to->salt);
    block->seal_check =
        (uint32_t)tc_checksum(block, offsetof(tc_record_block, open_check), to->salt);
    align(to);
    put(to, block, sizeof *block);
    put(to, pays ? packed : (uint8_t *)to->events.data, block->stored);
    free(packed);
    to->events.length = 0;
    block->number++;
}

static void take(writer *to, const tc_record_item *item) {
    uint64_t time = tc_event_time(item->event, item->size);
    if (to->events.length && to->events.length + item->size > BLOCK)
        write_block(to);
    if (!to->events.length) {
        to->block.first_call = to->next_call;
        to->block.first_time = time;
    }
    if (time < to->block.first_time)
        to->block.first_time = time;
    if (item->type == TC_EVENT_CALL)
        to->next_call = item->call.record->index + 1;
    tc_buffer_add(&to->events, item->event, item->size);
}

int tc_export_record(tc_record *record, const tc_export_options *options) {
    writer to = {.out = options->out, .salt = tc_record_header_of(record)->salt};
    tc_record_item item;
    write_header(&to, tc_record_header_of(record));
    while (tc_record_next(record, &item) == TC_RECORD_EVENT) {
        if (!to.block.number && !to.events.length)
            to.next_call = tc_record_facts_of(record)->first_call;
        take(&to, &item);
    }
    write_block(&to);
    tc_buffer_reset(&to.events);
    return ferror(options->out) ? -1 : 0;
}
