package timecraft

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// A packetConn is a datagram socket, connected or not.
type packetConn struct {
	file    *os.File
	raw     syscall.RawConn
	network string
	local   net.Addr
	remote  net.Addr // nil if it is not connected
}

func newPacketConn(fd int32, network string, local, remote net.Addr) (*packetConn, error) {
	c := &packetConn{file: os.NewFile(uintptr(fd), network), network: network, local: local,
		remote: remote}
	raw, err := c.file.SyscallConn()
	if err != nil {
		c.file.Close()
		return nil, err
	}
	c.raw = raw
	if !isUnix(network) {
		setNumber(fd, levelSocket, optionBroadcast, 1) // as in package net
	}
	return c, nil
}

// dialPacket connects a datagram socket: it sends to one address, and receives from it alone.
func dialPacket(network string, local *endpoint, remote endpoint) (net.Conn, error) {
	address := remote.netAddr(network)
	fd, err := openSocket(remote.family(), typeDatagram)
	if err != nil {
		return nil, dialError(network, address, err)
	}
	if local != nil {
		err = bindSocket(fd, local.like(remote))
	}
	if err == nil {
		err = asError("connect", connectSocket(fd, remote))
	}
	var own endpoint
	if err == nil {
		own, err = localEndpoint(fd)
	}
	if err != nil {
		syscall.Close(int(fd))
		return nil, dialError(network, address, err)
	}
	c, err := newPacketConn(fd, network, own.netAddr(network), address)
	if err != nil {
		return nil, dialError(network, address, err)
	}
	return c, nil
}

func listenPacket(ctx context.Context, network, address string, control controlFunc) (net.PacketConn, error) {
	if !isDatagram(network) {
		return nil, listenError(network, nil, net.UnknownNetworkError(network))
	}
	fd, own, err := bound(ctx, network, address, typeDatagram, control)
	if err != nil {
		return nil, err
	}
	c, err := newPacketConn(fd, network, own, nil)
	if err != nil {
		return nil, listenError(network, own, err)
	}
	return c, nil
}

func (c *packetConn) failed(op string, remote net.Addr, err error) error {
	if err == nil {
		return nil
	}
	err = plainError(err)
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: remote, Err: err}
}

// receive waits for a datagram. One that is longer than the buffer is cut.
func (c *packetConn) receive(b []byte) (n int, from endpoint, err error) {
	var errno syscall.Errno
	err = c.raw.Read(func(fd uintptr) bool {
		n, from, errno = receiveFrom(int32(fd), b)
		return errno != syscall.EAGAIN
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return n, from, c.failed("read", c.remote, err)
}

func (c *packetConn) Read(b []byte) (int, error) {
	n, _, err := c.receive(b)
	return n, err
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.receive(b)
	if err != nil {
		return 0, nil, err
	}
	return n, from.netAddr(c.network), nil
}

// ReadFromUDPAddrPort is as with *net.UDPConn.
func (c *packetConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.receive(b)
	return n, from.ip, err
}

func (c *packetConn) Write(b []byte) (int, error) {
	if c.remote == nil {
		return 0, c.failed("write", nil, syscall.EDESTADDRREQ)
	}
	n, err := c.file.Write(b)
	return n, c.failed("write", c.remote, err)
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	e, err := endpointOf(to)
	if err != nil {
		return 0, c.failed("write", to, err)
	}
	return c.send(b, e, to)
}

// WriteToUDPAddrPort is as with *net.UDPConn.
func (c *packetConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

// reachable is the address in the form that this socket's family has for it: an IPv6 socket
// reaches IPv4 through mapped addresses.
func (c *packetConn) reachable(e endpoint) endpoint {
	if own, ok := c.local.(*net.UDPAddr); ok && own.IP.To4() == nil && e.family() == familyInet4 {
		e.ip = netip.AddrPortFrom(netip.AddrFrom16(e.ip.Addr().As16()), e.ip.Port())
	}
	return e
}

func (c *packetConn) send(b []byte, to endpoint, address net.Addr) (int, error) {
	var n int
	var errno syscall.Errno
	if c.remote != nil {
		return 0, c.failed("write", address, net.ErrWriteToConnected)
	}
	err := c.raw.Write(func(fd uintptr) bool {
		n, errno = sendTo(int32(fd), b, c.reachable(to))
		return errno != syscall.EAGAIN
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return n, c.failed("write", address, err)
}

func (c *packetConn) Close() error         { return c.failed("close", c.remote, c.file.Close()) }
func (c *packetConn) LocalAddr() net.Addr  { return c.local }
func (c *packetConn) RemoteAddr() net.Addr { return c.remote }

func (c *packetConn) SetDeadline(t time.Time) error {
	return c.failed("set", c.remote, c.file.SetDeadline(t))
}

func (c *packetConn) SetReadDeadline(t time.Time) error {
	return c.failed("set", c.remote, c.file.SetReadDeadline(t))
}

func (c *packetConn) SetWriteDeadline(t time.Time) error {
	return c.failed("set", c.remote, c.file.SetWriteDeadline(t))
}

// SyscallConn gives the descriptor to those who need it.
func (c *packetConn) SyscallConn() (syscall.RawConn, error) { return c.raw, nil }
