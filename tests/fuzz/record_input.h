/* How a fuzzer's input is a record, for the targets that read records.
 *
 * An input is a byte of flags, a record's header (64 bytes), then blocks: a u16 for how many bytes
 * follow, and these. Each is put where it must be in a file. Flag 1: checksums are made right, so
 * that what they guard is reached too; without it the reader has to find out. */
#ifndef TC_TESTS_RECORD_INPUT_H
#define TC_TESTS_RECORD_INPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/checksum.h"
#include "trace/record.h"

enum { MENDS = 1, FILE_MAX = 1 << 20 };

typedef struct file {
    uint8_t bytes[FILE_MAX];
    size_t size;
} file;

static file made;

static void mend_events(uint8_t *at, size_t size, uint64_t seed) {
    tc_record_event event;
    for (size_t done = 0; size - done >= sizeof event;) {
        memcpy(&event, at + done, sizeof event);
        event.size &= ~7u;
        if (event.size < sizeof event || event.size > size - done)
            event.size = (uint32_t)((size - done) & ~(size_t)7);
        memcpy(at + done, &event, sizeof event);
        event.check = (uint32_t)tc_checksum(at + done + 4, event.size - 4, seed);
        memcpy(at + done, &event, sizeof event);
        done += event.size;
    }
}

static void mend_block(uint8_t *at, size_t size, uint64_t salt) {
    tc_record_block block;
    if (size < sizeof block)
        return;
    memcpy(&block, at, sizeof block);
    bool sealed = block.seal_check != 0;
    block.magic = TC_RECORD_BLOCK_MAGIC;
    block.open_check = (uint32_t)tc_checksum(&block, offsetof(tc_record_block, used), salt);
    block.seal_check =
        sealed ? (uint32_t)tc_checksum(&block, offsetof(tc_record_block, open_check), salt) : 0;
    memcpy(at, &block, sizeof block);
    if (block.encoding == TC_RECORD_PLAIN)
        mend_events(at + sizeof block, size - sizeof block, salt + block.number);
}

static uint64_t make_header(const uint8_t *data, size_t size, bool mends) {
    tc_record_header header = {0};
    memcpy(&header, data, size < sizeof header ? size : sizeof header);
    if (mends) {
        memcpy(header.magic, TC_RECORD_MAGIC, sizeof header.magic);
        header.version = TC_RECORD_VERSION;
        header.header_size = TC_RECORD_HEADER_SIZE;
        header.detail %= 3;
        header.segment_size &= 0xf000;
        header.staging_size &= 0x3000;
        header.staging_count = header.staging_size ? header.staging_count % 3 + 1 : 0;
        header.check = tc_checksum(&header, offsetof(tc_record_header, check), 0);
    }
    memcpy(made.bytes, &header, sizeof header);
    made.size = TC_RECORD_HEADER_SIZE;
    return header.salt;
}

static void make_file(const uint8_t *data, size_t size) {
    bool mends = size && data[0] & MENDS;
    size_t at = 1 + sizeof(tc_record_header);
    memset(made.bytes, 0, sizeof made.bytes);
    uint64_t salt = make_header(data + (size > 0), size ? size - 1 : 0, mends);
    while (at + 2 < size) {
        size_t length = data[at] | (size_t)data[at + 1] << 8;
        at += 2;
        length = length < size - at ? length : size - at;
        if (made.size + length + TC_RECORD_BLOCK_ALIGNMENT > FILE_MAX)
            break;
        memcpy(made.bytes + made.size, data + at, length);
        if (mends)
            mend_block(made.bytes + made.size, length, salt);
        at += length;
        made.size += (length + TC_RECORD_BLOCK_ALIGNMENT - 1) / TC_RECORD_BLOCK_ALIGNMENT *
                     TC_RECORD_BLOCK_ALIGNMENT;
    }
}

/* Makes the file, without a name but `path`. Returns its descriptor, for the caller to close. */
static int make_record(const uint8_t *data, size_t size, char *path, size_t room) {
    make_file(data, size);
    int fd = memfd_create("record", MFD_CLOEXEC);
    if (fd < 0 || write(fd, made.bytes, made.size) != (ssize_t)made.size)
        abort();
    snprintf(path, room, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
