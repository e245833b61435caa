package logline

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// answer passes an answer on and remembers its status in the line about it. It
// hides nothing of what it wraps: it flushes, is taken over (hijacked), and is
// unwrapped by http.ResponseController.
type answer struct {
	http.ResponseWriter
	request
	closes bool // a body that was too large ends the connection, see WriteHeader
}

var (
	_ http.Flusher  = (*answer)(nil)
	_ http.Hijacker = (*answer)(nil)
	_ io.ReaderFrom = (*answer)(nil)
)

// WriteHeader remembers the first status that is final (RFC 9110, 15.2).
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	if status == http.StatusRequestEntityTooLarge && a.closes {
		// http.MaxBytesReader does this by itself, but not through a wrapper:
		// else the server would go on reading what nobody wants.
		a.Header().Set("Connection", "close")
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) begin() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
}

// Write passes a piece of the body on.
func (a *answer) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

// ReadFrom copies a body by the way that is best for both.
func (a *answer) ReadFrom(body io.Reader) (int64, error) {
	a.begin()
	return io.Copy(a.ResponseWriter, body)
}

// Flush sends what was written, where what is wrapped can.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError is Flush for http.ResponseController.
func (a *answer) FlushError() error {
	err := http.NewResponseController(a.ResponseWriter).Flush()
	if err == nil {
		a.begin()
	}
	return err
}

// Hijack gives the connection away; http.ErrNotSupported where that can't be.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil && a.status == 0 {
		a.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
