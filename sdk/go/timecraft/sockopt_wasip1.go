package timecraft

import "syscall"

// The host's numbers of options that the socket extension has none for, as in the C header
// timecraft/options.h, by level and name.
var linuxOptions = map[[2]int]uint32{
	{SOL_SOCKET, SO_REUSEPORT}:            64,
	{SOL_SOCKET, SO_PRIORITY}:             65,
	{SOL_SOCKET, SO_SNDLOWAT}:             66,
	{SOL_SOCKET, SO_DEBUG}:                67,
	{IPPROTO_TCP, TCP_MAXSEG}:             70,
	{IPPROTO_TCP, TCP_CORK}:               71,
	{IPPROTO_TCP, TCP_KEEPIDLE}:           72,
	{IPPROTO_TCP, TCP_KEEPINTVL}:          73,
	{IPPROTO_TCP, TCP_KEEPCNT}:            74,
	{IPPROTO_TCP, TCP_SYNCNT}:             75,
	{IPPROTO_TCP, TCP_LINGER2}:            76,
	{IPPROTO_TCP, TCP_DEFER_ACCEPT}:       77,
	{IPPROTO_TCP, TCP_WINDOW_CLAMP}:       78,
	{IPPROTO_TCP, TCP_QUICKACK}:           80,
	{IPPROTO_TCP, TCP_USER_TIMEOUT}:       82,
	{IPPROTO_TCP, TCP_FASTOPEN}:           83,
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT}:      84,
	{IPPROTO_IP, IP_TOS}:                  90,
	{IPPROTO_IP, IP_TTL}:                  91,
	{IPPROTO_IP, IP_MTU_DISCOVER}:         92,
	{IPPROTO_IP, IP_MTU}:                  93,
	{IPPROTO_IP, IP_MINTTL}:               94,
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT}: 95,
	{IPPROTO_IP, IP_MULTICAST_TTL}:        97,
	{IPPROTO_IP, IP_MULTICAST_LOOP}:       98,
	{IPPROTO_IP, IP_MULTICAST_ALL}:        99,
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS}:     110,
	{IPPROTO_IPV6, IPV6_MULTICAST_IF}:     111,
	{IPPROTO_IPV6, IPV6_MULTICAST_HOPS}:   112,
	{IPPROTO_IPV6, IPV6_MULTICAST_LOOP}:   113,
	{IPPROTO_IPV6, IPV6_MTU_DISCOVER}:     116,
	{IPPROTO_IPV6, IPV6_MTU}:              117,
	{IPPROTO_IPV6, IPV6_V6ONLY}:           118,
	{IPPROTO_IPV6, IPV6_MULTICAST_ALL}:    119,
	{IPPROTO_IPV6, IPV6_DONTFRAG}:         120,
	{IPPROTO_IPV6, IPV6_TCLASS}:           121,
}

func hostOption(level, name int) (hostLevel, hostName uint32, ok bool) {
	number, ok := linuxOptions[[2]int{level, name}]
	return levelTimecraft, number, ok
}

func setsockoptInt(fd uintptr, level, name, value int) error {
	hostLevel, hostName, ok := hostOption(level, name)
	if !ok {
		return asError("setsockopt", syscall.ENOPROTOOPT)
	}
	return asError("setsockopt", setNumber(int32(fd), hostLevel, hostName, uint32(int32(value))))
}

func getsockoptInt(fd uintptr, level, name int) (int, error) {
	hostLevel, hostName, ok := hostOption(level, name)
	if !ok {
		return 0, asError("getsockopt", syscall.ENOPROTOOPT)
	}
	value, errno := getNumber(int32(fd), hostLevel, hostName)
	return int(int32(value)), asError("getsockopt", errno)
}
