/* The wasi_snapshot_preview1 imports: each checks what the guest passed, hands the work to fs/,
 * net/ or io/, and answers with a WASI errno.
 *
 * Types and numbers are those of the WASI preview 1 document (WebAssembly/WASI,
 * legacy/preview1/docs.md). The imports' C names are in imports.def.
 *
 * May use: net/, fs/, io/, guest/ and options/. main.c puts them together.
 */
#ifndef TC_WASI_H
#define TC_WASI_H

#include <stdint.h>

typedef struct tc_wasi tc_wasi;

uint32_t tc_wasi_args_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_args_sizes_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_environ_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_environ_sizes_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_clock_res_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_clock_time_get(tc_wasi *wasi, uint32_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_advise(tc_wasi *wasi, uint32_t, uint64_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_allocate(tc_wasi *wasi, uint32_t, uint64_t, uint64_t);
uint32_t tc_wasi_fd_close(tc_wasi *wasi, uint32_t);
uint32_t tc_wasi_fd_datasync(tc_wasi *wasi, uint32_t);
uint32_t tc_wasi_fd_fdstat_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_fdstat_set_flags(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_fdstat_set_rights(tc_wasi *wasi, uint32_t, uint64_t, uint64_t);
uint32_t tc_wasi_fd_filestat_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_filestat_set_size(tc_wasi *wasi, uint32_t, uint64_t);
uint32_t tc_wasi_fd_filestat_set_times(tc_wasi *wasi, uint32_t, uint64_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_pread(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_prestat_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_prestat_dir_name(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_fd_pwrite(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_read(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_fd_readdir(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
uint32_t tc_wasi_fd_renumber(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_seek(tc_wasi *wasi, uint32_t, uint64_t, uint32_t, uint32_t);
uint32_t tc_wasi_fd_sync(tc_wasi *wasi, uint32_t);
uint32_t tc_wasi_fd_tell(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_fd_write(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_create_directory(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_filestat_get(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_filestat_set_times(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t,
                                         uint64_t, uint64_t, uint32_t);
uint32_t tc_wasi_path_link(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                           uint32_t, uint32_t);
uint32_t tc_wasi_path_open(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                           uint64_t, uint64_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_readlink(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                               uint32_t);
uint32_t tc_wasi_path_remove_directory(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_rename(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                             uint32_t);
uint32_t tc_wasi_path_symlink(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_path_unlink_file(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_poll_oneoff(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);
void tc_wasi_proc_exit(tc_wasi *wasi, uint32_t);
uint32_t tc_wasi_proc_raise(tc_wasi *wasi, uint32_t);
uint32_t tc_wasi_random_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_sched_yield(tc_wasi *wasi);
uint32_t tc_wasi_sock_recv(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                           uint32_t);
uint32_t tc_wasi_sock_send(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_shutdown(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_sock_accept(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_accept_v1(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_sock_open(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_bind(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_connect(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_listen(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_sock_send_to(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                              uint32_t, uint32_t);
uint32_t tc_wasi_sock_recv_from_v1(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                                   uint32_t, uint32_t);
uint32_t tc_wasi_sock_recv_from(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                                uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getsockopt(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_setsockopt(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getlocaladdr_v1(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getlocaladdr(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getpeeraddr_v1(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getpeeraddr(tc_wasi *wasi, uint32_t, uint32_t, uint32_t);
uint32_t tc_wasi_sock_getaddrinfo(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                                  uint32_t, uint32_t, uint32_t);

/* Of wasi_unstable, where preview 1 differs. */
uint32_t tc_wasi_unstable_fd_seek(tc_wasi *wasi, uint32_t, uint64_t, uint32_t, uint32_t);
uint32_t tc_wasi_unstable_fd_filestat_get(tc_wasi *wasi, uint32_t, uint32_t);
uint32_t tc_wasi_unstable_path_filestat_get(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t,
                                            uint32_t);
uint32_t tc_wasi_unstable_poll_oneoff(tc_wasi *wasi, uint32_t, uint32_t, uint32_t, uint32_t);

#endif
