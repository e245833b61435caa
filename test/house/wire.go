package house

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// A Caller is somebody far away: a reverse proxy on this computer, which the house was told to believe, says so.
type Caller struct {
	h    *House
	from netip.Addr
}

// BelieveUs makes the house believe who on this computer says for whom they call.
func (p *Person) BelieveUs() {
	p.t.Helper()
	p.Must("PUT", "/latchkey/settings", p.proof(map[string]any{"reach.proxies": []string{"127.0.0.1"}}), nil)
}

// From gives a caller at an address, for a house that believes us.
func (h *House) From(address netip.Addr) *Caller { return &Caller{h, address} }

// Say sends a request and gives the answer as it came over the wire, byte for byte, but for the time in its head.
// More lines for the request's head have a line break at their end.
func (c *Caller) Say(t testing.TB, method, path, kind, body, head string) string {
	t.Helper()
	at := strings.TrimPrefix(c.h.URL, "https://")
	conn, err := tls.Dial("tcp", at, c.h.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s",
		method, path, at, c.from, kind, len(body), head, body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return dateLine.ReplaceAllString(string(answer), "")
}

var dateLine = regexp.MustCompile(`(?m)^Date: .*\r\n`)
