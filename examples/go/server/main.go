// An HTTPS server with net/http, whose TLS the host does. It has the API that the api example asks,
// and tells each client about its connection.
//
//	server [-listen :8443] -cert FILE -key FILE     a certificate and its key from files
//	server [-listen :8443] -identity NAME           held by the host: --identity NAME=CERT,KEY
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

type item struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

const itemCount = 40

func sendJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}

func listItems(w http.ResponseWriter, r *http.Request) {
	ids := make([]string, itemCount)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	sendJSON(w, ids)
}

func showItem(w http.ResponseWriter, r *http.Request) {
	var number int
	id := strings.TrimPrefix(r.URL.Path, "/items/")
	if _, err := fmt.Sscan(id, &number); err != nil || number < 0 || number >= itemCount {
		http.NotFound(w, r)
		return
	}
	sendJSON(w, item{Name: "item " + id, Price: float64(number) + 0.5})
}

func aboutConnection(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello %s\n%s\n", r.RemoteAddr, r.Proto)
	if r.TLS != nil {
		fmt.Fprintf(w, "%s\n%s\n", tls.VersionName(r.TLS.Version), tls.CipherSuiteName(r.TLS.CipherSuite))
	}
}

func main() {
	log.SetFlags(0)
	address := flag.String("listen", ":8443", "`address` to listen at")
	certificate := flag.String("cert", "", "`file` with the certificate chain")
	key := flag.String("key", "", "`file` with its private key")
	identity := flag.String("identity", "", "`name` of an identity that the host holds")
	lifetime := flag.Duration("for", 0, "how long to serve; without end unless given")
	flag.Parse()

	config := &timecraft.TLSConfig{NextProtos: []string{"h2", "http/1.1"}}
	if *identity != "" {
		config.NamedIdentities = []string{*identity}
	} else {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			log.Print("a server needs -cert and -key, or -identity: ", err)
			os.Exit(2)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/", aboutConnection)
	routes.HandleFunc("/items", listItems)
	routes.HandleFunc("/items/", showItem)

	l, err := timecraft.ListenTLS("tcp", *address, config)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on https://%s", l.Addr())
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	if *lifetime > 0 {
		time.AfterFunc(*lifetime, func() { server.Shutdown(context.Background()) })
	}
	if err := timecraft.Serve(server, l); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
