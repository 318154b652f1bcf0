// run: --dir {tmp}::/ --dir /dev::/dev
// setup: mkfifo fifo && cp "$(command -v sleep)" busy
// setup: ./busy 20 >/dev/null 2>&1 & echo $! >pid
// check: kill $(cat pid)
/* What only the host knows keeps its errno: no reader, no room on the device, a program that runs,
 * what cannot be synchronised. */
#include "wasi_raw.h"

#define DEV 4u

int main(void) {
    u32 fd, done = 9;
    EXPECT(ENXIO, open_at(ROOT, "fifo", 0, R_WRITE, F_NONBLOCK, &fd));
    EXPECT(ETXTBSY, open_at(ROOT, "busy", 0, R_WRITE, 0, &fd));
    OK(open_at(ROOT, "busy", 0, R_READ, 0, &fd));
    OK(fd_close(fd));

    OK(open_at(DEV, "full", 0, R_WRITE | R_SYNC | R_DATASYNC, 0, &fd));
    EXPECT(ENOSPC, write_text(fd, "text", &done));
    EXPECT(EINVAL, fd_sync(fd));
    EXPECT(EINVAL, fd_datasync(fd));
    OK(fd_close(fd));
    return finish();
}
