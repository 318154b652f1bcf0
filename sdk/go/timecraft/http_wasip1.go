package timecraft

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

func init() {
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		standard.DialContext = DialContext
		standard.DialTLSContext = DialTLS
	}
}

// NewTransport makes an HTTP client's transport that connects to https servers as the
// configuration says:
//
//	client := &http.Client{Transport: timecraft.NewTransport(&timecraft.TLSConfig{RootsPEM: ca})}
//
// With "h2" among config.NextProtos it speaks HTTP/2 with servers that choose it, if the program is
// built with Go 1.24 or newer. With older releases, golang.org/x/net/http2 does that: its Transport
// takes a Dialer's DialTLS, its Server a connection of ListenTLS.
func NewTransport(config *TLSConfig) http.RoundTripper {
	if config == nil {
		config = new(TLSConfig)
	}
	if offers(config, "h2") {
		return newHTTP2Transport(config)
	}
	return newHTTPTransport((&Dialer{TLS: config}).DialTLS)
}

func offers(config *TLSConfig, protocol string) bool {
	for _, offered := range config.NextProtos {
		if offered == protocol {
			return true
		}
	}
	return false
}

// Serve serves HTTP on a listener's connections, as server.Serve does. Requests on TLS connections
// have their TLS field set, and HTTP/2 is spoken where the client and the listener have agreed on
// it (with Go 1.24 or newer). It changes the server; Shutdown and Close work as ever.
func Serve(server *http.Server, l net.Listener) error {
	handler, connContext := server.Handler, server.ConnContext
	if handler == nil {
		handler = http.DefaultServeMux
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(tlsConn); ok && r.TLS == nil {
			state := c.ConnectionState()
			r.TLS = &state
		}
		handler.ServeHTTP(w, r)
	})
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if hidden, ok := c.(httpConn); ok {
			c = tlsConn(hidden)
		}
		if connContext != nil {
			ctx = connContext(ctx, c)
		}
		return context.WithValue(ctx, connectionKey{}, c)
	}
	if err := acceptHTTP2(server, l); err != nil {
		return err
	}
	return server.Serve(httpListener{l})
}

// connectionKey is that of a request's connection in its context.
type connectionKey struct{}

// An httpConn is a tlsConn without its method ConnectionState: to net/http it is one in the clear,
// where it speaks HTTP/2 with clients that begin with that.
type httpConn struct{ *conn }

type httpListener struct{ net.Listener }

func (l httpListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if secure, ok := c.(tlsConn); ok {
		c = httpConn(secure)
	}
	return c, err
}

var _ tlsConnection = tlsConn{}
var _ tlsConnection = (*tls.Conn)(nil)
