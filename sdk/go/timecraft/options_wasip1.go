package timecraft

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// Options of host TLS, as in the C header timecraft/options.h, which says what each takes and
// gives.
const (
	levelTimecraft = 0x74696d65

	optionHTLS             = 1
	optionHTLSError        = 2
	optionServer           = 3
	optionUpgrade          = 4
	optionTrustAnchors     = 5
	optionTrust            = 6
	optionVerify           = 7
	optionIdentity         = 8
	optionNamedIdentity    = 9
	optionALPN             = 10
	optionMinVersion       = 11
	optionMaxVersion       = 12
	optionCiphers          = 13
	optionGroups           = 14
	optionHandshakeTimeout = 15
	optionVersion          = 16
	optionCipher           = 17
	optionResumed          = 19
	optionServerName       = 20
	optionPeerCertificates = 21
	optionTLSExporter      = 23
	optionServerEndPoint   = 24

	trustBoth = 2

	verifyNone    = 0
	verifyRequest = 3
	verifyRequire = 4
)

// A configError names the part of a configuration that the host did not accept.
type configError struct {
	field string
	err   error
}

func (e *configError) Error() string { return "timecraft: TLSConfig." + e.field + ": " + e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// A configurer sets options on a socket until one fails.
type configurer struct {
	fd  int32
	err error
}

func (c *configurer) fail(field string, err error) {
	if c.err == nil && err != nil {
		c.err = &configError{field, err}
	}
}

func (c *configurer) set(field string, option uint32, value []byte) {
	if c.err == nil && len(value) > 0 {
		c.fail(field, asError("setsockopt", setOption(c.fd, levelTimecraft, option, value)))
	}
}

func (c *configurer) setNumber(field string, option, value uint32) {
	if c.err == nil {
		c.fail(field, asError("setsockopt", setNumber(c.fd, levelTimecraft, option, value)))
	}
}

// configure applies a configuration to a socket, for a client or a server.
func configure(fd int32, config *TLSConfig, server bool) error {
	if config == nil {
		return nil
	}
	c := &configurer{fd: fd}
	c.trust(config, server)
	c.identities(config)
	c.parameters(config)
	return c.err
}

func (c *configurer) trust(config *TLSConfig, server bool) {
	c.set("RootsPEM", optionTrustAnchors, config.RootsPEM)
	if config.SystemRoots && len(config.RootsPEM) > 0 {
		c.setNumber("SystemRoots", optionTrust, trustBoth)
	}
	if !server {
		if config.InsecureSkipVerify {
			c.setNumber("InsecureSkipVerify", optionVerify, verifyNone)
		}
		return
	}
	switch config.ClientAuth {
	case tls.NoClientCert:
	case tls.VerifyClientCertIfGiven:
		c.setNumber("ClientAuth", optionVerify, verifyRequest)
	case tls.RequireAndVerifyClientCert:
		c.setNumber("ClientAuth", optionVerify, verifyRequire)
	default:
		c.fail("ClientAuth", fmt.Errorf("%v is not supported", config.ClientAuth))
	}
}

func (c *configurer) identities(config *TLSConfig) {
	for i := range config.Certificates {
		text, err := identityPEM(&config.Certificates[i])
		c.fail("Certificates", err)
		c.set("Certificates", optionIdentity, text)
	}
	for _, name := range config.NamedIdentities {
		c.set("NamedIdentities", optionNamedIdentity, []byte(name))
	}
}

func (c *configurer) parameters(config *TLSConfig) {
	protocols, err := wireProtocols(config.NextProtos)
	c.fail("NextProtos", err)
	c.set("NextProtos", optionALPN, protocols)
	if config.MinVersion != 0 {
		c.setNumber("MinVersion", optionMinVersion, uint32(config.MinVersion))
	}
	if config.MaxVersion != 0 {
		c.setNumber("MaxVersion", optionMaxVersion, uint32(config.MaxVersion))
	}
	suites, err := suiteNames(config.CipherSuites)
	c.fail("CipherSuites", err)
	c.set("CipherSuites", optionCiphers, []byte(suites))
	groups, err := groupNames(config.CurvePreferences)
	c.fail("CurvePreferences", err)
	c.set("CurvePreferences", optionGroups, []byte(groups))
	if config.HandshakeTimeout > 0 {
		milliseconds := max(config.HandshakeTimeout/time.Millisecond, 1)
		c.setNumber("HandshakeTimeout", optionHandshakeTimeout, uint32(min(milliseconds, 1<<31)))
	}
}

// getText asks for an option that is a text. None is the empty one.
func getText(fd int32, option uint32) string {
	buffer := make([]byte, 1024)
	if sock_getsockopt(fd, levelTimecraft, option, unsafe.Pointer(&buffer[0]), uint32(len(buffer))) != 0 {
		return ""
	}
	text, _, _ := bytes.Cut(buffer, []byte{0})
	return string(text)
}

// getBlob asks for an option that says its length itself, with more room until there is enough.
func getBlob(fd int32, option uint32) ([]byte, syscall.Errno) {
	for room := 8192; ; {
		buffer := make([]byte, 4+room)
		errno := sock_getsockopt(fd, levelTimecraft, option, unsafe.Pointer(&buffer[0]), uint32(len(buffer)))
		if errno != 0 {
			return nil, errno
		}
		length := int(binary.LittleEndian.Uint32(buffer))
		if length <= room {
			return buffer[4 : 4+length], 0
		}
		room = length
	}
}
