package timecraft

// Options of sockets by their names and numbers on Linux, for SetsockoptInt and GetsockoptInt. What
// they do is in socket(7), tcp(7), ip(7) and ipv6(7).
const (
	SOL_SOCKET   = 1
	IPPROTO_IP   = 0
	IPPROTO_TCP  = 6
	IPPROTO_IPV6 = 41

	SO_REUSEPORT = 15
	SO_PRIORITY  = 12
	SO_SNDLOWAT  = 19
	SO_DEBUG     = 1

	TCP_MAXSEG        = 2
	TCP_CORK          = 3
	TCP_KEEPIDLE      = 4
	TCP_KEEPINTVL     = 5
	TCP_KEEPCNT       = 6
	TCP_SYNCNT        = 7
	TCP_LINGER2       = 8
	TCP_DEFER_ACCEPT  = 9
	TCP_WINDOW_CLAMP  = 10
	TCP_QUICKACK      = 12
	TCP_USER_TIMEOUT  = 18
	TCP_FASTOPEN      = 23
	TCP_NOTSENT_LOWAT = 25

	IP_TOS                  = 1
	IP_TTL                  = 2
	IP_MTU_DISCOVER         = 10
	IP_MTU                  = 14
	IP_MINTTL               = 21
	IP_BIND_ADDRESS_NO_PORT = 24
	IP_MULTICAST_TTL        = 33
	IP_MULTICAST_LOOP       = 34
	IP_MULTICAST_ALL        = 49

	IPV6_UNICAST_HOPS   = 16
	IPV6_MULTICAST_IF   = 17
	IPV6_MULTICAST_HOPS = 18
	IPV6_MULTICAST_LOOP = 19
	IPV6_MTU_DISCOVER   = 23
	IPV6_MTU            = 24
	IPV6_V6ONLY         = 26
	IPV6_MULTICAST_ALL  = 29
	IPV6_DONTFRAG       = 62
	IPV6_TCLASS         = 67
)

// SetsockoptInt sets an option of a socket, whose descriptor is what SyscallConn's or ListenConfig's
// RawConn gives. Options that the host does not know are syscall.ENOPROTOOPT.
func SetsockoptInt(fd uintptr, level, name, value int) error {
	return setsockoptInt(fd, level, name, value)
}

// GetsockoptInt gets one.
func GetsockoptInt(fd uintptr, level, name int) (int, error) {
	return getsockoptInt(fd, level, name)
}
