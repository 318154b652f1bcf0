package timecraft

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func isUnix(network string) bool { return strings.HasPrefix(network, "unix") }

func isDatagram(network string) bool {
	return strings.HasPrefix(network, "udp") || network == "unixgram"
}

// resolve gives the endpoints that an address of package net stands for, at least one.
func resolve(ctx context.Context, network, address string) ([]endpoint, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
	case "unix", "unixgram":
		return []endpoint{{path: address}}, nil
	default:
		return nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := lookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" { // this host, as for package net
		host = "127.0.0.1"
		if strings.HasSuffix(network, "6") {
			host = "::1"
		}
	}
	ips, err := lookup(ctx, wantedFamily(network), host)
	if err != nil {
		return nil, err
	}
	all := make([]endpoint, len(ips))
	for i, ip := range ips {
		all[i].ip = netip.AddrPortFrom(ip, port)
	}
	return all, nil
}

func wantedFamily(network string) uint32 {
	switch network[len(network)-1] {
	case '4':
		return familyInet4
	case '6':
		return familyInet6
	default:
		return familyUnspec
	}
}

func lookupPort(ctx context.Context, network, service string) (uint16, error) {
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	return uint16(port), err
}

// lookup gives the addresses of a host in the resolver's order. A literal is its own address.
func lookup(ctx context.Context, family uint32, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		switch {
		case ip.Zone() != "":
			return nil, &net.AddrError{Err: "zones are not supported", Addr: host}
		case family == familyInet4 && !ip.Is4(), family == familyInet6 && !ip.Is6():
			return nil, &net.AddrError{Err: "no suitable address", Addr: host}
		}
		return []netip.Addr{ip}, nil
	}
	ips, errno, err := askHost(ctx, family, host)
	if err != nil {
		return nil, err
	}
	switch errno {
	case 0:
		return ips, nil
	case syscall.ENOENT:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case syscall.EACCES:
		return nil, os.NewSyscallError("getaddrinfo", errno)
	default:
		return nil, &net.DNSError{Err: errno.Error(), Name: host, IsTemporary: errno == syscall.EAGAIN}
	}
}

const mostAddresses = 32

// hostAddressInfo is a node of the list that the host fills. The guest has allocated the list and
// what its nodes point to.
type hostAddressInfo struct {
	flags           uint16
	family          uint8
	kind            uint8
	protocol        uint32
	addressLength   uint32
	address         uint32 // of a hostSocketAddress
	canonical       uint32
	canonicalLength uint32
	next            uint32
}

type hostSocketAddress struct {
	family     uint32
	dataLength uint32
	data       uint32 // of a port in network order, then 4 or 16 bytes of address
}

const socketDataSize = 26

const (
	// The host does not wait for an answer, but says EINPROGRESS, so that other goroutines can run.
	// It is asked again after a while that gets longer.
	hintNoWait       = 0x8000
	shortestPatience = 250 * time.Microsecond
	longestPatience  = 20 * time.Millisecond
)

// What one question at a time uses; see shared.
var resolver struct {
	sync.Mutex
	first     uint32
	hints     hostAddressInfo
	nodes     [mostAddresses]hostAddressInfo
	addresses [mostAddresses]hostSocketAddress
	data      [mostAddresses][socketDataSize]byte
}

func prepareResolver(family uint32) {
	resolver.hints = hostAddressInfo{flags: hintNoWait, family: uint8(family), kind: typeStream}
	for i := range resolver.nodes {
		resolver.nodes[i] = hostAddressInfo{address: address32(unsafe.Pointer(&resolver.addresses[i]))}
		resolver.addresses[i] = hostSocketAddress{
			dataLength: socketDataSize, data: address32(unsafe.Pointer(&resolver.data[i]))}
		if i > 0 {
			resolver.nodes[i-1].next = address32(unsafe.Pointer(&resolver.nodes[i]))
		}
	}
	resolver.first = address32(unsafe.Pointer(&resolver.nodes[0]))
}

// askHost has the host resolve a name. The error is the context's, if that ends first.
func askHost(ctx context.Context, family uint32, name string) ([]netip.Addr, syscall.Errno, error) {
	if strings.IndexByte(name, 0) >= 0 {
		return nil, syscall.ENOENT, nil
	}
	for patience := shortestPatience; ; patience = min(2*patience, longestPatience) {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		ips, errno := askHostOnce(family, name)
		if errno != syscall.EINPROGRESS {
			return ips, errno, nil
		}
		timer := time.NewTimer(patience)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// askHostOnce gives EINPROGRESS while the host looks the name up.
func askHostOnce(family uint32, name string) ([]netip.Addr, syscall.Errno) {
	resolver.Lock()
	defer resolver.Unlock()
	prepareResolver(family)
	var count uint32
	errno := sock_getaddrinfo(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), nil, 0,
		unsafe.Pointer(&resolver.hints), unsafe.Pointer(&resolver.first), mostAddresses,
		unsafe.Pointer(&count))
	if errno != 0 {
		return nil, errno
	}
	var ips []netip.Addr
	for i := range resolver.data[:min(count, mostAddresses)] {
		data := resolver.data[i][2:]
		switch resolver.addresses[i].family {
		case familyInet4:
			ips = append(ips, netip.AddrFrom4([4]byte(data[:4])))
		case familyInet6:
			ips = append(ips, netip.AddrFrom16([16]byte(data[:16])))
		}
	}
	if len(ips) == 0 {
		return nil, syscall.ENOENT
	}
	return ips, 0
}
