// Package timecraft gives Go programs that run as WebAssembly guests of Timecraft their network:
// sockets, name resolution, and TLS that the host does for them (hTLS).
//
// Importing it is enough for the standard HTTP client. From then on http.DefaultTransport, and
// with it http.Get and http.DefaultClient, uses the host's sockets for http URLs and hTLS for
// https ones:
//
//	import (
//		"net/http"
//
//		_ "github.com/stealthrocket/timecraft/sdk/go/timecraft"
//	)
//
// Everything else is asked for: [Dial] and [Listen] for connections in the clear, [DialTLS] and
// [ListenTLS] for TLS, [NewTransport] and [ListenAndServeTLS] for HTTP, [StartTLS] for protocols
// that change to TLS on the way. A [TLSConfig] says what crypto/tls's Config would say. Connections
// are net.Conn values that work as those of package net do: with deadlines, with any number of
// goroutines, and with the errors of net and crypto/x509.
//
// What a guest may connect to and listen on is for the person who builds or runs it to say
// (--allow-net, --allow-listen). What was not granted fails with syscall.EACCES, which is
// fs.ErrPermission.
//
// In programs for other systems than GOOS=wasip1 the same functions use packages net and
// crypto/tls, so that a guest's code can be tested and debugged natively.
//
// # What stays with the standard library
//
// The standard library's own net.Dial and net.Listen know no real network when GOOS is wasip1:
// they connect a program with itself. Libraries that dial take a dial function or a dialer
// somewhere; give them [DialContext], [DialTLS] or a [Dialer]. A http.Transport that a program
// makes for itself needs them too, or [NewTransport], and its TLSClientConfig has no effect
// where DialTLSContext is set.
package timecraft
