#include "confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset /* the same numbers on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum { CREATE_VERSION = 1 };           /* LANDLOCK_CREATE_RULESET_VERSION */
enum { RULE_PATH = 1, RULE_PORT = 2 }; /* enum landlock_rule_type */
enum { SCOPE_ABSTRACT = 1, SCOPE_SIGNAL = 2 };

/* Actions on a file that is no folder. */
#define FILE_ACTIONS                                                                               \
    (TC_LANDLOCK_EXECUTE | TC_LANDLOCK_READ_FILE | TC_LANDLOCK_WRITE | TC_LANDLOCK_IOCTL_DEV)

/* struct landlock_ruleset_attr; an older ABI has a shorter one. */
typedef struct ruleset {
    uint64_t files;
    uint64_t network; /* since ABI 4 */
    uint64_t scope;   /* 6 */
} ruleset;

struct __attribute__((packed)) path_rule {
    uint64_t actions;
    int32_t parent;
};

struct port_rule {
    uint64_t actions;
    uint64_t port;
};

int tc_landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
    return abi > 0 ? (int)abi : 0;
}

bool tc_landlock_begin(tc_landlock *rules, uint64_t network) {
    *rules = (tc_landlock){.abi = tc_landlock_abi(), .ruleset = -1};
    int abi = rules->abi;
    if (abi == 0)
        return false;
    unsigned known = abi < 2 ? 13 : abi < 3 ? 14 : abi < 5 ? 15 : 16;
    rules->files = (UINT64_C(1) << known) - 1;
    ruleset set = {
        .files = rules->files, .network = network, .scope = SCOPE_ABSTRACT | SCOPE_SIGNAL};
    size_t size = abi < 4   ? offsetof(ruleset, network)
                  : abi < 6 ? offsetof(ruleset, scope)
                            : sizeof set;
    rules->ruleset = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    return rules->ruleset >= 0;
}

bool tc_landlock_allow(tc_landlock *rules, const char *path, uint64_t actions) {
    struct stat status;
    struct path_rule rule = {.parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0)
        return false;
    long result = fstat(rule.parent, &status);
    if (result == 0)
        rule.actions =
            actions & rules->files & (S_ISDIR(status.st_mode) ? UINT64_MAX : FILE_ACTIONS);
    if (rule.actions)
        result = syscall(SYS_landlock_add_rule, rules->ruleset, RULE_PATH, &rule, 0);
    int error = errno;
    close(rule.parent);
    errno = error;
    return result == 0;
}

bool tc_landlock_allow_port(tc_landlock *rules, uint64_t action, uint16_t port) {
    struct port_rule rule = {action, port};
    return rules->abi < 4 ||
           syscall(SYS_landlock_add_rule, rules->ruleset, RULE_PORT, &rule, 0) == 0;
}

bool tc_landlock_enforce(tc_landlock *rules) {
    long result = syscall(SYS_landlock_restrict_self, rules->ruleset, 0);
    int error = errno;
    tc_landlock_drop(rules);
    errno = error;
    return result == 0;
}

void tc_landlock_drop(tc_landlock *rules) {
    if (rules->ruleset >= 0)
        close(rules->ruleset);
    rules->ruleset = -1;
}
