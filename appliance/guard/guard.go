// Package guard decides who may try to prove themselves and how often. It only
// decides: the door asks before an attempt and tells it the outcome. It keeps
// its counters in memory and writes nothing.
package guard

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Config is what a Guard is made of.
type Config struct {
	Keep    Keep             // nil: nothing is remembered over a restart
	Key     []byte           // 32 bytes that last as long as what Keep holds
	Now     func() time.Time // the time that bans are told by
	Log     *slog.Logger     // nil: nothing is logged
	Changed func()           // sieges, bans or admissions came or went; must not block; may be nil
}

type charge int

// Known reports whether that device has once signed in to account completely.
func (g *Guard) Known(account, device, token string) bool { return false }

// Complete tells of a complete sign-in, all factors proven: from now on the
// device is known.
func (g *Guard) Complete(t Try) {}

// Forget makes a device of account unknown, or all of them where device is "".
func (g *Guard) Forget(account, device string) {}

// Admit lets unknown devices of account, or of everybody where that is "", try
// from peer's network for a while, past bans and sieges.
func (g *Guard) Admit(peer netip.Addr, account string, d time.Duration) Admission { return Admission{} }

// Bans lists the bans of this moment, the newest first.
func (g *Guard) Bans() []Ban { return nil }

// Sieges lists the accounts at which strangers guess now, the newest first.
func (g *Guard) Sieges() []Siege { return nil }

// Admissions lists those that still hold, the newest first.
func (g *Guard) Admissions() []Admission { return nil }

// Lift ends the bans that touch p and forgets what was counted there. It
// returns how many it ended.
func (g *Guard) Lift(p netip.Prefix) int { return 0 }

// LiftAll ends all bans and sieges and returns how many bans it ended.
func (g *Guard) LiftAll() int { return 0 }

// Run remembers what changes until ctx ends: bans at once, the rest in batches.
func (g *Guard) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Flush makes durable what waits.
func (g *Guard) Flush(ctx context.Context) error { return nil }

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
	last    Try
}

// bucket holds failures that drain with time.
type bucket struct {
	level float64
	at    time.Time
}

// New makes a guard and loads what was kept.
func New(_ context.Context, c Config) (*Guard, error) {
	if c.Keep != nil && len(c.Key) != 32 {
		return nil, errors.New("guard: a key of another length than 32 bytes")
	}
	return &Guard{now: c.Now, buckets: make(map[string]bucket)}, nil
}

// Ask decides whether t may go ahead, and counts it as failed until Passed
// says otherwise, so that many at once can't slip through together.
func (g *Guard) Ask(t Try) Verdict {
	if t.Attempt == None || t.Attempt == Request {
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
	for _, k := range keysOf(t) {
		g.buckets[k.name] = bucket{g.levelLocked(k, now) + 1, now}
	}
	return Verdict{Allowed: true}
}

// Passed tells that the try of that verdict had the right secret: it no longer
// counts. What failed before stays counted.
func (g *Guard) Passed(Verdict) {}

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
