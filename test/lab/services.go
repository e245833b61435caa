package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// A Call is a request that reached one of the services: echo, check, cloudflare, duckdns, dyndns or edge.
type Call struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	From    string    `json:"from"`
}

// A Fault is what a service answers instead of its work.
type Fault struct {
	Status     int    `json:"status"` // 0: the connection is cut
	Body       string `json:"body"`
	RetryAfter int    `json:"retryAfter"` // seconds
	Delay      int    `json:"delay"`      // milliseconds
	Times      int    `json:"times"`      // 0: until told otherwise
	Method     string `json:"method"`     // empty: for all
}

// Calls is all that reached a service so far.
func (l *Lab) Calls(service string) []Call {
	l.t.Helper()
	var all, its []Call
	l.control(http.MethodGet, "/calls", nil, &all)
	for _, c := range all {
		if c.Service == service {
			its = append(its, c)
		}
	}
	return its
}

// Break makes a service fail; nil mends it.
func (l *Lab) Break(service string, f *Fault) {
	l.t.Helper()
	l.control(http.MethodPut, "/fault/"+service, f, nil)
}

// Lie makes the echoes of a kind, "https" or "dns", name another address; "" makes them honest again.
func (l *Lab) Lie(kind, address string) {
	l.t.Helper()
	l.control(http.MethodPut, "/lie/"+kind, address, nil)
}

// Proxy turns Cloudflare's cloud of a name orange, or grey again.
func (l *Lab) Proxy(name string, proxied bool) {
	l.t.Helper()
	l.control(http.MethodPut, "/cloudflare/proxied", map[string]any{"name": name, "proxied": proxied}, nil)
}

func (l *Lab) control(method, path string, in, out any) {
	l.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		l.t.Fatal(err)
	}
	socket := filepath.Join(l.Dir, "run", "control")
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}, Timeout: 5 * time.Second}
	request, err := http.NewRequestWithContext(context.Background(), method, "http://lab"+path, bytes.NewReader(raw))
	if err != nil {
		l.t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		l.t.Fatalf("telling the services: %v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		l.t.Fatalf("%s %s: %v", method, path, err)
	}
}
