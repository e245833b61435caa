package portmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"time"
)

// soapMost bounds an answer to a question; real ones have 1 KB.
const soapMost = 64 << 10

// httpWait bounds one question to a router's little web server.
const httpWait = 2 * time.Second

// transport is HTTP to routers: only within the fence, from the address that is
// to be opened, without proxies, redirects and kept connections (some routers
// lose those), and never more than a little.
type transport struct {
	within fence
	self   netip.Addr
}

var errOutside = errors.New("not on this network")

func (t *transport) client() http.Client {
	inner := &http.Transport{
		Proxy:                  nil,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
		ResponseHeaderTimeout:  httpWait,
		DialContext:            t.dial,
	}
	return http.Client{
		Transport:     tidy{inner},
		Timeout:       httpWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (t *transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !t.within.allows(to.Addr()) {
		return nil, fmt.Errorf("dialing %s: %w", address, errOutside)
	}
	d := net.Dialer{}
	if t.self.Is4() == to.Addr().Unmap().Is4() && t.self.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(t.self, 0))
	}
	return d.DialContext(ctx, network, address)
}

// get fetches a description.
func (t *transport) get(ctx context.Context, location string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, fmt.Errorf("asking for a description: %w", err)
	}
	client := t.client()
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for a description: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for a description: HTTP %d", answer.StatusCode)
	}
	return read(answer.Body, descriptionMost)
}

func read(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("answer longer than %d bytes", most)
	}
	return b, nil
}

// tidy reads an answer whole, within bounds, and makes XML of it that goupnp can
// read: it knows UTF-8 only, and nothing before the first tag.
type tidy struct{ inner http.RoundTripper }

func (t tidy) RoundTrip(q *http.Request) (*http.Response, error) {
	a, err := t.inner.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	most := int64(soapMost)
	if q.Method == http.MethodGet {
		most = descriptionMost
	}
	b, err := read(a.Body, most)
	if err != nil {
		return nil, err
	}
	if q.Method == http.MethodPost {
		b = utf8XML(b)
	}
	a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return a, nil
}

func utf8XML(b []byte) []byte {
	if i := bytes.IndexByte(b, '<'); i > 0 {
		b = b[i:]
	}
	head := b[:min(len(b), 128)]
	if bytes.HasPrefix(head, []byte("<?xml")) {
		if end := bytes.Index(head, []byte("?>")); end > 0 && !regexp.MustCompile(`(?i)encoding=["']utf-?8["']`).Match(head[:end]) {
			b = b[end+2:] // without a declaration it is UTF-8
		}
	}
	return latin1(b)
}
