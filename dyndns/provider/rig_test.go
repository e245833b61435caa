package provider_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/provider"
)

// rig is what the suite needs to know of one provider: a stub of its HTTP as
// documented, and what a person would enter.
type rig struct {
	id    string
	zone  string // "" is example.org
	name  string // NAME; "" is vault.example.org
	cred  map[string]string
	wrong map[string]string // of the right shape, and unknown to the stub
	// foreign is the code for a zone that the provider doesn't have; "" is provider.zone.
	foreign string
	variant string // for a second rig of one provider
	others  bool   // a name below NAME may be another name of the account
	// seeds are put into the zone first, besides the common ones; nocommon leaves those away.
	seeds    []string
	nocommon bool
	stub     func(z *fakeZone) http.Handler
	// quiet are requests of which the failure doesn't matter, by their body; they are not disturbed.
	quiet func(body string) bool
	// open is for a provider that doesn't speak HTTP.
	open func(t *testing.T, z *fakeZone, o provider.Options) provider.Options
}

// world is one provider with its stub, running.
type world struct {
	rig
	zoneData *fakeZone
	server   *httptest.Server
	link     *http.Transport
	asked    atomic.Int32
	mu       sync.Mutex
	mood     func(n int, w http.ResponseWriter, r *http.Request) (handled bool)
	paths    []string
	log      *bytes.Buffer
	logMu    sync.Mutex
}

func (w *world) Write(p []byte) (int, error) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.String()
}

func (g rig) start(t *testing.T) *world {
	t.Helper()
	if g.zone == "" {
		g.zone = "example.org"
	}
	if g.name == "" {
		g.name = "vault." + g.zone
	}
	w := &world{rig: g, zoneData: &fakeZone{name: g.zone}, log: &bytes.Buffer{}}
	w.fill(t)
	if g.stub != nil {
		inner := g.stub(w.zoneData)
		w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if g.quiet != nil {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				if g.quiet(string(body)) {
					inner.ServeHTTP(rw, r)
					return
				}
			}
			n := int(w.asked.Add(1))
			w.mu.Lock()
			mood := w.mood
			w.paths = append(w.paths, r.URL.Path)
			w.mu.Unlock()
			if mood == nil || !mood(n, rw, r) {
				inner.ServeHTTP(rw, r)
			}
		}))
		w.server.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are meant
		w.server.StartTLS()
		t.Cleanup(w.server.Close)
	}
	return w
}

// fill makes the zone as each test finds it.
func (w *world) fill(t *testing.T) {
	t.Helper()
	w.zoneData.clear()
	info := w.info(t)
	if !w.nocommon {
		w.zoneData.put(t, "www."+w.zone+" A 192.0.2.7", "www."+w.zone+" TXT keep me", "other."+w.name+" A 192.0.2.8")
		if info.V6 {
			w.zoneData.put(t, w.name+" AAAA 2001:db8::7")
		}
		if info.TXT > 1 {
			w.zoneData.put(t, w.name+" TXT v=spf1 -all", "_acme-challenge."+w.name+" TXT of-somebody-else")
		}
	}
	w.zoneData.put(t, w.seeds...)
}

// again is the same world as new; its connections stay.
func (w *world) again(t *testing.T) {
	t.Helper()
	w.fill(t)
	w.logMu.Lock()
	defer w.logMu.Unlock()
	w.log.Reset()
}

func (w *world) info(t testing.TB) provider.Info {
	t.Helper()
	info, ok := provider.FindFor(w.id, w.zone)
	if !ok {
		t.Fatalf("there is no provider %q", w.id)
	}
	return info
}

// disturb sets the mood: from the nth request on, counted anew, disturb answers.
func (w *world) disturb(from int, answer http.HandlerFunc) {
	w.asked.Store(0)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths = nil
	w.mood = func(n int, rw http.ResponseWriter, r *http.Request) bool {
		if answer == nil || n < from {
			return false
		}
		answer(rw, r)
		return true
	}
}

// http is a client whose every connection ends at the stub.
func (w *world) http() *http.Client {
	if w.server == nil {
		return nil
	}
	if w.link != nil {
		return &http.Client{Transport: w.link}
	}
	pool := x509.NewCertPool()
	pool.AddCert(w.server.Certificate())
	address := w.server.Listener.Addr().String()
	w.link = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	return &http.Client{Transport: w.link}
}

func (w *world) options(t *testing.T, cred map[string]string) provider.Options {
	o := provider.Options{
		Credentials: cred, Zone: w.zone, HTTP: w.http(),
		Log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if w.rig.open != nil {
		o = w.rig.open(t, w.zoneData, o)
	}
	return o
}

func (w *world) client(t *testing.T) *provider.Client {
	t.Helper()
	return w.clientWith(t, w.options(t, w.cred))
}

func (w *world) clientWith(t *testing.T, o provider.Options) *provider.Client {
	t.Helper()
	c, err := provider.Open(w.id, o)
	if err != nil {
		t.Fatalf("opening %s: %v", w.id, err)
	}
	return c
}

// must fails the test when an operation went wrong.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		p := problem.Of(err)
		t.Fatalf("%s: %v; code %s, %s %s", what, err, p.Code, p.Text, p.Hint)
	}
}

// wants compares the zone with lines, which is sorted first.
func (w *world) wants(t *testing.T, lines []string) {
	t.Helper()
	want := slices.Clone(lines)
	slices.Sort(want)
	if got := w.zoneData.lines(); !slices.Equal(got, want) {
		t.Errorf("the zone holds\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// coded asserts that err is a problem with one of the codes, with words for a
// person in it and no secret anywhere.
func (w *world) coded(t *testing.T, err error, codes ...string) *problem.Problem {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v (%T), want a problem", err, err)
	}
	if len(codes) > 0 && !slices.Contains(codes, p.Code) {
		t.Errorf("got code %s (%s %s) from %v, want one of %v", p.Code, p.Text, p.Hint, err, codes)
	}
	if !strings.HasPrefix(p.Code, "provider.") || p.Text == "" || p.Hint == "" {
		t.Errorf("not fit for a person: %+v", p)
	}
	if strings.Contains(p.Text+p.Hint, "%[") || strings.Contains(p.Text+p.Hint, "!(") {
		t.Errorf("an unfilled place: %s %s", p.Text, p.Hint)
	}
	w.silent(t, err)
	return p
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return c
}

// change is the simplest thing that this provider can do.
func (w *world) change(ctx context.Context, c *provider.Client) error {
	if c.Info().ChallengeOnly {
		return c.Prove(ctx, w.name)
	}
	return c.Set(ctx, w.name, first, time.Hour)
}
