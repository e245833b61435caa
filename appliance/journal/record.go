package journal

import (
	"cmp"
	"net/netip"
	"strings"
	"time"
)

// maxWaiting bounds the memory while the disk is stuck.
const maxWaiting = 4096

// Record takes an event in and returns at once. It sets the event's Time and
// Country, names its accounts as the house wants it, and may fold it into a
// later line.
func (j *Journal) Record(e Event) {
	e.Outcome = cmp.Or(e.Outcome, OK)
	e.clean()
	src := sourceOf(e)
	j.mu.Lock()
	defer j.mu.Unlock()
	if line, ready := j.folds.take(src, e, j.c.Now()); ready {
		j.queueLocked(line)
	}
}

// Count takes note of a request that was answered. It is cheap and never
// waits for the disk.
func (j *Journal) Count(s Seen) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.tally.Requests == 0 {
		j.tally.begin(j.c.Now())
	}
	j.tally.add(s)
}

// place gives an address in one way of writing it, and its country.
func (j *Journal) place(address string) (same, country string) {
	peer, err := netip.ParseAddr(address)
	if err != nil {
		return address, ""
	}
	peer = peer.Unmap().WithZone("")
	return peer.String(), clean(j.c.Country(peer), maxCountry)
}

// queueLocked lets a line wait for its batch.
func (j *Journal) queueLocked(e Event) {
	if len(j.waiting) >= maxWaiting {
		j.dropped++
		return
	}
	e.Time = j.stampLocked()
	e.Owner, e.By = j.name(e.Owner), j.name(e.By)
	e.Address, e.Country = j.place(e.Address)
	j.waiting = append(j.waiting, e)
	j.patience = min(j.patience, patience(e))
	if len(j.waiting) < flushAt || j.failing {
		return
	}
	select {
	case j.full <- struct{}{}:
	default:
	}
}

// stampLocked gives the time of the next event, never the same twice, so that
// a time is a place in the log. Where the clock was set back, the log follows.
func (j *Journal) stampLocked() time.Time {
	t := j.c.Now().UTC().Truncate(time.Microsecond)
	if ahead := j.last.Sub(t); ahead >= 0 && ahead < time.Second {
		t = j.last.Add(time.Microsecond)
	}
	if t.Before(time.Unix(0, 0)) {
		t = time.Unix(0, 0).UTC() // a clock that was never set; nothing older can be kept
	}
	j.last = t
	return t
}

// country gives that of a name as tallies have it.
func (j *Journal) country(name string) string {
	name, _, _ = strings.Cut(name, "/")
	_, country := j.place(name)
	return country
}
