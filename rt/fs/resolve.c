/* Path resolution that cannot leave the folder it starts from, in two ways with one outcome:
 *
 *  - openat2(2) with RESOLVE_BENEATH, where the kernel has it (5.6) and the container allows it;
 *  - a walk of our own, a component at a time. A folder is opened with O_PATH | O_NOFOLLOW, so what
 *    was looked at is what is entered; the text of a symbolic link is put in front of the rest of
 *    the path; `..` goes back to the folder that was walked through, never to the kernel. Whatever
 *    is renamed or swapped meanwhile, every descriptor on the stack was reached from the root by
 *    names without a link.
 *
 * TIMECRAFT_FS=walk in the host's environment chooses the walk, for tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/internal.h"

/* As Linux has it: path_resolution(7). */
#define MAX_LINKS 40

/* How often a name is looked at again that somebody swaps between two looks. */
#define MAX_SWAPS 100

static int open_at(int folder, const char *name, int flags, mode_t mode) {
    int fd;
    do
        fd = openat(folder, name, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* ---- the walk ---- */

typedef struct walk {
    int root;
    int *stack; /* the folders walked into below the root; owned */
    size_t depth;
    size_t capacity;
    unsigned links;
    unsigned swaps;
    char pending[2 * PATH_MAX]; /* the rest of the path */
} walk;

static int current_folder(const walk *walk) {
    return walk->depth ? walk->stack[walk->depth - 1] : walk->root;
}

static void leave_folder(walk *walk) {
    close(walk->stack[--walk->depth]);
}

static void walk_reset(walk *walk) {
    while (walk->depth)
        leave_folder(walk);
    free(walk->stack);
}

static int enter_folder(walk *walk, int fd) {
    if (walk->depth == walk->capacity) {
        size_t capacity = walk->capacity ? 2 * walk->capacity : 16;
        int *stack = realloc(walk->stack, capacity * sizeof *stack);
        if (!stack) {
            close(fd);
            return -ENOMEM;
        }
        walk->stack = stack;
        walk->capacity = capacity;
    }
    walk->stack[walk->depth++] = fd;
    return 0;
}

/* One component, and what comes after it in `pending`. */
typedef struct component {
    char name[NAME_MAX + 1];
    const char *rest; /* with its leading slashes */
    bool last;        /* nothing follows, slashes at most */
    bool slash;       /* slashes follow */
} component;

/* Reads the first component of `pending`. False at the end of the path; -ENAMETOOLONG. */
static int next_component(const walk *walk, component *out) {
    const char *start = walk->pending + strspn(walk->pending, "/");
    size_t length = strcspn(start, "/");
    if (length == 0)
        return 0;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(out->name, start, length);
    out->name[length] = '\0';
    out->rest = start + length;
    out->slash = *out->rest == '/';
    out->last = out->rest[strspn(out->rest, "/")] == '\0';
    return 1;
}

static void skip_component(walk *walk, const component *component) {
    memmove(walk->pending, component->rest, strlen(component->rest) + 1);
}

/* Puts the text of the symbolic link `name` (of `folder`, or `folder` itself if the name is empty)
 * in the place of the component. -EINVAL: it is no link. */
static int expand_link(walk *walk, int folder, const char *name, const component *component) {
    char expanded[sizeof walk->pending];
    ssize_t length = readlinkat(folder, name, expanded, sizeof expanded - 1);
    if (length < 0)
        return -errno;
    if (++walk->links > MAX_LINKS)
        return -ELOOP;
    if (length == 0)
        return -ENOENT;
    if (expanded[0] == '/')
        return -EPERM;
    size_t rest = strlen(component->rest);
    if ((size_t)length + rest >= sizeof expanded)
        return -ENAMETOOLONG;
    memcpy(expanded + length, component->rest, rest + 1);
    memcpy(walk->pending, expanded, (size_t)length + rest + 1);
    return 0;
}

/* Goes into a component that must be a folder, or replaces a link by its text. */
static int descend(walk *walk, const component *component) {
    struct stat status;
    int fd = open_at(current_folder(walk), component->name, O_PATH | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    int result = fstat(fd, &status) ? -errno : 0;
    if (result == 0 && S_ISDIR(status.st_mode)) {
        skip_component(walk, component);
        return enter_folder(walk, fd);
    }
    if (result == 0)
        result = S_ISLNK(status.st_mode) ? expand_link(walk, fd, "", component) : -ENOTDIR;
    close(fd);
    return result;
}

static int walk_start(walk *walk, int root, const char *path) {
    size_t length = strlen(path);
    *walk = (struct walk){.root = root};
    if (length == 0)
        return -ENOENT;
    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    if (path[0] == '/')
        return -EPERM;
    memcpy(walk->pending, path, length + 1);
    return 0;
}

/* Walks up to the last component. 1: *last holds it; 0: the path ended in the current folder, with
 * "." or ".." or a trailing slash; or -errno. With `keep_dots`, dots at the end are a last
 * component too, after the check that ".." does not lead out; and so is a name with a slash after
 * it. */
static int walk_to_last(walk *walk, bool keep_dots, component *last) {
    for (;;) {
        int found = next_component(walk, last);
        if (found <= 0)
            return found;
        bool up = strcmp(last->name, "..") == 0;
        bool dots = up || strcmp(last->name, ".") == 0;
        if (up && walk->depth == 0)
            return -EPERM;
        if (last->last && (keep_dots || !(dots || last->slash)))
            return 1;
        if (!dots) {
            int result = descend(walk, last);
            if (result)
                return result;
            continue;
        }
        if (up)
            leave_folder(walk);
        skip_component(walk, last);
    }
}

/* Opens the last component, which is not followed: 1 with *fd, 0 after a link was replaced by its
 * text, or -errno. */
static int open_last(walk *walk, const component *last, int flags, mode_t mode, int *fd) {
    int folder = current_folder(walk);
    *fd = open_at(folder, last->name, flags | O_NOFOLLOW, mode);
    bool follow = !(flags & O_NOFOLLOW);
    if (*fd >= 0 && follow && (flags & O_PATH)) {
        /* O_PATH opens a link itself. */
        struct stat status;
        if (fstat(*fd, &status) == 0 && S_ISLNK(status.st_mode)) {
            int result = expand_link(walk, *fd, "", last);
            close(*fd);
            return result;
        }
    }
    if (*fd >= 0)
        return 1;
    /* A link that is not followed gives ELOOP, or ENOTDIR where O_DIRECTORY is set: open(2). */
    if (!follow || (*fd != -ELOOP && *fd != -ENOTDIR))
        return *fd;
    int result = expand_link(walk, folder, last->name, last);
    if (result != -EINVAL && result != -ENOENT)
        return result;
    /* No link (any more). */
    return *fd == -ENOTDIR || ++walk->swaps > MAX_SWAPS ? *fd : 0;
}

static int walk_place(int root, const char *path, bool follow, tc_place *out);

/* What open(2) answers to O_CREAT with a slash after a name, if there is a folder to create it in.
 */
static int refuse_to_create_folder(int root, const char *path) {
    tc_place place;
    int result = walk_place(root, path, false, &place);
    if (result)
        return result;
    tc_place_reset(&place);
    bool dots = strcmp(place.name, "./") == 0 || strcmp(place.name, "../") == 0;
    return dots ? 0 : -EISDIR;
}

static int walk_open(int root, const char *path, int flags, mode_t mode) {
    walk walk;
    component last;
    int fd = -1;
    int result = walk_start(&walk, root, path);
    if (result == 0 && (flags & O_CREAT) && path[strlen(path) - 1] == '/')
        result = refuse_to_create_folder(root, path);
    while (result == 0) {
        result = walk_to_last(&walk, false, &last);
        if (result == 1)
            result = open_last(&walk, &last, flags, mode, &fd);
        else if (result == 0) {
            fd = open_at(current_folder(&walk), ".", flags & ~O_NOFOLLOW, mode);
            result = fd < 0 ? fd : 1;
        }
    }
    walk_reset(&walk);
    return result < 0 ? result : fd;
}

/* Stores the last component as a place. */
static int set_place(tc_place *place, int folder, bool owned, const char *name, bool slash) {
    place->folder = folder;
    place->owned = owned;
    size_t length = strlen(name);
    memcpy(place->name, name, length + 1);
    if (slash)
        strcpy(place->name + length, "/");
    return 0;
}

static int walk_place(int root, const char *path, bool follow, tc_place *out) {
    walk walk;
    component last;
    int result = walk_start(&walk, root, path);
    while (result == 0) {
        result = walk_to_last(&walk, true, &last);
        if (result != 1 || !follow)
            break;
        result = expand_link(&walk, current_folder(&walk), last.name, &last);
        if (result == -EINVAL)
            result = 1; /* no link: this is the place */
    }
    if (result == 0) /* can not be: a path that is walked has a last component */
        result = -ENOENT;
    if (result == 1) {
        int folder = fcntl(current_folder(&walk), F_DUPFD_CLOEXEC, 0);
        result = folder < 0 ? -errno : set_place(out, folder, true, last.name, last.slash);
    }
    walk_reset(&walk);
    return result;
}

/* ---- openat2 ---- */

static int openat2_beneath(int root, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    /* EAGAIN: something was renamed while `..` was looked at, so the kernel can not be sure. */
    for (int attempt = 0; attempt < MAX_SWAPS; attempt++) {
        long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno == EXDEV) /* a way out */
            return -EPERM;
        if (errno != EINTR && errno != EAGAIN)
            return -errno;
    }
    return walk_open(root, path, flags, mode);
}

/* Old kernels answer ENOSYS, some containers' seccomp filters EPERM. */
static bool kernel_resolves(void) {
    static enum { UNKNOWN, NO, YES } answer;
    if (answer == UNKNOWN) {
        const char *choice = getenv("TIMECRAFT_FS");
        struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
        long fd = choice && strcmp(choice, "walk") == 0
                      ? -1
                      : syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
        answer = fd < 0 ? NO : YES;
        if (fd >= 0)
            close((int)fd);
    }
    return answer == YES;
}

/* ---- what the rest of fs/ calls ---- */

int tc_resolve_open(int root, const char *path, int flags, mode_t mode) {
    if (kernel_resolves())
        return openat2_beneath(root, path, flags, mode);
    return walk_open(root, path, flags, mode);
}

/* Splits "a/b/c//" into the folder "a/b" ("." if there is none), the name "c" and a slash. */
static int split(const char *path, char folder[static PATH_MAX], char name[static NAME_MAX + 1],
                 bool *slash) {
    size_t end = strlen(path);
    size_t length = end;
    while (length > 0 && path[length - 1] == '/')
        length--;
    *slash = length < end;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (length - start > NAME_MAX || end >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(name, path + start, length - start);
    name[length - start] = '\0';
    memcpy(folder, path, start);
    folder[start] = '\0';
    return 0;
}

static int openat2_place(int root, const char *path, tc_place *out) {
    char folder[PATH_MAX];
    char name[NAME_MAX + 1];
    bool slash;
    if (path[0] == '/')
        return -EPERM;
    int result = split(path, folder, name, &slash);
    if (result)
        return result;
    if (strcmp(name, "..") == 0) {
        int parent = openat2_beneath(root, path, O_PATH | O_DIRECTORY, 0);
        if (parent < 0)
            return parent;
        close(parent);
    }
    if (folder[0] == '\0')
        return set_place(out, root, false, name, slash);
    int fd = openat2_beneath(root, folder, O_PATH | O_DIRECTORY, 0);
    return fd < 0 ? fd : set_place(out, fd, true, name, slash);
}

int tc_resolve_place(int root, const char *path, bool follow, tc_place *out) {
    if (kernel_resolves() && !follow)
        return openat2_place(root, path, out);
    return walk_place(root, path, follow, out);
}

void tc_place_reset(tc_place *place) {
    if (place->owned)
        close(place->folder);
}
