package listen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// errPlain ends a connection that was answered in plain HTTP.
var errPlain = errors.New("listen: plain HTTP at the TLS port")

// sniffing answers those who speak plain HTTP to the TLS port: a person who
// typed the address without https:// is sent there.
type sniffing struct{ net.Listener }

func (l sniffing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &sniffed{Conn: c}, nil
}

// sniffed looks at the first byte that the TLS layer reads, in the
// connection's own goroutine and under its handshake deadline.
type sniffed struct {
	net.Conn
	begun bool
}

func (c *sniffed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.begun || n == 0 {
		return n, err
	}
	c.begun = true
	// A method is upper-case letters; a TLS record begins with a number below 32.
	if p[0] < 'A' || p[0] > 'Z' {
		return n, err
	}
	c.redirect(io.MultiReader(bytes.NewReader(bytes.Clone(p[:n])), c.Conn))
	return 0, errPlain
}

// redirect answers one plain request. It never reads a body.
func (c *sniffed) redirect(in io.Reader) {
	r, err := http.ReadRequest(bufio.NewReader(io.LimitReader(in, 8<<10)))
	if err != nil {
		r = &http.Request{}
	}
	c.Conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c.Conn, plainAnswer(r))
}

// plainAnswer is a redirect for what a person typed, and a clear refusal for
// all else: a program that sends data in clear should not be helped to go on.
func plainAnswer(r *http.Request) string {
	status, location := "400 Bad Request", ""
	text := "This port speaks HTTPS. Use an address that begins with https://\n"
	_, err := ParseHost(r.Host)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if err == nil && reads && strings.HasPrefix(r.RequestURI, "/") {
		status = "307 Temporary Redirect"
		location = "Location: https://" + r.Host + r.URL.RequestURI() + "\r\n"
	}
	head := fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
		status, location, len(text))
	if r.Method == http.MethodHead {
		return head
	}
	return head + text
}
