package timecraft

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
)

// hostTLS is what a connection with TLS has beside its socket.
type hostTLS struct {
	asking sync.Mutex
	state  tls.ConnectionState // once HandshakeComplete is set
}

// A tlsConn is a connection whose TLS the host does. HTTP/2 implementations look for its method
// ConnectionState.
type tlsConn struct{ *conn }

// socketOf is the connection in the clear that TLS is to start on.
func socketOf(c net.Conn) (*conn, error) {
	plain, ok := c.(*conn)
	if !ok {
		return nil, fmt.Errorf("timecraft: TLS can not start on a %T", c)
	}
	return plain, nil
}

// connectTLS has the host do a handshake with the server that c is connected to. It takes c over.
func connectTLS(ctx context.Context, c net.Conn, name string, config *TLSConfig) (net.Conn, error) {
	return startTLS(ctx, c, name, config, false)
}

// upgradeTLS is connectTLS after clear text.
func upgradeTLS(ctx context.Context, c net.Conn, name string, config *TLSConfig) (net.Conn, error) {
	return startTLS(ctx, c, name, config, true)
}

func startTLS(ctx context.Context, c net.Conn, name string, config *TLSConfig, upgrade bool) (net.Conn, error) {
	plain, err := socketOf(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	err = controlRaw(plain.raw, func(fd int32) error {
		if err := configure(fd, config, false); err != nil {
			return err
		}
		if upgrade {
			if errno := setNumber(fd, levelTimecraft, optionUpgrade, 1); errno != 0 {
				return os.NewSyscallError("setsockopt", errno)
			}
		}
		return asError("setsockopt", setOption(fd, levelTimecraft, optionHTLS, []byte(name)))
	})
	if err != nil {
		plain.file.Close()
		return nil, plain.failed("dial", err)
	}
	plain.tls = new(hostTLS)
	secure := tlsConn{plain}
	if err := secure.HandshakeContext(ctx); err != nil {
		plain.file.Close()
		return nil, err
	}
	return secure, nil
}

// HandshakeContext waits for the outcome of the handshake.
func (c tlsConn) HandshakeContext(ctx context.Context) error {
	var failure syscall.Errno
	err := c.await(ctx, func(fd int32) bool {
		failure = pendingError(fd)
		return failure != syscall.EINPROGRESS
	})
	if err == nil && failure != 0 {
		err = c.tls.explain(c.conn, failure)
		if verification := (*tls.CertificateVerificationError)(nil); errors.As(err, &verification) {
			return err
		}
	}
	return c.failed("handshake", err)
}

// Handshake is HandshakeContext without a context.
func (c tlsConn) Handshake() error { return c.HandshakeContext(context.Background()) }

// ConnectionState tells what was negotiated: nothing if the handshake has failed. It waits for the
// handshake (and the host sees to it that this has an end), because net/http and HTTP/2 servers ask
// before they read anything.
func (c tlsConn) ConnectionState() tls.ConnectionState {
	c.tls.asking.Lock()
	defer c.tls.asking.Unlock()
	if !c.tls.state.HandshakeComplete && c.Handshake() == nil {
		controlRaw(c.raw, func(fd int32) error {
			c.tls.state = c.askState(fd)
			return nil
		})
	}
	return c.tls.state
}

func (c tlsConn) askState(fd int32) tls.ConnectionState {
	version, errno := getNumber(fd, levelTimecraft, optionVersion)
	if errno != 0 {
		return tls.ConnectionState{}
	}
	resumed, _ := getNumber(fd, levelTimecraft, optionResumed)
	certificates, _ := getBlob(fd, optionPeerCertificates)
	protocol := getText(fd, optionALPN)
	return tls.ConnectionState{
		Version:                    uint16(version),
		HandshakeComplete:          true,
		DidResume:                  resumed != 0,
		CipherSuite:                suiteByName(getText(fd, optionCipher)),
		NegotiatedProtocol:         protocol,
		NegotiatedProtocolIsMutual: true,
		ServerName:                 getText(fd, optionServerName),
		PeerCertificates:           parseCertificates(certificates),
	}
}

// parseCertificates reads certificates with their lengths before them. One that crypto/x509 does not
// take is left out, with those that follow.
func parseCertificates(blob []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for len(blob) >= 4 {
		length := binary.LittleEndian.Uint32(blob)
		if uint64(length) > uint64(len(blob)-4) {
			break
		}
		certificate, err := x509.ParseCertificate(blob[4 : 4+length])
		if err != nil {
			break
		}
		all = append(all, certificate)
		blob = blob[4+length:]
	}
	return all
}

func channelBinding(c net.Conn, kind string) ([]byte, error) {
	secure, ok := c.(tlsConn)
	if !ok {
		return nil, errNoTLS
	}
	option := map[string]uint32{
		"tls-exporter":         optionTLSExporter,
		"tls-server-end-point": optionServerEndPoint,
	}[kind]
	if option == 0 {
		return nil, fmt.Errorf("timecraft: no channel binding is called %q", kind)
	}
	var data []byte
	err := controlRaw(secure.raw, func(fd int32) error {
		var errno syscall.Errno
		data, errno = getBlob(fd, option)
		return asError("getsockopt", errno)
	})
	return data, err
}

// Servers.

// serverTLS is what a listener has whose connections are TLS ones.
type serverTLS struct{ protocols []string }

func (*serverTLS) accepted(c *conn) net.Conn {
	c.tls = new(hostTLS)
	return tlsConn{c}
}

func listenTLS(ctx context.Context, network, address string, config *TLSConfig) (net.Listener, error) {
	if config == nil || len(config.Certificates)+len(config.NamedIdentities) == 0 {
		return nil, errors.New("timecraft: a TLS server needs Certificates or NamedIdentities")
	}
	l, err := listenStream(ctx, network, address, nil)
	if err != nil {
		return nil, err
	}
	err = controlRaw(l.raw, func(fd int32) error {
		if err := configure(fd, config, true); err != nil {
			return err
		}
		return asError("setsockopt", setNumber(fd, levelTimecraft, optionServer, 1))
	})
	if err != nil {
		l.file.Close()
		return nil, listenError(network, l.address, err)
	}
	l.tls = &serverTLS{config.NextProtos}
	return l, nil
}

// withoutProtocol takes an application protocol from those that a listener's connections speak.
func (l *listener) withoutProtocol(name string) error {
	var others []string
	for _, protocol := range l.tls.protocols {
		if protocol != name {
			others = append(others, protocol)
		}
	}
	if len(others) == len(l.tls.protocols) {
		return nil
	}
	if len(others) == 0 {
		return l.failed("set", fmt.Errorf("nothing but %q, which this Go does not speak", name))
	}
	l.tls.protocols = others
	wire, err := wireProtocols(others)
	if err != nil {
		return err
	}
	return l.failed("set", controlRaw(l.raw, func(fd int32) error {
		return asError("setsockopt", setOption(fd, levelTimecraft, optionALPN, wire))
	}))
}

// Failures.

// explain makes an error of an errno that a socket with TLS has given, with the host's reason.
func (t *hostTLS) explain(c *conn, errno syscall.Errno) error {
	var reason string
	controlRaw(c.raw, func(fd int32) error {
		reason = getText(fd, optionHTLSError)
		return nil
	})
	switch {
	case reason == "": // not TLS's
		return os.NewSyscallError("handshake", errno)
	case errno == syscall.EACCES:
		return &tls.CertificateVerificationError{Err: &verificationError{reason, verificationCause(reason)}}
	default:
		return &TLSError{Reason: reason, Errno: errno}
	}
}

// A verificationError says in the host's words why a certificate was not accepted. Inside is the
// error that crypto/x509 has for that, if there is one.
type verificationError struct {
	reason string
	cause  error
}

func (e *verificationError) Error() string { return e.reason }
func (e *verificationError) Unwrap() error { return e.cause }

// What the host says (OpenSSL's words) when x509.Verify would give an error of its own.
var verificationCauses = []struct {
	words string
	cause error
}{
	{"unable to get local issuer certificate", x509.UnknownAuthorityError{}},
	{"unable to get issuer certificate", x509.UnknownAuthorityError{}},
	{"unable to verify the first certificate", x509.UnknownAuthorityError{}},
	{"self-signed certificate", x509.UnknownAuthorityError{}},
	{"certificate has expired", invalid(x509.Expired)},
	{"certificate is not yet valid", invalid(x509.Expired)},
	{"unsuitable certificate purpose", invalid(x509.IncompatibleUsage)},
	{"unsupported certificate purpose", invalid(x509.IncompatibleUsage)},
	{"invalid CA certificate", invalid(x509.NotAuthorizedToSign)},
	{"path length constraint exceeded", invalid(x509.TooManyIntermediates)},
	{"hostname mismatch", x509.HostnameError{Certificate: new(x509.Certificate)}},
	{"IP address mismatch", x509.HostnameError{Certificate: new(x509.Certificate)}},
}

func invalid(reason x509.InvalidReason) error {
	return x509.CertificateInvalidError{Cert: new(x509.Certificate), Reason: reason}
}

func verificationCause(reason string) error {
	for _, known := range verificationCauses {
		if strings.Contains(reason, known.words) {
			return known.cause
		}
	}
	return syscall.EACCES
}
