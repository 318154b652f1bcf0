package timecraft

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// TLSConfig configures TLS that the host does. The zero value, like a nil pointer, is what a
// client mostly wants: the host's trust store, the dialled host's name, TLS 1.2 and newer.
//
// A TLSConfig may be used by any number of connections, and must not be changed once it is in use.
type TLSConfig struct {
	// ServerName is the name that the server's certificate must be for, and that is asked for
	// (SNI). Clients only. Default: the host that is dialled.
	ServerName string

	// RootsPEM has certificates in PEM: the authorities that are trusted instead of the host's
	// trust store. With SystemRoots they are trusted beside it. A server trusts them for its
	// clients' certificates.
	RootsPEM    []byte
	SystemRoots bool

	// Certificates are this side's own, as in crypto/tls. A client has one at most. A server shows
	// the one that is for the name which the client asks for, or else the first. Their keys must
	// be RSA, ECDSA or Ed25519 ones that x509.MarshalPKCS8PrivateKey takes.
	Certificates []tls.Certificate

	// NamedIdentities are certificates with their keys that the host holds (--identity NAME=…): the
	// keys never enter the guest. They follow those of Certificates.
	NamedIdentities []string

	// NextProtos are the application protocols that are spoken, in order of preference (ALPN).
	NextProtos []string

	// MinVersion and MaxVersion are tls.VersionTLS12 or tls.VersionTLS13; 0 leaves it to the host.
	MinVersion, MaxVersion uint16

	// CipherSuites are the ones that are allowed, in order of preference. Unlike in crypto/tls,
	// those of TLS 1.3 belong to them. Default: the host's.
	CipherSuites []uint16

	// CurvePreferences are the groups for the key exchange, in order of preference.
	CurvePreferences []tls.CurveID

	// HandshakeTimeout limits the handshake; the host's own limit (30 s unless it says otherwise)
	// holds in any case.
	HandshakeTimeout time.Duration

	// InsecureSkipVerify accepts any certificate of a server. The host must have granted that
	// (--allow-insecure-tls).
	InsecureSkipVerify bool

	// ClientAuth is what a server demands of its clients: tls.NoClientCert,
	// tls.VerifyClientCertIfGiven or tls.RequireAndVerifyClientCert.
	ClientAuth tls.ClientAuthType
}

// serverName is the name to ask for when address is dialled, such as "example.com:443".
func (config *TLSConfig) serverName(address string) (string, error) {
	if config != nil && config.ServerName != "" {
		return config.ServerName, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if host == "" {
		return "", &net.AddrError{Err: "no host to ask for by TLS", Addr: address}
	}
	host, _, _ = strings.Cut(host, "%") // a zone is this side's own matter
	return host, nil
}

// identityPEM is a certificate chain and its key as one text.
func identityPEM(certificate *tls.Certificate) ([]byte, error) {
	if len(certificate.Certificate) == 0 {
		return nil, errors.New("a certificate without a chain")
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, der := range certificate.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), nil
}

// wireProtocols lays names out as ALPN has them on the wire (RFC 7301, 3.1): "h2" is "\x02h2".
func wireProtocols(names []string) ([]byte, error) {
	var wire []byte
	for _, name := range names {
		if len(name) == 0 || len(name) > 255 {
			return nil, fmt.Errorf("%q has not 1 to 255 bytes", name)
		}
		wire = append(wire, byte(len(name)))
		wire = append(wire, name...)
	}
	return wire, nil
}

// Suites that hosts may use and crypto/tls has no name for.
var furtherSuites = map[string]uint16{
	"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256":       0x009e,
	"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384":       0x009f,
	"TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256": 0xccaa,
	"TLS_AES_128_CCM_SHA256":                    0x1304,
}

// suiteByName is the number of a cipher suite by its IANA name; 0 if it is not known.
func suiteByName(name string) uint16 {
	for _, suites := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, suite := range suites {
			if suite.Name == name {
				return suite.ID
			}
		}
	}
	return furtherSuites[name]
}

// suiteNames joins the IANA names of suites with colons.
func suiteNames(suites []uint16) (string, error) {
	names := make([]string, len(suites))
	for i, suite := range suites {
		names[i] = tls.CipherSuiteName(suite)
		if !strings.HasPrefix(names[i], "TLS_") {
			return "", fmt.Errorf("no suite has the number %#04x", suite)
		}
	}
	return strings.Join(names, ":"), nil
}

// groupNames joins the names of groups, as the host has them, with colons.
func groupNames(groups []tls.CurveID) (string, error) {
	known := map[tls.CurveID]string{
		tls.X25519: "X25519", tls.CurveP256: "P-256", tls.CurveP384: "P-384", tls.CurveP521: "P-521",
	}
	names := make([]string, len(groups))
	for i, group := range groups {
		if names[i] = known[group]; names[i] == "" {
			return "", fmt.Errorf("the host has no group %v", group)
		}
	}
	return strings.Join(names, ":"), nil
}

// only is the configuration with one application protocol, which a client offers alone.
func (config *TLSConfig) only(protocol string) *TLSConfig {
	copied := *config
	copied.NextProtos = []string{protocol}
	return &copied
}
