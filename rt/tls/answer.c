/* Values for the guest that asks for an option. */
#include "tls/answer.h"

#include <errno.h>
#include <string.h>

int tc_answer_u32(uint32_t number, void *value, uint32_t *length) {
    if (*length < sizeof number)
        return -EINVAL;
    memcpy(value, &number, sizeof number);
    *length = sizeof number;
    return 0;
}

int tc_answer_text(const char *text, void *value, uint32_t *length) {
    if (*length == 0)
        return -EINVAL;
    size_t size = strlen(text);
    uint32_t shown = size < *length ? (uint32_t)size : *length - 1;
    memcpy(value, text, shown);
    ((char *)value)[shown] = 0;
    *length = shown + 1;
    return 0;
}

int tc_answer_blob(const void *data, size_t size, void *value, uint32_t *length) {
    uint32_t whole = (uint32_t)size;
    if (*length < sizeof whole)
        return -EINVAL;
    uint32_t room = *length - (uint32_t)sizeof whole;
    uint32_t shown = size < room ? whole : room;
    memcpy(value, &whole, sizeof whole);
    if (shown) /* data may be NULL where there is nothing */
        memcpy((char *)value + sizeof whole, data, shown);
    *length = (uint32_t)sizeof whole + shown;
    return 0;
}
