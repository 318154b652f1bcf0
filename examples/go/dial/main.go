// The second Go program of the document about host TLS: a net.Conn with TLS, and a request written
// by hand.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func main() {
	conn, err := timecraft.DialTLS(context.Background(), "tcp", "example.com:443")
	if err != nil {
		log.Fatal(err)
	}
	// conn is a net.Conn
	fmt.Fprintf(conn, "GET / HTTP/1.0\r\n\r\n")

	if _, err := io.Copy(os.Stdout, conn); err != nil {
		log.Fatal(err)
	}
}
