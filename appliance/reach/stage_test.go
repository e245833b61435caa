package reach_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libdns/libdns"

	"latchkey/appliance/certs"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/provider"
	"latchkey/dyndns/publicip"
	"latchkey/dyndns/uplink"
)

// stage is Reach among stand-ins whose states a test sets, since each of them
// has tests of its own on the real thing.
type stage struct {
	*reach.Reach
	t        *testing.T
	settings *settings.Settings
	board    *health.Board
	logged   *paper
	owner    bool
	resting  atomic.Bool // after a restore
	ports    []uint16

	mu       sync.Mutex
	now      time.Time
	mapper   portmap.State
	keeper   dyndns.State
	certs    certs.PublicState
	zone     authority.Zone
	zoneErr  error
	zoneWait chan struct{} // closed when the zone may be told; nil: at once
	resolved map[string]authority.Answer
	told     map[string]authority.Answer // by the authoritative servers
	proveErr error
	proxied  bool
	openErr  error

	held    *portmap.Want
	avoided []uint16
	plan    *dyndns.Plan
	local   dyndns.Local
	fast    bool
	managed certs.Want
	extra   []uint16
	opened  []provider.Options
	proved  int
	retried int

	withdrawn   []string
	withdrawErr error
}

const name = "vault.example.org"

type openOptions = provider.Options

var (
	mine    = netip.MustParseAddr("198.18.0.7") // counts as public on this stage
	lanAddr = netip.MustParseAddr("192.168.1.5")
)

type memory map[string][]byte

func (m memory) Value(_ context.Context, name string) ([]byte, bool, error) {
	v, ok := m[name]
	return v, ok, nil
}

func (m memory) SetValues(_ context.Context, values map[string][]byte) error {
	if m["broken"] != nil {
		return errors.New("the disk is full")
	}
	maps.Copy(m, values)
	return nil
}

// paper is a log that may be read while it is written.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

type blob struct {
	mu  sync.Mutex
	raw []byte
}

func (b *blob) Load(context.Context) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.raw, nil
}

func (b *blob) Save(_ context.Context, raw []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raw = raw
	return nil
}

func (b *blob) text() string {
	raw, _ := b.Load(context.Background())
	return string(raw)
}

func newStage(t *testing.T) *stage { return newStageOn(t, memory{}, &blob{}) }

func newStageOn(t *testing.T, keep memory, kept *blob) *stage {
	return newStageAsking(t, keep, kept, nil)
}

// newStageAsking asks checkers by a client of its own.
func newStageAsking(t *testing.T, keep memory, kept *blob, checker *http.Client) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), ports: []uint16{8443}, logged: &paper{}, owner: true}
	s.zone = authority.Zone{Name: "example.org", Primary: "ns1.example.net", Servers: []authority.Server{{Name: "ns1.example.net"}}}
	s.resolved, s.told = map[string]authority.Answer{}, map[string]authority.Answer{}
	table, err := settings.Open(t.Context(), keep, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s.logged, nil))
	s.settings, s.board = table, health.NewBoard(s.clock, log)
	s.Reach, err = reach.New(t.Context(), reach.Config{
		Settings: table, Board: s.board, Keep: kept, Uplink: (*way)(s), Mapper: (*mapper)(s), Keeper: (*keeper)(s), Certificates: (*certificates)(s),
		Authority: (*names)(s), Open: s.open, HasOwner: func(context.Context) (bool, error) { return s.owner, nil },
		Held: s.resting.Load, Ports: func() []uint16 { return s.ports }, Extra: func(_ context.Context, p []uint16) error { s.extra = p; return nil },
		Clock: func() health.Finding { return health.Finding{State: health.OK, Text: "The clock is right."} },
		Now:   s.clock, Checker: checker, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) hold(rests bool) { s.resting.Store(rests) }

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// do changes what the stand-ins say.
func (s *stage) do(fn func()) {
	s.mu.Lock()
	fn()
	s.mu.Unlock()
	s.Wake()
}

// run lets Reach work until the test ends.
func (s *stage) run() {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run ended with %v", err)
		}
	})
}

// eventually waits for something that another goroutine is about to do.
func (s *stage) eventually(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		is := ok()
		s.mu.Unlock()
		if is {
			return
		}
	}
	s.t.Fatalf("never happened: %s", what)
}

func choice() reach.Choice {
	return reach.Choice{Name: name, Provider: "cloudflare", Credentials: map[string]string{"token": "tok3n-tok3n-tok3n-tok3n-tok3n-tok3n-tok3"}}
}

// well is a house at which everything is as it should be. Its certificates have
// no fingerprint, by which nobody is looked for under the names: tests that want
// that give one.
func (s *stage) well() {
	s.mu.Lock()
	at := func(n string, a netip.Addr) dyndns.Record {
		return dyndns.Record{Name: n, Family: publicip.V4, Want: publicip.Answer{State: publicip.Known, Addr: a}, Have: []netip.Addr{a}, Told: true, True: true, Checked: s.now}
	}
	s.keeper = dyndns.State{Following: true, Asked: s.now.Add(time.Hour), Verdict4: publicip.Verdict{State: publicip.Known, Addr: mine}, Records: []dyndns.Record{at(name, mine), at("lan."+name, lanAddr)}}
	s.mapper = portmap.State{Asked: true, V4: &portmap.Mapping{Protocol: portmap.PCP, External: netip.AddrPortFrom(mine, 443), Internal: netip.AddrPortFrom(lanAddr, 8443)}}
	for _, n := range []string{name, "lan." + name} {
		s.certs.Names = append(s.certs.Names, certs.NameState{Name: n, Have: true, NotBefore: s.now.AddDate(0, 0, -10), NotAfter: s.now.AddDate(0, 0, 80), Step: certs.StepDone})
	}
	s.resolved[name], s.resolved["lan."+name] = authority.Answer{Addrs: []netip.Addr{mine}, Exists: true}, authority.Answer{Addrs: []netip.Addr{lanAddr}, Exists: true}
	s.mu.Unlock()
	if err := s.Apply(s.t.Context(), choice()); err != nil {
		s.t.Fatal(err)
	}
	if err := s.OpenDoor(s.t.Context(), reach.DoorWish{}); err != nil {
		s.t.Fatal(err)
	}
	s.run()
	s.eventually("the plan is taken up", func() bool { return s.plan != nil && s.held != nil && s.proved > 0 })
}

func (s *stage) line(code string) reach.Line {
	s.t.Helper()
	for _, l := range s.Overview().Lines {
		if l.Code == code {
			return l
		}
	}
	s.t.Fatalf("no line %s", code)
	return reach.Line{}
}

func (s *stage) open(_ string, o provider.Options) (reach.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, o)
	if s.openErr != nil {
		return nil, s.openErr
	}
	return (*dns)(s), nil
}

// The stand-ins.
type (
	way          stage
	mapper       stage
	keeper       stage
	certificates stage
	names        stage
	dns          stage
)

func (*way) Now() (uplink.Route, error) {
	return uplink.Route{Interface: "eth0", Gateway4: netip.MustParseAddr("192.168.1.1"), Address4: lanAddr}, nil
}

func (m *mapper) Hold(w *portmap.Want)          { m.mu.Lock(); defer m.mu.Unlock(); m.held = w }
func (m *mapper) Avoid(p uint16)                { m.mu.Lock(); defer m.mu.Unlock(); m.avoided = append(m.avoided, p) }
func (m *mapper) Changed()                      {}
func (m *mapper) Subscribe(func(portmap.State)) {}
func (k *keeper) Follow(p *dyndns.Plan)         { k.mu.Lock(); defer k.mu.Unlock(); k.plan = p }
func (k *keeper) Observe(l dyndns.Local)        { k.mu.Lock(); defer k.mu.Unlock(); k.local = l }
func (k *keeper) Nudge(string)                  {}
func (k *keeper) Retry()                        { k.mu.Lock(); defer k.mu.Unlock(); k.retried++ }
func (k *keeper) Pace(fast bool)                { k.mu.Lock(); defer k.mu.Unlock(); k.fast = fast }
func (c *certificates) Manage(w certs.Want)     { c.mu.Lock(); defer c.mu.Unlock(); c.managed = w }

// The states are the caller's own, as the real ones' are.

func (m *mapper) State() portmap.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.mapper
	x.V4, x.V6 = own(x.V4), own(x.V6)
	return x
}

func own(m *portmap.Mapping) *portmap.Mapping {
	if m == nil {
		return nil
	}
	c := *m
	return &c
}

func (k *keeper) State() dyndns.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	x := k.keeper
	x.Records = slices.Clone(x.Records)
	return x
}

func (k *keeper) Verdicts() (v4, v6 publicip.Verdict) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keeper.Verdict4, k.keeper.Verdict6
}

func (c *certificates) State() certs.PublicState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return certs.PublicState{Names: slices.Clone(c.certs.Names)}
}

func (k *keeper) Withdraw(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.plan != nil {
		k.withdrawn = append(k.withdrawn, k.plan.Name)
	}
	k.plan = nil // as the real one: nothing is kept any more
	return k.withdrawErr
}

func (c *certificates) Try(context.Context, string) error { return nil }

func (n *names) Zone(ctx context.Context, _ string) (authority.Zone, error) {
	if n.zoneWait != nil {
		select {
		case <-n.zoneWait:
		case <-ctx.Done():
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.zone, n.zoneErr
}

func (n *names) Addresses(_ context.Context, name string, _ int) (authority.Answer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told[name], nil
}

func (n *names) Texts(context.Context, string) ([]string, error) { return nil, nil }

func (n *names) Resolve(_ context.Context, name string, _ int) (authority.Answer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.resolved[name], nil
}

func (d *dns) Set(context.Context, string, netip.Addr, time.Duration) error { return nil }
func (d *dns) Clear(context.Context, string, int) error                     { return nil }

func (d *dns) Info() provider.Info {
	i, _ := provider.Find("cloudflare")
	return i
}

func (d *dns) Prove(ctx context.Context, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.proved++
	if d.proveErr != nil {
		return d.proveErr
	}
	return ctx.Err()
}

func (d *dns) Proxied(context.Context, string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.proxied, nil
}

func (d *dns) AppendRecords(context.Context, string, []libdns.Record) ([]libdns.Record, error) {
	return nil, nil
}

func (d *dns) DeleteRecords(context.Context, string, []libdns.Record) ([]libdns.Record, error) {
	return nil, nil
}

// answers is a TLS server on loopback with a certificate of its own.
func answers(t *testing.T) (netip.AddrPort, string) {
	t.Helper()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	leaf := srv.Certificate()
	return srv.Listener.Addr().(*net.TCPAddr).AddrPort(), certs.Fingerprint(leaf)
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
