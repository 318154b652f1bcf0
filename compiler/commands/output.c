/* Files that commands write. */
#include "commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *tc_output_open(const char *path, char **temporary) {
    struct stat status;
    if (strcmp(path, "-") == 0)
        return stdout;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return fopen(path, "we"); /* a device, a FIFO */
    *temporary = tc_format("%s.%d.tmp", path, (int)getpid());
    int fd = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

int tc_output_close(FILE *out, const char *path, const char *temporary, int result) {
    int error = errno;
    if (fflush(out) != 0 && result == 0) {
        result = -1;
        error = errno;
    }
    if (out != stdout)
        fclose(out);
    if (temporary && result == 0 && rename(temporary, path) != 0) {
        result = -1;
        error = errno;
    }
    if (temporary && result != 0)
        unlink(temporary);
    errno = error;
    return result;
}
