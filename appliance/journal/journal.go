// Package journal owns the log of who did what with an account: sign-ins,
// sign-outs, refusals, changes. It writes in batches, since an SD card lives
// longer so, and it never stands in the way of what it logs: an event that
// can't be kept is dropped and counted.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds of event.
const (
	SignIn   Kind = "signin"
	SignOut  Kind = "signout"
	Refused  Kind = "refused" // a wrong password
	Invited  Kind = "invited"
	Joined   Kind = "joined"
	Password Kind = "password" // the master password was changed
	KDF      Kind = "kdf"
	Device   Kind = "device" // a device was signed out
	Settings Kind = "settings"
	Setup    Kind = "setup" // the house was set up
	Kit      Kind = "kit"   // a recovery kit was made
	Deleted  Kind = "deleted"
	Export   Kind = "export"
)

// Event is one line of the log. It never holds a secret or a query.
type Event struct {
	Time       time.Time `json:"time"`
	Kind       Kind      `json:"kind"`
	Outcome    string    `json:"outcome"` // "ok" or a problem's code
	Owner      string    `json:"owner"`   // the account's ID; empty when unknown
	Device     string    `json:"device"`  // its name, as it calls itself
	DeviceType int       `json:"deviceType"`
	Address    string    `json:"address"` // the peer's address
}

// Entry is an event as it is kept: the engine sorts by Time and sees no more.
type Entry struct {
	Time time.Time
	Body []byte
}

// Keep is what the journal needs kept; its methods block until it is done.
type Keep interface {
	// Append makes entries durable, in their order.
	Append(ctx context.Context, entries []Entry) error
	// Newest yields entries from the newest backwards until yield says false.
	Newest(ctx context.Context, yield func(Entry) bool) error
	// Prune removes what is older than before.
	Prune(ctx context.Context, before time.Time) error
}

// How a batch is made: after so long, or so many. Losing ten seconds of log to
// a power cut is fair; maxWaiting bounds the memory while the disk is stuck.
const (
	flushEvery = 10 * time.Second
	flushAt    = 64
	maxWaiting = 4096
)

// Journal collects events and keeps them.
type Journal struct {
	keep Keep
	now  func() time.Time
	days func() int64
	log  *slog.Logger

	mu      sync.Mutex
	waiting []Event
	dropped int
	full    chan struct{}
}

// New makes a journal; days says for how many days events are kept.
func New(keep Keep, now func() time.Time, days func() int64, log *slog.Logger) *Journal {
	return &Journal{keep: keep, now: now, days: days, log: log, full: make(chan struct{}, 1)}
}

// Record takes an event in and returns at once; its Time is set here.
func (j *Journal) Record(e Event) {
	e.Time = j.now()
	j.mu.Lock()
	if len(j.waiting) >= maxWaiting {
		j.dropped++
		j.mu.Unlock()
		return
	}
	j.waiting = append(j.waiting, e)
	wake := len(j.waiting) >= flushAt
	j.mu.Unlock()
	if wake {
		select {
		case j.full <- struct{}{}:
		default:
		}
	}
}

// Run writes batches and prunes once a day until ctx ends, then writes the
// rest.
func (j *Journal) Run(ctx context.Context) error {
	flush, prune := time.NewTicker(flushEvery), time.NewTicker(24*time.Hour)
	defer flush.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return j.Flush(last)
		case <-flush.C:
			j.complain(j.Flush(ctx))
		case <-j.full:
			j.complain(j.Flush(ctx))
		case <-prune.C:
			j.complain(j.keep.Prune(ctx, j.now().AddDate(0, 0, -int(j.days()))))
		}
	}
}

func (j *Journal) complain(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		j.log.Error("keeping the journal", "cause", err)
	}
}

// Flush writes what waits. After a failure the events wait on.
func (j *Journal) Flush(ctx context.Context) error {
	j.mu.Lock()
	batch, dropped := j.waiting, j.dropped
	j.waiting, j.dropped = nil, 0
	j.mu.Unlock()
	if dropped > 0 {
		j.log.Error("events were dropped because they could not be written in time", "count", dropped)
	}
	if len(batch) == 0 {
		return nil
	}
	entries := make([]Entry, len(batch))
	for i, e := range batch {
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding an event: %w", err)
		}
		entries[i] = Entry{e.Time, body}
	}
	if err := j.keep.Append(ctx, entries); err != nil {
		j.mu.Lock()
		j.waiting = append(batch, j.waiting...)
		j.waiting = j.waiting[:min(len(j.waiting), maxWaiting)]
		j.mu.Unlock()
		return fmt.Errorf("keeping %d events: %w", len(batch), err)
	}
	return nil
}

// scanLimit bounds how far back one question may look.
const scanLimit = 20_000

// Recent gives the newest events of one account, newest first, limit at most.
func (j *Journal) Recent(ctx context.Context, owner string, limit int) ([]Event, error) {
	var found []Event
	j.mu.Lock()
	for i := len(j.waiting) - 1; i >= 0 && len(found) < limit; i-- {
		if j.waiting[i].Owner == owner {
			found = append(found, j.waiting[i])
		}
	}
	j.mu.Unlock()
	var bad error
	seen := 0
	err := j.keep.Newest(ctx, func(entry Entry) bool {
		if len(found) >= limit || seen >= scanLimit {
			return false
		}
		seen++
		var e Event
		if bad = json.Unmarshal(entry.Body, &e); bad != nil {
			return false
		}
		if e.Owner == owner {
			found = append(found, e)
		}
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	return found, nil
}
