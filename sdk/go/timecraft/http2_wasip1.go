//go:build go1.24

package timecraft

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// An http2Transport asks a server for HTTP/2 and falls back to HTTP/1.1. To net/http both are
// spoken over connections in the clear, of which it can not tell what ALPN has chosen. So the first
// connection with a server is made here and tells; from then on each of two transports asks for
// its own protocol alone.
type http2Transport struct {
	config  *TLSConfig
	one     *http.Transport
	two     *http.Transport
	lock    sync.Mutex
	servers map[string]*http2Server // by host and port
}

// An http2Server is what is known of a server. Whoever has put something into asking may use it.
type http2Server struct {
	asking   chan struct{}
	known    bool
	protocol string
	first    net.Conn // made to ask, and not yet used
}

func newHTTP2Transport(config *TLSConfig) http.RoundTripper {
	t := &http2Transport{config: config, servers: make(map[string]*http2Server)}
	t.one = newHTTPTransport(t.dialer("http/1.1"))
	t.two = newHTTPTransport(t.dialer("h2"))
	t.two.Protocols = new(http.Protocols)
	t.two.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// dialer makes a transport's dial function. The connection that was made to ask is used first.
func (t *http2Transport) dialer(protocol string) func(context.Context, string, string) (net.Conn, error) {
	dialer := &Dialer{TLS: t.config.only(protocol)}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := t.server(address).take(ctx, protocol)
		if c != nil || err != nil {
			return c, err
		}
		return dialer.DialTLS(ctx, network, address)
	}
}

func (t *http2Transport) server(address string) *http2Server {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.servers[address] == nil {
		t.servers[address] = &http2Server{asking: make(chan struct{}, 1)}
	}
	return t.servers[address]
}

// enter waits for its turn; what it needs afterwards is leave.
func (s *http2Server) enter(ctx context.Context) error {
	select {
	case s.asking <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *http2Server) leave() { <-s.asking }

func (s *http2Server) take(ctx context.Context, protocol string) (net.Conn, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if s.first == nil || s.protocol != protocol {
		return nil, nil
	}
	c := s.first
	s.first = nil
	return c, nil
}

// ask tells which protocol the server speaks.
func (s *http2Server) ask(ctx context.Context, address string, config *TLSConfig) (string, error) {
	if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	if s.known {
		return s.protocol, nil
	}
	c, err := (&Dialer{TLS: config}).DialTLS(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	s.protocol = "http/1.1"
	if c.(tlsConn).ConnectionState().NegotiatedProtocol == "h2" {
		s.protocol = "h2"
	}
	s.known, s.first = true, c
	return s.protocol, nil
}

func (t *http2Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" {
		return t.one.RoundTrip(request)
	}
	address := request.URL.Host
	if request.URL.Port() == "" {
		address = net.JoinHostPort(request.URL.Hostname(), "443")
	}
	protocol, err := t.server(address).ask(request.Context(), address, t.config)
	if err != nil {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, err
	}
	if protocol == "h2" {
		return t.two.RoundTrip(request)
	}
	return t.one.RoundTrip(request)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *http2Transport) CloseIdleConnections() {
	t.one.CloseIdleConnections()
	t.two.CloseIdleConnections()
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, s := range t.servers {
		select {
		case s.asking <- struct{}{}:
			if s.first != nil {
				s.first.Close()
				s.first = nil
			}
			s.leave()
		default: // somebody is using it
		}
	}
}

// acceptHTTP2 lets a server speak HTTP/2 with clients that begin with it, which those do that have
// agreed on it by ALPN.
func acceptHTTP2(server *http.Server, _ net.Listener) error {
	if server.Protocols == nil {
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetUnencryptedHTTP2(true)
	}
	return nil
}
