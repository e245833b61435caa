package portmap

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey/dyndns/uplink"
)

// fakeNet is a network without packets, for tests of time: some doors, a route,
// and what routers say.
type fakeNet struct {
	mu    sync.Mutex
	route uplink.Route
	doors []*fakeDoor
	seeks int
	asked int // for the route
	heard func(news)
}

func (n *fakeNet) Now() (uplink.Route, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	return n.route, nil
}

func (n *fakeNet) seek(ctx context.Context, r uplink.Route, _ []string) <-chan finding {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seeks++
	tell := make(chan finding)
	doors := slices.Clone(n.doors)
	go func() {
		defer close(tell)
		var all sync.WaitGroup
		for _, d := range doors {
			if d.who.family == 4 && !r.Gateway4.IsValid() || d.who.family == 6 && len(r.Global6) == 0 {
				continue
			}
			all.Go(func() {
				pause(ctx, d.slow)
				v, err := d.look(ctx)
				select {
				case tell <- found(d, v, err):
				case <-ctx.Done():
				}
			})
		}
		all.Wait()
		pause(ctx, seekWait/4)
	}()
	return tell
}

func (n *fakeNet) listen(ctx context.Context, _ uplink.Route, heard func(news)) {
	n.mu.Lock()
	n.heard = heard
	n.mu.Unlock()
	<-ctx.Done()
}

func (n *fakeNet) say(s news) {
	n.mu.Lock()
	heard := n.heard
	n.mu.Unlock()
	heard(s)
}

// set changes the network under its lock.
func (n *fakeNet) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

// fakeDoor is a door that does as it is told and remembers what it was asked.
type fakeDoor struct {
	net      *fakeNet
	who      about
	slow     time.Duration // to be found
	external netip.Addr
	down     Fault // Silent, Off: does not answer
	refuse   map[uint16]*refusal
	gives    uint16        // another port instead of the one asked for
	lease    time.Duration // granted; zero: as asked
	forever  bool          // permanent

	held   map[uint16]entry // by port outside
	opens  []uint16
	closes []uint16
	looks  int
	nonces []nonce
}

func (d *fakeDoor) about() about { return d.who }

func (d *fakeDoor) gone(ctx context.Context) error {
	switch d.down {
	case Silent:
		d.net.mu.Unlock()
		<-ctx.Done()
		d.net.mu.Lock()
		return &refusal{fault: Silent, why: "silent", unsure: true}
	case FaultNone:
		return nil
	}
	return &refusal{fault: d.down, why: "off"}
}

func (d *fakeDoor) look(ctx context.Context) (view, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	d.looks++
	if err := d.gone(ctx); err != nil {
		return view{}, err
	}
	return view{external: d.external, tells: d.who.family == 4 && d.who.protocol != PCP}, nil
}

func (d *fakeDoor) open(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	if err := d.gone(ctx); err != nil {
		return grant{}, err
	}
	d.opens = append(d.opens, e.External)
	d.nonces = append(d.nonces, e.Nonce)
	if r := d.refuse[e.External]; r != nil {
		return grant{}, r
	}
	port := e.External
	if d.gives != 0 {
		port = d.gives
	}
	if d.held == nil {
		d.held = map[uint16]entry{}
	}
	d.release(e)
	d.held[port] = *e
	if d.lease > 0 {
		lease = d.lease
	}
	if d.forever {
		lease = 0
	}
	external := d.external
	if d.who.family == 6 {
		external = e.Internal.Addr()
	}
	return grant{external: netip.AddrPortFrom(external, port), lease: lease, permanent: d.forever, listed: true}, nil
}

func (d *fakeDoor) holds(ctx context.Context, e *entry) (bool, error) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	if err := d.gone(ctx); err != nil {
		return false, err
	}
	_, ok := d.held[e.External]
	return ok || d.who.protocol == PCP || d.who.protocol == NATPMP, nil
}

func (d *fakeDoor) close(ctx context.Context, e *entry) error {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	if err := d.gone(ctx); err != nil {
		return err
	}
	d.closes = append(d.closes, e.External)
	d.release(e)
	return nil
}

// release goes by the port outside as UPnP does, or by the address and port
// inside as NAT-PMP and PCP do.
func (d *fakeDoor) release(e *entry) {
	if d.who.protocol.upnp() {
		delete(d.held, e.External)
		return
	}
	for port, held := range d.held {
		if held.Internal == e.Internal {
			delete(d.held, port)
		}
	}
}

// restart is what a router does that loses its mappings.
func (d *fakeDoor) restart() { d.net.set(func() { d.held = nil }) }

func (d *fakeDoor) count() (opens, closes, held int) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	return len(d.opens), len(d.closes), len(d.held)
}

var (
	fakeGateway = netip.MustParseAddr("192.168.1.1")
	fakeSelf    = netip.MustParseAddr("192.168.1.10")
	fakeSelf6   = netip.MustParseAddr("2001:db8::10")
	fakeOutside = netip.MustParseAddr("203.0.113.10")
)

func newFakeNet() *fakeNet {
	return &fakeNet{route: uplink.Route{
		Interface: "eth0", Gateway4: fakeGateway, Address4: fakeSelf, Prefix4: netip.MustParsePrefix("192.168.1.0/24"),
		Interface6: "eth0", Gateway6: netip.MustParseAddr("fe80::1%eth0"), Global6: []netip.Addr{fakeSelf6},
	}}
}

func (n *fakeNet) door(p Protocol, family int, slow time.Duration) *fakeDoor {
	d := &fakeDoor{net: n, slow: slow, external: fakeOutside, who: about{protocol: p, family: family, at: fakeGateway, near: true, where: string(p)}}
	n.set(func() { n.doors = append(n.doors, d) })
	return d
}

// memory is a Keep.
type memory struct {
	mu    sync.Mutex
	blob  []byte
	saves int
}

func (m *memory) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blob, nil
}

func (m *memory) Save(_ context.Context, b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blob = slices.Clone(b)
	m.saves++
	return nil
}

// run starts a Mapper on the network; stop ends it and waits.
func (n *fakeNet) run(t *testing.T, k Keep, w *Want) (m *Mapper, stop func()) {
	t.Helper()
	m = New(Config{Uplink: n, Keep: k, Identity: "test", seek: n, ears: n})
	m.Hold(w)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = m.Run(ctx)
	}()
	return m, func() {
		cancel()
		<-done
	}
}

func wishing(ports ...uint16) *Want {
	w := &Want{}
	for _, p := range ports {
		w.Ports = append(w.Ports, Port{External: p, Internal: max(p, 8443)})
	}
	return w
}
