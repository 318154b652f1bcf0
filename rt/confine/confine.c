/* The wall's parts, in their order. */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/calls.h"
#include "confine/landlock.h"
#include "guest/module.h"
#include "guest/report.h"

enum { INHERITED_MAX = 1024 };

static struct {
    const tc_options *options;
    bool replay;
    bool none; /* --no-confinement */
    unsigned needs;
    struct place {
        char *path;
        uint64_t actions;
    } * places;
    size_t place_count;
    int inherited[INHERITED_MAX];
    size_t inherited_count;
} wall = {.needs = TC_NEED_ALWAYS};

#if defined __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* A part cannot be had. */
static void lacks(const char *part, const char *why, int error) {
    if (wall.options->confinement != TC_CONFINEMENT_REQUIRED)
        return;
    tc_report(
        "%s is not started: --require-confinement is in force, and %s: %s; `timecraft doctor` "
        "says what this kernel has",
        tc_guest_module.name, part, why ? why : strerror(error));
    exit(2);
}

/* ---- descriptors ---- */

/* A folder's entry, as getdents64(2) gives it. */
struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* Allocates nothing: it is the first thing that a program does. */
void tc_confine_begin(void) {
    _Alignas(struct entry) char buffer[4096];
    long got = 0;
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (folder >= 0 && (got = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
        const struct entry *entry;
        for (long at = 0; at < got; at += entry->length) {
            entry = (const struct entry *)(buffer + at);
            int fd = atoi(entry->name);
            if (fd > 2 && fd != folder && wall.inherited_count < INHERITED_MAX)
                wall.inherited[wall.inherited_count++] = fd;
        }
    }
    if (folder >= 0)
        close(folder);
}

void tc_confine_keep(int fd) {
    for (size_t i = 0; i < wall.inherited_count; i++)
        if (wall.inherited[i] == fd)
            wall.inherited[i] = -1;
}

static void close_inherited(void) {
    for (size_t i = 0; i < wall.inherited_count; i++)
        if (wall.inherited[i] >= 0)
            close(wall.inherited[i]);
    wall.inherited_count = 0; /* by a supervisor; its workers have none then */
}

/* ---- needs ---- */

void tc_confine_need(unsigned needs) {
    wall.needs |= needs;
}

/* A place that was forgotten would be out of reach later, and nobody would know why. */
static void *enough(void *memory) {
    if (memory)
        return memory;
    tc_report("%s is not started: there is not enough memory for its wall", tc_guest_module.name);
    exit(1);
}

void tc_confine_path(const char *path, uint64_t actions) {
    if (!*path)
        return;
    wall.places = enough(realloc(wall.places, (wall.place_count + 1) * sizeof *wall.places));
    wall.places[wall.place_count++] = (struct place){enough(strdup(path)), actions};
}

/* "/run/a.sock" is made in /run. The caller frees it. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return enough(slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup("."));
}

static void need_folder_of(const char *path, uint64_t actions) {
    char *folder = folder_of(path);
    tc_confine_path(folder, actions);
    free(folder);
}

/* --core: the kernel writes it as this process, where core_pattern says (core(5)): in the working
 * folder, unless that is a path. NULL: it starts a program for it. */
static const char *core_pattern(void) {
    static char pattern[256] = "";
    int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, pattern, sizeof pattern - 1) < 0)
        pattern[0] = 0;
    if (fd >= 0)
        close(fd);
    return *pattern == '|' ? NULL : pattern;
}

static void need_core(void) {
    const char *pattern = core_pattern();
    wall.needs |= TC_NEED_CORE;
    if (pattern)
        need_folder_of(pattern, TC_LANDLOCK_MAKE_REG | TC_LANDLOCK_WRITE);
}

static void need_network(const tc_net_grant *grants, size_t count, unsigned need) {
    for (size_t i = 0; i < count; i++) {
        wall.needs |= TC_NEED_NETWORK | need | (grants[i].kind == TC_NET_UNIX ? TC_NEED_UNIX : 0);
        if (grants[i].kind == TC_NET_UNIX && need == TC_NEED_LISTENS)
            need_folder_of(grants[i].name, TC_LANDLOCK_MAKE_SOCK);
    }
}

void tc_confine_options(const tc_options *options, bool replay) {
    wall.options = options;
    wall.replay = replay;
    wall.none = options->confinement == TC_CONFINEMENT_NONE || SANITIZED;
    tc_confine_path("/proc/self/exe", TC_LANDLOCK_READ_FILE); /* names of functions, after a trap */
    if (options->core)
        need_core();
    if (replay) {
        wall.needs |= TC_NEED_THREADS;
        return;
    }
    for (size_t i = 0; i < options->dir_count; i++)
        wall.needs |= TC_NEED_FOLDERS | (options->dirs[i].read_only ? 0 : TC_NEED_CHANGES);
    if (options->record)
        wall.needs |= TC_NEED_RECORD;
    if (options->payload)
        wall.needs |= TC_NEED_FOLDERS;
    need_network(options->connects, options->connect_count, TC_NEED_CONNECTS);
    need_network(options->listens, options->listen_count, TC_NEED_LISTENS);
}

/* ---- places ---- */

/* Whether Landlock can tell the ports apart: it cannot where a grant is of all. */
static bool names_ports(const tc_net_grant *grants, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (grants[i].kind != TC_NET_UNIX && grants[i].port == 0)
            return false;
    return true;
}

static bool allow_ports(tc_landlock *rules, const tc_net_grant *grants, size_t count,
                        uint64_t action) {
    bool done = true;
    for (size_t i = 0; i < count && done; i++)
        if (grants[i].kind != TC_NET_UNIX)
            done = tc_landlock_allow_port(rules, action, grants[i].port);
    return done;
}

/* ENOENT and the like: what cannot be opened now is not opened later. */
static bool allow_path(tc_landlock *rules, const char *path, uint64_t actions) {
    return tc_landlock_allow(rules, path, actions) ||
           (errno != EINVAL && errno != ENOMEM && errno != EBADF && errno != EBADFD);
}

static bool allow_grants(tc_landlock *rules, uint64_t network) {
    const tc_options *options = wall.options;
    bool done = true;
    for (size_t i = 0; i < options->dir_count && done; i++)
        done = allow_path(rules, options->dirs[i].host,
                          options->dirs[i].read_only ? TC_LANDLOCK_READ | TC_LANDLOCK_IOCTL_DEV
                                                     : TC_LANDLOCK_CHANGE);
    if (network & TC_LANDLOCK_CONNECT)
        done = done &&
               allow_ports(rules, options->connects, options->connect_count, TC_LANDLOCK_CONNECT);
    if (network & TC_LANDLOCK_BIND)
        done = done &&
               allow_ports(rules, options->listens, options->listen_count, TC_LANDLOCK_BIND) &&
               tc_landlock_allow_port(rules, TC_LANDLOCK_BIND, 0); /* the kernel's choice */
    return done;
}

static void restrict_places(void) {
    const tc_options *options = wall.options;
    tc_landlock rules;
    uint64_t network = 0;
    if (wall.replay || names_ports(options->connects, options->connect_count))
        network |= TC_LANDLOCK_CONNECT;
    if (wall.replay || names_ports(options->listens, options->listen_count))
        network |= TC_LANDLOCK_BIND;
    if (!tc_landlock_begin(&rules, network)) {
        lacks("it has no Landlock", NULL, errno);
        return;
    }
    /* The first version forbids to move files from folder to folder, which guests may do. */
    if (rules.abi < 2 && wall.needs & TC_NEED_CHANGES) {
        tc_landlock_drop(&rules);
        lacks("its Landlock", "is too old for a folder that can be written (Linux 5.19 is needed)",
              0);
        return;
    }
    bool done = wall.replay || allow_grants(&rules, network);
    for (size_t i = 0; i < wall.place_count && done; i++)
        done = allow_path(&rules, wall.places[i].path, wall.places[i].actions);
    if (!done || !tc_landlock_enforce(&rules)) {
        int error = errno;
        tc_landlock_drop(&rules);
        lacks("Landlock refuses the rules", NULL, error);
    }
}

void tc_confine_places(void) {
    if (wall.none)
        return;
    close_inherited();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        lacks("it cannot give up new privileges", NULL, errno);
    if (!wall.options->core)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    restrict_places();
}

/* ---- the supervisor ---- */

static bool allow_folder_of(tc_landlock *rules, const char *path, uint64_t actions) {
    char *folder = path ? folder_of(path) : NULL;
    bool done = !folder || allow_path(rules, folder, actions);
    free(folder);
    return done;
}

/* Its workers are begun behind its wall: they read what they need to begin, and write what was
 * granted and asked for. Nothing starts a program. */
static bool restrict_supervisor(const tc_options *options) {
    tc_landlock rules;
    bool names = names_ports(options->listens, options->listen_count);
    if (!tc_landlock_begin(&rules, names ? TC_LANDLOCK_BIND : 0))
        return false;
    bool done =
        rules.abi >= 2 && tc_landlock_allow(&rules, "/", TC_LANDLOCK_READ | TC_LANDLOCK_IOCTL_DEV);
    for (size_t i = 0; i < options->dir_count && done; i++)
        if (!options->dirs[i].read_only)
            done = allow_path(&rules, options->dirs[i].host, TC_LANDLOCK_CHANGE);
    for (size_t i = 0; i < options->listen_count && done; i++)
        if (options->listens[i].kind == TC_NET_UNIX)
            done = allow_folder_of(&rules, options->listens[i].name, TC_LANDLOCK_MAKE_SOCK);
    if (names)
        done = done &&
               allow_ports(&rules, options->listens, options->listen_count, TC_LANDLOCK_BIND) &&
               tc_landlock_allow_port(&rules, TC_LANDLOCK_BIND, 0);
    done = done && allow_path(&rules, "/dev/null", TC_LANDLOCK_WRITE) &&
           allow_folder_of(&rules, options->record, TC_LANDLOCK_CHANGE) &&
           allow_folder_of(&rules, options->trace, TC_LANDLOCK_CHANGE);
    if (options->core)
        done = done &&
               allow_folder_of(&rules, core_pattern(), TC_LANDLOCK_MAKE_REG | TC_LANDLOCK_WRITE);
    if (done)
        return tc_landlock_enforce(&rules);
    tc_landlock_drop(&rules);
    return false;
}

void tc_confine_supervisor(const tc_options *options) {
    if (options->confinement == TC_CONFINEMENT_NONE || SANITIZED)
        return;
    wall.options = options;
    close_inherited();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        lacks("it cannot give up new privileges", NULL, errno);
        return;
    }
    if (!options->core)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!restrict_supervisor(options))
        lacks("Landlock refuses the supervisor's rules, or knows too little for them", NULL, errno);
    int error = tc_supervisor_calls_enforce();
    if (error)
        lacks("the supervisor has no seccomp filters", NULL, -error);
}

/* ---- system calls ---- */

void tc_confine_calls(void) {
    if (wall.none)
        return;
    unsigned alone = wall.needs & TC_NEED_NETWORK ? 0 : TC_NEED_ALONE;
    int error = tc_calls_enforce(wall.needs | alone);
    if (error)
        lacks("it has no seccomp filters", NULL, -error);
}
