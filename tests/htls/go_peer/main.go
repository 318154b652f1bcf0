// An HTTPS server on Go's crypto/tls, whose behaviour hTLS promises to keep.
//
//	go_peer CERT KEY ADDRESS MIN MAX
//
// MIN and MAX are TLS versions as numbers (771 is TLS 1.2, 772 TLS 1.3). It prints the address it
// listens on and serves until it is killed.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
)

func version(text string) uint16 {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		log.Fatal(err)
	}
	return uint16(number)
}

func serve(connection net.Conn) {
	defer connection.Close()
	request := bufio.NewReader(connection)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = request.ReadString('\n'); err != nil {
			return
		}
	}
	name := connection.(*tls.Conn).ConnectionState().ServerName
	fmt.Fprintf(connection, "HTTP/1.0 200 OK\r\n\r\nhello from go to %s\n", name)
}

func main() {
	cert, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   version(os.Args[4]),
		MaxVersion:   version(os.Args[5]),
	}
	listener, err := tls.Listen("tcp", os.Args[3], config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(connection)
	}
}
