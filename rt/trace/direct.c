#include "trace/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    int fd;                /* -1: there is none */
    aio_context_t context; /* 0: not made yet */
    unsigned count;        /* under way */
    size_t sizes[TC_DIRECT_MOST];
} direct = {.fd = -1};

/* The same file: between two looks at a path it may be another one. */
static bool is_same(int fd, int other) {
    struct stat one, two;
    return fstat(fd, &one) == 0 && fstat(other, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

bool tc_direct_open(const char *path, int fd) {
    direct.fd = open(path, O_WRONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC);
    if (direct.fd < 0)
        return false;
    if (is_same(direct.fd, fd))
        return true;
    tc_direct_close();
    return false;
}

bool tc_direct_write(const void *from, size_t size, uint64_t offset, unsigned number) {
    struct iocb block = {.aio_data = number,
                         .aio_lio_opcode = IOCB_CMD_PWRITE,
                         .aio_fildes = (uint32_t)direct.fd,
                         .aio_buf = (uint64_t)(uintptr_t)from,
                         .aio_nbytes = size,
                         .aio_offset = (int64_t)offset},
                *blocks[] = {&block};
    if (direct.fd < 0 || number >= TC_DIRECT_MOST ||
        (!direct.context && syscall(SYS_io_setup, TC_DIRECT_MOST, &direct.context) < 0) ||
        syscall(SYS_io_submit, direct.context, 1, blocks) != 1)
        return false;
    direct.sizes[number] = size;
    direct.count++;
    return true;
}

size_t tc_direct_done(tc_direct_end ends[TC_DIRECT_MOST], bool wait) {
    struct io_event events[TC_DIRECT_MOST];
    struct timespec now = {0, 0};
    long got;
    if (!direct.count)
        return 0;
    do
        got = syscall(SYS_io_getevents, direct.context, wait ? 1 : 0, TC_DIRECT_MOST, events,
                      wait ? NULL : &now);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return 0;
    for (long i = 0; i < got; i++) {
        unsigned number = (unsigned)events[i].data;
        ends[i] = (tc_direct_end){number, events[i].res == (int64_t)direct.sizes[number]};
    }
    direct.count -= (unsigned)got;
    return (size_t)got;
}

/* The context stays, for it takes as long to end it as for the process to end with it. */
void tc_direct_close(void) {
    if (direct.fd >= 0)
        close(direct.fd);
    direct.fd = -1;
}
