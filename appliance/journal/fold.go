package journal

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// class says what stands behind an event, and so how many lines it may make.
type class int

const (
	acts     class = iota // of persons who proved who they are
	renewals              // of sessions, which apps do by themselves
	near                  // failures at home
	far                   // failures from elsewhere
	bans
	classes
)

// rule lets so many lines through at once, and one more each so often.
type rule struct {
	burst float64
	every time.Duration
}

// rules are for one source and for all of the class together. A household's
// day stays far below them; an attack by thousands makes about a thousand
// lines a day instead of millions, so that it can neither wear out the card
// nor push the household's own lines out of the log.
var rules = [classes]struct{ one, all rule }{
	acts:     {rule{30, time.Minute}, rule{200, time.Second}},
	renewals: {rule{1, time.Hour}, rule{100, time.Minute}},
	near:     {rule{10, time.Minute}, rule{30, time.Minute}},
	far:      {rule{3, time.Minute}, rule{30, 5 * time.Minute}},
	bans:     {rule{3, time.Minute}, rule{30, 5 * time.Minute}},
}

// What is folded becomes lines after a minute, and then each time after twice
// as long, as long as there is something: the busiest sources one by one, the
// others by what they tried and on whom.
const (
	busiest    = 3
	longestLap = 16 // minutes
	maxGroups  = 512
)

// SeveralAddresses is the Detail of a line that stands for many callers.
const SeveralAddresses = "several addresses"

// source is whose lines are counted together.
type source struct {
	class  class
	from   netip.Addr // see caller
	owner  string     // the account's ID
	device string
}

// group is what may become one line.
type group struct {
	source
	kind            Kind
	outcome, method string
}

type folded struct {
	last  Event
	count int
}

// spring holds what is left of a rule.
type spring struct {
	left float64
	at   time.Time
}

// folds decides which events are lines, and keeps those that are not.
type folds struct {
	springs map[source]spring
	all     [classes]spring
	groups  map[group]folded
	lap     [classes]int // minutes between two rounds
	wait    [classes]int // minutes until the next
}

// sourceOf tells by an event that still has the account's ID.
func sourceOf(e Event) source {
	peer, _ := netip.ParseAddr(e.Address)
	peer = peer.Unmap().WithZone("")
	s := source{class: far}
	if peer.IsValid() {
		s.from = caller(peer)
	}
	switch {
	case e.Kind == Ban:
		s.class = bans
	case e.Kind == Token && e.Outcome == OK: // from another network it is news
		s.class, s.owner, s.device = renewals, e.Owner, e.Device
	case e.Outcome == OK:
		s = source{class: acts, owner: e.Owner}
	case !peer.IsValid(), peer.IsPrivate(), peer.IsLoopback(), peer.IsLinkLocalUnicast():
		s.class = near
	}
	return s
}

// take gives back the event as a line, with what was folded before it, or
// keeps it.
func (f *folds) take(s source, e Event, now time.Time) (line Event, ready bool) {
	g := group{source: s, kind: e.Kind, outcome: e.Outcome, method: e.Method}
	if f.spend(s, now) {
		if before, ok := f.groups[g]; ok {
			delete(f.groups, g)
			e.Count = before.count + e.times()
		}
		return e, true
	}
	if _, known := f.groups[g]; !known && len(f.groups) >= maxGroups {
		g, e = g.widened(), e.widened()
	}
	if _, known := f.groups[g]; !known && len(f.groups) >= 2*maxGroups {
		g.owner, e.Owner, e.By = "", "", ""
	}
	f.fold(g, e)
	return Event{}, false
}

func (f *folds) fold(g group, e Event) {
	if f.groups == nil {
		f.groups = make(map[group]folded)
	}
	f.groups[g] = folded{e, f.groups[g].count + e.times()}
}

// widened leaves of a group what an attack can't make many of.
func (g group) widened() group {
	g.from, g.device = netip.Addr{}, ""
	return g
}

// widened leaves of an event what holds for all of a widened group.
func (e Event) widened() Event {
	e.Address, e.Country, e.Device, e.DeviceType, e.Millis, e.Detail = "", "", "", unknownDevice, 0, SeveralAddresses
	return e
}

// spend takes one line from the rules of a source, where both have one left.
// Only who spends is remembered, so that the class's own rule bounds how many
// that are.
func (f *folds) spend(s source, now time.Time) bool {
	r := rules[s.class]
	all := &f.all[s.class]
	one, known := f.springs[s]
	if !known {
		one = spring{left: r.one.burst, at: now}
	}
	if all.at.IsZero() {
		*all = spring{left: r.all.burst, at: now}
	}
	one.flow(r.one, now)
	all.flow(r.all, now)
	if one.left < 1 || all.left < 1 {
		return false
	}
	one.left--
	all.left--
	if f.springs == nil {
		f.springs = make(map[source]spring)
	}
	f.springs[s] = one
	return true
}

// flow gives back what the time since has brought. A clock set back brings
// nothing.
func (s *spring) flow(r rule, now time.Time) {
	if d := now.Sub(s.at); d > 0 {
		s.left = min(r.burst, s.left+float64(d)/float64(r.every))
	}
	s.at = now
}

// settle is called each minute and gives the lines that are due; at last, all
// that is left.
func (f *folds) settle(now time.Time, last bool) (lines []Event) {
	for s, one := range f.springs {
		if one.flow(rules[s.class].one, now); one.left >= rules[s.class].one.burst {
			delete(f.springs, s) // as good as new
		}
	}
	for c := range classes {
		if c == acts || c == renewals {
			lines = append(lines, f.due(c, now, last)...)
		} else if f.wait[c]--; f.wait[c] <= 0 || last {
			lines = append(lines, f.round(c)...)
		}
	}
	return lines
}

// due gives the groups of a class whose rules let a line through again.
func (f *folds) due(c class, now time.Time, last bool) (lines []Event) {
	for _, g := range f.of(c) {
		if last || f.spend(g.source, now) {
			lines = append(lines, f.pop(g))
		}
	}
	return lines
}

// round gives a few lines for all that a class has folded.
func (f *folds) round(c class) (lines []Event) {
	all := f.of(c)
	if len(all) == 0 {
		f.lap[c], f.wait[c] = 0, 0
		return nil
	}
	f.lap[c] = min(max(2*f.lap[c], 1), longestLap)
	f.wait[c] = f.lap[c]
	for i, g := range all {
		e := f.pop(g)
		if i < busiest {
			lines = append(lines, e)
			continue
		}
		f.fold(g.widened(), e.widened())
	}
	for _, g := range f.of(c) {
		lines = append(lines, f.pop(g))
	}
	return lines
}

// of lists the groups of a class, the busiest first.
func (f *folds) of(c class) []group {
	all := slices.Collect(maps.Keys(f.groups))
	all = slices.DeleteFunc(all, func(g group) bool { return g.class != c })
	slices.SortFunc(all, func(a, b group) int {
		return cmp.Or(cmp.Compare(f.groups[b].count, f.groups[a].count), a.from.Compare(b.from),
			cmp.Compare(a.owner, b.owner), cmp.Compare(a.kind, b.kind), cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.method, b.method), cmp.Compare(a.device, b.device))
	})
	return all
}

// pop turns a group into its line.
func (f *folds) pop(g group) Event {
	held := f.groups[g]
	delete(f.groups, g)
	held.last.Count = held.count
	return held.last
}
