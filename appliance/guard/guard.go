// Package guard decides who may try to prove themselves and how often. It only
// decides: the door asks before an attempt and tells it the outcome. It keeps
// its counters in memory and writes nothing.
package guard

import (
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Attempt is the kind of thing that somebody tries, as a route's row names it.
type Attempt string

// The kinds of attempt. None is not counted.
const (
	None       Attempt = ""
	Password   Attempt = "password"   // a master password hash
	Invitation Attempt = "invitation" // an invitation's token
	SetupToken Attempt = "setup"      // the first-run link's token
)

// Try is one attempt by somebody: Account is what they claim to be (may be
// empty or unknown), Peer where they come from.
type Try struct {
	Attempt Attempt
	Account string
	Peer    netip.Addr
}

// Verdict is the answer to a Try.
type Verdict struct {
	Allowed bool
	Wait    time.Duration // when not allowed: until the next try can be
}

// budget is how many failures are forgiven at once, and how long until one of
// them is forgotten.
type budget struct {
	burst  float64
	refill time.Duration
}

// A person mistypes a handful of times; a household behind one address shares
// the wider budget. Nobody is counted by account alone, since that would let a
// stranger lock somebody out from afar.
var (
	perAccount = budget{burst: 10, refill: 30 * time.Second}
	perPrefix  = budget{burst: 40, refill: 10 * time.Second}
)

// maxBuckets bounds the memory that strangers can make us use: about 10 MB.
const maxBuckets = 50_000

// Guard counts failures. Its zero value is not usable; see New.
type Guard struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]bucket
}

// bucket holds failures that drain with time.
type bucket struct {
	level float64
	at    time.Time
}

// New makes a guard on the clock now.
func New(now func() time.Time) *Guard {
	return &Guard{now: now, buckets: make(map[string]bucket)}
}

// Ask decides whether t may go ahead, and counts it as failed until Passed
// says otherwise, so that many at once can't slip through together.
func (g *Guard) Ask(t Try) Verdict {
	if t.Attempt == None {
		return Verdict{Allowed: true}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	var wait time.Duration
	for _, k := range keysOf(t) {
		level := g.levelLocked(k, now)
		if over := level + 1 - k.burst; over > 0 {
			wait = max(wait, time.Duration(over*float64(k.refill)))
		}
	}
	if wait > 0 {
		return Verdict{Wait: wait}
	}
	g.makeRoomLocked(now)
	for _, k := range keysOf(t) {
		g.buckets[k.name] = bucket{g.levelLocked(k, now) + 1, now}
	}
	return Verdict{Allowed: true}
}

// Passed tells that t succeeded: whoever knows the secret starts afresh.
func (g *Guard) Passed(t Try) {
	if t.Attempt == None {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for i, k := range keysOf(t) {
		level := max(0, g.levelLocked(k, now)-1)
		if i == 0 {
			level = 0 // account and prefix together: this person, from here
		}
		if level == 0 {
			delete(g.buckets, k.name)
			continue
		}
		g.buckets[k.name] = bucket{level, now}
	}
}

type key struct {
	name string
	budget
}

// keysOf gives (account, prefix) first, then the prefix alone. Loopback is not
// a place that others share, so it is counted per account only.
func keysOf(t Try) []key {
	prefix := Prefix(t.Peer)
	kind := string(t.Attempt)
	keys := []key{{kind + "\x00" + strconv.Quote(t.Account) + "\x00" + prefix.String(), perAccount}}
	if !t.Peer.IsLoopback() {
		keys = append(keys, key{kind + "\x00\x00" + prefix.String(), perPrefix})
	}
	return keys
}

// Prefix is what counts as one place: an IPv4 address, or an IPv6 /64, which
// is what a single home gets at least (RFC 6177).
func Prefix(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // an invalid address gives the zero prefix, one place for all
	return p
}

func (g *Guard) levelLocked(k key, now time.Time) float64 {
	b, ok := g.buckets[k.name]
	if !ok {
		return 0
	}
	return max(0, b.level-float64(now.Sub(b.at))/float64(k.refill))
}

// makeRoomLocked drops what has drained, and if that is not enough the lowest
// levels go by chance of the map's order: never more than maxBuckets stay.
func (g *Guard) makeRoomLocked(now time.Time) {
	if len(g.buckets) < maxBuckets {
		return
	}
	longest := max(perAccount.refill, perPrefix.refill)
	for name, b := range g.buckets {
		if float64(now.Sub(b.at)) >= b.level*float64(longest) {
			delete(g.buckets, name)
		}
	}
	for name, b := range g.buckets {
		if len(g.buckets) < maxBuckets {
			return
		}
		if b.level <= 1 {
			delete(g.buckets, name)
		}
	}
	for name := range g.buckets {
		if len(g.buckets) < maxBuckets {
			return
		}
		delete(g.buckets, name)
	}
}
