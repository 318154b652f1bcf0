//go:build !go1.24

package timecraft

import "net/http"

// Before Go 1.24 the HTTP/2 of net/http works with connections of crypto/tls only.

func newHTTP2Transport(config *TLSConfig) http.RoundTripper {
	return newHTTPTransport((&Dialer{TLS: config.only("http/1.1")}).DialTLS)
}

func acceptHTTP2(*http.Server) {}
