package timecraft_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func aboutRequest(w http.ResponseWriter, r *http.Request) {
	secure := "clear"
	if r.TLS != nil {
		secure = tls.VersionName(r.TLS.Version)
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %s", r.Proto, r.URL.Path, secure, body)
}

// serveHTTP serves on a listener until the test is over.
func serveHTTP(t *testing.T, l net.Listener) {
	server := &http.Server{Handler: http.HandlerFunc(aboutRequest)}
	done := make(chan error)
	go func() { done <- timecraft.Serve(server, l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Errorf("Serve gave %v", err)
		}
	})
}

func fetch(t *testing.T, client *http.Client, url, body string) string {
	t.Helper()
	response, err := client.Post(url, "text/plain", strings.NewReader(body))
	check(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	return string(text)
}

func TestDefaultClient(t *testing.T) {
	l, err := timecraft.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	serveHTTP(t, l)
	if got := fetch(t, http.DefaultClient, "http://"+l.Addr().String()+"/a", "b"); got != "HTTP/1.1 /a clear b" {
		t.Errorf("got %q", got)
	}
}

func TestDefaultClientChecksCertificates(t *testing.T) {
	l := serveTLS(t, standardServer(), echo)
	if _, err := http.Get("https://" + l.Addr().String()); err == nil {
		t.Error("a certificate of an unknown authority is accepted")
	}
}

func listenHTTPS(t *testing.T, protocols ...string) net.Listener {
	t.Helper()
	l, err := timecraft.ListenTLS("tcp", "127.0.0.1:0", &timecraft.TLSConfig{
		Certificates: []tls.Certificate{goodCertificate()}, NextProtos: protocols})
	check(t, err)
	serveHTTP(t, l)
	return l
}

func clientOf(t *testing.T, protocols ...string) *http.Client {
	config := trusting()
	config.NextProtos = protocols
	client := &http.Client{Transport: timecraft.NewTransport(config)}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestHTTPS(t *testing.T) {
	l := listenHTTPS(t)
	client := clientOf(t)
	for i := 0; i < 3; i++ {
		if got := fetch(t, client, "https://"+l.Addr().String()+"/a", "b"); got != "HTTP/1.1 /a TLS 1.3 b" {
			t.Errorf("got %q", got)
		}
	}
}

// hasHTTP2 tells whether net/http has HTTP/2 for connections that are not of crypto/tls.
func hasHTTP2() bool {
	return !onHost || !strings.HasPrefix(runtime.Version(), "go1.21") &&
		!strings.HasPrefix(runtime.Version(), "go1.22") && !strings.HasPrefix(runtime.Version(), "go1.23")
}

func TestHTTP2(t *testing.T) {
	for _, test := range []struct{ server, client, wanted string }{
		{"h2,http/1.1", "h2,http/1.1", "HTTP/2.0"},
		{"http/1.1", "h2,http/1.1", "HTTP/1.1"},
		{"h2,http/1.1", "http/1.1", "HTTP/1.1"},
	} {
		l := listenHTTPS(t, strings.Split(test.server, ",")...)
		client := clientOf(t, strings.Split(test.client, ",")...)
		wanted := test.wanted
		if !hasHTTP2() {
			wanted = "HTTP/1.1"
		}
		var all sync.WaitGroup
		for i := 0; i < 10; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				got := fetch(t, client, "https://"+l.Addr().String()+"/a", "b")
				if got != wanted+" /a TLS 1.3 b" {
					t.Errorf("server %s, client %s: got %q", test.server, test.client, got)
				}
			}()
		}
		all.Wait()
	}
}

func TestHTTPSWithStandardClient(t *testing.T) {
	l := listenHTTPS(t, "h2", "http/1.1")
	transport := &http.Transport{
		DialContext: timecraft.DialContext, TLSClientConfig: standardClient(), ForceAttemptHTTP2: hasHTTP2()}
	defer transport.CloseIdleConnections()
	wanted := "HTTP/1.1"
	if hasHTTP2() {
		wanted = "HTTP/2.0"
	}
	got := fetch(t, &http.Client{Transport: transport}, "https://"+l.Addr().String()+"/a", "b")
	if got != wanted+" /a TLS 1.3 b" {
		t.Errorf("got %q", got)
	}
}
