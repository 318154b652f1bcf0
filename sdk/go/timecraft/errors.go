package timecraft

import "syscall"

// A TLSError is a failure of TLS that the host did. Certificates that were not accepted are told
// by a *tls.CertificateVerificationError instead.
type TLSError struct {
	// Reason is the host's, in words.
	Reason string
	// Errno is EPROTO for what is not TLS or has nothing in common with this side, ECONNRESET for
	// a connection that ended without the goodbye of TLS, ETIMEDOUT for a handshake that took too
	// long.
	Errno syscall.Errno
}

func (err *TLSError) Error() string { return "tls: " + err.Reason }

// Unwrap gives the errno, for errors.Is.
func (err *TLSError) Unwrap() error { return err.Errno }

// Timeout and Temporary make it a net.Error.
func (err *TLSError) Timeout() bool   { return err.Errno.Timeout() }
func (err *TLSError) Temporary() bool { return err.Errno.Temporary() }
