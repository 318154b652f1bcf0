/* Prints what the file named by its first argument ends with, and what can not be done to it: the
 * guest of test_payload.py. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuse(const char *what, int result) {
    printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "/payload";
    char beneath[100], end[8], other_end[8];
    struct stat status;
    if (stat(path, &status) < 0) {
        printf("stat: %s\n", strerror(errno));
        return 1;
    }
    printf("a file: %s\n", S_ISREG(status.st_mode) ? "yes" : "no");

    /* Two descriptors of it have an offset each. */
    int file = open(path, O_RDONLY), other = open(path, O_RDONLY);
    lseek(file, -8, SEEK_END);
    lseek(other, -16, SEEK_END);
    ssize_t got = read(file, end, sizeof end), other_got = read(other, other_end, sizeof other_end);
    printf("end: %.*s%.*s\n", (int)other_got, other_end, (int)got, end);

    refuse("write", open(path, O_RDWR));
    refuse("truncate", open(path, O_WRONLY | O_TRUNC));
    refuse("as a folder", open(path, O_RDONLY | O_DIRECTORY));
    refuse("remove", unlink(path));
    refuse("rename", rename(path, path));
    snprintf(beneath, sizeof beneath, "%s/x", path);
    refuse("beneath", open(beneath, O_RDONLY));
    refuse("beneath, status", stat(beneath, &status));
    snprintf(beneath, sizeof beneath, "%s/..", path);
    refuse("above", open(beneath, O_RDONLY));
    return 0;
}
