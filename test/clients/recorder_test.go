package clients_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/test/house"
)

// recorder stands before the house as a reverse proxy and notes what is asked for.
type recorder struct {
	url    string
	root   string       // the file with what to trust
	client *http.Client // that trusts it

	mu     sync.Mutex
	paths  []string
	behind string // whom it says to call for
	ended  int    // requests whose access token is still to be spoiled
	came   int    // those that were
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.paths...)
}

// callFor makes it tell the house for whom it calls.
func (r *recorder) callFor(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behind = address
}

// spoil makes the access tokens of the next requests ended ones in the eyes of the house.
func (r *recorder) spoil(requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.came = requests, 0
}

func (r *recorder) spoiled() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.came
}

// note writes a request down and changes it as it was told.
func (r *recorder) note(in, out *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths = append(r.paths, in.Method+" "+in.URL.Path)
	if r.behind != "" {
		out.Header.Set("X-Forwarded-For", r.behind)
	}
	if r.ended > 0 && in.Header.Get("Authorization") != "" {
		r.ended, r.came = r.ended-1, r.came+1
		out.Header.Set("Authorization", "Bearer of.no.worth")
	}
}

func record(t *testing.T, h *house.House) *recorder {
	t.Helper()
	to, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{root: filepath.Join(t.TempDir(), "root.pem")}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		Transport: h.Client().Transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			r.note(p.In, p.Out)
		},
	})
	t.Cleanup(front.Close)
	r.url, r.client = front.URL, front.Client()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(r.root, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}
