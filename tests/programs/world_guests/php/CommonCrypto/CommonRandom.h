/* Random bytes for PHP by a name that it knows: where there is neither Linux's system call nor this
 * function of macOS, it opens /dev/urandom, which a guest has not. */
#ifndef PHP_COMMON_RANDOM_H
#define PHP_COMMON_RANDOM_H

#include <stddef.h>

enum { kCCSuccess = 0 };

int CCRandomGenerateBytes(void *, size_t);

#endif
