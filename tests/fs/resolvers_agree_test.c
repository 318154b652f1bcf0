/* The kernel's path resolution and our own give the same file or the same errno, on random paths
 * through a tree with folders, files and symbolic links of every sort. What the kernel calls a way
 * out, the walk does too.
 */
#include "../../rt/fs/resolve.c"

#include <stdio.h>

static const char *const folders[] = {"a", "a/b", "a/b/c", "d", "d/e", "a/d"};
static const char *const files[] = {"f", "a/f", "a/b/f", "d/e/f"};
static const char *const links[][2] = {
    {"x", ".."},
    {"a/x", ".."},
    {"a/b/x", "../.."},
    {"y", "a"},
    {"a/y", "b/c"},
    {"d/y", "../a"},
    {"z", "z"},
    {"a/z", "../z"},
    {"l", "f"},
    {"a/l", "b/f/"},
    {"d/l", "nowhere"},
    {"w", "/etc"},
    {"a/w", "/"},
    {"m", "y/y/../../f"},
    {"a/m", "../a/./y//"},
    {"d/m", "../../box/f"},
    {"d/e/m", "../../y"},
    {"n", "d/y/b/x/l"},
    {"a/n", "."},
    {"a/b/n", "./x/../f"},
    {"o", "d/./e/m/y/"},
    {"d/o", "../o/../b/f"},
    {"d/e/o", "../../../x"},
};

static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % limit);
}

static void make_tree(int root) {
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdirat(root, folders[i], 0755))
            perror(folders[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        close(openat(root, files[i], O_CREAT | O_WRONLY, 0644));
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i][1], root, links[i][0]))
            perror(links[i][0]);
}

/* One to eight components, sometimes with odd slashes. */
static void make_path(char path[static 64]) {
    static const char *const parts[] = {"a", "b", "c", "d", "e",  "f",  "l", "m", "n", "o", "w",
                                        "x", "y", "z", ".", "..", "..", "a", "y", "q", "d", "x"};
    path[0] = '\0';
    if (random_below(200) == 0)
        strcat(path, "/");
    unsigned count = 1 + random_below(8);
    for (unsigned i = 0; i < count; i++) {
        strcat(path, parts[random_below(sizeof parts / sizeof *parts)]);
        if (i + 1 < count || random_below(6) == 0)
            strcat(path, random_below(8) ? "/" : "//");
    }
}

/* Which file a result stands for: its inode, or the errno. */
static int64_t identity(int result) {
    struct stat status;
    if (result < 0)
        return result;
    int64_t inode = fstat(result, &status) ? 0 : (int64_t)status.st_ino;
    close(result);
    return inode;
}

static int compare_open(int root, const char *path, int flags) {
    int64_t kernel = identity(openat2_beneath(root, path, flags, 0644));
    int64_t walked = identity(walk_open(root, path, flags, 0644));
    if (kernel == walked)
        return 0;
    fprintf(stderr, "open %s with %#x: the kernel says %lld, the walk %lld\n", path,
            (unsigned)flags, (long long)kernel, (long long)walked);
    return 1;
}

static int64_t place_identity(int result, tc_place *place) {
    if (result < 0)
        return result;
    int folder = dup(place->folder);
    tc_place_reset(place);
    return identity(folder);
}

static int compare_place(int root, const char *path) {
    tc_place kernel_place = {.name = ""}, walked_place = {.name = ""};
    int64_t kernel = place_identity(openat2_place(root, path, &kernel_place), &kernel_place);
    int64_t walked = place_identity(walk_place(root, path, false, &walked_place), &walked_place);
    if (kernel == walked && strcmp(kernel_place.name, walked_place.name) == 0)
        return 0;
    fprintf(stderr, "place %s: the kernel says %lld %s, the walk %lld %s\n", path,
            (long long)kernel, kernel_place.name, (long long)walked, walked_place.name);
    return 1;
}

int main(void) {
    static const int flags[] = {O_PATH,
                                O_PATH | O_NOFOLLOW,
                                O_PATH | O_DIRECTORY,
                                O_RDONLY,
                                O_RDONLY | O_NOFOLLOW,
                                O_RDONLY | O_DIRECTORY,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                O_RDWR,
                                O_WRONLY | O_TRUNC,
                                O_WRONLY | O_CREAT | O_EXCL};
    char folder[] = "/tmp/resolvers-XXXXXX", path[64], command[64];
    if (!kernel_resolves()) {
        puts("skipped: this kernel has no openat2");
        return 77;
    }
    if (!mkdtemp(folder) || chdir(folder) || mkdir("box", 0755))
        return 1;
    int root = open("box", O_PATH | O_DIRECTORY), failures = 0;
    make_tree(root);
    for (int i = 0; i < 30000 && failures < 20; i++) {
        make_path(path);
        int flag = flags[random_below(sizeof flags / sizeof *flags)];
        if ((flag & O_CREAT) && random_below(4))
            continue;
        if (flag & O_CREAT) { /* must find the same twice, so nothing may be made */
            int found = openat2_beneath(root, path, O_PATH | O_NOFOLLOW, 0);
            if (found == -ENOENT)
                continue;
            if (found >= 0)
                close(found);
        }
        failures += compare_open(root, path, flag) + compare_place(root, path);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) || failures;
}
