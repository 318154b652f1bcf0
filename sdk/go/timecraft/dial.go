package timecraft

import (
	"context"
	"net"
	"time"
)

// A Dialer makes connections. The zero value is good to use, by any number of goroutines.
//
// It has the methods that libraries look for in a dialer, among them Dial, DialContext and
// DialTimeout.
type Dialer struct {
	// Timeout limits how long it takes to connect, TLS included. Deadline is the same as a moment.
	// The earlier one holds; zero is none.
	Timeout  time.Duration
	Deadline time.Time

	// LocalAddr is this side's own address: a *net.TCPAddr, *net.UDPAddr or *net.UnixAddr.
	LocalAddr net.Addr

	// FallbackDelay is how long addresses of the preferred family (IPv6 or IPv4, the one that the
	// resolver names first) are tried alone before those of the other are tried as well (RFC 6555).
	// Zero: 300 ms. Negative: they are tried one after the other.
	FallbackDelay time.Duration

	// TLS is for DialTLS.
	TLS *TLSConfig
}

// Dial connects to an address, such as "example.com:80". Networks are tcp, tcp4, tcp6, udp, udp4,
// udp6, unix and unixgram.
func Dial(network, address string) (net.Conn, error) {
	return new(Dialer).Dial(network, address)
}

// DialContext is Dial with a context that ends the attempt; what is connected stays so.
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return new(Dialer).DialContext(ctx, network, address)
}

// DialTLS connects to an address, such as "example.com:443", and has the host do a TLS handshake
// with the server and check its certificate. What is written to the connection leaves encrypted.
// Networks are tcp, tcp4 and tcp6.
func DialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	return new(Dialer).DialTLS(ctx, network, address)
}

// Dial is DialContext without a context.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is Dial with a time limit beside the Dialer's own.
func (d *Dialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects to an address in the clear.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dial(ctx, network, address)
}

// DialTLS connects to an address with TLS, as d.TLS says.
func (d *Dialer) DialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError(network)}
	}
	name, err := d.TLS.serverName(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	ctx, cancel := d.limit(ctx)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return connectTLS(ctx, conn, name, d.TLS)
}

// limit applies Timeout and Deadline.
func (d *Dialer) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := d.Deadline
	if d.Timeout > 0 {
		if end := time.Now().Add(d.Timeout); deadline.IsZero() || end.Before(deadline) {
			deadline = end
		}
	}
	if deadline.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline)
}

// StartTLS changes a connection to TLS after clear text has been spoken on it, for protocols that
// agree on that (STARTTLS of SMTP, the SSLRequest of PostgreSQL). The name is the server's; a
// ServerName in the configuration comes before it. Bytes that the peer has sent ahead of its
// handshake make it fail. The connection is closed when it fails, and belongs to the result when
// it does not.
func StartTLS(ctx context.Context, conn net.Conn, name string, config *TLSConfig) (net.Conn, error) {
	if config != nil && config.ServerName != "" {
		name = config.ServerName
	}
	return upgradeTLS(ctx, conn, name, config)
}
