package timecraft

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// The length of the queue of connections that wait for Accept; the host's system may have less.
const backlog = 4096

type listener struct {
	file    *os.File
	raw     syscall.RawConn
	network string
	address net.Addr
	tls     *serverTLS // nil in the clear
}

func listenError(network string, address net.Addr, err error) error {
	return &net.OpError{Op: "listen", Net: network, Addr: address, Err: err}
}

func anyIPv4(port uint16) endpoint {
	return endpoint{ip: netip.AddrPortFrom(netip.IPv4Unspecified(), port)}
}

func anyIPv6(port uint16) endpoint {
	return endpoint{ip: netip.AddrPortFrom(netip.IPv6Unspecified(), port)}
}

// listenEndpoints are the addresses to try to listen at: without a host all of IPv6, which on a
// host with both takes IPv4 in, or else all of IPv4.
func listenEndpoints(ctx context.Context, network, address string) ([]endpoint, error) {
	host, service, err := net.SplitHostPort(address)
	if isUnix(network) || err != nil || host != "" {
		all, err := resolve(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return all[:1], nil
	}
	number, err := lookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	switch network {
	case "tcp4", "udp4":
		return []endpoint{anyIPv4(number)}, nil
	case "tcp6", "udp6":
		return []endpoint{anyIPv6(number)}, nil
	case "tcp", "udp":
		return []endpoint{anyIPv6(number), anyIPv4(number)}, nil
	default:
		return nil, net.UnknownNetworkError(network)
	}
}

// bound makes a socket that is bound to an address, and listens if it is for streams.
func bound(ctx context.Context, network, address string, kind uint32, control controlFunc) (int32, net.Addr, error) {
	endpoints, err := listenEndpoints(ctx, network, address)
	if err != nil {
		return -1, nil, listenError(network, nil, err)
	}
	var e endpoint
	for _, e = range endpoints {
		var fd int32
		var own endpoint
		if fd, err = openSocket(e.family(), kind); err != nil {
			continue
		}
		if control != nil {
			err = control(network, address, rawSocket(fd))
		}
		if err == nil {
			own, err = setUpListener(fd, e, kind == typeStream)
		}
		if err == nil {
			return fd, own.netAddr(network), nil
		}
		syscall.Close(int(fd))
		if !errors.Is(err, syscall.EADDRNOTAVAIL) { // a host without IPv6 says that
			break
		}
	}
	return -1, nil, listenError(network, e.netAddr(network), err)
}

// setUpListener binds a socket and, if it is for streams, listens on it. Its own address results.
func setUpListener(fd int32, e endpoint, stream bool) (endpoint, error) {
	if stream && e.ip.IsValid() {
		setNumber(fd, levelSocket, optionReuseAddress, 1)
	}
	if err := bindSocket(fd, e); err != nil {
		return endpoint{}, err
	}
	if stream {
		if err := asError("listen", sock_listen(fd, backlog)); err != nil {
			return endpoint{}, err
		}
	}
	return localEndpoint(fd)
}

func listen(ctx context.Context, network, address string) (net.Listener, error) {
	return listenControlled(ctx, network, address, nil)
}

func listenControlled(ctx context.Context, network, address string, control controlFunc) (net.Listener, error) {
	l, err := listenStream(ctx, network, address, control)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// A rawSocket is a socket before it is bound, for ListenConfig.Control.
type rawSocket int32

func (s rawSocket) Control(f func(fd uintptr)) error {
	f(uintptr(s))
	return nil
}

func (s rawSocket) Read(func(fd uintptr) bool) error  { return syscall.EINVAL }
func (s rawSocket) Write(func(fd uintptr) bool) error { return syscall.EINVAL }

func listenStream(ctx context.Context, network, address string, control controlFunc) (*listener, error) {
	if isDatagram(network) {
		return nil, listenError(network, nil, net.UnknownNetworkError(network))
	}
	fd, own, err := bound(ctx, network, address, typeStream, control)
	if err != nil {
		return nil, err
	}
	l := &listener{file: os.NewFile(uintptr(fd), network), network: network, address: own}
	if l.raw, err = l.file.SyscallConn(); err != nil {
		l.file.Close()
		return nil, listenError(network, own, err)
	}
	return l, nil
}

func (l *listener) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	err = plainError(err)
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: l.network, Addr: l.address, Err: err}
}

func (l *listener) Accept() (net.Conn, error) {
	var accepted int
	var err error
	closed := l.raw.Read(func(fd uintptr) bool {
		accepted, _, err = syscall.Accept(int(fd))
		return err != syscall.EAGAIN
	})
	if closed != nil {
		err = closed
	}
	if err != nil {
		return nil, l.failed("accept", err)
	}
	if err = syscall.SetNonblock(accepted, true); err != nil {
		syscall.Close(accepted)
		return nil, l.failed("setnonblock", err)
	}
	c, err := newConn(int32(accepted), l.network)
	if err != nil {
		return nil, l.failed("accept", err)
	}
	c.connected()
	if l.tls != nil {
		return l.tls.accepted(c), nil
	}
	return c, nil
}

// Close ends the listening. A Unix socket's path goes with it if the guest sees it.
func (l *listener) Close() error {
	err := l.failed("close", l.file.Close())
	if err == nil && l.network == "unix" {
		os.Remove(l.address.String())
	}
	return err
}

func (l *listener) Addr() net.Addr { return l.address }

// SetDeadline limits Accept, as with *net.TCPListener.
func (l *listener) SetDeadline(t time.Time) error {
	return l.failed("set", l.file.SetReadDeadline(t))
}

// SyscallConn gives the descriptor to those who need it.
func (l *listener) SyscallConn() (syscall.RawConn, error) { return l.raw, nil }
