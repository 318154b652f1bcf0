/* Does much with files in its granted folder, and tells what came of each step, a line each. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void tell(const char *step, long result) {
    printf("%s\t", step);
    if (result < 0)
        printf("%s\n", strerror(errno));
    else
        printf("%ld\n", result);
    fflush(stdout);
}

static void list(const char *path) {
    DIR *folder = opendir(path);
    long count = folder ? 0 : -1;
    errno = folder ? 0 : errno;
    while (folder && readdir(folder))
        count++;
    if (folder && errno)
        count = -1;
    tell("list", count);
    if (folder)
        closedir(folder);
}

int main(int argc, char **argv) {
    char text[64] = "";
    struct stat status;
    struct iovec two[2] = {{"some", 4}, {" text", 5}};
    tell("arguments", argc > 1 ? (long)strlen(argv[1]) : -1);
    tell("mkdir", mkdir("folder", 0700));
    int file = open("folder/file", O_CREAT | O_RDWR, 0600);
    tell("open", file < 0 ? -1 : 0);
    tell("write", write(file, "hello", 5));
    tell("writev", writev(file, two, 2));
    tell("seek", lseek(file, 0, SEEK_SET));
    tell("read", read(file, text, sizeof text));
    tell("pread", pread(file, text, 4, 2));
    tell("pwrite", pwrite(file, "HE", 2, 0));
    tell("stat", fstat(file, &status) < 0 ? -1 : (long)status.st_size);
    tell("sync", fsync(file));
    tell("truncate", ftruncate(file, 3));
    tell("times", futimens(file, (struct timespec[]){{1, 0}, {2, 0}}));
    tell("close", close(file));
    tell("link", link("folder/file", "folder/other"));
    tell("symlink", symlink("file", "folder/link"));
    tell("readlink", readlink("folder/link", text, sizeof text));
    tell("rename", rename("folder/other", "folder/another"));
    list("folder");
    tell("statlink", stat("folder/link", &status) < 0 ? -1 : (long)status.st_size);
    tell("unlink", unlink("folder/file"));
    tell("unlink", unlink("folder/another"));
    tell("unlink", unlink("folder/link"));
    tell("rmdir", rmdir("folder"));
    tell("random", getentropy(text, 8) < 0 ? -1 : 0);
    tell("sleep", nanosleep(&(struct timespec){0, 1000000}, NULL));
    tell("stdin", read(0, text, sizeof text));
    return 0;
}
