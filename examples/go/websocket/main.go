// A WebSocket client over host TLS: a library from the wild (gorilla/websocket), unchanged, which
// is only told how to dial. It sends each line of standard input as a message and prints the
// answers.
//
//	websocket [-ca FILE] wss://HOST[:PORT]/PATH
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

// newDialer is the library's dialer with connections of this host.
func newDialer(config *timecraft.TLSConfig) *websocket.Dialer {
	return &websocket.Dialer{
		NetDialContext:    timecraft.DialContext,
		NetDialTLSContext: (&timecraft.Dialer{TLS: config}).DialTLS,
		HandshakeTimeout:  10 * time.Second,
	}
}

// receive prints messages until the server says goodbye.
func receive(conn *websocket.Conn) error {
	for {
		_, message, err := conn.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s\n", message)
	}
}

func main() {
	log.SetFlags(0)
	ca := flag.String("ca", "", "`file` with the certificate authorities to trust, instead of the host's")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	config := new(timecraft.TLSConfig)
	if *ca != "" {
		roots, err := os.ReadFile(*ca)
		if err != nil {
			log.Fatal(err)
		}
		config.RootsPEM = roots
	}
	conn, _, err := newDialer(config).Dial(flag.Arg(0), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	received := make(chan error)
	go func() { received <- receive(conn) }()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := conn.WriteMessage(websocket.TextMessage, lines.Bytes()); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := conn.WriteMessage(websocket.CloseMessage, goodbye); err != nil {
		log.Fatal(err)
	}
	if err := <-received; err != nil {
		log.Fatal(err)
	}
}
