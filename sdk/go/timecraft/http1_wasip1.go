//go:build !go1.24

package timecraft

import (
	"net"
	"net/http"
)

// Before Go 1.24 the HTTP/2 of net/http works with connections of crypto/tls only.

func newHTTP2Transport(config *TLSConfig) http.RoundTripper {
	return newHTTPTransport((&Dialer{TLS: config.only("http/1.1")}).DialTLS)
}

// acceptHTTP2 has the listener's clients not agree on what this server cannot speak.
func acceptHTTP2(_ *http.Server, l net.Listener) error {
	if own, ok := l.(*listener); ok && own.tls != nil {
		return own.withoutProtocol("h2")
	}
	return nil
}
