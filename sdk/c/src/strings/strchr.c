#define _GNU_SOURCE
#include <string.h>

char *__strchrnul(const char *text, int byte);

char *strchr(const char *text, int byte) {
    char *found = __strchrnul(text, byte);
    return *(unsigned char *)found == (unsigned char)byte ? found : NULL;
}
