package timecraft_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// Certificates for the tests, made when they run.

const serverName = "server.example.test"

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

var testAuthority = sync.OnceValue(newAuthority)

func newAuthority() *authority {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Timecraft test root"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	key := newKey()
	der := sign(template, template, &key.PublicKey, key)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &authority{certificate, key,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(template, issuer *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key, with)
	if err != nil {
		panic(err)
	}
	return der
}

// issue makes a certificate for a name and 127.0.0.1; change may make something wrong with it.
func (a *authority) issue(name string, change func(*x509.Certificate)) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:     []string{name},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	key := newKey()
	return tls.Certificate{
		Certificate: [][]byte{sign(template, a.certificate, &key.PublicKey, a.key)},
		PrivateKey:  key,
	}
}

var goodCertificate = sync.OnceValue(func() tls.Certificate {
	return testAuthority().issue(serverName, nil)
})

// standardServer is crypto/tls's side of a test.
func standardServer() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(testAuthority().certificate)
	return &tls.Config{Certificates: []tls.Certificate{goodCertificate()}, ClientCAs: pool}
}

func standardClient() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(testAuthority().certificate)
	return &tls.Config{ServerName: serverName, RootCAs: pool}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
