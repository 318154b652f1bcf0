/* <sys/ioctl.h> for guests of Timecraft: wasi-libc's header, and the requests for network
 * interfaces of Linux's netdevice(7), which fail with EINVAL: a guest sees no interface. */
#include_next <sys/ioctl.h>

#ifndef TIMECRAFT_SYS_IOCTL_H
#define TIMECRAFT_SYS_IOCTL_H

#define SIOCGIFNAME    0x8910
#define SIOCGIFCONF    0x8912
#define SIOCGIFFLAGS   0x8913
#define SIOCGIFADDR    0x8915
#define SIOCGIFBRDADDR 0x8919
#define SIOCGIFNETMASK 0x891b
#define SIOCGIFMETRIC  0x891d
#define SIOCGIFMTU     0x8921
#define SIOCGIFHWADDR  0x8927
#define SIOCGIFINDEX   0x8933

#endif
