/* Texts that grow: what is shown is written into them. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/describe.h"

static bool reserve(tc_text *text, size_t more) {
    size_t needed = text->length + more + 1;
    if (needed < more || text->cut)
        return false;
    if (needed <= text->capacity)
        return true;
    size_t capacity = needed < 256 ? 256 : needed * 2;
    char *grown = realloc(text->data, capacity);
    if (!grown) {
        text->cut = true;
        return false;
    }
    text->data = grown;
    text->capacity = capacity;
    return true;
}

void tc_text_reset(tc_text *text) {
    free(text->data);
    *text = (tc_text){0};
}

void tc_text_clear(tc_text *text) {
    text->length = 0;
    text->cut = false;
}

void tc_text_add(tc_text *text, const char *bytes, size_t length) {
    if (!reserve(text, length))
        return;
    if (length)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void tc_text_print(tc_text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

/* Octal escapes of three digits: unlike hexadecimal ones they end by themselves. */
static void add_escaped(tc_text *text, uint8_t byte) {
    static const char plain[] = "\n\r\t\v\f\"\\", letters[] = "nrtvf\"\\";
    const char *found = byte ? strchr(plain, byte) : NULL;
    char escape[4] = {'\\', (char)('0' + (byte >> 6)), (char)('0' + (byte >> 3 & 7)),
                      (char)('0' + (byte & 7))};
    if (found) {
        escape[1] = letters[found - plain];
        tc_text_add(text, escape, 2);
    } else if (byte < 0x20 || byte >= 0x7f) {
        tc_text_add(text, escape, 4);
    } else {
        tc_text_add(text, (const char *)&byte, 1);
    }
}

void tc_text_add_quoted(tc_text *text, const void *bytes, size_t length, size_t most, bool cut) {
    const uint8_t *at = bytes;
    size_t shown = length < most ? length : most;
    tc_text_add(text, "\"", 1);
    for (size_t i = 0; i < shown; i++)
        add_escaped(text, at[i]);
    tc_text_add(text, "\"", 1);
    if (cut || shown < length)
        tc_text_add(text, "…", strlen("…"));
}

/* How many bytes the UTF-8 sequence at `at` has (RFC 3629, 4); 0: it is none. */
static size_t sequence_length(const uint8_t *at, size_t left) {
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (length == 0 || at[0] > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

void tc_text_add_json(tc_text *text, const void *bytes, size_t length) {
    const uint8_t *at = bytes;
    tc_text_add(text, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t whole = sequence_length(at + i, length - i);
        if (whole == 0)
            tc_text_add(text, "\xef\xbf\xbd", 3);
        else if (at[i] == '"' || at[i] == '\\')
            tc_text_add(text, (char[]){'\\', (char)at[i]}, 2);
        else if (at[i] == '\n')
            tc_text_add(text, "\\n", 2);
        else if (at[i] < 0x20 || at[i] == 0x7f)
            tc_text_print(text, "\\u%04x", at[i]);
        else
            tc_text_add(text, (const char *)at + i, whole);
        i += whole ? whole : 1;
    }
    tc_text_add(text, "\"", 1);
}

void tc_text_add_address(tc_text *text, const tc_record_address *address) {
    char host[INET6_ADDRSTRLEN];
    uint32_t length = address->length;
    if (address->family == 1 && inet_ntop(AF_INET, address->bytes, host, sizeof host)) {
        tc_text_print(text, "%s:%u", host, address->port);
    } else if (address->family == 2 && inet_ntop(AF_INET6, address->bytes, host, sizeof host)) {
        tc_text_print(text, "[%s]:%u", host, address->port);
    } else if (address->family == 3) {
        tc_text_add(text, "unix:", 5);
        for (uint32_t i = 0; i < length && i < sizeof address->bytes; i++)
            add_escaped(text, address->bytes[i]);
    } else {
        tc_text_add(text, "?", 1);
    }
}
