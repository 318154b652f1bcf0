/* The wall around the programs that a build starts. A module can be made to attack wasm2c, or a
 * compiler by the C that is made of it: behind the wall they see the work folder and the toolchain,
 * write in the work folder only, reach no network and no other process, and end in time.
 *
 * What a compiler calls is not known, so that it is refused what none does (confine/never.def).
 */
#include "base/base.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/filter.h"
#include "confine/landlock.h"

#define GIB (UINT64_C(1) << 30)

/* Of one program: its time on a processor in seconds, its address space, and a file that it writes.
 * The longest known builds need a tenth of that. */
#define TIME_MOST   7200
#define MEMORY_MOST (64 * GIB)
#define FILE_MOST   (32 * GIB)

static struct {
    tc_wall how;
    tc_words seen; /* files and folders that may be read and started */
} wall = {.how = TC_WALL_NONE};

void tc_wall_set(tc_wall how) {
    wall.how = how;
}

void tc_wall_show(const char *path) {
    tc_words_add(&wall.seen, "%s", path);
}

/* "/opt/llvm/bin/clang" needs /opt/llvm; what lies elsewhere, its own folder. */
void tc_wall_show_program(const char *path) {
    char *real = realpath(path, NULL);
    char *folder = tc_path_directory(real ? real : path);
    char *above = tc_path_directory(folder);
    const char *home = getenv("HOME");
    bool is_prefix = strcmp(tc_path_name(folder), "bin") == 0 && strcmp(above, "/") != 0 &&
                     (!home || strcmp(above, home) != 0);
    tc_wall_show(is_prefix ? above : folder);
    free(above);
    free(folder);
    free(real);
}

static const char *const system_paths[] = {"/usr",
                                           "/bin",
                                           "/lib",
                                           "/lib32",
                                           "/lib64",
                                           "/libx32",
                                           "/nix",
                                           "/gnu",
                                           "/etc/alternatives",
                                           "/etc/ld.so.cache",
                                           "/etc/ld.so.conf",
                                           "/etc/ld.so.conf.d",
                                           "/etc/ld.so.preload",
                                           "/proc/cpuinfo",
                                           "/proc/meminfo",
                                           "/sys/devices/system/cpu"};
static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/urandom"};

static const tc_rule no_sockets[] = {
    {SYS_socket, SECCOMP_RET_ERRNO | EACCES, {{TC_IF_ALWAYS, 0, 0, 0}}},
};

static bool restrict_places(const char *work) {
    tc_landlock rules;
    if (!tc_landlock_begin(&rules, TC_LANDLOCK_BIND | TC_LANDLOCK_CONNECT))
        return false;
    for (size_t i = 0; i < sizeof system_paths / sizeof *system_paths; i++)
        tc_landlock_allow(&rules, system_paths[i], TC_LANDLOCK_READ | TC_LANDLOCK_EXECUTE);
    for (size_t i = 0; i < wall.seen.count; i++)
        tc_landlock_allow(&rules, wall.seen.items[i], TC_LANDLOCK_READ | TC_LANDLOCK_EXECUTE);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        tc_landlock_allow(&rules, devices[i], TC_LANDLOCK_READ_FILE | TC_LANDLOCK_WRITE);
    return (!work || tc_landlock_allow(&rules, work, TC_LANDLOCK_CHANGE)) &&
           tc_landlock_enforce(&rules);
}

static void limit(int resource, uint64_t most) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && most < now.rlim_max) {
        now.rlim_cur = now.rlim_max = (rlim_t)most;
        setrlimit((__rlimit_resource_t)resource, &now);
    }
}

int tc_wall_enter(const char *work) {
    if (wall.how == TC_WALL_NONE)
        return 0;
    limit(RLIMIT_CPU, TIME_MOST);
#ifndef __SANITIZE_ADDRESS__ /* whose programs reserve terabytes */
    limit(RLIMIT_AS, MEMORY_MOST);
#endif
    limit(RLIMIT_FSIZE, FILE_MOST);
    limit(RLIMIT_CORE, 0);
    errno = 0;
    bool whole = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    whole = restrict_places(work) && whole;
    whole = tc_filter_refuse(no_sockets, sizeof no_sockets / sizeof *no_sockets) == 0 && whole;
    return whole || wall.how != TC_WALL_REQUIRED ? 0 : errno ? errno : EOPNOTSUPP;
}
