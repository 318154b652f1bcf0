/* Memory, text that grows, lists of words, and showing what is not plain text. */
#include "base/base.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(void) {
    fputs("timecraft: out of memory\n", stderr);
    exit(TC_EXIT_FAILURE);
}

void *tc_allocate(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *tc_reallocate(void *memory, size_t size) {
    memory = realloc(memory, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

char *tc_copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(tc_allocate(size), text, size);
}

static char *format_list(const char *format, va_list arguments) {
    char *text;
    if (vasprintf(&text, format, arguments) < 0)
        out_of_memory();
    return text;
}

char *tc_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_list(format, arguments);
    va_end(arguments);
    return text;
}

void tc_buffer_add(tc_buffer *buffer, const void *data, size_t length) {
    if (length >= buffer->capacity - buffer->length) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (length >= capacity - buffer->length)
            capacity *= 2;
        buffer->data = tc_reallocate(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = 0;
}

void tc_buffer_print(tc_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_list(format, arguments);
    va_end(arguments);
    tc_buffer_add(buffer, text, strlen(text));
    free(text);
}

/* Example: a"b<newline> becomes "a\"b\012". Octal escapes have a fixed length, so that no digit
 * that follows is taken for a part of them; '?' is escaped too, for trigraphs. */
void tc_buffer_add_literal(tc_buffer *buffer, const char *text) {
    tc_buffer_add(buffer, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (isalnum(*at) || strchr(" -_.,:;=+/*[]()@%", *at))
            tc_buffer_add(buffer, at, 1);
        else
            tc_buffer_print(buffer, "\\%03o", *at);
    }
    tc_buffer_add(buffer, "\"", 1);
}

void tc_buffer_replace(tc_buffer *buffer, const char *from, const char *to) {
    tc_buffer out = {0};
    const char *at = buffer->data;
    for (const char *found; (found = strstr(at, from)); at = found + strlen(from)) {
        tc_buffer_add(&out, at, (size_t)(found - at));
        tc_buffer_add(&out, to, strlen(to));
    }
    if (at == buffer->data)
        return;
    tc_buffer_add(&out, at, strlen(at));
    tc_buffer_reset(buffer);
    *buffer = out;
}

void tc_buffer_reset(tc_buffer *buffer) {
    free(buffer->data);
    *buffer = (tc_buffer){0};
}

static void words_take(tc_words *words, char *word) {
    words->items = tc_reallocate(words->items, (words->count + 2) * sizeof *words->items);
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

void tc_words_add(tc_words *words, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    words_take(words, format_list(format, arguments));
    va_end(arguments);
}

void tc_words_add_split(tc_words *words, const char *text) {
    while (*text) {
        text += strspn(text, " \t\r\n");
        size_t length = strcspn(text, " \t\r\n");
        if (length)
            words_take(words, tc_format("%.*s", (int)length, text));
        text += length;
    }
}

void tc_words_add_all(tc_words *words, const tc_words *more) {
    for (size_t i = 0; i < more->count; i++)
        words_take(words, tc_copy_text(more->items[i]));
}

void tc_words_reset(tc_words *words) {
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (tc_words){0};
}

bool tc_name_is(tc_name name, const char *text) {
    return name.length == strlen(text) && memcmp(name.text, text, name.length) == 0;
}

bool tc_name_same(tc_name left, tc_name right) {
    return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

/* Names are for a terminal: a module must not be able to move the cursor or colour its output. */
char *tc_name_shown(tc_name name) {
    tc_buffer shown = {0};
    size_t length = name.length > 200 ? 200 : name.length;
    tc_buffer_add(&shown, "", 0);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name.text[i];
        if (byte > 0x20 && byte < 0x7f)
            tc_buffer_add(&shown, &byte, 1);
        else
            tc_buffer_print(&shown, "\\%02x", byte);
    }
    if (length < name.length)
        tc_buffer_print(&shown, "...");
    return shown.data;
}

char *tc_size_shown(uint64_t bytes) {
    if (bytes < 10000)
        return tc_format("%llu bytes", (unsigned long long)bytes);
    if (bytes < 1000000)
        return tc_format("%.0f KB", (double)bytes / 1e3);
    if (bytes < 10000000000)
        return tc_format("%.1f MB", (double)bytes / 1e6);
    return tc_format("%.1f GB", (double)bytes / 1e9);
}

bool tc_text_starts(const char *text, size_t length, const char *prefix) {
    size_t prefix_length = strlen(prefix);
    return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

size_t tc_text_identifier_before(const char *start, const char *end) {
    const char *at = end;
    while (at > start && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
        at--;
    return (size_t)(end - at);
}

bool tc_text_take(const char **at, const char *expected) {
    size_t length = strlen(expected);
    if (strncmp(*at, expected, length) != 0)
        return false;
    *at += length;
    return true;
}

const char *tc_text_end_at_line(const char *text, const char *last) {
    size_t length = strlen(last);
    for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncmp(line, last, length) == 0 && line[length] == '\n')
            return line + length + 1;
    }
    return NULL;
}

static char **find_name(char **slots, size_t slot_count, const char *text, size_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    size_t slot = hash % slot_count;
    while (slots[slot] && (strncmp(slots[slot], text, length) != 0 || slots[slot][length] != 0))
        slot = (slot + 1) % slot_count;
    return &slots[slot];
}

static void grow_names(tc_names *names) {
    size_t slot_count = names->slot_count ? 2 * names->slot_count : 1024;
    char **slots = tc_allocate(slot_count * sizeof *slots);
    for (size_t i = 0; i < names->slot_count; i++) {
        char *text = names->slots[i];
        if (text)
            *find_name(slots, slot_count, text, strlen(text)) = text;
    }
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
}

bool tc_names_add(tc_names *names, const char *text, size_t length) {
    if (2 * names->count >= names->slot_count)
        grow_names(names);
    char **slot = find_name(names->slots, names->slot_count, text, length);
    if (*slot)
        return false;
    *slot = tc_format("%.*s", (int)length, text);
    names->count++;
    return true;
}

void tc_names_reset(tc_names *names) {
    for (size_t i = 0; i < names->slot_count; i++)
        free(names->slots[i]);
    free(names->slots);
    *names = (tc_names){0};
}
