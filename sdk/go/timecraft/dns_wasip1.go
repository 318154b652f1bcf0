package timecraft

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// The resolver of package net speaks DNS with a server. It is given one here that lives in this
// program and answers from the host's resolver: so net.LookupHost and its like work, with the
// host's configuration, its own hosts file and its grants.

func init() {
	net.DefaultResolver.PreferGo = true
	net.DefaultResolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return &dnsConn{ctx: ctx}, nil
	}
}

// Numbers of RFC 1035 (4.1) and RFC 3596.
const (
	dnsHeaderSize = 12
	dnsTypeA      = 1
	dnsTypeAAAA   = 28
	dnsClassINET  = 1

	dnsResponse           = 1 << 15
	dnsRecursionDesired   = 1 << 8
	dnsRecursionAvailable = 1 << 7

	dnsFormatError    = 1
	dnsServerFailure  = 2
	dnsNotImplemented = 4
	dnsRefused        = 5

	dnsLifetime = 1 // seconds: the host has caches of its own
)

// A dnsConn is a connection to the server, a stream: messages have their length before them as two
// bytes. The answer to what is written can be read at once.
type dnsConn struct {
	ctx     context.Context // the query's
	in, out bytes.Buffer
}

func (c *dnsConn) Write(b []byte) (int, error) {
	c.in.Write(b)
	for c.in.Len() >= 2 {
		length := int(binary.BigEndian.Uint16(c.in.Bytes()))
		if c.in.Len() < 2+length {
			break
		}
		answer, err := answerDNS(c.ctx, c.in.Next(2 + length)[2:])
		if err != nil {
			return 0, err
		}
		c.out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(answer))))
		c.out.Write(answer)
	}
	return len(b), nil
}

func (c *dnsConn) Read(b []byte) (int, error) {
	if c.out.Len() == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return c.out.Read(b)
}

func (c *dnsConn) Close() error                     { return nil }
func (c *dnsConn) LocalAddr() net.Addr              { return new(net.TCPAddr) }
func (c *dnsConn) RemoteAddr() net.Addr             { return new(net.TCPAddr) }
func (c *dnsConn) SetDeadline(time.Time) error      { return nil }
func (c *dnsConn) SetReadDeadline(time.Time) error  { return nil }
func (c *dnsConn) SetWriteDeadline(time.Time) error { return nil }

// A dnsQuestion is the only one of a query: bytes is all of it, name the name in words.
type dnsQuestion struct {
	bytes []byte
	name  string
	kind  uint16
}

// parseQuestion reads the question that follows a header.
func parseQuestion(b []byte) (question dnsQuestion, ok bool) {
	var labels []string
	at := 0
	for at < len(b) && b[at] != 0 {
		length := int(b[at])
		if length > 63 || at+1+length >= len(b) {
			return question, false
		}
		labels = append(labels, string(b[at+1:at+1+length]))
		at += 1 + length
	}
	end := at + 5 // the root's empty label, type and class
	if len(b) < end || binary.BigEndian.Uint16(b[end-2:]) != dnsClassINET {
		return question, false
	}
	kind := binary.BigEndian.Uint16(b[at+1:])
	return dnsQuestion{b[:end], strings.Join(labels, "."), kind}, true
}

// answerDNS answers a query.
func answerDNS(ctx context.Context, query []byte) ([]byte, error) {
	if len(query) < dnsHeaderSize {
		return nil, nil
	}
	flags := binary.BigEndian.Uint16(query[2:])
	question, ok := parseQuestion(query[dnsHeaderSize:])
	if !ok || binary.BigEndian.Uint16(query[4:]) != 1 {
		return dnsMessage(query, flags|dnsFormatError, nil, nil), nil
	}
	var family uint32
	switch question.kind {
	case dnsTypeA:
		family = familyInet4
	case dnsTypeAAAA:
		family = familyInet6
	default:
		return dnsMessage(query, flags|dnsNotImplemented, question.bytes, nil), nil
	}
	ips, errno, err := askHost(ctx, family, question.name)
	if err != nil {
		return nil, err
	}
	switch errno {
	case 0, syscall.ENOENT: // a name without an address of this kind may have one of the other
	case syscall.EACCES:
		flags |= dnsRefused
	default:
		flags |= dnsServerFailure
	}
	return dnsMessage(query, flags, question.bytes, ips), nil
}

// dnsMessage is the response to a query: its header, the question and a record for each address.
func dnsMessage(query []byte, flags uint16, question []byte, ips []netip.Addr) []byte {
	order := binary.BigEndian
	message := append([]byte(nil), query[:2]...)
	message = order.AppendUint16(message,
		dnsResponse|dnsRecursionAvailable|flags&(dnsRecursionDesired|0xf))
	questions := uint16(0)
	if question != nil {
		questions = 1
	}
	for _, count := range []uint16{questions, uint16(len(ips)), 0, 0} {
		message = order.AppendUint16(message, count)
	}
	message = append(message, question...)
	for _, ip := range ips {
		message = order.AppendUint16(message, 0xc000|dnsHeaderSize) // the name: the question's
		message = append(message, question[len(question)-4:]...)    // type and class
		message = order.AppendUint32(message, dnsLifetime)
		message = order.AppendUint16(message, uint16(ip.BitLen()/8))
		message = append(message, ip.AsSlice()...)
	}
	return message
}
