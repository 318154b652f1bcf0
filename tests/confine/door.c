/* A door for tests: what a guest that has broken out of the sandbox could do, native code in the
 * program's own process. It is linked in place of an import, proc_raise, whose number is then an
 * attempt's. An attempt says what came of it on standard output:
 *
 *     refused ERRNO    the kernel refused
 *     reached          it was done
 *
 * or the process is killed. With DOOR_SUPERVISOR, an attempt's number, it is the supervisor of
 * --workers that makes it once it has started its workers, and ends. Attempts are harmless where
 * they succeed. What they try is in the environment: DOOR_OUTSIDE a folder that was not granted,
 * with the file "secret"; DOOR_INSIDE one that was, if any; DOOR_PORT a server that was not,
 * DOOR_PARENT the process of the test, DOOR_UNIX a Unix socket, DOOR_DATAGRAMS one of datagrams,
 * DOOR_FD a descriptor that was inherited.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char path_buffer[4096];

static const char *outside(const char *name) {
    snprintf(path_buffer, sizeof path_buffer, "%s/%s", getenv("DOOR_OUTSIDE"), name);
    return path_buffer;
}

static const char *inside(const char *name) {
    static char buffer[4096];
    snprintf(buffer, sizeof buffer, "%s/%s",
             getenv("DOOR_INSIDE") ? getenv("DOOR_INSIDE") : "/nonexistent", name);
    return buffer;
}

static pid_t parent(void) {
    return (pid_t)atoi(getenv("DOOR_PARENT"));
}

static struct sockaddr_in server(void) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(getenv("DOOR_PORT"))),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* ---- files ---- */

static long open_with(const char *path, int flags) {
    return open(path, flags | O_CLOEXEC, 0600);
}

static long read_secret(void) {
    return open_with(outside("secret"), O_RDONLY);
}
static long write_secret(void) {
    return open_with(outside("secret"), O_WRONLY);
}
static long append_secret(void) {
    return open_with(outside("secret"), O_WRONLY | O_APPEND);
}
static long create_outside(void) {
    return open_with(outside("created"), O_WRONLY | O_CREAT);
}
static long temporary_outside(void) {
    return open_with(getenv("DOOR_OUTSIDE"), O_RDWR | O_TMPFILE);
}
static long read_passwords(void) {
    return open_with("/etc/passwd", O_RDONLY);
}
static long list_root(void) {
    return open_with("/", O_RDONLY | O_DIRECTORY);
}
static long list_outside(void) {
    return open_with(getenv("DOOR_OUTSIDE"), O_RDONLY | O_DIRECTORY);
}
static long own_memory(void) {
    return open_with("/proc/self/mem", O_RDWR);
}
static long own_maps(void) {
    return open_with("/proc/self/maps", O_RDONLY);
}
static long own_environment(void) {
    return open_with("/proc/self/environ", O_RDONLY);
}
static long kernel_settings(void) {
    return open_with("/proc/sys/kernel/hostname", O_WRONLY);
}
static long kernel_log(void) {
    return open_with("/dev/kmsg", O_WRONLY);
}
static long a_terminal(void) {
    return open_with("/dev/ptmx", O_RDWR);
}
static long program_written(void) {
    return open_with("/proc/self/exe", O_RDWR);
}

static long parents_environment(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)parent());
    return open_with(path, O_RDONLY);
}

static long open_by_openat2(void) {
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return syscall(SYS_openat2, AT_FDCWD, outside("secret"), &how, sizeof how);
}

static long truncate_secret(void) {
    return truncate(outside("secret"), 100);
}
static long remove_secret(void) {
    return unlink(outside("removable"));
}
static long make_folder(void) {
    return mkdir(outside("folder"), 0700);
}
static long make_link(void) {
    return symlink("/", outside("link"));
}
static long make_hard_link(void) {
    return link(outside("secret"), inside("stolen"));
}
static long make_fifo(void) {
    return mkfifo(outside("fifo"), 0600);
}
static long make_device(void) {
    return mknod(outside("device"), S_IFCHR | 0600, 0x103);
}
static long change_mode(void) {
    return chmod(outside("secret"), 0644);
}
static long change_owner(void) {
    return chown(outside("secret"), getuid(), getgid());
}
static long change_attribute(void) {
    return setxattr(outside("secret"), "user.door", "x", 1, 0);
}
static long change_folder(void) {
    return chdir("/");
}
static long change_root(void) {
    return chroot(getenv("DOOR_OUTSIDE"));
}
static long watch_files(void) {
    return syscall(SYS_inotify_init1, 0);
}

static long rename_secret(void) {
    char from[4096];
    strcpy(from, outside("renamed"));
    return rename(from, outside("again"));
}

static long file_by_handle(void) {
    struct {
        struct file_handle head;
        char room[128];
    } handle = {.head.handle_bytes = 128};
    int mount;
    return syscall(SYS_name_to_handle_at, AT_FDCWD, outside("secret"), &handle, &mount, 0);
}

/* ---- programs and processes ---- */

static long start_program(void) {
    return execl("/bin/echo", "echo", "reached", NULL);
}

static long start_program_by_descriptor(void) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char *arguments[] = {"self", NULL}, *none[] = {NULL};
    return syscall(SYS_execveat, fd, "/nonexistent", arguments, none, 0);
}

static long end_child(long process) {
    if (process == 0)
        _exit(0);
    return process;
}

static long fork_once(void) {
    return end_child(syscall(SYS_fork));
}
static long clone_process(void) {
    return end_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static long clone_into_namespaces(void) {
    return end_child(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0));
}
static long clone_by_structure(void) {
    uint64_t arguments[11] = {[4] = SIGCHLD};
    return end_child(syscall(SYS_clone3, arguments, sizeof arguments));
}
static long leave_namespaces(void) {
    return unshare(CLONE_NEWUSER);
}
static long enter_namespace(void) {
    return setns(open("/proc/self/ns/uts", O_RDONLY), 0);
}
static long other_user(void) {
    return setuid(getuid());
}
static long other_groups(void) {
    return syscall(SYS_setgid, getgid());
}
static long capabilities(void) {
    uint32_t head[2] = {0x20080522, 0}, data[6];
    return syscall(SYS_capget, head, data);
}
static long new_session(void) {
    return setpgid(0, 0);
}
static long dumpable_again(void) {
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static long loosen_filter(void) {
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
}

static long trace_parent(void) {
    long done = ptrace(PTRACE_SEIZE, parent(), NULL, NULL);
    if (done == 0)
        ptrace(PTRACE_DETACH, parent(), NULL, NULL);
    return done;
}
static long read_parent(void) {
    char byte;
    struct iovec own = {&byte, 1}, other = {&byte, 1};
    long done = process_vm_readv(parent(), &own, 1, &other, 1, 0);
    return done < 0 && errno == EFAULT ? 0 : done; /* it was allowed to look */
}
static long write_own(void) {
    char from = 1, to = 0;
    struct iovec own = {&from, 1}, other = {&to, 1};
    return process_vm_writev(getpid(), &own, 1, &other, 1, 0);
}
static long compare_processes(void) {
    return syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0);
}
static long parents_descriptor(void) {
    long process = syscall(SYS_pidfd_open, parent(), 0);
    return process < 0 ? process : syscall(SYS_pidfd_getfd, process, 0, 0);
}
static long signal_parent(void) {
    return kill(parent(), 0);
}
static long signal_parents_thread(void) {
    return syscall(SYS_tgkill, parent(), parent(), 0);
}
static long queue_signal(void) {
    siginfo_t info = {.si_code = SI_QUEUE};
    return syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info);
}
static long handle_the_walls_signal(void) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    return sigaction(SIGSYS, &action, NULL);
}
static long parents_limits(void) {
    struct rlimit limit;
    return prlimit(parent(), RLIMIT_NOFILE, NULL, &limit);
}
static long parents_priority(void) {
    return setpriority(PRIO_PROCESS, (id_t)parent(), 0);
}
static long real_time(void) {
    struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_BATCH, &none);
}

/* ---- memory ---- */

static long mapped(void *at) {
    return at == MAP_FAILED ? -1 : 0;
}
static long executable_memory(void) {
    return mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static long executable_file(void) {
    return mapped(
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0));
}
static long made_executable(void) {
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(at, 4096, PROT_READ | PROT_EXEC);
}
static long made_executable_with_key(void) {
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return syscall(SYS_pkey_mprotect, at, 4096, PROT_READ | PROT_EXEC, -1);
}
static long own_code_writable(void) {
    uintptr_t page = (uintptr_t)own_code_writable & ~(uintptr_t)4095;
    return mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}
static long memory_file(void) {
    return memfd_create("door", 0);
}
static long shared_memory(void) {
    return shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) < 0 ? -1 : 0;
}
static long read_implies_execute(void) {
    return personality(0xffffffff);
}
static long handle_faults(void) {
    return syscall(SYS_userfaultfd, 1 | O_CLOEXEC);
}
static long memory_of_hosts(void) {
    return open_with("/dev/mem", O_RDONLY);
}

/* ---- sockets ---- */

static long open_socket(int family, int type, int protocol) {
    return socket(family, type, protocol);
}
static long raw_socket(void) {
    return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static long packet_socket(void) {
    return open_socket(AF_PACKET, SOCK_RAW, 0);
}
static long netlink_socket(void) {
    return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}
static long vm_socket(void) {
    return open_socket(40 /* AF_VSOCK */, SOCK_STREAM, 0);
}
static long crypto_socket(void) {
    return open_socket(38 /* AF_ALG */, SOCK_SEQPACKET, 0);
}
static long unix_socket(void) {
    return open_socket(AF_UNIX, SOCK_STREAM, 0);
}
static long ping_socket(void) {
    return open_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}
static long multipath_socket(void) {
    return open_socket(AF_INET, SOCK_STREAM, 262);
}

static long connect_elsewhere(void) {
    struct sockaddr_in to = server();
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
static long connect_by_sending(void) {
    struct sockaddr_in to = server();
    return sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to,
                  sizeof to);
}
static long connect_to_path(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, getenv("DOOR_UNIX"), sizeof to.sun_path - 1);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
static long datagrams_by_pair(void) {
    int pair[2];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, getenv("DOOR_DATAGRAMS"), sizeof to.sun_path - 1);
    return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0
               ? -1
               : sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, sizeof to);
}
static long listen_elsewhere(void) {
    struct sockaddr_in at = server();
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1); /* where that port is free */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return bind(fd, (struct sockaddr *)&at, sizeof at);
}
static long serve(void) {
    return listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}
static long send_datagram(void) {
    struct sockaddr_in to = server();
    return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&to, sizeof to);
}
static long filter_packets(void) {
    struct sock_filter {
        uint16_t code;
        uint8_t jt, jf;
        uint32_t k;
    } all = {6, 0, 0, 0xffff};
    struct {
        unsigned short length;
        struct sock_filter *code;
    } program = {1, &all};
    return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                      sizeof program);
}
static long bind_to_device(void) {
    return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
}
static long inherited(void) {
    char byte;
    return pread(atoi(getenv("DOOR_FD")), &byte, 1, 0);
}
static long owner_of_descriptor(void) {
    return fcntl(1, F_SETOWN, getpid());
}
static long push_into_terminal(void) {
    return ioctl(0, TIOCSTI, "x");
}

/* ---- the kernel ---- */

static long own_ring(void) {
    struct io_uring_params parameters = {0};
    return syscall(SYS_io_uring_setup, 4, &parameters);
}

/* The engine's ring, where there is one. */
static struct io_uring *ring;
int __real_io_uring_queue_init_params(unsigned entries, struct io_uring *made,
                                      struct io_uring_params *parameters);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *made,
                                      struct io_uring_params *parameters);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *made,
                                      struct io_uring_params *parameters) {
    ring = made;
    return __real_io_uring_queue_init_params(entries, made, parameters);
}

void __real_io_uring_queue_exit(struct io_uring *made);
void __wrap_io_uring_queue_exit(struct io_uring *made);
void __wrap_io_uring_queue_exit(struct io_uring *made) {
    ring = NULL; /* the kernel did not have all that is needed */
    __real_io_uring_queue_exit(made);
}

static long by_ring(struct io_uring_sqe *entry) {
    struct io_uring_cqe *completion;
    io_uring_sqe_set_data64(entry, 0);
    int error = io_uring_submit_and_wait(ring, 1);
    if (error < 0 || io_uring_wait_cqe(ring, &completion) < 0)
        return errno = -error, -1;
    int result = completion->res;
    io_uring_cqe_seen(ring, completion);
    return result < 0 ? (errno = -result, -1) : result;
}

static long open_by_ring(void) {
    if (!ring)
        return errno = ENXIO, -1;
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    io_uring_prep_openat(entry, AT_FDCWD, outside("secret"), O_RDONLY, 0);
    return by_ring(entry);
}
static long connect_by_ring(void) {
    static struct sockaddr_in to;
    to = server();
    if (!ring)
        return errno = ENXIO, -1;
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    io_uring_prep_connect(entry, socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to,
                          sizeof to);
    return by_ring(entry);
}
static long socket_by_ring(void) {
    if (!ring)
        return errno = ENXIO, -1;
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    io_uring_prep_socket(entry, AF_UNIX, SOCK_STREAM, 0, 0);
    return by_ring(entry);
}
static long register_with_ring(void) {
    if (!ring)
        return errno = ENXIO, -1;
    int files[] = {1};
    return syscall(SYS_io_uring_register, ring->ring_fd, IORING_REGISTER_FILES, files, 1);
}

static long load_program(void) {
    return syscall(SYS_bpf, 0, NULL, 0);
}
static long watch_events(void) {
    uint32_t attributes[32] = {1, 128, 1};
    return syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}
static long keyring(void) {
    return syscall(SYS_keyctl, 0, -3, 0);
}
static long add_to_keyring(void) {
    return syscall(SYS_add_key, "user", "door", "x", (size_t)1, -2);
}
static long ask_keyring(void) {
    return syscall(SYS_request_key, "user", "door", NULL, 0);
}
static long load_module(void) {
    return syscall(SYS_init_module, NULL, 0, "");
}
static long load_module_file(void) {
    return syscall(SYS_finit_module, -1, "", 0);
}
static long remove_module(void) {
    return syscall(SYS_delete_module, "door", O_NONBLOCK);
}
static long new_kernel(void) {
    return syscall(SYS_kexec_load, 0, 0, NULL, ~0ul);
}
static long restart_machine(void) {
    return syscall(SYS_reboot, 0, 0, 0, NULL);
}
static long read_log(void) {
    return syscall(SYS_syslog, 10, NULL, 0) < 0 ? -1 : 0;
}
static long mount_something(void) {
    return mount("none", getenv("DOOR_OUTSIDE"), "nosuchfs", 0, "");
}
static long unmount(void) {
    return umount2(getenv("DOOR_OUTSIDE"), 0);
}
static long new_mount(void) {
    return syscall(SYS_fsopen, "tmpfs", 1);
}
static long open_mount(void) {
    return syscall(SYS_open_tree, AT_FDCWD, "/", O_CLOEXEC);
}
static long set_clock(void) {
    return syscall(SYS_clock_settime, 0, NULL);
}
static long set_name(void) {
    return syscall(SYS_sethostname, "", -1L);
}
static long start_accounting(void) {
    return acct("/nonexistent");
}
static long use_swap(void) {
    return syscall(SYS_swapon, "/nonexistent", 0);
}
static long ports_of_hardware(void) {
    return syscall(SYS_iopl, 4);
}
static long message_queue(void) {
    return syscall(SYS_mq_open, "door", O_RDONLY, 0, NULL);
}
static long landlock_again(void) {
    return syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);
}
static long filter_again(void) {
    return syscall(SYS_seccomp, 2 /* GET_ACTION_AVAIL */, 0, &(uint32_t){0});
}

/* Calls of other architectures that the same processor has. */
static long call_of_32_bits(void) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(20 /* getpid */)
                     : "memory", "r8", "r9", "r10", "r11");
    return result < 0 ? (errno = (int)-result, -1) : result;
#else
    return errno = ENOSYS, -1;
#endif
}
static long call_of_x32(void) {
    return syscall(0x40000000 | 39);
}

/* ---- what is granted ---- */

static long read_inside(void) {
    return open_with(inside("file"), O_RDONLY);
}
static long write_inside(void) {
    return open_with(inside("written"), O_WRONLY | O_CREAT);
}
static long connect_granted(void) {
    struct sockaddr_in to = server();
    to.sin_port = htons((uint16_t)atoi(getenv("DOOR_GRANTED_PORT")));
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
static long execute_inside(void) {
    return execl(inside("program"), "program", NULL);
}

#define ATTEMPT(name)                                                                              \
    { #name, name }
static const struct attempt {
    const char *name;
    long (*make)(void);
} attempts[] = {
    ATTEMPT(read_secret),
    ATTEMPT(write_secret),
    ATTEMPT(append_secret),
    ATTEMPT(create_outside),
    ATTEMPT(temporary_outside),
    ATTEMPT(read_passwords),
    ATTEMPT(list_root),
    ATTEMPT(list_outside),
    ATTEMPT(own_memory),
    ATTEMPT(own_maps),
    ATTEMPT(own_environment),
    ATTEMPT(kernel_settings),
    ATTEMPT(kernel_log),
    ATTEMPT(a_terminal),
    ATTEMPT(program_written),
    ATTEMPT(parents_environment),
    ATTEMPT(open_by_openat2),
    ATTEMPT(truncate_secret),
    ATTEMPT(remove_secret),
    ATTEMPT(make_folder),
    ATTEMPT(make_link),
    ATTEMPT(make_hard_link),
    ATTEMPT(make_fifo),
    ATTEMPT(make_device),
    ATTEMPT(change_mode),
    ATTEMPT(change_owner),
    ATTEMPT(change_attribute),
    ATTEMPT(change_folder),
    ATTEMPT(change_root),
    ATTEMPT(watch_files),
    ATTEMPT(rename_secret),
    ATTEMPT(file_by_handle),
    ATTEMPT(start_program),
    ATTEMPT(start_program_by_descriptor),
    ATTEMPT(fork_once),
    ATTEMPT(clone_process),
    ATTEMPT(clone_into_namespaces),
    ATTEMPT(clone_by_structure),
    ATTEMPT(leave_namespaces),
    ATTEMPT(enter_namespace),
    ATTEMPT(other_user),
    ATTEMPT(other_groups),
    ATTEMPT(capabilities),
    ATTEMPT(new_session),
    ATTEMPT(dumpable_again),
    ATTEMPT(loosen_filter),
    ATTEMPT(trace_parent),
    ATTEMPT(read_parent),
    ATTEMPT(write_own),
    ATTEMPT(compare_processes),
    ATTEMPT(parents_descriptor),
    ATTEMPT(signal_parent),
    ATTEMPT(signal_parents_thread),
    ATTEMPT(queue_signal),
    ATTEMPT(handle_the_walls_signal),
    ATTEMPT(parents_limits),
    ATTEMPT(parents_priority),
    ATTEMPT(real_time),
    ATTEMPT(executable_memory),
    ATTEMPT(executable_file),
    ATTEMPT(made_executable),
    ATTEMPT(made_executable_with_key),
    ATTEMPT(own_code_writable),
    ATTEMPT(memory_file),
    ATTEMPT(shared_memory),
    ATTEMPT(read_implies_execute),
    ATTEMPT(handle_faults),
    ATTEMPT(memory_of_hosts),
    ATTEMPT(raw_socket),
    ATTEMPT(packet_socket),
    ATTEMPT(netlink_socket),
    ATTEMPT(vm_socket),
    ATTEMPT(crypto_socket),
    ATTEMPT(unix_socket),
    ATTEMPT(ping_socket),
    ATTEMPT(multipath_socket),
    ATTEMPT(connect_elsewhere),
    ATTEMPT(connect_by_sending),
    ATTEMPT(connect_to_path),
    ATTEMPT(datagrams_by_pair),
    ATTEMPT(listen_elsewhere),
    ATTEMPT(serve),
    ATTEMPT(send_datagram),
    ATTEMPT(filter_packets),
    ATTEMPT(bind_to_device),
    ATTEMPT(inherited),
    ATTEMPT(owner_of_descriptor),
    ATTEMPT(push_into_terminal),
    ATTEMPT(own_ring),
    ATTEMPT(open_by_ring),
    ATTEMPT(connect_by_ring),
    ATTEMPT(socket_by_ring),
    ATTEMPT(register_with_ring),
    ATTEMPT(load_program),
    ATTEMPT(watch_events),
    ATTEMPT(keyring),
    ATTEMPT(add_to_keyring),
    ATTEMPT(ask_keyring),
    ATTEMPT(load_module),
    ATTEMPT(load_module_file),
    ATTEMPT(remove_module),
    ATTEMPT(new_kernel),
    ATTEMPT(restart_machine),
    ATTEMPT(read_log),
    ATTEMPT(mount_something),
    ATTEMPT(unmount),
    ATTEMPT(new_mount),
    ATTEMPT(open_mount),
    ATTEMPT(set_clock),
    ATTEMPT(set_name),
    ATTEMPT(start_accounting),
    ATTEMPT(use_swap),
    ATTEMPT(ports_of_hardware),
    ATTEMPT(message_queue),
    ATTEMPT(landlock_again),
    ATTEMPT(filter_again),
    ATTEMPT(call_of_32_bits),
    ATTEMPT(call_of_x32),
    ATTEMPT(execute_inside),
    ATTEMPT(read_inside),
    ATTEMPT(write_inside),
    ATTEMPT(connect_granted),
};
enum { ATTEMPTS = sizeof attempts / sizeof *attempts };

static int make_attempt(uint32_t number) {
    char line[128];
    int length = 0;
    if (number == 0) /* the list */
        for (size_t i = 0; i < ATTEMPTS; i++)
            dprintf(1, "%s\n", attempts[i].name);
    if (number == 0 || number > ATTEMPTS)
        return 0;
    errno = 0;
    if (attempts[number - 1].make() >= 0)
        length = snprintf(line, sizeof line, "reached\n");
    else
        length = snprintf(line, sizeof line, "refused %s\n", strerrorname_np(errno));
    return write(1, line, (size_t)length) < 0;
}

uint32_t __wrap_tc_wasi_proc_raise(void *wasi, uint32_t number);
uint32_t __wrap_tc_wasi_proc_raise(void *wasi, uint32_t number) {
    (void)wasi;
    return getenv("DOOR_SUPERVISOR") ? poll(NULL, 0, -1) < 0 : (uint32_t)make_attempt(number);
}

/* The supervisor asks it of itself, behind its wall, and has no connection. */
int __real_tc_service_control(void);
int __wrap_tc_service_control(void);
int __wrap_tc_service_control(void) {
    int control = __real_tc_service_control();
    if (control < 0 && getenv("DOOR_SUPERVISOR")) {
        make_attempt((uint32_t)atoi(getenv("DOOR_SUPERVISOR")));
        _exit(0);
    }
    return control;
}
