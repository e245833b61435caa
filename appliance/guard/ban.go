package guard

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// network is what is held against a network: failures that drain, and the
// history of its bans.
type network struct {
	counter
	times uint16 // bans that are remembered
	why   kind   // of the last ban
	tries uint32 // failed and refused
	since moment // of the last ban
	until moment // the last ban's end
}

// strikes says how many failures a network is forgiven: an IPv4 address or a
// /64 so many as a household makes in a bad hour. What is around a /64 gets
// more, but less than its parts together, so that nobody gains by having many:
// two bad links shut a home out, and four homes, or a hundred and twenty links
// with one try each, a site.
func strikes(bits uint8) rule {
	switch bits {
	case homeBits:
		return rule{burst: 60, drain: 2 * time.Minute}
	case siteBits:
		return rule{burst: 120, drain: time.Minute}
	}
	return rule{burst: 30, drain: 5 * time.Minute}
}

// sentences are the lengths of the first, second, ... ban; more get the last.
// An address may become another household's within a day, hence no longer.
var sentences = [...]time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour}

// memory is how long after its end a ban makes the next one longer.
const memory = 14 * 24 * time.Hour

// refusedWeight is what a try counts for that was refused for other reasons
// than a ban: whoever hammers at an account under siege is shut out in time,
// and a person who tries now and then is not.
const refusedWeight = 0.25

// banned reports whether a ban holds.
func (n network) banned(now moment) bool { return now < n.until }

// level is what is held against the network now; during a ban nothing drains.
func (n network) level(r rule, now moment) float64 {
	n.at = max(n.at, n.until)
	return r.level(n.counter, now)
}

// strike counts a failed or refused try of that weight. If that is one too
// many a ban begins; the network comes out of it with half its budget.
func (n network) strike(r rule, weight float64, why kind, now moment) (after network, began bool) {
	n.tries++
	n.at = max(n.at, n.until)
	if r.level(n.counter, now)+weight <= r.burst+slack {
		n.counter, _ = r.charge(n.counter, weight, now)
		return n, false
	}
	if now > n.until.plus(memory) {
		n.times = 0
	}
	n.since, n.until = now, now.plus(sentences[min(int(n.times), len(sentences)-1)])
	n.times = min(n.times+1, 1<<15)
	n.why = why
	n.counter.level, n.at = float32(r.burst/2), now
	return n, true
}

// spent reports whether nothing is held against the network any more.
func (n network) spent(r rule, now moment) bool {
	return !n.banned(now) && n.level(r, now) <= 0 && (n.times == 0 || now > n.until.plus(memory))
}

// worthy reports whether the network is to be remembered over a restart. What is
// far from a ban is not: ten thousand networks that have each failed a little
// are the ordinary state of a siege, and would be written again each minute.
func (n network) worthy(r rule, now moment) bool {
	return n.banned(now) || n.times > 0 && now <= n.until.plus(memory) || n.level(r, now) >= r.burst/2
}

// Bans lists the bans of this moment, the newest first.
func (g *Guard) Bans() (list []Ban) {
	g.do(func(now moment) {
		for i, n := range g.networks.rows {
			if n.banned(now) {
				list = append(list, g.ban(i.net, n))
			}
		}
	})
	slices.SortFunc(list, func(a, b Ban) int {
		return cmp.Or(b.Since.Compare(a.Since), a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()))
	})
	return list
}

// ban tells of n in the words of others.
func (g *Guard) ban(net netID, n network) Ban {
	return Ban{
		Prefix: net.prefix(), Why: string(attempts[n.why]), Since: g.wall(n.since), Until: g.wall(n.until),
		Times: int(n.times), Tries: int(n.tries),
	}
}

// holdingLocked gives the longest of the bans that cover nets, of all or only
// of those for floods: guessing shuts nobody out from what needs no secret.
func (g *Guard) holdingLocked(nets []netID, floodsOnly bool, now moment) (wait time.Duration) {
	for _, net := range nets {
		n := g.networks.rows[id{class: classBan, net: net}]
		if !floodsOnly || n.why == kindRequest {
			wait = max(wait, now.until(n.until))
		}
	}
	return wait
}

// turnedAwayLocked counts a try that a ban has refused. It makes no ban longer:
// a client that knocks again and again is not to stay out for ever.
func (g *Guard) turnedAwayLocked(nets []netID, now moment) {
	for _, net := range nets {
		i := id{class: classBan, net: net}
		if n := g.networks.rows[i]; n.banned(now) {
			n.tries++
			g.networks.rows[i] = n
		}
	}
}

// strikeLocked counts a try against all of nets, and returns the widest ban
// that it began.
func (g *Guard) strikeLocked(nets []netID, weight float64, why kind, now moment) (began *Ban) {
	for _, net := range nets {
		i := id{class: classBan, net: net}
		n, began1 := g.networks.rows[i].strike(i.rule(), weight, why, now)
		g.putNetworkLocked(i, n, now)
		if began1 {
			b := g.ban(net, n)
			began = &b
			g.pressing, g.changed = true, true
		}
	}
	return began
}

// overLocked reports whether one more failure would be too many for one of
// nets.
func (g *Guard) overLocked(nets []netID, now moment) bool {
	for _, net := range nets {
		i := id{class: classBan, net: net}
		if r := i.rule(); g.networks.rows[i].level(r, now)+1 > r.burst+slack {
			return true
		}
	}
	return false
}

// Lift ends the bans that touch p, and forgets what was counted there. It
// returns how many it ended.
func (g *Guard) Lift(p netip.Prefix) int {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return g.lift(func(i id) bool { return i.net != netID{} && p.IsValid() && p.Overlaps(i.net.prefix()) })
}

// LiftAll ends all bans and sieges, and forgets what was counted against
// strangers and against home. It returns how many bans it ended.
func (g *Guard) LiftAll() int {
	return g.lift(func(i id) bool { return i.class != classSession && i.class != classDevice })
}

// lift forgets the networks and counters that match.
func (g *Guard) lift(matches func(id) bool) (lifted int) {
	g.do(func(now moment) {
		for i, n := range g.networks.rows {
			if matches(i) {
				if n.banned(now) {
					lifted++
				}
				g.dropNetworkLocked(i, n)
			}
		}
		for c := range g.counters {
			for i, row := range g.counters[c].rows {
				if matches(i) {
					g.dropCounterLocked(i, row)
				}
			}
		}
		g.endSiegesLocked(now)
		g.pressing, g.changed = true, true
	})
	return lifted
}
