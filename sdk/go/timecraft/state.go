package timecraft

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// A TLS connection of this package, and *tls.Conn.
type tlsConnection interface {
	ConnectionState() tls.ConnectionState
	HandshakeContext(context.Context) error
}

var errNoTLS = errors.New("timecraft: not a TLS connection")

// Handshake waits until the handshake of a TLS connection is done, and returns its outcome.
// Connections from DialTLS have that behind them.
func Handshake(ctx context.Context, conn net.Conn) error {
	if secure, ok := conn.(tlsConnection); ok {
		return secure.HandshakeContext(ctx)
	}
	return errNoTLS
}

// ConnectionState tells what was negotiated on a TLS connection, the peer's certificates among it.
// It waits for the handshake. VerifiedChains, and what the host does not tell, are empty.
func ConnectionState(ctx context.Context, conn net.Conn) (tls.ConnectionState, error) {
	if err := Handshake(ctx, conn); err != nil {
		return tls.ConnectionState{}, err
	}
	return conn.(tlsConnection).ConnectionState(), nil
}

// ChannelBinding gives the channel binding data of a TLS connection, for authentication that is
// bound to it (SCRAM-…-PLUS). Kinds are "tls-exporter" (RFC 9266) and "tls-server-end-point"
// (RFC 5929, 4).
func ChannelBinding(ctx context.Context, conn net.Conn, kind string) ([]byte, error) {
	if err := Handshake(ctx, conn); err != nil {
		return nil, err
	}
	return channelBinding(conn, kind)
}
