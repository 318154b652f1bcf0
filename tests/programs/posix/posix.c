/* The functions of posix.h, and some of wasi-libc's that differ from POSIX (linked with --wrap).
 * A guest has no locale but "C", and temporary files in /tmp.
 */
#include "posix.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

char *tmpnam(char *name);
char *tmpnam(char *name) {
    static char own[L_tmpnam];
    static unsigned count;
    if (!name)
        name = own;
    do
        snprintf(name, L_tmpnam, "/tmp/file%u", count++);
    while (access(name, F_OK) == 0);
    return name;
}

FILE *tmpfile(void);
FILE *tmpfile(void) {
    char name[L_tmpnam];
    FILE *file = fopen(tmpnam(name), "w+x");
    if (file)
        unlink(name);
    return file;
}

/* wasi-libc's newer versions have them, and the SDK, and they always fail: for the programs it is
 * enough that the file is there. */
int __wrap_chmod(const char *path, mode_t mode) {
    (void)mode;
    return access(path, F_OK);
}

int __wrap_fchmod(int fd, mode_t mode) {
    struct stat status;
    (void)mode;
    return fstat(fd, &status);
}

int setpriority(int which, id_t who, int value) {
    (void)which;
    (void)who;
    (void)value;
    errno = EPERM;
    return -1;
}

/* wasi-libc takes any name. */
char *__wrap_setlocale(int category, const char *name);
char *__wrap_setlocale(int category, const char *name) {
    static char only[] = "C";
    (void)category;
    return !name || !*name || !strcmp(name, "C") || !strcmp(name, "POSIX") ? only : NULL;
}

/* wasi-libc opens the folder when the path is empty. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode) {
    if (!*path) {
        errno = ENOENT;
        return NULL;
    }
    return __real_fopen(path, mode);
}

/* Nobody else can hold a lock, so all of them can be had. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    va_list arguments;
    int number;
    va_start(arguments, command);
    if (command == F_GETLK) {
        va_arg(arguments, struct flock *)->l_type = F_UNLCK;
        va_end(arguments);
        return 0;
    }
    if (command == F_SETLK || command == F_SETLKW) {
        va_end(arguments);
        return 0;
    }
    number = command == F_SETFL ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return __real_fcntl(fd, command, number);
}
