/* <net/if.h> for guests of Timecraft. A guest sees no network interface: both look-ups fail with
 * ENXIO, as POSIX has it for an interface that does not exist. So do the requests of Linux's
 * netdevice(7) that <sys/ioctl.h> has: ioctl() takes none of them. */
#ifndef TIMECRAFT_NET_IF_H
#define TIMECRAFT_NET_IF_H

#define IF_NAMESIZE 16
#define IFNAMSIZ    IF_NAMESIZE

#include <sys/socket.h>

struct ifreq {
    char ifr_name[IFNAMSIZ];
    union {
        struct sockaddr ifr_addr;
        struct sockaddr ifr_dstaddr;
        struct sockaddr ifr_broadaddr;
        struct sockaddr ifr_netmask;
        struct sockaddr ifr_hwaddr;
        short ifr_flags;
        int ifr_ifindex;
        int ifr_metric;
        int ifr_mtu;
    } __ifr;
};
#define ifr_addr      __ifr.ifr_addr
#define ifr_dstaddr   __ifr.ifr_dstaddr
#define ifr_broadaddr __ifr.ifr_broadaddr
#define ifr_netmask   __ifr.ifr_netmask
#define ifr_hwaddr    __ifr.ifr_hwaddr
#define ifr_flags     __ifr.ifr_flags
#define ifr_ifindex   __ifr.ifr_ifindex
#define ifr_metric    __ifr.ifr_metric
#define ifr_mtu       __ifr.ifr_mtu

struct ifconf {
    int ifc_len; /* bytes */
    union {
        char *ifc_buf;
        struct ifreq *ifc_req;
    } __ifc;
};
#define ifc_buf __ifc.ifc_buf
#define ifc_req __ifc.ifc_req

#ifdef __cplusplus
extern "C" {
#endif

unsigned if_nametoindex(const char *);
char *if_indextoname(unsigned, char *);

#ifdef __cplusplus
}
#endif

#endif
