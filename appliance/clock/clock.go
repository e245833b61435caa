// Package clock owns the wall clock and the question whether it can be
// trusted. Times that are stored or judged come from here; durations are
// measured with the monotonic clock as usual.
package clock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Keep remembers the saved time over a restart. Load answers the zero time
// where none was saved.
type Keep interface {
	LoadTime(ctx context.Context) (time.Time, error)
	SaveTime(ctx context.Context, t time.Time) error
}

// saveEvery is a compromise between an SD card's life and how far a machine
// without a battery-backed clock falls back when its power fails.
const saveEvery = time.Hour

// believed is how far behind us the saved time may lie for a clock that nobody
// confirms: a machine that lay in a drawer for so long should be told the time.
// A battery that runs dry makes clocks jump by decades.
const believed = 400 * 24 * time.Hour

// born is before this program was written: an earlier clock is wrong, whatever
// was saved.
var born = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Clock tells the time. Machines without a battery wake up in the past until
// the network corrects them, and some in a far future: until the time is
// trusted, Clock never tells less than the last certain time, nor much more than
// what has passed since.
type Clock struct {
	wall   func() time.Time
	synced func() bool
	lapse  func() time.Duration // what has passed since some moment, asleep or not

	mu       sync.Mutex
	floor    time.Time     // the last time that was certain: saved by an earlier run, or of this one
	floorAt  time.Duration // lapse then
	attested attested
}

// New makes a clock on the system's time.
func New() *Clock {
	return &Clock{wall: time.Now, synced: lately(kernelSynchronised), lapse: sinceBoot()}
}

// Told makes a clock on the given wall clock, with synced as the kernel's word
// whether it is right: for tests of a house whose clock jumps.
func Told(wall func() time.Time, synced func() bool) *Clock {
	started := time.Now()
	return &Clock{wall: wall, synced: synced, lapse: func() time.Duration { return time.Since(started) }}
}

// Now is the present time in UTC, to the microsecond (what the wire can say):
// what the kernel or two witnesses vouch for; else the machine's own clock, as
// far as it fits to the saved time; else the saved time and what has passed of
// this run.
func (c *Clock) Now() time.Time {
	r := c.reckon()
	switch {
	case r.certain:
		return r.now
	case r.sure.IsZero() && r.now.Before(born):
		return born.Add(c.lapse()).Truncate(time.Microsecond) // it has to go on, for bans end by it
	case r.sure.IsZero():
		return r.now
	}
	if r.now.Before(r.sure) || r.now.Sub(r.sure) > believed {
		return r.sure
	}
	return r.now
}

// Sure is a time that has come for certain, for what can't be taken back: to
// throw something away by age. It is Now where the time is certain, and else
// the last time that was, with what has passed since, so that a clock which
// jumped ahead empties no trash. Zero where nothing is known.
func (c *Clock) Sure() time.Time { return c.reckon().sure }

// Certain reports whether Now is the right time: the kernel says so, or two
// witnesses lately told by how much the machine's own clock is off.
func (c *Clock) Certain() bool { return c.reckon().certain }

// reckoned is what one look at the machine's clock gives.
type reckoned struct {
	now     time.Time // the machine's clock, put right where witnesses know better
	sure    time.Time // the time that has come for certain; zero: not known
	certain bool      // both are the right time
}

// reckon remembers a time that is certain: trust may end while the house runs,
// and the time goes on from there, not from what was saved before the start.
func (c *Clock) reckon() reckoned {
	tell := func(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
	synced := c.synced()
	c.mu.Lock()
	defer c.mu.Unlock()
	now, certain := c.wall(), synced
	if !certain {
		var ahead time.Duration
		if ahead, certain = c.freshLocked(); ahead.Abs() > tolerance { // smaller ones are the witnesses' own
			now = now.Add(ahead)
		}
	}
	if certain {
		c.floor, c.floorAt = now.Round(0), c.lapse()
		return reckoned{tell(now), tell(now), true}
	}
	if c.floor.IsZero() {
		return reckoned{now: tell(now)}
	}
	return reckoned{now: tell(now), sure: tell(c.floor.Add(c.lapse() - c.floorAt))}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Trusted reports whether the kernel says that the clock is synchronised, or
// two witnesses lately said that it is right (see Attest).
func (c *Clock) Trusted() bool {
	if c.synced() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead, ok := c.freshLocked()
	return ok && ahead.Abs() <= tolerance
}

// Synchronised reports whether the kernel says that the clock is synchronised,
// so that no witness is needed.
func (c *Clock) Synchronised() bool { return c.synced() }

// Behind reports by how much the machine's own clock lies before a time that
// has come for certain; 0 where it does not, or the time is certain.
func (c *Clock) Behind() time.Duration {
	r := c.reckon()
	if r.certain {
		return 0
	}
	return max(0, later(r.sure, born).Sub(r.now))
}

// Ahead reports by how much the machine's own clock lies so far past the saved
// time that it is not believed; 0 where it is.
func (c *Clock) Ahead() time.Duration {
	r := c.reckon()
	if r.certain || r.sure.IsZero() || r.now.Sub(r.sure) <= believed {
		return 0
	}
	return r.now.Sub(r.sure)
}

// Load reads the saved time; call it before the first Now that is stored.
func (c *Clock) Load(ctx context.Context, keep Keep) error {
	t, err := keep.LoadTime(ctx)
	if err != nil {
		return fmt.Errorf("loading the saved time: %w", err)
	}
	c.mu.Lock()
	c.floor, c.floorAt = t, c.lapse()
	c.mu.Unlock()
	return nil
}

// Run saves the time every hour until ctx ends. A clock that was set wrongly
// into the future is not believed: the saved time advances by trusted time, or
// else only by the time that has passed.
func (c *Clock) Run(ctx context.Context, keep Keep) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := c.Save(ctx, keep); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
		}
	}
}

// Save writes what Run writes, at once.
func (c *Clock) Save(ctx context.Context, keep Keep) error {
	t := c.Sure()
	if t.IsZero() {
		return nil
	}
	if err := keep.SaveTime(ctx, t); err != nil {
		return fmt.Errorf("saving the time: %w", err)
	}
	return nil
}
