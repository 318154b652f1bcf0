package timecraft_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

// listen listens on a port of its own, and gives each connection to serve until the test is over.
func listen(t *testing.T, serve func(net.Conn)) net.Listener {
	t.Helper()
	l, err := timecraft.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	serveAll(t, l, serve)
	return l
}

func serveAll(t *testing.T, l net.Listener, serve func(net.Conn)) {
	var served sync.WaitGroup
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("Accept: %v", err)
				}
				return
			}
			served.Add(1)
			go func() {
				defer served.Done()
				defer c.Close()
				serve(c)
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
}

func echo(c net.Conn) { io.Copy(c, c) }

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := timecraft.Dial("tcp", l.Addr().String())
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestEchoAndHalfClose(t *testing.T) {
	c := dial(t, listen(t, echo))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
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

func TestAddresses(t *testing.T) {
	addresses := make(chan net.Addr, 1)
	l := listen(t, func(c net.Conn) { addresses <- c.RemoteAddr() })
	c := dial(t, l)
	if c.RemoteAddr().String() != l.Addr().String() {
		t.Errorf("RemoteAddr is %v, the listener's is %v", c.RemoteAddr(), l.Addr())
	}
	if seen := <-addresses; seen.String() != c.LocalAddr().String() || seen.Network() != "tcp" {
		t.Errorf("LocalAddr is %v, the server saw %v", c.LocalAddr(), seen)
	}
	if _, ok := c.LocalAddr().(*net.TCPAddr); !ok {
		t.Errorf("LocalAddr is a %T", c.LocalAddr())
	}
}

func TestLocalAddr(t *testing.T) {
	l := listen(t, echo)
	dialer := timecraft.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := dialer.Dial("tcp", l.Addr().String())
	check(t, err)
	defer c.Close()
	if ip := c.LocalAddr().(*net.TCPAddr).IP; !ip.Equal(net.IPv4(127, 0, 0, 2)) {
		t.Errorf("LocalAddr is %v", ip)
	}
}

func TestListenWithoutHostTakesBothFamilies(t *testing.T) {
	l, err := timecraft.Listen("tcp", ":0")
	check(t, err)
	serveAll(t, l, echo)
	port := l.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"127.0.0.1", "::1"} {
		c, err := timecraft.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if host == "::1" && errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Skip("no IPv6 here")
		}
		check(t, err)
		if got := c.RemoteAddr().(*net.TCPAddr).IP.String(); got != host {
			t.Errorf("RemoteAddr is %s, dialled was %s", got, host)
		}
		c.Close()
	}
}

func TestReadDeadline(t *testing.T) {
	c := dial(t, listen(t, echo))
	check(t, c.SetReadDeadline(time.Now().Add(30*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read gave %v", err)
	}
	if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
		t.Errorf("%#v is no timeout", err)
	}
	check(t, c.SetReadDeadline(time.Time{}))
	_, err = c.Write([]byte("x"))
	check(t, err)
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("after the deadline is gone: %d, %v", n, err)
	}
}

func TestWriteDeadline(t *testing.T) {
	quiet := make(chan struct{})
	c := dial(t, listen(t, func(net.Conn) { <-quiet }))
	defer close(quiet)
	check(t, c.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
	for {
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write gave %v", err)
			}
			return
		}
	}
}

func TestCloseWakesReader(t *testing.T) {
	c := dial(t, listen(t, echo))
	time.AfterFunc(20*time.Millisecond, func() { c.Close() })
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read gave %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write gave %v", err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Close again gave %v", err)
	}
}

func TestCloseWakesAccept(t *testing.T) {
	l, err := timecraft.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	time.AfterFunc(20*time.Millisecond, func() { l.Close() })
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept gave %v", err)
	}
}

func TestRefused(t *testing.T) {
	l, err := timecraft.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	l.Close()
	_, err = timecraft.Dial("tcp", l.Addr().String())
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" || op.Addr.String() != l.Addr().String() ||
		!errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial gave %v", err)
	}
}

func TestUnknownHost(t *testing.T) {
	_, err := timecraft.Dial("tcp", "nosuch.invalid:80")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound && !dns.IsTemporary { // without a network: the latter
		t.Errorf("Dial gave %#v", err)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:nosuch", "127.0.0.1:70000", "[::1:80"} {
		if c, err := timecraft.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("Dial accepts %q", address)
		}
	}
	if _, err := timecraft.Dial("ip", "127.0.0.1:1"); err == nil {
		t.Error("Dial accepts the network ip")
	}
	if _, err := timecraft.Dial("tcp6", "127.0.0.1:1"); err == nil {
		t.Error("Dial accepts an IPv4 address for tcp6")
	}
}

func TestResolverOfNet(t *testing.T) {
	addresses, err := net.LookupHost("localhost")
	check(t, err)
	for _, address := range addresses {
		if address != "127.0.0.1" && address != "::1" {
			t.Errorf("localhost is at %s", address)
		}
	}
}

func TestContextEndsBeforeConnecting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := timecraft.DialContext(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial gave %v", err)
	}
}

func TestConcurrentReadersAndWriters(t *testing.T) {
	const goroutines, messages = 16, 50
	c := dial(t, listen(t, echo))
	var writers, readers sync.WaitGroup
	var lock sync.Mutex
	var received int
	for i := 0; i < goroutines; i++ {
		writers.Add(1)
		go func() {
			defer writers.Done()
			for k := 0; k < messages; k++ {
				if _, err := c.Write([]byte("twelve bytes")); err != nil {
					t.Errorf("Write: %v", err)
				}
			}
		}()
		readers.Add(1)
		go func() {
			defer readers.Done()
			buffer := make([]byte, 100)
			for {
				n, err := c.Read(buffer)
				lock.Lock()
				received += n
				lock.Unlock()
				if err != nil {
					if err != io.EOF {
						t.Errorf("Read: %v", err)
					}
					return
				}
			}
		}()
	}
	writers.Wait()
	check(t, c.(interface{ CloseWrite() error }).CloseWrite())
	readers.Wait()
	if received != goroutines*messages*12 {
		t.Errorf("%d bytes came back", received)
	}
}

func TestDatagrams(t *testing.T) {
	server, err := timecraft.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	defer server.Close()
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			server.WriteTo(append([]byte("re: "), buffer[:n]...), from)
		}
	}()
	client, err := timecraft.Dial("udp", server.LocalAddr().String())
	check(t, err)
	defer client.Close()
	client.SetDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 2000)
	for _, message := range []string{"one", "", "three"} {
		_, err = client.Write([]byte(message))
		check(t, err)
		n, err := client.Read(buffer)
		check(t, err)
		if string(buffer[:n]) != "re: "+message {
			t.Errorf("got %q", buffer[:n])
		}
	}
}

func TestUnixSockets(t *testing.T) {
	path := os.Getenv("TIMECRAFT_TEST_UNIX") // a path that was granted
	if path == "" {
		t.Skip("TIMECRAFT_TEST_UNIX names no path")
	}
	l, err := timecraft.Listen("unix", path)
	check(t, err)
	serveAll(t, l, echo)
	c, err := timecraft.Dial("unix", path)
	check(t, err)
	defer c.Close()
	if c.RemoteAddr().String() != path || c.RemoteAddr().Network() != "unix" {
		t.Errorf("RemoteAddr is %v", c.RemoteAddr())
	}
	fmt.Fprint(c, "hello")
	buffer := make([]byte, 5)
	_, err = io.ReadFull(c, buffer)
	check(t, err)
}

func TestOptionsOfSockets(t *testing.T) {
	shared := timecraft.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		c.Control(func(fd uintptr) {
			err = timecraft.SetsockoptInt(fd, timecraft.SOL_SOCKET, timecraft.SO_REUSEPORT, 1)
		})
		return err
	}}
	first, err := shared.Listen(context.Background(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer first.Close()
	second, err := shared.Listen(context.Background(), "tcp", first.Addr().String())
	check(t, err)
	defer second.Close()
	packets, err := shared.ListenPacket(context.Background(), "udp4", "127.0.0.1:0")
	check(t, err)
	defer packets.Close()
	raw, err := packets.(syscall.Conn).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) {
		check(t, timecraft.SetsockoptInt(fd, timecraft.IPPROTO_IP, timecraft.IP_TTL, 7))
		value, err := timecraft.GetsockoptInt(fd, timecraft.IPPROTO_IP, timecraft.IP_TTL)
		if value != 7 || err != nil {
			t.Errorf("IP_TTL is %v, %v", value, err)
		}
		err = timecraft.SetsockoptInt(fd, timecraft.SOL_SOCKET, 12345, 1)
		if !errors.Is(err, syscall.ENOPROTOOPT) {
			t.Errorf("an option that is none: %v", err)
		}
	}))
	refused := errors.New("refused")
	_, err = (&timecraft.ListenConfig{Control: func(string, string, syscall.RawConn) error {
		return refused
	}}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if !errors.Is(err, refused) {
		t.Errorf("Listen with a Control that fails: %v", err)
	}
}
