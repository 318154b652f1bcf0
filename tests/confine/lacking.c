/* lacking PART... -- PROGRAM ARGUMENT...: runs a program as on a kernel that lacks parts of the
 * wall: landlock, seccomp, or restrictions (of io_uring). */
#include <errno.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RETURN(answer)  BPF_STMT(BPF_RET | BPF_K, answer)
#define LOAD(member)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define UNLESS(k, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip)

static int fail_with(struct sock_filter *code, unsigned short count) {
    struct sock_fprog program = {count, code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int lack(const char *part) {
    struct sock_filter landlock[] = {LOAD(nr), UNLESS(444 /* landlock_create_ruleset */, 1),
                                     RETURN(SECCOMP_RET_ERRNO | ENOSYS), RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter filters[] = {LOAD(nr), UNLESS(SYS_seccomp, 1),
                                    RETURN(SECCOMP_RET_ERRNO | EINVAL), RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter restrictions[] = {LOAD(nr),
                                         UNLESS(SYS_io_uring_register, 3),
                                         LOAD(args[1]),
                                         UNLESS(IORING_REGISTER_RESTRICTIONS, 1),
                                         RETURN(SECCOMP_RET_ERRNO | EINVAL),
                                         RETURN(SECCOMP_RET_ALLOW)};
    if (strcmp(part, "landlock") == 0)
        return fail_with(landlock, sizeof landlock / sizeof *landlock);
    if (strcmp(part, "seccomp") == 0)
        return fail_with(filters, sizeof filters / sizeof *filters);
    if (strcmp(part, "restrictions") == 0)
        return fail_with(restrictions, sizeof restrictions / sizeof *restrictions);
    return -1;
}

int main(int argc, char **argv) {
    int at = 1;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (; at < argc && strcmp(argv[at], "--") != 0; at++)
        if (lack(argv[at]) < 0) {
            perror(argv[at]);
            return 125;
        }
    if (at + 1 >= argc)
        return 125;
    execv(argv[at + 1], argv + at + 1);
    perror(argv[at + 1]);
    return 125;
}
