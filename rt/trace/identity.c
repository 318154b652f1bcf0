#include "trace/identity.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

#include "guest/module.h"

bool tc_identity_module(uint8_t hash[TC_MODULE_HASH_SIZE]) {
    const char *hex = tc_guest_module.sha256;
    if (!hex || strlen(hex) != 2 * TC_MODULE_HASH_SIZE)
        return false;
    for (size_t i = 0; i < TC_MODULE_HASH_SIZE; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        hash[i] = (uint8_t)byte;
    }
    return true;
}

typedef struct build_id {
    const void *bytes;
    size_t length;
} build_id;

/* The executable comes first (dl_iterate_phdr(3)). */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *out) {
    (void)size;
    build_id *found = out;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        const char *at = (const char *)(info->dlpi_addr + part->p_vaddr), *end = at + part->p_memsz;
        if (part->p_type != PT_NOTE)
            continue;
        while ((size_t)(end - at) >= sizeof(ElfW(Nhdr))) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            const char *name = at + sizeof note, *bytes = name + ((note.n_namesz + 3) & ~3u);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
                *found = (build_id){bytes, note.n_descsz};
            at = bytes + ((note.n_descsz + 3) & ~3u);
        }
    }
    return 1;
}

const void *tc_identity_build(size_t *length) {
    build_id found = {0};
    dl_iterate_phdr(find_build_id, &found);
    *length = found.length;
    return found.bytes;
}
