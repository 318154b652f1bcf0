// A guest as they were written for upstream's packages: sockets of github.com/stealthrocket/net, TLS
// of timecraft's own SDK.
//
//	upstream get URL | tls HOST:PORT | serve ADDRESS
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	_ "github.com/stealthrocket/net/http"
	"github.com/stealthrocket/net/wasip1"
	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func main() {
	argument := os.Args[2]
	switch os.Args[1] {
	case "get":
		response, err := http.Get(argument)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(response.Status)
		io.Copy(os.Stdout, response.Body)
	case "tls":
		conn, err := timecraft.DialTLS(context.Background(), "tcp", argument)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
		io.Copy(os.Stdout, conn)
	case "serve":
		l, err := wasip1.Listen("tcp", argument)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.Addr())
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, "hello", r.RemoteAddr)
		})
		log.Fatal(http.Serve(l, nil))
	}
}
