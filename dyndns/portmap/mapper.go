package portmap

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// defaultLease is what is asked for. Routers let nobody else take a mapping away,
// so when our own address changes, the old one leads to whoever has that address
// next, and keeps us from the port, until it has run out: hence not the usual
// two hours. Renewing costs a packet every quarter of an hour.
const defaultLease = 30 * time.Minute

// Mapper holds the door. Make it with New, start it with Run; all methods are
// safe for concurrent use and return at once, except Run.
type Mapper struct {
	cfg    Config
	epochs *epochs

	mu     sync.Mutex
	want   *Want
	avoid  map[uint16]bool
	told   []func(State)
	state  State
	inbox  inbox
	wake   chan struct{}
	placed bool // state has been set at least once
}

// inbox is what happened since the worker looked last.
type inbox struct {
	wishes  bool // Hold or Avoid
	changed bool // Changed
	lost    bool // a router's epoch started anew
	news    []news
}

// New makes a Mapper that does nothing until Run.
func New(cfg Config) *Mapper {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &Mapper{cfg: cfg, epochs: new(epochs), avoid: map[uint16]bool{}, wake: make(chan struct{}, 1)}
	m.epochs.lost = func(at netip.Addr, p Protocol) {
		m.cfg.Log.Info("router started anew", "router", at, "protocol", string(p))
		m.post(func(b *inbox) { b.lost = true })
	}
	if m.cfg.seek == nil {
		m.cfg.seek = newNetwork(m.epochs, m.mark())
	}
	if m.cfg.ears == nil {
		m.cfg.ears = multicast{log: m.cfg.Log}
	}
	return m
}

// mark is the description of our mappings.
func (m *Mapper) mark() string {
	if m.cfg.Identity == "" {
		return "latchkey"
	}
	return "latchkey-" + m.cfg.Identity
}

// Run works until ctx ends, then takes our mappings away, for at most three
// seconds, and returns ctx's error. Routers are looked for even while nothing is
// held, so that their address is known. Run it once.
func (m *Mapper) Run(ctx context.Context) error {
	w := newWorker(m)
	w.run(ctx)
	return ctx.Err()
}

// Hold says which door to hold from now on; nil: none, and ours are taken away.
// A wish that says the same as before changes nothing.
func (m *Mapper) Hold(w *Want) {
	if w != nil {
		c := *w
		c.Ports = slices.Clone(w.Ports)
		if c.Lease <= 0 {
			c.Lease = defaultLease
		}
		w = &c
	}
	m.mu.Lock()
	same := (w == nil) == (m.want == nil) &&
		(w == nil || slices.Equal(w.Ports, m.want.Ports) && w.V6 == m.want.V6 && w.Lease == m.want.Lease)
	if !same {
		if w == nil || m.want == nil || !slices.Equal(w.Ports, m.want.Ports) {
			clear(m.avoid)
		}
		m.want = w
	}
	m.mu.Unlock()
	if !same {
		m.post(func(b *inbox) { b.wishes = true })
	}
}

// Avoid says that an external port turned out to be of no use (something else
// answers there): the next wish is tried. It counts until Hold names other ports.
func (m *Mapper) Avoid(external uint16) {
	m.mu.Lock()
	known := m.avoid[external]
	m.avoid[external] = true
	m.mu.Unlock()
	if !known {
		m.post(func(b *inbox) { b.wishes = true })
	}
}

// Changed says that the uplink may have changed, or that a person has changed
// something in the router: everything is looked for and tried anew, at once.
func (m *Mapper) Changed() { m.post(func(b *inbox) { b.changed = true }) }

// State returns what is known and held now.
func (m *Mapper) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.clone()
}

// Subscribe has fn called after every change that matters, one call at a time,
// from Run's goroutine: fn must return soon. There is no way to unsubscribe.
func (m *Mapper) Subscribe(fn func(State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, fn)
}

func (m *Mapper) post(change func(*inbox)) {
	m.mu.Lock()
	change(&m.inbox)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Mapper) take() (b inbox, want *Want, avoid map[uint16]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, m.inbox = m.inbox, inbox{}
	avoid = map[uint16]bool{}
	for p := range m.avoid {
		avoid[p] = true
	}
	return b, m.want, avoid
}

// publish makes s the state, and tells the subscribers if that matters.
func (m *Mapper) publish(s State) {
	m.mu.Lock()
	matters := !m.placed || !m.state.alike(s)
	s.Since = m.state.Since
	if !m.placed || !m.state.sameDoor(s) {
		s.Since = m.cfg.Now()
	}
	m.state, m.placed = s, true
	told := slices.Clone(m.told)
	m.mu.Unlock()
	if !matters {
		return
	}
	for _, fn := range told {
		fn(s.clone())
	}
}
