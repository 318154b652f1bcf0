#include "trace/blocks.h"

#include <string.h>

#include "trace/checksum.h"

#define SEGMENT_MAX  ((uint64_t)1 << 50)
#define SEGMENTS_MAX 4096u
#define NO_END       (UINT64_MAX / 2)

typedef enum block_state { BLOCK_INVALID, BLOCK_OPEN, BLOCK_SEALED } block_state;

/* ---- the header ---- */

static tc_blocks_problem check(const tc_record_header *header) {
    if (memcmp(header->magic, TC_RECORD_MAGIC, sizeof header->magic) != 0)
        return TC_BLOCKS_FOREIGN;
    if (header->version != TC_RECORD_VERSION)
        return TC_BLOCKS_VERSION;
    if (header->check != tc_checksum(header, offsetof(tc_record_header, check), 0))
        return TC_BLOCKS_DAMAGED;
    bool limited = header->segment_size != 0;
    if (header->header_size != TC_RECORD_HEADER_SIZE || header->detail > TC_RECORD_DETAIL_ALL ||
        header->segment_size % TC_RECORD_BLOCK_ALIGNMENT || header->segment_size > SEGMENT_MAX ||
        header->staging_size % TC_RECORD_BLOCK_ALIGNMENT || header->staging_size > TC_BLOCK_MAX ||
        (limited && (header->segment_count == 0 || header->segment_count > SEGMENTS_MAX)))
        return TC_BLOCKS_SENSELESS;
    return TC_BLOCKS_GOOD;
}

tc_blocks_problem tc_blocks_open(tc_blocks *walk, const tc_blocks_file *file) {
    *walk = (tc_blocks){.file = *file};
    if (!file->read(file->context, &walk->header, sizeof walk->header, 0))
        return TC_BLOCKS_SHORT;
    return check(&walk->header);
}

uint64_t tc_blocks_start(const tc_blocks *walk) {
    return TC_RECORD_HEADER_SIZE + walk->header.staging_size;
}

/* ---- blocks ---- */

/* Reads the structure of the block at `at`, in what ends at `end`. */
static block_state read_block(const tc_blocks *walk, uint64_t at, uint64_t end,
                              tc_record_block *out) {
    const tc_blocks_file *file = &walk->file;
    uint64_t salt = walk->header.salt, has = file->size(file->context);
    uint64_t room = end < has ? end : has;
    if (at > room || room - at < sizeof *out || !file->read(file->context, out, sizeof *out, at) ||
        out->magic != TC_RECORD_BLOCK_MAGIC ||
        out->open_check != (uint32_t)tc_checksum(out, offsetof(tc_record_block, used), salt))
        return BLOCK_INVALID;
    room -= at + sizeof *out;
    bool sealed =
        out->seal_check == (uint32_t)tc_checksum(out, offsetof(tc_record_block, open_check), salt);
    uint64_t most = out->encoding == TC_RECORD_PLAIN ? TC_BLOCK_MAX : TC_BLOCK_COMPRESSED_MAX;
    if (sealed && out->used <= out->room && out->stored <= room && out->used <= most &&
        out->encoding <= TC_RECORD_ZSTD)
        return BLOCK_SEALED;
    return out->room <= room && out->room <= TC_BLOCK_MAX ? BLOCK_OPEN : BLOCK_INVALID;
}

static block_state read_staging(const tc_blocks *walk, tc_record_block *out) {
    return read_block(walk, TC_RECORD_HEADER_SIZE, tc_blocks_start(walk), out);
}

/* The current segment's block of that number, whose place is walk->at. */
static bool find(tc_blocks *walk, uint64_t number) {
    tc_record_block block;
    uint64_t from = TC_RECORD_HEADER_SIZE;
    block_state state = read_staging(walk, &block);
    if (state == BLOCK_INVALID || block.segment != walk->segment || block.number != number) {
        from = walk->at;
        state = read_block(walk, from, walk->end, &block);
    }
    if (state == BLOCK_INVALID || block.segment != walk->segment || block.number != number)
        return false;
    walk->block = block;
    walk->from = from;
    walk->sealed = state == BLOCK_SEALED;
    return true;
}

bool tc_blocks_next(tc_blocks *walk) {
    if (!walk->any || !find(walk, walk->number))
        return false;
    walk->number++;
    return true;
}

bool tc_blocks_again(tc_blocks *walk) {
    return find(walk, walk->block.number);
}

void tc_blocks_leave(tc_blocks *walk) {
    uint64_t size = sizeof walk->block + walk->block.stored;
    walk->at += (size + TC_RECORD_BLOCK_ALIGNMENT - 1) / TC_RECORD_BLOCK_ALIGNMENT *
                TC_RECORD_BLOCK_ALIGNMENT;
}

uint64_t tc_blocks_room(const tc_blocks *walk) {
    return walk->sealed ? walk->block.used : walk->block.room;
}

/* ---- segments ---- */

static void enter(tc_blocks *walk, uint64_t at, const tc_record_block *first, bool *follows) {
    uint64_t size = walk->header.segment_size;
    *follows = walk->any && first->segment == walk->segment + 1 && first->number == walk->number;
    walk->any = true;
    walk->segment = first->segment;
    walk->number = first->number;
    walk->at = at;
    walk->end = size ? at + size : NO_END;
}

bool tc_blocks_next_segment(tc_blocks *walk, bool *follows) {
    tc_record_block block, best = {0};
    uint64_t best_at = 0, size = walk->header.segment_size, start = tc_blocks_start(walk);
    uint32_t count = size ? walk->header.segment_count : 1;
    if (!size && walk->any)
        return false;
    /* The last is the staging block, which may be the first one of its segment. */
    for (uint32_t i = 0; i <= count; i++) {
        uint64_t at = start + i * size, end = size ? at + size : NO_END;
        block_state state =
            i < count ? read_block(walk, at, end, &block) : read_staging(walk, &block);
        if (state == BLOCK_INVALID || (walk->any && block.segment <= walk->segment) ||
            (size && i < count && block.segment % count != i))
            continue;
        if (!best_at || block.segment < best.segment) {
            best = block;
            best_at = start + (size ? block.segment % count * size : 0);
        }
    }
    if (best_at)
        enter(walk, best_at, &best, follows);
    return best_at != 0;
}

/* ---- events ---- */

uint32_t tc_blocks_event(const tc_blocks *walk, const void *events, uint64_t size,
                         uint64_t offset) {
    tc_record_event event;
    if (offset > size || size - offset < sizeof event)
        return 0;
    const char *at = (const char *)events + offset;
    memcpy(&event, at, sizeof event);
    if (event.size < sizeof event || event.size % 8 != 0 || event.size > size - offset)
        return 0;
    uint32_t right = (uint32_t)tc_checksum(at + sizeof event.check, event.size - sizeof event.check,
                                           walk->header.salt + walk->block.number);
    return event.check == right ? event.size : 0;
}
