package portmap

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"latchkey/dyndns/uplink"
)

// The rhythm of the work.
const (
	// pollEvery is how often a router is asked for its address: one packet.
	pollEvery = 3 * time.Second
	// lookWait bounds one such question; three tries fit in.
	lookWait = 1300 * time.Millisecond
	// openWait bounds asking for a mapping. Slow routers write flash first.
	openWait = 5 * time.Second
	// grace is how long the first wish waits for slower protocols before the
	// second is tried on the quick ones.
	grace = 1200 * time.Millisecond
	// leaveWait bounds taking our mappings away at the end.
	leaveWait = 3 * time.Second
	// checkPolls is how many polls lie between asking a UPnP router whether the
	// mapping still stands; allPolls between looking at the reserves.
	checkPolls = 3
	allPolls   = 10
	// refreshPolls lie between mapping again where that is the only way to
	// learn the address: PCP without NAT-PMP or UPnP.
	refreshPolls = 5
)

// worker is Run's own state: one goroutine does everything here, so that there
// is never more than one idea of what is held.
type worker struct {
	m     *Mapper
	cfg   Config
	log   *slog.Logger
	book  *ledger
	want  *Want
	avoid map[uint16]bool

	route  uplink.Route
	routed bool
	deaf   context.CancelFunc // ends the ears of this route

	doors []*known
	slots [2]*slot // IPv4, IPv6

	findings  <-chan finding
	stopSeek  context.CancelFunc
	settled   bool // a search has ended since the route changed
	began     time.Time
	nextSeek  time.Time
	seeks     int // in vain, in a row
	answered  time.Time
	hints     []string
	boots     map[string]string // by location: the BOOTID it announced
	nextPoll  time.Time
	polls     int
	absent    []Router // protocols that lead nowhere, as the last search found
	restarts  int
	restarted time.Time // by our own clock, for not counting one twice
	restartAt time.Time // as shown
}

// known is a door and how it answered last.
type known struct {
	door
	who    about
	router Router
	gone   bool // it did not answer when asked last
}

func newWorker(m *Mapper) *worker {
	return &worker{
		m: m, cfg: m.cfg, log: m.cfg.Log, boots: map[string]string{},
		slots: [2]*slot{{family: 4}, {family: 6}},
	}
}

func (w *worker) run(ctx context.Context) {
	w.book = openLedger(ctx, w.cfg)
	for ctx.Err() == nil {
		w.step(ctx)
		w.m.publish(w.state())
		w.wait(ctx)
	}
	w.leave(context.WithoutCancel(ctx))
	w.m.publish(w.state())
}

func (w *worker) step(ctx context.Context) {
	box, want, avoid := w.m.take()
	w.want, w.avoid = want, avoid
	w.follow(ctx, box.changed)
	for _, n := range box.news {
		w.hear(n)
	}
	if box.lost {
		w.restart("its epoch began anew")
	}
	if box.wishes {
		for _, s := range w.slots {
			if !s.held() {
				s.again()
			}
		}
	}
	if !w.route.Up() {
		w.nextPoll = time.Now().Add(pollEvery)
		return
	}
	if due(w.nextPoll) {
		w.poll(ctx)
	}
	w.tend(ctx)
	if w.findings == nil && due(w.nextSeek) {
		w.seek(ctx)
	}
}

// wait sleeps until something happens or is due.
func (w *worker) wait(ctx context.Context) {
	t := time.NewTimer(max(time.Until(w.next()), time.Millisecond))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-w.m.wake:
	case <-t.C:
	case f, ok := <-w.findings:
		if ok {
			w.found(f)
		} else {
			w.sought()
		}
	}
}

func (w *worker) next() time.Time {
	at := w.nextPoll
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	if !w.route.Up() {
		return at
	}
	if w.findings == nil {
		earlier(w.nextSeek)
	} else if !w.settled {
		if t := w.began.Add(grace); time.Until(t) > 0 {
			earlier(t)
		}
	}
	for _, s := range w.slots {
		earlier(s.due)
	}
	return at
}

// due reports whether a moment has come; the zero time is always due.
func due(t time.Time) bool { return time.Until(t) <= 0 }

// follow asks for the route, and begins anew with what has changed of it.
func (w *worker) follow(ctx context.Context, forced bool) {
	if w.routed && !forced && !due(w.nextPoll) {
		return
	}
	r, err := w.cfg.Uplink.Now()
	if err != nil {
		w.log.Warn("asking for the default route", "error", err)
		return
	}
	r = w.settle(r)
	if w.routed && r.Equal(w.route) {
		if forced {
			w.nextSeek, w.nextPoll, w.seeks = time.Time{}, time.Time{}, 0
			w.doubt()
		}
		return
	}
	before := w.route
	w.route, w.routed = r, true
	four := before.Interface != r.Interface || before.Gateway4 != r.Gateway4 || before.Address4 != r.Address4
	six := before.Interface6 != r.Interface6 || before.Gateway6 != r.Gateway6 || !slices.Equal(before.Global6, r.Global6)
	if before.Gateway4 != r.Gateway4 {
		w.m.epochs.forget()
	}
	if four {
		w.forget(4)
	}
	if six {
		w.forget(6)
	}
	if !r.Up() {
		w.settled = true
	}
	if four || six {
		w.listen(ctx)
	}
}

// doubt has everything that is held asked for again, and everything else tried
// anew.
func (w *worker) doubt() {
	for _, s := range w.slots {
		if s.unsure = s.held(); !s.unsure {
			s.again()
		}
	}
}

// settle leaves one IPv6 address: the one that we have opened, as long as it is
// there.
func (w *worker) settle(r uplink.Route) uplink.Route {
	if len(r.Global6) < 2 {
		return r
	}
	self := r.Global6[0]
	if len(w.route.Global6) > 0 && slices.Contains(r.Global6, w.route.Global6[0]) {
		self = w.route.Global6[0]
	}
	r.Global6 = []netip.Addr{self}
	return r
}

// forget drops the doors of a family: the way to them is another now. What was
// mapped stays in the ledger, to be taken away where that can still be done.
func (w *worker) forget(family int) {
	w.doors = slices.DeleteFunc(w.doors, func(k *known) bool { return k.who.family == family })
	w.absent = slices.DeleteFunc(w.absent, func(r Router) bool { return r.Family == family })
	w.slot(family).lose()
	w.settled, w.seeks = false, 0
	w.nextSeek, w.nextPoll = time.Time{}, time.Time{}
	w.endSeek()
}

func (w *worker) slot(family int) *slot {
	if family == 4 {
		return w.slots[0]
	}
	return w.slots[1]
}

// listen puts up the ears on the route's interface.
func (w *worker) listen(ctx context.Context) {
	if w.deaf != nil {
		w.deaf()
		w.deaf = nil
	}
	if !w.route.Up() {
		return
	}
	hearing, stop := context.WithCancel(ctx)
	w.deaf = stop
	go w.cfg.ears.listen(hearing, w.route, func(n news) {
		w.m.post(func(b *inbox) {
			if len(b.news) < 32 {
				b.news = append(b.news, n)
			}
		})
	})
}

// leave takes away what is held, all at once.
func (w *worker) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveWait)
	defer cancel()
	if w.deaf != nil {
		w.deaf()
	}
	w.endSeek()
	var left []*entry
	var doors []*known
	for _, s := range w.slots {
		if s.held() {
			left, doors = append(left, s.entry), append(doors, s.door)
			s.lose()
		}
	}
	for _, e := range w.book.entries {
		if k := w.remover(e.family(), e); k != nil && !slices.Contains(left, e) {
			left, doors = append(left, e), append(doors, k)
		}
	}
	var all sync.WaitGroup
	gone := make([]bool, len(left))
	for i, e := range left {
		all.Go(func() {
			err := doors[i].close(ctx, e)
			if gone[i] = err == nil; err != nil {
				w.log.Info("taking a mapping away", "port", e.External, "protocol", string(e.Protocol), "error", err)
			}
		})
	}
	all.Wait()
	for i, e := range left {
		if gone[i] {
			w.book.drop(ctx, e)
		}
	}
}
