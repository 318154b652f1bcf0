/* <net/if.h> for guests of Timecraft. A guest sees no network interface: both look-ups fail with
 * ENXIO, as POSIX has it for an interface that does not exist. */
#ifndef TIMECRAFT_NET_IF_H
#define TIMECRAFT_NET_IF_H

#define IF_NAMESIZE 16
#define IFNAMSIZ    IF_NAMESIZE

#ifdef __cplusplus
extern "C" {
#endif

unsigned if_nametoindex(const char *);
char *if_indextoname(unsigned, char *);

#ifdef __cplusplus
}
#endif

#endif
