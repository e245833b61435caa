package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// control is how a test sees what reached the services and tells them to misbehave, over a Unix socket.
type control struct {
	mu     sync.Mutex
	lies   map[string]netip.Addr // by kind of echo
	faults map[string]*fault     // by service
	calls  []seen
}

// seen is a request that reached a service.
type seen struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Method  string    `json:"method"`
	Path    string    `json:"path"` // without the query, which may hold a token
	From    string    `json:"from"`
}

// fault is what a service answers instead of its work.
type fault struct {
	Status     int    `json:"status"` // 0: the connection is cut
	Body       string `json:"body"`
	RetryAfter int    `json:"retryAfter"` // seconds; 0: not said
	Delay      int    `json:"delay"`      // milliseconds before the answer
	Times      int    `json:"times"`      // so many answers; 0: until told otherwise
	Method     string `json:"method"`     // only for this method; empty: for all
}

func newControl() *control {
	return &control{lies: map[string]netip.Addr{}, faults: map[string]*fault{}}
}

// lie gives the address that an echo names: what it was told to, or the truth.
func (c *control) lie(kind string, truth netip.Addr) netip.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if told, ok := c.lies[kind]; ok && told.Is4() == truth.Is4() {
		return told
	}
	return truth
}

// watch notes each request of a service and answers with its fault, if it has one.
func (c *control) watch(service string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := c.note(service, r)
		if f == nil {
			h.ServeHTTP(w, r)
			return
		}
		select {
		case <-time.After(time.Duration(f.Delay) * time.Millisecond):
		case <-r.Context().Done():
		}
		if f.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
	})
}

func (c *control) note(service string, r *http.Request) *fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, seen{time.Now(), service, r.Method, r.URL.Path, r.RemoteAddr})
	f := c.faults[service]
	if f == nil || f.Method != "" && f.Method != r.Method {
		return nil
	}
	copied := *f
	if f.Times--; f.Times == 0 {
		delete(c.faults, service)
	}
	return &copied
}

// routes are a test's side.
func (c *control) routes(cf *cloudflare) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = json.NewEncoder(w).Encode(append([]seen{}, c.calls...))
	})
	mux.HandleFunc("PUT /lie/{kind}", func(w http.ResponseWriter, r *http.Request) {
		var told string
		if !decode(w, r, &told) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.lies, r.PathValue("kind"))
		if a, err := netip.ParseAddr(told); err == nil {
			c.lies[r.PathValue("kind")] = a
		}
	})
	mux.HandleFunc("PUT /fault/{service}", func(w http.ResponseWriter, r *http.Request) {
		var f *fault // null takes it back
		if !decode(w, r, &f) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.faults, r.PathValue("service"))
		if f != nil {
			c.faults[r.PathValue("service")] = f
		}
	})
	mux.HandleFunc("GET /cloudflare/records", cf.list)
	mux.HandleFunc("PUT /cloudflare/proxied", cf.setProxied)
	return mux
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
