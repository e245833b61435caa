package journal

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Of an hour's callers so many are told apart while it lasts, and so many are
// kept by name: enough for a household, and no attack makes a line long.
const (
	maxCallers   = 1024
	namedCallers = 20
	maxKinds     = 12
)

// tally is the hour that goes on.
type tally struct {
	Tally
	callers map[netip.Addr]int
}

func (t *tally) begin(now time.Time) {
	*t = tally{
		Tally:   Tally{Hour: hourOf(now), Devices: make(map[string]int)},
		callers: make(map[netip.Addr]int),
	}
}

func (t *tally) add(s Seen) {
	t.Requests++
	switch {
	case s.Outcome >= 500:
		t.Errors++
	case s.Outcome >= 400:
		t.Refused++
	}
	t.Millis += max(s.Millis, 0)
	t.Slowest = max(t.Slowest, s.Millis)
	if s.DeviceKind != "" {
		bump(t.Devices, s.DeviceKind, Rest, maxKinds)
	}
	if s.Address.IsValid() {
		bump(t.callers, caller(s.Address), netip.Addr{}, maxCallers)
	}
}

// bump counts key, or rest where most are counted already.
func bump[K comparable](m map[K]int, key, rest K, most int) {
	if _, known := m[key]; !known && len(m) >= most {
		key = rest
	}
	m[key]++
}

// done gives what was counted, with the busiest callers by name.
func (t *tally) done() *Tally {
	out := t.Tally
	out.Devices = maps.Clone(t.Devices)
	out.Addresses = make(map[string]int, min(len(t.callers), namedCallers+1))
	busiest := slices.SortedFunc(maps.Keys(t.callers), func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(t.callers[b], t.callers[a]), a.Compare(b))
	})
	named := 0
	for _, peer := range busiest {
		name := Rest
		if peer.IsValid() && named < namedCallers {
			name = callerName(peer)
			named++
		}
		out.Addresses[name] += t.callers[peer]
	}
	return &out
}

// caller is by what callers are told apart: the address, and of IPv6 the /64,
// within which a device changes its address every day (RFC 8981).
func caller(peer netip.Addr) netip.Addr {
	peer = peer.Unmap().WithZone("")
	if peer.Is4() {
		return peer
	}
	p, _ := peer.Prefix(64) // of a valid address it can't fail
	return p.Addr()
}

func callerName(caller netip.Addr) string {
	if caller.Is4() {
		return caller.String()
	}
	return netip.PrefixFrom(caller, 64).String()
}

// hourOf is the start of the hour of t, in unix seconds.
func hourOf(t time.Time) int64 { return t.Unix() - mod(t.Unix(), 3600) }

func mod(n, m int64) int64 { return (n%m + m) % m }
