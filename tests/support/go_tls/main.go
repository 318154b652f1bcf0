// Go's crypto/tls on either side of a connection, told by KEY=VALUE words.
//
//	go_tls serve cert=FILE key=FILE [SETTING]...
//	go_tls fetch address=HOST:PORT name=NAME ca=FILE [SETTING]...
//
//	min=771 max=772        versions as numbers
//	alpn=h2,http/1.1       protocols
//	clients=FILE           serve: demands certificates of that authority
//	cert=FILE key=FILE     fetch: the client's own certificate
//	address=HOST:PORT      serve: where to listen; 127.0.0.1 and any port unless given
//	times=N                fetch: so many connections, one after the other, that may resume
//
// serve prints the address it listens on, and answers each request with what was negotiated; fetch
// prints the same of its own side, and what the server answered.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
)

type words map[string]string

func read(arguments []string) words {
	all := words{}
	for _, argument := range arguments {
		key, value, _ := strings.Cut(argument, "=")
		all[key] = value
	}
	return all
}

func check(err error) {
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

func pool(file string) *x509.CertPool {
	pem, err := os.ReadFile(file)
	check(err)
	certificates := x509.NewCertPool()
	certificates.AppendCertsFromPEM(pem)
	return certificates
}

func version(text string, otherwise uint16) uint16 {
	if text == "" {
		return otherwise
	}
	number, err := strconv.ParseUint(text, 10, 16)
	check(err)
	return uint16(number)
}

func configure(all words) *tls.Config {
	config := &tls.Config{
		MinVersion: version(all["min"], tls.VersionTLS12),
		MaxVersion: version(all["max"], tls.VersionTLS13),
		ServerName: all["name"],
	}
	if all["cert"] != "" {
		certificate, err := tls.LoadX509KeyPair(all["cert"], all["key"])
		check(err)
		config.Certificates = []tls.Certificate{certificate}
	}
	if all["alpn"] != "" {
		config.NextProtos = strings.Split(all["alpn"], ",")
	}
	if all["ca"] != "" {
		config.RootCAs = pool(all["ca"])
	}
	if all["clients"] != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = pool(all["clients"])
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	return config
}

func tell(out io.Writer, connection *tls.Conn) {
	state := connection.ConnectionState()
	binding, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	fmt.Fprintf(out, "go: version=%#x cipher=%s alpn=%s resumed=%t name=%s\n", state.Version,
		tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol, state.DidResume,
		state.ServerName)
	fmt.Fprintf(out, "go: exporter=%x %v\n", binding, err)
	for _, certificate := range state.PeerCertificates[:min(1, len(state.PeerCertificates))] {
		fmt.Fprintf(out, "go: peer=%s\n", certificate.Subject.CommonName)
	}
}

func min(one, other int) int {
	if one < other {
		return one
	}
	return other
}

func answer(connection net.Conn) {
	defer connection.Close()
	request := bufio.NewReader(connection)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = request.ReadString('\n'); err != nil {
			return
		}
	}
	io.WriteString(connection, "HTTP/1.0 200 OK\r\n\r\n")
	tell(connection, connection.(*tls.Conn))
}

func serve(all words) {
	address := all["address"]
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := tls.Listen("tcp", address, configure(all))
	check(err)
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		check(err)
		go answer(connection)
	}
}

func fetch(all words) {
	config := configure(all)
	times := int(version(all["times"], 1))
	for i := 0; i < times; i++ {
		connection, err := tls.Dial("tcp", all["address"], config)
		check(err)
		tell(os.Stdout, connection)
		io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n")
		_, err = io.Copy(os.Stdout, connection)
		check(err)
		connection.Close()
	}
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("go_tls serve|fetch [KEY=VALUE]...")
	}
	all := read(os.Args[2:])
	if os.Args[1] == "serve" {
		serve(all)
	} else {
		fetch(all)
	}
}
