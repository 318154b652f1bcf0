/* <grp.h> for guests of Timecraft (IEEE Std 1003.1-2017). A guest knows no groups: nothing is
 * found, which is no error. */
#ifndef TIMECRAFT_GRP_H
#define TIMECRAFT_GRP_H

#include <sys/types.h>

struct group {
    char *gr_name;
    char *gr_passwd;
    gid_t gr_gid;
    char **gr_mem;
};

#ifdef __cplusplus
extern "C" {
#endif

struct group *getgrnam(const char *);
struct group *getgrgid(gid_t);
int getgrnam_r(const char *, struct group *, char *, size_t, struct group **);
int getgrgid_r(gid_t, struct group *, char *, size_t, struct group **);

#ifdef __cplusplus
}
#endif

#endif
