/* The wall of the resolver's process. What libraries of NSS do (nss(5)) is not known: so there is
 * no list of what it may do, but of what it may not, and it is refused with an errno. */
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confine/confine.h"
#include "confine/filter.h"
#include "confine/landlock.h"

#define REFUSED (SECCOMP_RET_ERRNO | EACCES)

static const tc_rule no_network[] = {
    {SYS_socket, REFUSED, {{TC_IF_IS, 0, UINT32_MAX, AF_INET}}},
    {SYS_socket, REFUSED, {{TC_IF_IS, 0, UINT32_MAX, AF_INET6}}},
    {SYS_socket, REFUSED, {{TC_IF_IS, 0, UINT32_MAX, AF_UNIX}}},
};

static bool restrict_places(void) {
    static const char *const folders[] = {"/etc", "/usr", "/lib", "/lib32", "/lib64",
                                          "/run", "/var", "/opt", "/nix",   "/gnu"};
    const char *aliases = getenv("HOSTALIASES");
    tc_landlock rules;
    if (!tc_landlock_begin(&rules, TC_LANDLOCK_BIND))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        tc_landlock_allow(&rules, folders[i], TC_LANDLOCK_READ | TC_LANDLOCK_EXECUTE);
    if (aliases)
        tc_landlock_allow(&rules, aliases, TC_LANDLOCK_READ_FILE);
    return tc_landlock_enforce(&rules);
}

bool tc_confine_resolver(bool network) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    bool places = restrict_places();
    bool calls = tc_filter_refuse(network ? NULL : no_network,
                                  network ? 0 : sizeof no_network / sizeof *no_network) == 0;
    return places && calls;
}
