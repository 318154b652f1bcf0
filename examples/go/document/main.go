// The first Go program of the document about host TLS: a page over HTTPS by the standard HTTP
// client. (The document writes http.Client.Get, which in Go needs a client: here it is the
// default one.) The import is all that host TLS asks for.
//
//	document [URL]       https://example.com unless given
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	_ "github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func main() {
	url := "https://example.com"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}

	// will do hTLS to example.com behind the scenes
	response, err := http.DefaultClient.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	log.Print(response.Status)
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
}
