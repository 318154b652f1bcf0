package timecraft

import (
	"context"
	"net"
	"net/http"
)

// newHTTPTransport is a transport with http.DefaultTransport's settings and connections of this
// package.
func newHTTPTransport(dialTLS func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	transport := &http.Transport{}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.DialContext = DialContext
	transport.DialTLSContext = dialTLS
	return transport
}

// ListenAndServe serves HTTP in the clear at an address, such as ":8080", until it fails.
func ListenAndServe(address string, handler http.Handler) error {
	l, err := Listen("tcp", address)
	if err != nil {
		return err
	}
	return Serve(&http.Server{Handler: handler}, l)
}

// ListenAndServeTLS serves HTTPS at an address, such as ":8443", until it fails. HTTP/2 is spoken
// with clients that ask for it where config.NextProtos has "h2" (and with Go 1.24 or newer).
func ListenAndServeTLS(address string, handler http.Handler, config *TLSConfig) error {
	l, err := ListenTLS("tcp", address, config)
	if err != nil {
		return err
	}
	return Serve(&http.Server{Handler: handler}, l)
}
