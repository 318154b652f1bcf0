package timecraft

import (
	"context"
	"net"
	"syscall"
)

// Listen waits for connections at an address, such as "127.0.0.1:8080" or ":8080". Networks are
// tcp, tcp4, tcp6 and unix.
func Listen(network, address string) (net.Listener, error) {
	return listen(context.Background(), network, address)
}

// ListenTLS waits for TLS connections. The configuration must have a certificate or a named
// identity. As with crypto/tls, Accept does not wait for the handshake; reads and writes do.
func ListenTLS(network, address string, config *TLSConfig) (net.Listener, error) {
	return listenTLS(context.Background(), network, address, config)
}

// ListenPacket receives datagrams at an address. Networks are udp, udp4, udp6 and unixgram.
func ListenPacket(network, address string) (net.PacketConn, error) {
	return listenPacket(context.Background(), network, address, nil)
}

type controlFunc = func(network, address string, c syscall.RawConn) error

// A ListenConfig is for what has to be set on a socket before it is bound, as net.ListenConfig is.
type ListenConfig struct {
	// Control gets the socket before it is bound; its descriptor is for SetsockoptInt.
	Control func(network, address string, c syscall.RawConn) error
}

// Listen is the function Listen with the configuration and a context for the look-up of the
// address.
func (config *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return listenControlled(ctx, network, address, config.Control)
}

// ListenPacket is the function ListenPacket likewise.
func (config *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return listenPacket(ctx, network, address, config.Control)
}
