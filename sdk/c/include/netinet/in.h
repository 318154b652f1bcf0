/* <netinet/in.h> for guests of Timecraft: wasi-libc's header, and the protocol numbers (IANA,
 * "Protocol Numbers") that it hides. */
#include_next <netinet/in.h>

#ifndef TIMECRAFT_NETINET_IN_H
#define TIMECRAFT_NETINET_IN_H

#ifndef IPPROTO_IGMP
#define IPPROTO_IGMP 2
#endif
#ifndef IPPROTO_ICMPV6
#define IPPROTO_ICMPV6 58
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

#endif
