package portmap

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// slot is the door of one family: what is held, or why not.
type slot struct {
	family  int
	door    *known
	entry   *entry
	mapping *Mapping
	renew   time.Time // by our own clock
	expires time.Time
	unsure  bool      // the mapping may be gone: it is to be asked for again
	since   time.Time // when the door held fell silent

	last    uint16 // the external port held last, which stays if it can
	tried   map[string]*refusal
	done    bool // all has been tried in vain
	retries int
	retry   time.Time // when all is tried again
	due     time.Time // when something is to be done here
	trouble Fault
	why     string
}

func (s *slot) held() bool { return s.mapping != nil }

// lose forgets the mapping, but not which port it was.
func (s *slot) lose() {
	s.door, s.entry, s.mapping, s.unsure = nil, nil, nil, false
	s.again()
}

// again begins a new round of tries at once.
func (s *slot) again() {
	s.tried, s.done, s.retries, s.retry = nil, false, 0, time.Time{}
	s.trouble, s.why = FaultNone, ""
}

// wishes are the ports to try for a family, in order.
func (w *worker) wishes(s *slot) []Port {
	if w.want == nil || s.family == 6 && !w.want.V6 {
		return nil
	}
	var ports []Port
	for _, p := range w.want.Ports {
		if s.family == 6 {
			p.Internal = p.External
		}
		if p.External != 0 && p.Internal != 0 && !w.avoid[p.External] && !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	if four := w.slot(4); s.family == 6 && four.held() {
		port := four.mapping.External.Port()
		return []Port{{External: port, Internal: port}}
	}
	slices.SortStableFunc(ports, func(a, b Port) int {
		return boolInt(b.External == s.last) - boolInt(a.External == s.last)
	})
	return ports
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// self is our own address of a family; invalid where we have none.
func (w *worker) self(family int) netip.Addr {
	if family == 4 {
		return w.route.Address4
	}
	if len(w.route.Global6) == 0 {
		return netip.Addr{}
	}
	return w.route.Global6[0]
}

// tend does what is due for both doors: gives up what is no longer wished for,
// renews, opens, sweeps.
func (w *worker) tend(ctx context.Context) {
	for _, s := range w.slots {
		w.yield(ctx, s)
		switch {
		case !s.held():
		case s.door.gone: // poll and search see when it is back
			if due(s.patience()) {
				w.log.Info("giving the door up", "family", s.family, "reason", s.why)
				s.lose()
			}
		case s.unsure || due(s.renew):
			w.again(ctx, s)
		}
		if !s.held() {
			w.attempt(ctx, s)
		}
	}
	w.sweep(ctx)
	for _, s := range w.slots {
		s.due = w.when(s)
	}
}

// when is the next moment at which a slot needs something.
func (w *worker) when(s *slot) time.Time {
	switch {
	case s.held() && s.door.gone:
		return s.patience()
	case s.held():
		return s.renew
	case s.done:
		return s.retry
	}
	return time.Time{}
}

// yield gives up a mapping that is no longer wished for.
func (w *worker) yield(ctx context.Context, s *slot) {
	if !s.held() {
		return
	}
	now := Port{External: s.entry.External, Internal: s.entry.Internal.Port()}
	if slices.Contains(w.wishes(s), now) {
		return
	}
	w.log.Info("closing the door", "port", now.External, "protocol", string(s.door.who.protocol), "family", s.family)
	w.shut(ctx, s.door, s.entry)
	s.lose()
}

// again asks for what is held once more: for another lease, or because the
// router may have forgotten it.
func (w *worker) again(ctx context.Context, s *slot) {
	g, err := w.ask(ctx, s.door, s.entry)
	if err == nil {
		w.keep(ctx, s, s.door, s.entry, g)
		return
	}
	r := refused(err)
	w.log.Info("renewing the mapping", "family", s.family, "protocol", string(s.door.who.protocol), "error", err)
	if r.unsure || r.fault == Off {
		w.missed(ctx, s, r)
		return
	}
	door := s.door
	// What may still stand there is left to sweep.
	s.lose()
	s.note(door, s.last, r)
}

// missed is for a router that does not answer about what we hold. Another way
// into it may; else the mapping is kept in mind until its lease must have ended.
func (w *worker) missed(ctx context.Context, s *slot, r *refusal) {
	s.door.gone = true
	if s.trouble == FaultNone {
		s.since = time.Now()
	}
	s.trouble, s.why, s.unsure = r.fault, r.why, true
	w.hurry()
	w.takeOver(ctx, s)
}

// How long what is held is believed in while its router does not answer: a
// restart takes a few minutes, but one that says that nothing listens there any
// more, and stays so, has switched it off.
const (
	silentPatience = 5 * time.Minute
	offPatience    = time.Minute
)

// patience is when a mapping whose router does not answer counts as gone.
func (s *slot) patience() time.Time {
	until := s.since.Add(silentPatience)
	if s.trouble == Off {
		until = s.since.Add(offPatience)
	}
	if !s.mapping.Permanent && s.expires.Before(until) {
		return s.expires
	}
	return until
}

// takeOver opens the held port through a door in reserve.
func (w *worker) takeOver(ctx context.Context, s *slot) {
	port := Port{External: s.entry.External, Internal: s.entry.Internal.Port()}
	for _, k := range w.ways(s.family) {
		if k == s.door || k.gone {
			continue
		}
		if w.looked(ctx, k); k.gone {
			continue
		}
		old := s.entry
		if w.try(ctx, s, k, port) == nil {
			w.log.Info("another protocol takes the door over", "family", s.family, "protocol", string(k.who.protocol))
			old.next = time.Now().Add(time.Minute)
			return
		}
	}
}

// attempt tries the wishes, each on all doors, until one opens. A wish waits for
// slower protocols before the next is tried.
func (w *worker) attempt(ctx context.Context, s *slot) {
	ports := w.wishes(s)
	if len(ports) == 0 || !w.self(s.family).IsValid() {
		s.trouble, s.why = FaultNone, ""
		s.done = true
		s.retry = time.Now().Add(time.Hour)
		return
	}
	if s.done {
		if !due(s.retry) {
			return
		}
		s.tried, s.done = nil, false
	}
	patient := !w.settled && time.Since(w.began) < grace
	four := w.slot(4)
	if s.family == 6 && !four.held() && !four.done && patient {
		return // which port it must be is not known yet
	}
	for _, port := range ports {
		for _, k := range w.ways(s.family) {
			if k.gone || s.triedOn(k, port.External) {
				continue
			}
			if w.try(ctx, s, k, port) == nil {
				return
			}
			if ctx.Err() != nil {
				return
			}
		}
		if patient {
			return
		}
	}
	if w.settled {
		w.conclude(s)
	}
}

// worth ranks doors: the gateway's own before others, and those last that say
// that they have no address. (RouterOS offers one door for each interface.)
func (k *known) worth() int {
	worth := 2 * boolInt(k.who.near)
	if k.router.told.IsZero() || k.router.External.IsValid() {
		worth++
	}
	return worth
}

// ways are the doors of a family, the best first, then as they came.
func (w *worker) ways(family int) []*known {
	var ways []*known
	for _, k := range w.doors {
		if k.who.family == family {
			ways = append(ways, k)
		}
	}
	slices.SortStableFunc(ways, func(a, b *known) int { return b.worth() - a.worth() })
	return ways
}

// try asks one door for one port, and takes what is not that port back.
func (w *worker) try(ctx context.Context, s *slot, k *known, port Port) error {
	internal := netip.AddrPortFrom(w.self(s.family), port.Internal)
	w.clear(ctx, k, internal, port.External)
	e := w.book.entry(ctx, k.who, internal, port.External)
	g, err := w.ask(ctx, k, e)
	if err == nil && g.external.Port() != port.External {
		w.shut(ctx, k, e)
		err = &refusal{fault: PortRefused, why: "the router would give another port instead", thisPort: true}
	}
	if err == nil {
		w.keep(ctx, s, k, e, g)
		return nil
	}
	r := refused(err)
	w.log.Debug("asking for a mapping", "port", port.External, "protocol", string(k.who.protocol), "family", s.family, "error", err)
	if !r.unsure && !e.Held {
		w.book.drop(ctx, e)
	}
	if r.fault == Silent || r.fault == Off {
		k.gone = true
		k.router.Fault, k.router.Why = r.fault, r.why
		w.hurry()
	}
	s.note(k, port.External, r)
	return r
}

func (w *worker) ask(ctx context.Context, k *known, e *entry) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	lease := defaultLease
	if w.want != nil {
		lease = w.want.Lease
	}
	return k.open(ctx, e, lease)
}

// keep makes a grant what is held.
func (w *worker) keep(ctx context.Context, s *slot, k *known, e *entry, g grant) {
	if g.lease <= 0 && !g.permanent {
		g.lease = time.Minute // a router that says nothing sensible is asked again soon
	}
	fresh := s.mapping == nil || s.entry != e
	w.book.granted(ctx, e, g)
	s.door, s.entry, s.last = k, e, e.External
	s.again()
	s.unsure = false
	s.mapping = &Mapping{
		Protocol: k.who.protocol, External: g.external, Internal: e.Internal,
		Lease: g.lease, Permanent: g.permanent, Renewed: w.cfg.Now(), Listed: g.listed,
	}
	if !g.external.Addr().IsValid() && k.router.External.IsValid() {
		s.mapping.External = netip.AddrPortFrom(k.router.External, g.external.Port())
	}
	// Half the lease (RFC 6887, section 11.2.1); a permanent one is asked for
	// again now and then, since routers have been seen to forget those too.
	s.renew = time.Now().Add(max(g.lease/2, time.Second))
	s.expires = time.Now().Add(g.lease)
	if g.permanent {
		s.renew = time.Now().Add(time.Hour)
	}
	w.alive(k, FaultNone, "", view{external: g.external.Addr(), tells: g.external.Addr().IsValid() && s.family == 4})
	if fresh {
		w.log.Info("door open", "port", e.External, "inside", e.Internal.Port(), "protocol", string(k.who.protocol),
			"family", s.family, "lease", g.lease, "permanent", g.permanent)
	}
}

// note remembers why a door did not open.
func (s *slot) note(k *known, external uint16, r *refusal) {
	if s.tried == nil {
		s.tried = map[string]*refusal{}
	}
	key := k.who.key()
	if r.thisPort {
		key = portKey(k, external)
	}
	s.tried[key] = r
}

func (s *slot) triedOn(k *known, external uint16) bool {
	return s.tried[k.who.key()] != nil || s.tried[portKey(k, external)] != nil
}
