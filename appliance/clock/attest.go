package clock

import (
	"cmp"
	"slices"
	"time"
)

// Witness is what one authenticated source says of the time: by how much its
// clock is ahead of ours.
type Witness struct {
	Source string // its host; two of the same host count as one
	Ahead  time.Duration
}

const (
	// tolerance is what still counts as the right time: one-time codes bear
	// half a minute (RFC 6238 5.2), certificates much more.
	tolerance = 30 * time.Second
	// spread is how far two witnesses may be apart and still agree; an HTTP
	// date has whole seconds, and slow lines add some.
	spread = 20 * time.Second
	// attestedFor is how long their word holds: a cheap crystal drifts some
	// seconds in that time.
	attestedFor = 24 * time.Hour
)

// attested is what witnesses agreed on.
type attested struct {
	heard bool
	at    time.Duration // lapse then
	wall  time.Time     // what our clock said then
	ahead time.Duration
}

// Attest hears witnesses, and reports whether two of them agree. What they
// agree on makes the clock trusted, or known to be wrong, for a day. Where no
// two agree, nothing changes.
func (c *Clock) Attest(all []Witness) bool {
	ahead, ok := agreed(all)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attested = attested{heard: true, at: c.lapse(), wall: c.wall().Round(0), ahead: ahead}
	return true
}

// agreed is what two witnesses of different hosts say alike: of several such
// pairs the closest counts.
func agreed(all []Witness) (time.Duration, bool) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Witness) int { return cmp.Compare(a.Ahead, b.Ahead) })
	best, ahead, ok := spread, time.Duration(0), false
	for i, a := range all {
		for _, b := range all[i+1:] {
			if apart := b.Ahead - a.Ahead; a.Source != b.Source && apart <= best {
				best, ahead, ok = apart, a.Ahead+apart/2, true
			}
		}
	}
	return ahead, ok
}

// freshLocked gives what witnesses agreed on within the last day, less what our
// clock was set by since.
func (c *Clock) freshLocked() (time.Duration, bool) {
	if !c.attested.heard {
		return 0, false
	}
	passed := c.lapse() - c.attested.at
	if passed > attestedFor {
		return 0, false
	}
	set := c.wall().Round(0).Sub(c.attested.wall) - passed
	return c.attested.ahead - set, true
}

// Off reports by how much the clock is wrong, where witnesses said so: positive
// when it is behind. 0 where it is right, or nobody knows.
func (c *Clock) Off() time.Duration {
	if c.synced() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead, ok := c.freshLocked(); ok && ahead.Abs() > tolerance {
		return ahead
	}
	return 0
}
