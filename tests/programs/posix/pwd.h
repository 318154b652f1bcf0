/* <pwd.h> for guests, in front of the host's: there are no users. See posix.h. */
#ifndef PROGRAMS_PWD_H
#define PROGRAMS_PWD_H

#include <sys/types.h>

struct passwd {
    char *pw_name, *pw_dir;
};

struct passwd *getpwuid(uid_t uid);

#endif
