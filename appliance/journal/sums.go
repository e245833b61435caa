package journal

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Of addresses so many are told apart while a sum is made, and so many shown.
const (
	maxAddresses   = 20_000
	shownAddresses = 50
)

// sums are a Usage in the making.
type sums struct {
	since, until                        time.Time
	hours                               map[int64]*Hour
	kinds, outcomes, devices, addresses map[string]*Counted
}

func newSums(since, until time.Time) *sums {
	return &sums{
		since: since, until: until, hours: make(map[int64]*Hour), kinds: make(map[string]*Counted),
		outcomes: make(map[string]*Counted), devices: make(map[string]*Counted), addresses: make(map[string]*Counted),
	}
}

func (s *sums) add(e Event) {
	if e.Tally != nil {
		s.requests(e.Tally)
		return
	}
	if e.Time.Before(s.since) || !e.Time.Before(s.until) {
		return
	}
	h, n, ok := s.hour(hourOf(e.Time)), e.times(), e.Outcome == OK
	switch {
	case e.Kind == Ban:
		h.Bans += n
	case !ok:
		h.Refused += n
	case e.Kind == SignIn:
		h.SignIns += n
	}
	count := func(m map[string]*Counted, name string) *Counted {
		c := of(m, name)
		if ok {
			c.OK += n
		} else {
			c.Refused += n
		}
		return c
	}
	count(s.kinds, string(e.Kind))
	count(s.outcomes, e.Outcome)
	if e.Device != "" {
		count(s.devices, DeviceKind(e.DeviceType))
	}
	c := count(s.addresses, s.addressOf(e))
	c.Last = latest(c.Last, e.Time)
	c.Country = cmp.Or(c.Country, e.Country)
}

// requests adds an hour's, if the hour touches the time that is asked for.
func (s *sums) requests(t *Tally) {
	start := time.Unix(t.Hour, 0)
	if end := start.Add(time.Hour); !end.After(s.since) || !start.Before(s.until) {
		return
	}
	h := s.hour(t.Hour)
	h.Requests += t.Requests
	h.Errors += t.Errors
	for kind, n := range t.Devices {
		of(s.devices, kind).Requests += n
	}
	for name, n := range t.Addresses {
		c := of(s.addresses, s.named(name))
		c.Requests += n
		if name != Rest {
			c.Last = latest(c.Last, start.UTC())
		}
	}
}

func (s *sums) hour(t int64) *Hour {
	if s.hours[t] == nil {
		s.hours[t] = &Hour{T: t}
	}
	return s.hours[t]
}

func of(m map[string]*Counted, name string) *Counted {
	if m[name] == nil {
		m[name] = &Counted{Name: name}
	}
	return m[name]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// addressOf is the name under which an event's address is counted.
func (s *sums) addressOf(e Event) string {
	peer, err := netip.ParseAddr(e.Address)
	if err != nil {
		return Rest
	}
	return s.named(callerName(caller(peer)))
}

// named gives name, or Rest where too many are told apart already. Those that
// came up last, being read first, are the ones that keep their names.
func (s *sums) named(name string) string {
	if s.addresses[name] == nil && len(s.addresses) >= maxAddresses {
		return Rest
	}
	return name
}

// usage sorts what was counted.
func (s *sums) usage(country func(address string) string) Usage {
	u := Usage{
		Since: s.since, Until: s.until, Hours: []Hour{}, Addresses: []Counted{},
		Kinds: sorted(s.kinds), Outcomes: sorted(s.outcomes), Devices: sorted(s.devices),
	}
	for _, t := range slices.Sorted(maps.Keys(s.hours)) {
		u.Hours = append(u.Hours, *s.hours[t])
	}
	rest := Counted{Name: Rest}
	for _, c := range sorted(s.addresses) {
		if c.Name == Rest || len(u.Addresses) >= shownAddresses {
			rest.OK, rest.Refused, rest.Requests = rest.OK+c.OK, rest.Refused+c.Refused, rest.Requests+c.Requests
			continue
		}
		c.Country = cmp.Or(c.Country, country(c.Name))
		u.Addresses = append(u.Addresses, c)
	}
	if rest.all() > 0 {
		u.Addresses = append(u.Addresses, rest)
	}
	return u
}

// sorted lists the most frequent first.
func sorted(m map[string]*Counted) []Counted {
	all := make([]Counted, 0, len(m))
	for _, c := range m {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(b.all(), a.all()), strings.Compare(a.Name, b.Name))
	})
	return all
}
