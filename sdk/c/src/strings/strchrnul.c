/* libc's own functions call it by its inner name. */
#define _GNU_SOURCE
#include "block.h"

#include <string.h>

char *__strchrnul(const char *text, int byte);

char *__strchrnul(const char *text, int byte) {
    const unsigned char *at = block_around(text);
    const block zero = block_of(0), wanted = block_of((unsigned char)byte);
    block now = load_block(at);
    block_bits found =
        block_from(block_equal(now, zero) | block_equal(now, wanted), bytes_before(text));
    while (!found) {
        at += BLOCK;
        now = load_block(at);
        found = block_equal(now, zero) | block_equal(now, wanted);
    }
    return (char *)at + block_first(found);
}

char *strchrnul(const char *text, int byte) __attribute__((weak, alias("__strchrnul")));
