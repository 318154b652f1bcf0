// Requests with net/http, natively and in a guest:
//
//	requests fetch URL COUNT              over one connection; prints their CPU time
//	requests serve ADDRESS CERT KEY       a page, until it is stopped
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func fetch(address string) {
	response, err := http.Get(address)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || len(text) == 0 {
		log.Fatal(err)
	}
}

func fetchMany(address, count string) {
	number, err := strconv.Atoi(count)
	if err != nil {
		log.Fatal(err)
	}
	fetch(address)
	begin := cpuTime()
	for i := 0; i < number; i++ {
		fetch(address)
	}
	fmt.Println("cpu", cpuTime()-begin)
}

func page(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "Hello from Go, over TLS 1.3 with TLS_AES_256_GCM_SHA384. You are nobody I know.\n")
}

func serve(address, cert, key string) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		log.Fatal(err)
	}
	config := &timecraft.TLSConfig{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	listener, err := timecraft.ListenTLS("tcp", address, config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("serving")
	server := &http.Server{Handler: http.HandlerFunc(page)}
	log.Fatal(timecraft.Serve(server, listener))
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "fetch":
		fetchMany(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "serve":
		serve(os.Args[2], os.Args[3], os.Args[4])
	default:
		log.Fatal("requests fetch URL COUNT | serve ADDRESS CERT KEY")
	}
}
