/* Preloaded into a program: how io_submit(2) and io_getevents(2) fare, by DIRECT:
 *
 *   none    io_setup(2) is not there
 *   refuse  nothing is taken, as by a file system that has no such writing
 *   fail    it is taken and not written, and ends with EIO
 *   short   half of it is written
 *   stuck   it is taken and not written, and never ends
 *
 * and else as the kernel has it. On descriptor 9, at the end: how many blocks were taken. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    unsigned taken, waiting;
    struct iocb blocks[64];
} aio;

static int is(const char *mode) {
    return strcmp(getenv("DIRECT"), mode) == 0;
}

static long fail(int error) {
    errno = error;
    return -1;
}

static long submit(struct iocb **blocks) {
    if (is("refuse"))
        return fail(EINVAL);
    aio.blocks[aio.waiting++ % 64] = *blocks[0];
    aio.taken++;
    return 1;
}

static long get_events(struct io_event *events) {
    long count = 0;
    for (; aio.waiting && !is("stuck"); count++) {
        const struct iocb *block = &aio.blocks[--aio.waiting % 64];
        size_t size = block->aio_nbytes / 2;
        const void *from = (const void *)(size_t)block->aio_buf;
        events[count] = (struct io_event){.data = block->aio_data, .res = -EIO};
        if (is("short"))
            events[count].res = pwrite((int)block->aio_fildes, from, size, block->aio_offset);
    }
    return count;
}

long syscall(long number, ...) {
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_io_setup && is("none"))
        return fail(ENOSYS);
    int invented = is("refuse") || is("fail") || is("short") || is("stuck");
    if (number == SYS_io_submit && invented)
        return submit((struct iocb **)arguments[2]);
    if (number == SYS_io_getevents && invented)
        return get_events((struct io_event *)arguments[3]);
    long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long result = real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                       arguments[5]);
    aio.taken += number == SYS_io_submit && result == 1;
    return result;
}

__attribute__((destructor)) static void tell(void) {
    dprintf(9, "%u\n", aio.taken);
}
