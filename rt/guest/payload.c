/* Reads the words that were appended to the program's own file. */
#include "guest/payload.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_LENGTH (sizeof TC_PAYLOAD_MARK - 1)

typedef struct trailer {
    uint8_t length[4];
    char mark[MARK_LENGTH];
} trailer;

static char *read_words(int fd, off_t size) {
    trailer end;
    off_t at = size - (off_t)sizeof end;
    if (at < 0 || pread(fd, &end, sizeof end, at) != sizeof end ||
        memcmp(end.mark, TC_PAYLOAD_MARK, MARK_LENGTH) != 0)
        return NULL;
    uint32_t length = (uint32_t)end.length[0] | (uint32_t)end.length[1] << 8 |
                      (uint32_t)end.length[2] << 16 | (uint32_t)end.length[3] << 24;
    if (length > TC_PAYLOAD_WORDS_MAX || (off_t)length > at)
        return NULL;
    char *words = malloc((size_t)length + 1);
    if (!words)
        return NULL;
    if (pread(fd, words, length, at - (off_t)length) != (ssize_t)length ||
        memchr(words, '\0', length)) {
        free(words);
        return NULL;
    }
    words[length] = '\0';
    return words;
}

char *tc_payload_words(void) {
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *words = fstat(fd, &status) == 0 ? read_words(fd, status.st_size) : NULL;
    close(fd);
    return words;
}
