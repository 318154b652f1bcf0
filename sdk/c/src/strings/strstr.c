/* Places where the first byte stands are tried one after the other. Where that does not pay, since
 * there are many, or they have much of what is looked for and not all, the two-way algorithm goes
 * on (Crochemore and Perrin, Journal of the ACM 38(3), 1991): no text takes longer than its length
 * and that of what is looked for. */
#include <stdbool.h>
#include <string.h>

char *__strchrnul(const char *text, int byte);

#define PLACE  8 /* what a place costs, in bytes that are compared */
#define CREDIT 256

/* Where the greatest suffix begins, by one order of the bytes or by its reverse; and its period. */
static size_t greatest_suffix(const char *wanted, size_t length, bool reverse, size_t *period) {
    size_t start = 0, next = 1, same = 0;
    *period = 1;
    while (next + same < length) {
        unsigned char other = (unsigned char)wanted[next + same];
        unsigned char own = (unsigned char)wanted[start + same];
        if (other == own) {
            if (++same == *period) {
                next += same;
                same = 0;
            }
        } else if (reverse ? other > own : other < own) {
            next += same + 1;
            same = 0;
            *period = next - start;
        } else {
            start = next++;
            same = 0;
            *period = 1;
        }
    }
    return start;
}

static char *two_way(const char *text, const char *wanted) {
    size_t length = strlen(wanted), period, reverse_period;
    size_t cut = greatest_suffix(wanted, length, false, &period);
    size_t reverse_cut = greatest_suffix(wanted, length, true, &reverse_period);
    if (reverse_cut > cut) {
        cut = reverse_cut;
        period = reverse_period;
    }
    /* What is known to be the same after a step: only where all of it repeats itself. */
    size_t kept = 0, known = 0;
    if (memcmp(wanted, wanted + period, cut) == 0)
        kept = length - period;
    else
        period = (cut > length - cut ? cut : length - cut) + 1;
    const char *end = text; /* no zero before it */
    for (;;) {
        if ((size_t)(end - text) < length) {
            size_t more = length + CREDIT;
            const char *zero = memchr(end, 0, more);
            end = zero ? zero : end + more;
            if ((size_t)(end - text) < length)
                return NULL;
        }
        size_t i = known > cut ? known : cut;
        while (i < length && wanted[i] == text[i])
            i++;
        if (i < length) {
            text += i - cut + 1;
            known = 0;
            continue;
        }
        i = cut;
        while (i > known && wanted[i - 1] == text[i - 1])
            i--;
        if (i <= known)
            return (char *)text;
        text += period;
        known = kept;
    }
}

char *strstr(const char *text, const char *wanted) {
    if (!*wanted)
        return (char *)text;
    size_t spent = 0;
    for (const char *at = text; *(at = __strchrnul(at, *wanted)); at++) {
        size_t same = 1;
        while (wanted[same] && at[same] == wanted[same])
            same++;
        if (!wanted[same])
            return (char *)at;
        if (!at[same]) /* less is left than what is looked for */
            return NULL;
        spent += same + PLACE;
        if (spent > (size_t)(at - text) + CREDIT)
            return two_way(at + 1, wanted);
    }
    return NULL;
}
