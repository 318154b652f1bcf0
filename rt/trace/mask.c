/* Masking of secrets in what is shown of streams and environments. */
#include <string.h>
#include <strings.h>

#include "trace/describe.h"

enum { AT_NAME = 0, IN_VALUE, IN_SECRET, AFTER_SECRET };

static bool is_secret(const tc_mask *mask) {
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie",
                                        "set-cookie"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == mask->length &&
            strncasecmp(names[i], mask->name, mask->length) == 0)
            return true;
    return false;
}

static void begin_line(tc_mask *mask) {
    mask->state = AT_NAME;
    mask->length = 0;
}

static void take_name(tc_mask *mask, uint8_t byte) {
    if (byte == '\n')
        begin_line(mask);
    else if (byte == ':')
        mask->state = is_secret(mask) ? IN_SECRET : IN_VALUE;
    else if (mask->length < sizeof mask->name)
        mask->name[mask->length++] = (char)byte;
}

/* What is masked of a secret: not the white space at its ends, so that lines stay lines. */
static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

void tc_mask_headers(tc_mask *mask, uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        /* A line that begins with white space goes on with the value before it (RFC 9112, 5.2). */
        if (mask->state == AFTER_SECRET) {
            if (bytes[i] == ' ' || bytes[i] == '\t')
                mask->state = IN_SECRET;
            else
                begin_line(mask);
        }
        if (mask->state == AT_NAME) {
            take_name(mask, bytes[i]);
        } else if (bytes[i] == '\n') {
            mask->length = 0;
            mask->state = mask->state == IN_SECRET ? AFTER_SECRET : AT_NAME;
        } else if (mask->state == IN_SECRET && !is_space(bytes[i])) {
            bytes[i] = '*';
        }
    }
}

void tc_mask_lose(tc_mask *mask) {
    mask->state = IN_SECRET;
}

void tc_mask_environment(uint8_t *bytes, size_t length) {
    bool in_value = false;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == 0)
            in_value = false;
        else if (in_value)
            bytes[i] = '*';
        else if (bytes[i] == '=')
            in_value = true;
    }
}

/* Where a word of a text of options ends, by the quoting of options/options.h. */
static size_t word_end(const uint8_t *text, size_t at, size_t length) {
    uint8_t quote = 0;
    for (; at < length && (quote || !strchr(" \t\r\n\v\f", text[at]) || !text[at]); at++) {
        if (quote ? text[at] == quote : (text[at] == '\'' || text[at] == '"'))
            quote = quote ? 0 : text[at];
        else if (text[at] == '\\' && quote != '\'' && at + 1 < length)
            at++;
    }
    return at;
}

void tc_mask_words(uint8_t *text, size_t length) {
    bool is_env = false; /* the word before was --env */
    for (size_t at = 0; at < length;) {
        size_t end = word_end(text, at, length);
        size_t bare = at;
        while (bare < end && (text[bare] == '\'' || text[bare] == '"'))
            bare++;
        bool joined = end - bare > 6 && memcmp(text + bare, "--env=", 6) == 0;
        size_t from = joined ? bare + 6 : at;
        for (bool in_value = false; (joined || is_env) && from < end; from++) {
            if (in_value && text[from] != '\'' && text[from] != '"')
                text[from] = '*';
            in_value |= text[from] == '=';
        }
        is_env = end - bare == 5 && memcmp(text + bare, "--env", 5) == 0;
        at = end + 1;
    }
}
