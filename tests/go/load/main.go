// Fetches a page over and over, by many goroutines at once, and waits before each round and at the
// end until a line comes, so that the test can look at the process.
//
//	load [-keep] URL GOROUTINES REQUESTS ROUNDS
//
// Each goroutine has REQUESTS/GOROUTINES requests a round: with -keep on connections that are kept,
// else on a connection each.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	_ "github.com/stealthrocket/timecraft/sdk/go/timecraft"
)

func fetch(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != 200 || len(text) == 0 {
		return fmt.Errorf("%s, %d bytes", response.Status, len(text))
	}
	return nil
}

func round(client *http.Client, url string, goroutines, requests int) {
	var all sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for k := 0; k < requests/goroutines; k++ {
				if err := fetch(client, url); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	all.Wait()
}

func argument(i int) int {
	number, err := strconv.Atoi(flag.Arg(i))
	if err != nil {
		log.Fatal(err)
	}
	return number
}

func main() {
	keep := flag.Bool("keep", false, "keep connections")
	flag.Parse()
	goroutines, requests, rounds := argument(1), argument(2), argument(3)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = !*keep
	transport.MaxIdleConnsPerHost = goroutines
	transport.MaxIdleConns = 0
	client := &http.Client{Transport: transport}
	// With the first connection the host opens what all of them share.
	if err := fetch(client, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
	transport.CloseIdleConnections()
	lines := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	lines.Scan()
	for i := 0; i < rounds; i++ {
		begin := time.Now()
		round(client, flag.Arg(0), goroutines, requests)
		seconds := time.Since(begin).Seconds()
		transport.CloseIdleConnections()
		fmt.Printf("%d requests, %.1f s\n", requests, seconds)
		lines.Scan()
	}
}
