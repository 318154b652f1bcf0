/* What an observer may ask of the state behind the imports; of sockets: observe_sockets.c. */
#include "wasi/observe.h"

#include <sys/stat.h>

#include "wasi/internal.h"

tc_wasi_view tc_wasi_observe(const tc_wasi *wasi) {
    return (tc_wasi_view){
        .options = wasi->options,
        .memory = &wasi->memory,
        .argc = wasi->argc,
        .argv = wasi->argv,
        .envc = wasi->envc,
        .envv = wasi->envv,
    };
}

bool tc_wasi_observe_file(tc_wasi *wasi, uint32_t fd, tc_wasi_file_view *out) {
    const tc_fd *found = tc_fdtable_get(&wasi->fds, fd);
    if (!found || found->kind != TC_FD_FILE)
        return false;
    const tc_file *file = found->file;
    *out = (tc_wasi_file_view){
        .folder = S_ISDIR(file->type),
        .preopen = file->preopen,
        .standard = file->standard ? file->fd : -1,
        .path = file->preopen ? file->grant->guest : NULL,
    };
    return true;
}
