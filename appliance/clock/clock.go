// Package clock owns the wall clock and the question whether it can be
// trusted. Times that are stored or judged come from here; durations are
// measured with the monotonic clock as usual.
package clock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
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

// Clock tells the time. Machines without a battery wake up in the past until
// the network corrects them, and some in a far future: until the time is
// trusted, Clock never tells less than the last saved time, nor much more than
// what has passed since it was saved.
type Clock struct {
	wall    func() time.Time
	synced  func() bool
	started time.Time // with its monotonic reading

	mu       sync.Mutex
	floor    time.Time // saved by an earlier run
	attested attested
}

// New makes a clock on the system's time.
func New() *Clock {
	return &Clock{wall: time.Now, synced: kernelSynchronised, started: time.Now()}
}

// Now is the present time in UTC, to the microsecond (what the wire can say):
// what the kernel or two witnesses vouch for; else the machine's own clock, as
// far as it fits to the saved time; else the saved time and what has passed of
// this run.
func (c *Clock) Now() time.Time {
	now, sure := c.reckon()
	if sure.IsZero() {
		return now
	}
	if now.Before(sure) || now.Sub(sure) > believed {
		return sure
	}
	return now
}

// Sure is a time that has come for certain, for what can't be taken back: to
// throw something away by age. It is Now where the time is trusted, and else
// the saved time and what has passed of this run, so that a clock which jumped
// ahead empties no trash. Zero where nothing is known.
func (c *Clock) Sure() time.Time {
	_, sure := c.reckon()
	return sure
}

// reckon gives the machine's clock, put right where witnesses know better, and
// the time that has come for certain.
func (c *Clock) reckon() (now, sure time.Time) {
	tell := func(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
	now = c.wall()
	if c.synced() {
		return tell(now), tell(now)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead, ok := c.freshLocked(); ok {
		if ahead.Abs() > tolerance { // smaller ones are the witnesses' own
			now = now.Add(ahead)
		}
		return tell(now), tell(now)
	}
	if c.floor.IsZero() {
		return tell(now), time.Time{}
	}
	return tell(now), tell(c.floor.Add(time.Since(c.started)))
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

// Behind reports by how much the machine's own clock lies before the saved
// time, 0 where it does not.
func (c *Clock) Behind() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.floor.Sub(c.wall()))
}

// Ahead reports by how much the machine's own clock lies so far past the saved
// time that it is not believed; 0 where it is.
func (c *Clock) Ahead() time.Duration {
	now, sure := c.reckon()
	if sure.IsZero() || now.Sub(sure) <= believed {
		return 0
	}
	return now.Sub(sure)
}

// Load reads the saved time; call it before the first Now that is stored.
func (c *Clock) Load(ctx context.Context, keep Keep) error {
	t, err := keep.LoadTime(ctx)
	if err != nil {
		return fmt.Errorf("loading the saved time: %w", err)
	}
	c.mu.Lock()
	c.floor = t
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

// timesyncMark is there once systemd-timesyncd has set the clock since the
// machine started (systemd-timesyncd.service(8)).
const timesyncMark = "/run/systemd/timesync/synchronized"

// kernelSynchronised asks adjtimex(2), which time daemons keep informed. A
// sandbox may refuse the question, since the same call sets the clock; then
// the mark that the usual one of these daemons leaves has to do.
func kernelSynchronised() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		_, err := os.Stat(timesyncMark)
		return err == nil
	}
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
