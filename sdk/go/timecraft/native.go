//go:build !wasip1

package timecraft

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
)

// On other systems than GOOS=wasip1, packages net and crypto/tls do what the host does for a guest.

func (d *Dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: d.LocalAddr, FallbackDelay: d.FallbackDelay}
	return dialer.DialContext(ctx, network, address)
}

// standard is the configuration as crypto/tls has it.
func (config *TLSConfig) standard() (*tls.Config, error) {
	result := &tls.Config{MinVersion: tls.VersionTLS12}
	if config == nil {
		return result, nil
	}
	if len(config.NamedIdentities) > 0 {
		return nil, errors.New("timecraft: only hosts have NamedIdentities")
	}
	roots, err := config.roots()
	if err != nil {
		return nil, err
	}
	result.RootCAs, result.ClientCAs = roots, roots
	result.Certificates = config.Certificates
	result.NextProtos = config.NextProtos
	result.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	result.MaxVersion = config.MaxVersion
	result.CipherSuites = config.CipherSuites
	result.CurvePreferences = config.CurvePreferences
	result.InsecureSkipVerify = config.InsecureSkipVerify
	result.ClientAuth = config.ClientAuth
	return result, nil
}

func (config *TLSConfig) roots() (*x509.CertPool, error) {
	if len(config.RootsPEM) == 0 {
		return nil, nil // the system's
	}
	pool := x509.NewCertPool()
	if config.SystemRoots {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
	}
	if !pool.AppendCertsFromPEM(config.RootsPEM) {
		return nil, errors.New("timecraft: TLSConfig.RootsPEM has no certificates")
	}
	return pool, nil
}

func connectTLS(ctx context.Context, c net.Conn, name string, config *TLSConfig) (net.Conn, error) {
	standard, err := config.standard()
	if err != nil {
		c.Close()
		return nil, err
	}
	standard.ServerName = name
	if config != nil && config.HandshakeTimeout > 0 {
		limited, cancel := context.WithTimeout(ctx, config.HandshakeTimeout)
		defer cancel()
		ctx = limited
	}
	secure := tls.Client(c, standard)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return secure, nil
}

func upgradeTLS(ctx context.Context, c net.Conn, name string, config *TLSConfig) (net.Conn, error) {
	return connectTLS(ctx, c, name, config)
}

func listen(ctx context.Context, network, address string) (net.Listener, error) {
	return listenControlled(ctx, network, address, nil)
}

func listenControlled(ctx context.Context, network, address string, control controlFunc) (net.Listener, error) {
	config := net.ListenConfig{Control: control}
	return config.Listen(ctx, network, address)
}

func listenTLS(ctx context.Context, network, address string, config *TLSConfig) (net.Listener, error) {
	standard, err := config.standard()
	if err != nil {
		return nil, err
	}
	if len(standard.Certificates) == 0 {
		return nil, errors.New("timecraft: a TLS server needs Certificates")
	}
	l, err := listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, standard), nil
}

func listenPacket(ctx context.Context, network, address string, control controlFunc) (net.PacketConn, error) {
	config := net.ListenConfig{Control: control}
	return config.ListenPacket(ctx, network, address)
}

func channelBinding(c net.Conn, kind string) ([]byte, error) {
	secure, ok := c.(*tls.Conn)
	if !ok {
		return nil, errNoTLS
	}
	state := secure.ConnectionState()
	switch kind {
	case "tls-exporter":
		return state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	case "tls-server-end-point":
		if len(state.PeerCertificates) == 0 {
			return nil, errors.New("timecraft: the server's certificate is not known")
		}
		return endPointHash(state.PeerCertificates[0]), nil
	default:
		return nil, fmt.Errorf("timecraft: no channel binding is called %q", kind)
	}
}

// endPointHash is the hash of a certificate by the function that it is signed with, but by SHA-256
// if that was an older one (RFC 5929, 4.1).
func endPointHash(certificate *x509.Certificate) []byte {
	function := crypto.SHA256
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		function = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		function = crypto.SHA512
	}
	hash := function.New()
	hash.Write(certificate.Raw)
	return hash.Sum(nil)
}

// NewTransport makes an HTTP client's transport that connects to https servers as the
// configuration says.
func NewTransport(config *TLSConfig) http.RoundTripper {
	return newHTTPTransport((&Dialer{TLS: config}).DialTLS)
}

// Serve serves HTTP on a listener's connections, as server.Serve does.
func Serve(server *http.Server, l net.Listener) error {
	return server.Serve(l)
}

func setsockoptInt(fd uintptr, level, name, value int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), level, name, value))
}

func getsockoptInt(fd uintptr, level, name int) (int, error) {
	value, err := syscall.GetsockoptInt(int(fd), level, name)
	return value, os.NewSyscallError("getsockopt", err)
}
