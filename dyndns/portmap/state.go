package portmap

import (
	"net/netip"
	"slices"
	"time"
)

// fresh is how long a router's answer counts as its word now: five polls, since
// one that speaks PCP alone is asked with every fifth.
const fresh = 5*pollEvery + 2*time.Second

// rank orders the faults, the most telling first.
func (f Fault) rank() int {
	order := []Fault{NoAddress, Conflict, OnlyPermanent, NoResources, PortRefused, NotAuthorized, Off, Silent, FaultNone}
	return slices.Index(order, f)
}

func (s State) clone() State {
	s.Routers = slices.Clone(s.Routers)
	if s.V4 != nil {
		c := *s.V4
		s.V4 = &c
	}
	if s.V6 != nil {
		c := *s.V6
		s.V6 = &c
	}
	return s
}

// alike leaves out what changes with every poll: the times of answers and renewals.
func (s State) alike(o State) bool {
	return s.sameDoor(o) && s.Why == o.Why && s.Why6 == o.Why6 && s.Restarts == o.Restarts && s.Asked == o.Asked &&
		slices.EqualFunc(s.Routers, o.Routers, func(a, b Router) bool {
			a.Answered, b.Answered = time.Time{}, time.Time{}
			a.told, b.told = time.Time{}, time.Time{}
			return a == b
		})
}

func (s State) sameDoor(o State) bool {
	return s.Trouble == o.Trouble && s.Trouble6 == o.Trouble6 && s.V4.same(o.V4) && s.V6.same(o.V6)
}

func (m *Mapping) same(o *Mapping) bool {
	if m == nil || o == nil {
		return m == o
	}
	return m.Protocol == o.Protocol && m.External == o.External && m.Internal == o.Internal && m.Permanent == o.Permanent
}

// View is what the routers say of the house's address outside.
type View struct {
	Addr     netip.Addr // what a router names, private ones included; invalid: none
	Protocol Protocol   // who said it
	// Answered: a router answered the question lately. Without Addr that means
	// that it has none; false means that nobody knows.
	Answered bool
}

// External returns what a router says of the house's address, 4 or 6, asked
// within the last quarter of a minute, mostly three seconds. For IPv6 it is the address that is let in.
func (m *Mapper) External(family int) View {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.cfg.Now()
	if family == 6 {
		if v := m.state.V6; v != nil && m.state.Trouble6 == FaultNone {
			return View{Addr: v.External.Addr(), Protocol: v.Protocol, Answered: true}
		}
		return View{}
	}
	return outside(m.state, now)
}

// outside finds the newest word on our address: the gateway's before that of
// other routers, what was told in the last poll before what is older, and then
// an address before none.
func outside(s State, now time.Time) View {
	var best Router
	for _, r := range s.Routers {
		if r.Family == 4 && !r.told.IsZero() && now.Sub(r.told) <= fresh && (best.told.IsZero() || r.better(best, now)) {
			best = r
		}
	}
	return View{Addr: best.External, Protocol: best.Protocol, Answered: !best.told.IsZero()}
}

func (r Router) better(o Router, now time.Time) bool {
	const lately = pollEvery + lookWait
	if r.near != o.near {
		return r.near
	}
	if a, b := now.Sub(r.told) <= lately, now.Sub(o.told) <= lately; a != b {
		return a
	}
	if r.External.IsValid() != o.External.IsValid() {
		return r.External.IsValid()
	}
	return r.told.After(o.told)
}
