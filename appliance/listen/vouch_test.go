package listen_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"

	"latchkey/appliance/listen"
)

// TestVouch fills a neighbour's share of connections with silent ones behind the
// back of a client that waits between two requests.
func TestVouch(t *testing.T) {
	const more = 520 // than one address may hold
	for _, test := range []struct {
		name, path string
		kept       bool
	}{
		{"who proved themselves keeps the connection while strangers open hundreds", "/prove", true},
		{"who did not is closed for them, and comes in again", "/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, listen.Config{Addresses: []string{"127.0.0.1:0"}}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/prove" {
					listen.Vouch(r)
				}
			}))
			base := fmt.Sprintf("https://localhost:%d", s.TLS[0].Port())
			again := func() (reused bool) {
				t.Helper()
				trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
				r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, base+test.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := s.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				return reused
			}
			again()
			for range more {
				c, err := net.Dial("tcp", s.TLS[0].String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
			}
			// The last of them is in once the one before it was accepted, which a new client's answer shows.
			fresh := s.client.Transport.(*http.Transport).Clone()
			t.Cleanup(fresh.CloseIdleConnections)
			if answer, err := (&http.Client{Transport: fresh}).Get(base + "/"); err != nil {
				t.Fatal(err)
			} else {
				answer.Body.Close()
			}
			if kept := again(); kept != test.kept {
				t.Errorf("the connection was kept: %v, want %v", kept, test.kept)
			}
		})
	}
}
