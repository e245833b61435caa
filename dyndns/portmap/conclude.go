package portmap

import (
	"context"
	"slices"
	"strconv"
	"time"
)

func portKey(k *known, external uint16) string {
	return k.who.key() + "#" + strconv.Itoa(int(external))
}

// waits between rounds of tries in vain. What a router refuses by rule changes
// rarely; what it can't do just now, often soon: it may still be starting.
var (
	soon  = []time.Duration{1, 1, 2, 3, 5, 5, 10, 20, 30, 60}
	later = []time.Duration{30, 60, 120, 300}
)

// conclude ends a round in which nothing opened: says why, and when it is
// tried again.
func (w *worker) conclude(s *slot) {
	s.trouble, s.why = w.blame(s)
	waits := soon
	switch s.trouble {
	case Conflict, PortRefused, NotAuthorized, OnlyPermanent:
		waits = later
	}
	s.done = true
	s.retry = time.Now().Add(waits[min(s.retries, len(waits)-1)] * time.Second)
	s.retries++
}

// blame finds the most telling of all the reasons.
func (w *worker) blame(s *slot) (Fault, string) {
	worst, why := Silent, "no router answers"
	say := func(f Fault, reason string) {
		if f != FaultNone && (f.rank() < worst.rank() || f == worst && reason < why) {
			worst, why = f, reason
		}
	}
	for _, r := range w.absent {
		if r.Family == s.family {
			say(r.Fault, r.Why)
		}
	}
	for _, k := range w.ways(s.family) {
		if k.gone {
			say(k.router.Fault, k.router.Why)
		}
	}
	for _, r := range s.tried {
		say(r.fault, r.why)
	}
	if s.family == 4 && worst != Silent && w.withoutAddress() {
		return NoAddress, noAddress
	}
	return worst, why
}

// withoutAddress reports whether a router answers that it has no address, and
// none has one.
func (w *worker) withoutAddress() bool {
	none := false
	for _, k := range w.ways(4) {
		if k.gone || k.router.told.IsZero() {
			continue
		}
		if k.router.External.IsValid() {
			return false
		}
		none = true
	}
	return none
}

// shut takes a mapping of ours away; what can't be is left for sweep.
func (w *worker) shut(ctx context.Context, k *known, e *entry) {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	if err := k.close(ctx, e); err != nil {
		w.log.Info("taking a mapping away", "port", e.External, "protocol", string(k.who.protocol), "error", err)
		w.later(e)
		return
	}
	w.book.drop(ctx, e)
}

// later puts off the next try to take an entry away: 5 s, 10 s ... 1 h.
func (w *worker) later(e *entry) {
	e.next = time.Now().Add(min(5*time.Second<<min(e.tries, 12), time.Hour))
	e.tries++
}

// clear takes away what of ours stands in the way of a mapping: the same port
// outside held by an address that was ours, or another port outside where the
// protocol knows one for each port inside (PCP, NAT-PMP).
func (w *worker) clear(ctx context.Context, k *known, internal interface{ Port() uint16 }, external uint16) {
	for _, e := range w.others(k.who.family) {
		byInside := k.who.protocol == PCP || k.who.protocol == NATPMP
		self := e.Internal.Addr() == w.self(k.who.family)
		switch {
		case byInside && e.Protocol == k.who.protocol && self && e.Internal.Port() == internal.Port() && e.External != external:
			w.shut(ctx, k, e)
		case !byInside && k.who.family == 4 && e.External == external && !self:
			w.shut(ctx, k, e)
		}
	}
}

// others are the entries of a family that no slot holds.
func (w *worker) others(family int) []*entry {
	var all []*entry
	for _, e := range w.book.entries {
		if e.family() == family && e != w.slot(family).entry {
			all = append(all, e)
		}
	}
	return all
}

// sweep takes away what is ours and no longer wanted, once the search has shown
// what there is: left over from a crash, another wish, another address of ours.
func (w *worker) sweep(ctx context.Context) {
	if !w.settled {
		return
	}
	for _, s := range w.slots {
		if !s.held() && !s.done {
			continue
		}
		for _, e := range w.others(s.family) {
			if !e.Permanent && w.book.now().After(e.Until) {
				w.book.drop(ctx, e)
			} else if k := w.remover(s.family, e); k != nil && due(e.next) {
				w.shut(ctx, k, e)
			}
			if !slices.Contains(w.book.entries, e) {
				w.comeBack(ctx, s, e)
			}
		}
	}
}

// comeBack returns to the port that we had under another address of ours, once
// that mapping is out of its way: nobody but that address could take it away, so
// that another port had to do, and a house should keep its port.
func (w *worker) comeBack(ctx context.Context, s *slot, e *entry) {
	if s.family != 4 || !s.held() || !e.Held || e.Internal.Addr() == w.self(4) || e.External == s.entry.External {
		return
	}
	wished := slices.ContainsFunc(w.wishes(s), func(p Port) bool { return p.External == e.External })
	if !wished || w.rank(e.External) > w.rank(s.entry.External) {
		return
	}
	w.log.Info("going back to the port that is free again", "port", e.External)
	w.shut(ctx, s.door, s.entry)
	s.lose()
	s.last = e.External
}

// rank is a port's place among the wishes as they were given.
func (w *worker) rank(external uint16) int {
	return slices.IndexFunc(w.want.Ports, func(p Port) bool { return p.External == external })
}

// remover is a door by which an entry can be taken away: its own protocol from
// its own address, or UPnP, which goes by the port outside. Nothing is taken
// away that would take a held mapping along: NAT-PMP and PCP go by the port
// inside, UPnP by the port outside, and routers keep one table for all.
func (w *worker) remover(family int, e *entry) *known {
	held := w.slot(family).entry
	for _, k := range w.ways(family) {
		if k.gone {
			continue
		}
		switch p := k.who.protocol; {
		case p.upnp():
			if held == nil || held.External != e.External {
				return k
			}
		case p == e.Protocol && e.Router == k.who.at && e.Internal.Addr() == w.self(family):
			if held == nil || held.Internal != e.Internal {
				return k
			}
		}
	}
	return nil
}
