package timecraft

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// A conn is a connected stream socket. The Go runtime's poller waits for it, through the os.File
// that the descriptor belongs to.
type conn struct {
	file          *os.File
	raw           syscall.RawConn
	network       string
	local, remote net.Addr
	tls           *hostTLS // nil in the clear
}

// newConn takes over a descriptor.
func newConn(fd int32, network string) (*conn, error) {
	c := &conn{file: os.NewFile(uintptr(fd), network), network: network}
	raw, err := c.file.SyscallConn()
	if err != nil {
		c.file.Close()
		return nil, err
	}
	c.raw = raw
	return c, nil
}

// connected notes the addresses, and sets what package net sets on its connections. A peer that has
// gone already has no address any more; that is for the first read to tell.
func (c *conn) connected() {
	controlRaw(c.raw, func(fd int32) error {
		local, _ := localEndpoint(fd)
		remote, _ := peerEndpoint(fd)
		c.local, c.remote = local.netAddr(c.network), remote.netAddr(c.network)
		if !isUnix(c.network) {
			setNumber(fd, levelTCP, optionNoDelay, 1)
			setNumber(fd, levelSocket, optionKeepAlive, 1)
		}
		return nil
	})
}

// controlRaw runs a function on the descriptor.
func controlRaw(raw syscall.RawConn, action func(fd int32) error) error {
	var err error
	if closed := raw.Control(func(fd uintptr) { err = action(int32(fd)) }); closed != nil {
		return plainError(closed)
	}
	return err
}

// plainError is an error of os.File or its RawConn as package net would have it: without the
// file's name around it, and net.ErrClosed if it says that the file is closed.
func plainError(err error) error {
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	// What RawConn says about a closed file has no name outside the standard library.
	if errors.Is(err, os.ErrClosed) || err.Error() == "use of closed file" {
		return net.ErrClosed
	}
	return err
}

// failed makes a net.OpError of what went wrong in op, but for the end of what is read.
func (c *conn) failed(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	err = plainError(err)
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, errno)
		if c.tls != nil {
			err = c.tls.explain(c, errno)
		}
	}
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.file.Read(b)
	return n, c.failed("read", err)
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.file.Write(b)
	return n, c.failed("write", err)
}

func (c *conn) Close() error { return c.failed("close", c.file.Close()) }

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error { return c.failed("set", c.file.SetDeadline(t)) }

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.failed("set", c.file.SetReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.failed("set", c.file.SetWriteDeadline(t))
}

// SyscallConn gives the descriptor to those who need it.
func (c *conn) SyscallConn() (syscall.RawConn, error) { return c.raw, nil }

// CloseRead and CloseWrite close one direction. The end of what is written reaches the peer as the
// end of the stream, in TLS with its goodbye (close_notify).
func (c *conn) CloseRead() error  { return c.shutdown(syscall.SHUT_RD) }
func (c *conn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

func (c *conn) shutdown(how int) error {
	var err error
	closed := c.raw.Write(func(fd uintptr) bool {
		err = syscall.Shutdown(int(fd), how)
		return err != syscall.EAGAIN // TLS has something left to send first
	})
	if closed != nil {
		err = closed
	}
	return c.failed("shutdown", err)
}

func (c *conn) set(level, name, value uint32) error {
	return c.failed("set", controlRaw(c.raw, func(fd int32) error {
		return asError("setsockopt", setNumber(fd, level, name, value))
	}))
}

// As with *net.TCPConn. SetNoDelay is on at first.
func (c *conn) SetNoDelay(on bool) error   { return c.set(levelTCP, optionNoDelay, number(on)) }
func (c *conn) SetKeepAlive(on bool) error { return c.set(levelSocket, optionKeepAlive, number(on)) }
func (c *conn) SetReadBuffer(bytes int) error {
	return c.set(levelSocket, optionReceiveBuffer, uint32(bytes))
}
func (c *conn) SetWriteBuffer(bytes int) error {
	return c.set(levelSocket, optionSendBuffer, uint32(bytes))
}

// SetLinger is as with *net.TCPConn: a negative number of seconds turns it off.
func (c *conn) SetLinger(seconds int) error {
	value := struct{ on, seconds int32 }{int32(number(seconds >= 0)), int32(max(seconds, 0))}
	return c.failed("set", controlRaw(c.raw, func(fd int32) error {
		return asError("setsockopt", sock_setsockopt(fd, levelSocket, optionLinger,
			unsafe.Pointer(&value), uint32(unsafe.Sizeof(value))))
	}))
}

func number(on bool) uint32 {
	if on {
		return 1
	}
	return 0
}

// await waits until done says so, asked at first and whenever the socket becomes writable, or
// until the context ends. The error is then the context's.
func (c *conn) await(ctx context.Context, done func(fd int32) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.file.SetWriteDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	err := c.raw.Write(func(fd uintptr) bool { return done(int32(fd)) })
	if !stop() {
		<-interrupted
		c.file.SetWriteDeadline(time.Time{})
		if err != nil {
			return ctx.Err()
		}
	}
	if err != nil {
		return plainError(err)
	}
	return nil
}
