// run: --dir=.
/* Flags of fcntl.h and sys/socket.h are numbers that the preprocessor can count with, as programs
 * for Linux do, and mean what they did. */
#include <fcntl.h>

#include "check.h"

#if !(O_APPEND && O_CREAT && O_DIRECTORY && O_DSYNC && O_EXCL && O_NONBLOCK && O_RSYNC &&          \
      O_SYNC && O_TRUNC)
#error "a flag of open is nothing"
#endif
#if O_DSYNC == O_SYNC || SHUT_RD + SHUT_WR != SHUT_RDWR || !(MSG_PEEK && MSG_WAITALL)
#error "flags are mixed up"
#endif

int main(void) {
    const char *path = "tc-flags";
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0600);
    CHECK(fd >= 0 && write(fd, "ab", 2) == 2);
    CHECK(fcntl(fd, F_GETFL) & O_APPEND);
    CHECK(close(fd) == 0);
    CHECK_ERRNO(open(path, O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
    CHECK_ERRNO(open(path, O_RDONLY | O_DIRECTORY), ENOTDIR);
    fd = open(path, O_RDWR | O_TRUNC);
    CHECK(fd >= 0 && lseek(fd, 0, SEEK_END) == 0);
    CHECK(close(fd) == 0 && unlink(path) == 0);
    return 0;
}
