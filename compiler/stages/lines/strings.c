/* Texts, each only once. */
#include "stages/lines/lines.h"

#include <stdlib.h>
#include <string.h>

static size_t hash(const char *text) {
    uint64_t value = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (size_t)(value ^ value >> 32);
}

static uint32_t *find_slot(const tc_strings *strings, const char *text) {
    size_t slot = hash(text) & (strings->slot_count - 1);
    while (strings->slots[slot] && strcmp(strings->text.data + strings->slots[slot], text) != 0)
        slot = (slot + 1) & (strings->slot_count - 1);
    return &strings->slots[slot];
}

static void make_room(tc_strings *strings) {
    if (!strings->text.length)
        tc_buffer_add(&strings->text, "", 1);
    if (2 * strings->count < strings->slot_count)
        return;
    uint32_t *old = strings->slots;
    size_t old_count = strings->slot_count;
    strings->slot_count = old_count ? 2 * old_count : 1024;
    strings->slots = tc_allocate(strings->slot_count * sizeof *strings->slots);
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            *find_slot(strings, strings->text.data + old[i]) = old[i];
    free(old);
}

uint32_t tc_strings_add(tc_strings *strings, const char *text) {
    make_room(strings);
    size_t length = strlen(text);
    if (!length || length > UINT32_MAX - 1 - strings->text.length)
        return 0;
    uint32_t *slot = find_slot(strings, text);
    if (!*slot) {
        *slot = (uint32_t)strings->text.length;
        strings->count++;
        tc_buffer_add(&strings->text, text, length + 1);
    }
    return *slot;
}

uint32_t tc_strings_find(const tc_strings *strings, const char *text) {
    return strings->slot_count ? *find_slot(strings, text) : 0;
}

void tc_strings_reset(tc_strings *strings) {
    tc_buffer_reset(&strings->text);
    free(strings->slots);
    *strings = (tc_strings){0};
}
