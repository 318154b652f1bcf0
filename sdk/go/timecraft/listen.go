package timecraft

import (
	"context"
	"net"
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
	return listenPacket(context.Background(), network, address)
}
