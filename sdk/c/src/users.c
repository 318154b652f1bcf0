/* What a guest is told of users, groups and processes: there are none but itself. All of it is
 * weak: programs that were ported to WASI bring their own. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#define WEAK __attribute__((weak))

WEAK uid_t getuid(void) {
    return 0;
}

WEAK uid_t geteuid(void) {
    return 0;
}

WEAK gid_t getgid(void) {
    return 0;
}

WEAK gid_t getegid(void) {
    return 0;
}

WEAK pid_t getppid(void) {
    return 0;
}

WEAK int getgroups(int size, gid_t groups[]) {
    (void)groups;
    return size < 0 ? tc_result(EINVAL) : 0;
}

WEAK int gethostname(char *name, size_t size) {
    static const char own[] = "localhost";
    if (size < sizeof own)
        return tc_result(ENAMETOOLONG);
    memcpy(name, own, sizeof own);
    return 0;
}

WEAK pid_t wait(int *status) {
    (void)status;
    return tc_result(ECHILD);
}

WEAK pid_t waitpid(pid_t process, int *status, int options) {
    (void)process;
    (void)status;
    (void)options;
    return tc_result(ECHILD);
}

WEAK FILE *popen(const char *command, const char *mode) {
    (void)command;
    errno = *mode == 'r' || *mode == 'w' ? ENOSYS : EINVAL;
    return NULL;
}

WEAK int pclose(FILE *file) {
    (void)file;
    return tc_result(ECHILD);
}

WEAK int system(const char *command) {
    return command ? tc_result(ENOSYS) : 0;
}

WEAK struct passwd *getpwnam(const char *name) {
    (void)name;
    return NULL;
}

WEAK struct passwd *getpwuid(uid_t user) {
    (void)user;
    return NULL;
}

WEAK int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
                    struct passwd **result) {
    (void)name;
    (void)entry;
    (void)buffer;
    (void)size;
    *result = NULL;
    return 0;
}

WEAK int getpwuid_r(uid_t user, struct passwd *entry, char *buffer, size_t size,
                    struct passwd **result) {
    (void)user;
    (void)entry;
    (void)buffer;
    (void)size;
    *result = NULL;
    return 0;
}

WEAK void setpwent(void) {
}

WEAK struct passwd *getpwent(void) {
    return NULL;
}

WEAK void endpwent(void) {
}

WEAK struct group *getgrnam(const char *name) {
    (void)name;
    return NULL;
}

WEAK struct group *getgrgid(gid_t group) {
    (void)group;
    return NULL;
}

WEAK int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
                    struct group **result) {
    (void)name;
    (void)entry;
    (void)buffer;
    (void)size;
    *result = NULL;
    return 0;
}

WEAK int getgrgid_r(gid_t group, struct group *entry, char *buffer, size_t size,
                    struct group **result) {
    (void)group;
    (void)entry;
    (void)buffer;
    (void)size;
    *result = NULL;
    return 0;
}
