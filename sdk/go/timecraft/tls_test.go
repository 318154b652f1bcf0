package timecraft_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

// The peers here are crypto/tls's, over this package's connections.

var background = context.Background()

// onHost tells whether TLS is the host's, not crypto/tls's.
const onHost = runtime.GOOS == "wasip1"

func trusting() *timecraft.TLSConfig {
	return &timecraft.TLSConfig{ServerName: serverName, RootsPEM: testAuthority().pem}
}

// serveTLS is listen with crypto/tls.
func serveTLS(t *testing.T, config *tls.Config, serve func(net.Conn)) net.Listener {
	return listen(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		serve(secure)
	})
}

func dialTLS(l net.Listener, config *timecraft.TLSConfig) (net.Conn, error) {
	return (&timecraft.Dialer{TLS: config}).DialTLS(background, "tcp", l.Addr().String())
}

func TestTLSEcho(t *testing.T) {
	c, err := dialTLS(serveTLS(t, standardServer(), echo), trusting())
	check(t, err)
	defer c.Close()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	go func() {
		if _, err := c.Write(sent); err != nil {
			t.Errorf("Write: %v", err)
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Errorf("CloseWrite: %v", err)
		}
	}()
	received, err := io.ReadAll(c)
	check(t, err)
	if !bytes.Equal(received, sent) {
		t.Errorf("%d bytes came back of %d", len(received), len(sent))
	}
}

func TestTLSConnectionState(t *testing.T) {
	config := standardServer()
	config.NextProtos = []string{"h2", "http/1.1"}
	client := trusting()
	client.NextProtos = []string{"http/1.1", "other"}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client.MinVersion, client.MaxVersion = version, version
		states := make(chan tls.ConnectionState, 1)
		l := serveTLS(t, config, func(c net.Conn) {
			c.(*tls.Conn).Handshake()
			states <- c.(*tls.Conn).ConnectionState()
			echo(c)
		})
		c, err := dialTLS(l, client)
		check(t, err)
		state, err := timecraft.ConnectionState(background, c)
		check(t, err)
		theirs := <-states
		if state.Version != version || state.CipherSuite != theirs.CipherSuite ||
			state.NegotiatedProtocol != "http/1.1" || state.ServerName != serverName {
			t.Errorf("the state is %+v", state)
		}
		if len(state.PeerCertificates) != 1 ||
			!bytes.Equal(state.PeerCertificates[0].Raw, goodCertificate().Certificate[0]) {
			t.Error("the peer's certificate is another")
		}
		binding, err := timecraft.ChannelBinding(background, c, "tls-exporter")
		check(t, err)
		wanted, err := theirs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
		check(t, err)
		if !bytes.Equal(binding, wanted) {
			t.Error("the channel bindings are not the same")
		}
		c.Close()
	}
}

func TestTLSCertificatesThatAreNotAccepted(t *testing.T) {
	ca := testAuthority()
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	for name, test := range map[string]struct {
		certificate tls.Certificate
		isWanted    func(error) bool
	}{
		"unknown authority": {newAuthority().issue(serverName, nil), func(err error) bool {
			var wanted x509.UnknownAuthorityError
			return errors.As(err, &wanted)
		}},
		"wrong name": {ca.issue("another.example.test", nil), func(err error) bool {
			var wanted x509.HostnameError
			return errors.As(err, &wanted)
		}},
		"expired": {ca.issue(serverName, expired), func(err error) bool {
			var wanted x509.CertificateInvalidError
			return errors.As(err, &wanted) && wanted.Reason == x509.Expired
		}},
	} {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{test.certificate}}
			_, err := dialTLS(serveTLS(t, config, echo), trusting())
			var verification *tls.CertificateVerificationError
			if !errors.As(err, &verification) || !test.isWanted(err) {
				t.Errorf("DialTLS gave %T %v", err, err)
			}
			if onHost && err != nil && !strings.Contains(err.Error(), serverName) {
				t.Errorf("the host's reason is not in %q", err)
			}
		})
	}
}

func TestTLSWithWhatIsNotTLS(t *testing.T) {
	l := listen(t, func(c net.Conn) { fmt.Fprint(c, "220 mail.example.test ESMTP\r\n"); io.Copy(io.Discard, c) })
	_, err := dialTLS(l, trusting())
	if err == nil {
		t.Fatal("DialTLS accepts clear text")
	}
	if onHost && !errors.Is(err, syscall.EPROTO) {
		t.Errorf("DialTLS gave %v", err)
	}
}

func TestTLSNoVersionInCommon(t *testing.T) {
	config := standardServer()
	config.MaxVersion = tls.VersionTLS12
	client := trusting()
	client.MinVersion = tls.VersionTLS13
	if _, err := dialTLS(serveTLS(t, config, echo), client); err == nil {
		t.Error("DialTLS succeeds")
	}
}

func TestTLSHandshakeEndsWithContext(t *testing.T) {
	quiet := make(chan struct{})
	l := listen(t, func(net.Conn) { <-quiet })
	defer close(quiet)
	for _, test := range []struct {
		wanted error
		limit  func() (context.Context, context.CancelFunc)
	}{
		{context.DeadlineExceeded, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(background, 30*time.Millisecond)
		}},
		{context.Canceled, func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(background)
			time.AfterFunc(30*time.Millisecond, cancel)
			return ctx, cancel
		}},
	} {
		ctx, cancel := test.limit()
		begin := time.Now()
		_, err := timecraft.DialTLS(ctx, "tcp", l.Addr().String())
		cancel()
		if !errors.Is(err, test.wanted) {
			t.Errorf("DialTLS gave %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}

func TestTLSHandshakeTimeout(t *testing.T) {
	quiet := make(chan struct{})
	l := listen(t, func(net.Conn) { <-quiet })
	defer close(quiet)
	config := trusting()
	config.HandshakeTimeout = 50 * time.Millisecond
	_, err := dialTLS(l, config)
	if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
		t.Errorf("DialTLS gave %v", err)
	}
}

func TestTLSTruncationIsNoEnd(t *testing.T) {
	l := listen(t, func(c net.Conn) {
		secure := tls.Server(c, standardServer())
		fmt.Fprint(secure, "half")
		// and then the connection ends without a word
	})
	c, err := dialTLS(l, trusting())
	check(t, err)
	defer c.Close()
	text, err := io.ReadAll(c)
	if string(text) != "half" || onHost && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestTLSDeadlines(t *testing.T) {
	c, err := dialTLS(serveTLS(t, standardServer(), echo), trusting())
	check(t, err)
	defer c.Close()
	check(t, c.SetReadDeadline(time.Now().Add(30*time.Millisecond)))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read gave %v", err)
	}
	check(t, c.SetReadDeadline(time.Time{}))
	fmt.Fprint(c, "x")
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("after the deadline is gone: %d, %v", n, err)
	}
}

func TestTLSClientCertificate(t *testing.T) {
	config := standardServer()
	config.ClientAuth = tls.RequireAndVerifyClientCert
	names := make(chan string, 1)
	l := serveTLS(t, config, func(c net.Conn) {
		if c.(*tls.Conn).Handshake() == nil {
			names <- c.(*tls.Conn).ConnectionState().PeerCertificates[0].DNSNames[0]
		}
		echo(c)
	})
	client := trusting()
	client.Certificates = []tls.Certificate{testAuthority().issue("client.example.test", nil)}
	c, err := dialTLS(l, client)
	check(t, err)
	defer c.Close()
	if name := <-names; name != "client.example.test" {
		t.Errorf("the server saw %s", name)
	}
}

func TestTLSServer(t *testing.T) {
	config := &timecraft.TLSConfig{
		Certificates: []tls.Certificate{goodCertificate()},
		NextProtos:   []string{"echo"},
		RootsPEM:     testAuthority().pem,
		ClientAuth:   tls.VerifyClientCertIfGiven,
	}
	l, err := timecraft.ListenTLS("tcp", "127.0.0.1:0", config)
	check(t, err)
	states := make(chan tls.ConnectionState, 1)
	serveAll(t, l, func(c net.Conn) {
		state, err := timecraft.ConnectionState(background, c)
		if err != nil {
			t.Errorf("ConnectionState: %v", err)
		}
		states <- state
		echo(c)
	})
	client := standardClient()
	client.NextProtos = []string{"other", "echo"}
	client.Certificates = []tls.Certificate{testAuthority().issue("client.example.test", nil)}
	plain, err := timecraft.Dial("tcp", l.Addr().String())
	check(t, err)
	defer plain.Close()
	c := tls.Client(plain, client)
	fmt.Fprint(c, "hello")
	buffer := make([]byte, 5)
	_, err = io.ReadFull(c, buffer)
	check(t, err)
	state := <-states
	if state.NegotiatedProtocol != "echo" || state.ServerName != serverName ||
		len(state.PeerCertificates) != 1 ||
		state.PeerCertificates[0].DNSNames[0] != "client.example.test" {
		t.Errorf("the state is %+v", state)
	}
}

func TestTLSServerDemandsCertificates(t *testing.T) {
	config := &timecraft.TLSConfig{
		Certificates: []tls.Certificate{goodCertificate()},
		RootsPEM:     testAuthority().pem,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}
	l, err := timecraft.ListenTLS("tcp", "127.0.0.1:0", config)
	check(t, err)
	failures := make(chan error, 1)
	serveAll(t, l, func(c net.Conn) {
		_, err := c.Read(make([]byte, 1))
		failures <- err
	})
	plain, err := timecraft.Dial("tcp", l.Addr().String())
	check(t, err)
	defer plain.Close()
	c := tls.Client(plain, standardClient())
	if _, err = c.Read(make([]byte, 1)); err == nil {
		t.Error("the client is let in")
	}
	if err := <-failures; err == nil {
		t.Error("the server hears nothing of it")
	}
}

func TestStartTLS(t *testing.T) {
	l := listen(t, func(c net.Conn) {
		line := make([]byte, len("STARTTLS\n"))
		if _, err := io.ReadFull(c, line); err != nil {
			return
		}
		fmt.Fprint(c, "ok\n")
		secure := tls.Server(c, standardServer())
		defer secure.Close()
		echo(secure)
	})
	plain := dial(t, l)
	fmt.Fprint(plain, "STARTTLS\n")
	_, err := io.ReadFull(plain, make([]byte, 3))
	check(t, err)
	c, err := timecraft.StartTLS(background, plain, serverName, trusting())
	check(t, err)
	defer c.Close()
	fmt.Fprint(c, "hello")
	_, err = io.ReadFull(c, make([]byte, 5))
	check(t, err)
}

func TestTLSConfigErrors(t *testing.T) {
	l := listen(t, echo)
	for name, config := range map[string]*timecraft.TLSConfig{
		"RootsPEM":     {RootsPEM: []byte("nothing")},
		"NextProtos":   {NextProtos: []string{""}},
		"CipherSuites": {CipherSuites: []uint16{0xffff}},
	} {
		config.ServerName = serverName
		_, err := dialTLS(l, config)
		if err == nil || onHost && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: DialTLS gave %v", name, err)
		}
	}
}
