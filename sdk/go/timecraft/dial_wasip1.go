package timecraft

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	// How long the preferred family has the connecting for itself (RFC 6555, 5.5 has 150 to 250 ms;
	// package net has this).
	defaultFallbackDelay = 300 * time.Millisecond
	// An address is given no less than this, however many wait for their turn.
	leastPatience = 2 * time.Second
)

// dialError is a failed attempt to connect, to one address or (nil) to none yet.
func dialError(network string, remote net.Addr, err error) error {
	if inner := (*net.OpError)(nil); errors.As(err, &inner) && inner.Op == "dial" {
		return err
	}
	return &net.OpError{Op: "dial", Net: network, Addr: remote, Err: err}
}

// dial connects to the first address that answers.
func (d *Dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	remotes, err := resolve(ctx, network, address)
	if err != nil {
		return nil, dialError(network, nil, err)
	}
	var local *endpoint
	if d.LocalAddr != nil {
		e, err := endpointOf(d.LocalAddr)
		if err != nil {
			return nil, dialError(network, d.LocalAddr, err)
		}
		local = &e
	}
	if isDatagram(network) {
		return dialPacket(network, local, remotes[0])
	}
	preferred, others := splitFamilies(remotes)
	connect := func(ctx context.Context, remotes []endpoint) (*conn, error) {
		return connectFirst(ctx, network, local, remotes)
	}
	if len(others) == 0 || d.FallbackDelay < 0 {
		return asConn(connect(ctx, remotes))
	}
	delay := d.FallbackDelay
	if delay == 0 {
		delay = defaultFallbackDelay
	}
	return asConn(race(ctx, delay, preferred, others, connect))
}

// asConn keeps a nil *conn from becoming a net.Conn that is not nil.
func asConn(c *conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// splitFamilies takes those addresses apart that are not of the first one's family.
func splitFamilies(all []endpoint) (preferred, others []endpoint) {
	for _, e := range all {
		if e.family() == all[0].family() {
			preferred = append(preferred, e)
		} else {
			others = append(others, e)
		}
	}
	return preferred, others
}

// race tries the preferred addresses, and the others too when the preferred have failed or their
// delay is over. The first connection wins; the error is the preferred addresses'.
func race(ctx context.Context, delay time.Duration, preferred, others []endpoint,
	connect func(context.Context, []endpoint) (*conn, error)) (*conn, error) {
	type outcome struct {
		conn  *conn
		err   error
		first bool
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan outcome)
	finished := make(chan struct{})
	defer close(finished)
	start := func(remotes []endpoint, first bool) {
		c, err := connect(ctx, remotes)
		select {
		case results <- outcome{c, err, first}:
		case <-finished:
			if c != nil {
				c.Close() // it comes second
			}
		}
	}
	go start(preferred, true)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	running, waiting := 1, true
	startOthers := func() {
		if waiting {
			waiting = false
			running++
			go start(others, false)
		}
	}
	var failure error
	for {
		select {
		case <-timer.C:
			startOthers()
		case result := <-results:
			if result.err == nil {
				return result.conn, nil
			}
			if failure == nil || result.first {
				failure = result.err
			}
			running--
			startOthers()
			if running == 0 {
				return nil, failure
			}
		}
	}
}

// connectFirst tries addresses one after the other. Each has its share of the time that is left.
func connectFirst(ctx context.Context, network string, local *endpoint, remotes []endpoint) (*conn, error) {
	var failure error
	for i, remote := range remotes {
		attempt, cancel := shareOfTime(ctx, len(remotes)-i)
		c, err := connectStream(attempt, network, local, remote)
		cancel()
		if err == nil {
			return c, nil
		}
		if failure == nil {
			failure = dialError(network, remote.netAddr(network), err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failure
}

// shareOfTime limits one of count attempts that follow each other.
func shareOfTime(ctx context.Context, count int) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited || count == 1 {
		return ctx, func() {}
	}
	share := max(time.Until(deadline)/time.Duration(count), leastPatience)
	return context.WithTimeout(ctx, share)
}

// connectStream connects to one address.
func connectStream(ctx context.Context, network string, local *endpoint, remote endpoint) (*conn, error) {
	fd, err := openSocket(remote.family(), typeStream)
	if err != nil {
		return nil, err
	}
	c, err := newConn(fd, network)
	if err != nil {
		return nil, err
	}
	if local != nil {
		err = bindSocket(fd, local.like(remote))
	}
	if err == nil {
		err = c.connect(ctx, fd, remote)
	}
	if err != nil {
		c.file.Close()
		return nil, err
	}
	c.connected()
	return c, nil
}

// like gives the address that the host chooses the family of the other side.
func (e endpoint) like(other endpoint) endpoint {
	if e.ip.IsValid() && e.ip.Addr().IsUnspecified() && other.family() == familyInet4 {
		return anyIPv4(e.ip.Port())
	}
	return e
}

func (c *conn) connect(ctx context.Context, fd int32, remote endpoint) error {
	switch errno := connectSocket(fd, remote); errno {
	case 0:
		return nil
	case syscall.EINPROGRESS:
	default:
		return os.NewSyscallError("connect", errno)
	}
	var failure syscall.Errno
	err := c.await(ctx, func(fd int32) bool {
		failure = pendingError(fd)
		if failure != 0 {
			return failure != syscall.EINPROGRESS
		}
		// Nothing has failed; it is done once there is somebody at the other end.
		_, err := peerEndpoint(fd)
		return err == nil
	})
	if err != nil {
		return err
	}
	return asError("connect", failure)
}
