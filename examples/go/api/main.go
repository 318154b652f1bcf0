// A client of a JSON API over HTTPS, with many requests at once: it asks for a list of items, then
// for each item, and prints what they cost together.
//
//	api [-ca FILE] [-at-once 8] [-timeout 10s] BASE-URL
//
// The API: GET BASE/items answers with ["ID", …], GET BASE/items/ID with
// {"name": "…", "price": 1.5}. The server example has it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

type item struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

// An api is the client's side of it.
type api struct {
	base   string
	client *http.Client
}

// get decodes the JSON at a path.
func (a *api) get(ctx context.Context, path string, result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", request.URL, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(result); err != nil {
		return fmt.Errorf("%s: %w", request.URL, err)
	}
	return nil
}

// items gets all items, so many at once. The first failure ends the other requests too.
func (a *api) items(ctx context.Context, atOnce int) ([]item, error) {
	var ids []string
	if err := a.get(ctx, "/items", &ids); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	items := make([]item, len(ids))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, id := range ids {
		i, id := i, id
		all.Add(1)
		go func() {
			defer all.Done()
			places <- struct{}{}
			defer func() { <-places }()
			if err := a.get(ctx, "/items/"+url.PathEscape(id), &items[i]); err != nil {
				cancel(err)
			}
		}()
	}
	all.Wait()
	return items, context.Cause(ctx)
}

func main() {
	log.SetFlags(0)
	ca := flag.String("ca", "", "`file` with the certificate authorities to trust, instead of the host's")
	atOnce := flag.Int("at-once", 8, "how many requests to make at once")
	timeout := flag.Duration("timeout", 10*time.Second, "how long it may take in all")
	flag.Parse()
	if flag.NArg() != 1 || *atOnce < 1 {
		flag.Usage()
		os.Exit(2)
	}
	config := &timecraft.TLSConfig{NextProtos: []string{"h2", "http/1.1"}}
	if *ca != "" {
		roots, err := os.ReadFile(*ca)
		if err != nil {
			log.Fatal(err)
		}
		config.RootsPEM = roots
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	a := &api{flag.Arg(0), &http.Client{Transport: timecraft.NewTransport(config)}}
	items, err := a.items(ctx, *atOnce)
	if err != nil {
		log.Fatal(err)
	}
	var sum float64
	for _, item := range items {
		fmt.Printf("%-24s %8.2f\n", item.Name, item.Price)
		sum += item.Price
	}
	fmt.Printf("%-24s %8.2f\n", fmt.Sprintf("%d items", len(items)), sum)
}
