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
	"iter"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// Keep is what the journal needs kept; its methods block until it is done.
type Keep interface {
	// Append makes entries durable, in their order.
	Append(ctx context.Context, entries []Entry) error
	// Each yields the entries with from <= Time < to, the newest first; a zero
	// to means all. A slow reader holds up nobody: what is appended or pruned
	// meanwhile may or may not come up. An error ends it.
	Each(ctx context.Context, from, to time.Time) iter.Seq2[Entry, error]
	// Prune removes what is older than before, and then the oldest until the
	// rest takes no more than so many bytes; 0 is no bound.
	Prune(ctx context.Context, before time.Time, bytes int64) error
	// Size says how much there is. It may look at all of it.
	Size(ctx context.Context) (Size, error)
}

// Config says how a journal works. Keep, Now, Days, Key and Log are required.
type Config struct {
	Keep    Keep
	Now     func() time.Time
	Days    func() int64                 // for how many days lines are kept
	Bytes   func() int64                 // and how many bytes of them; nil or 0: no bound
	Naming  func() string                // ByAccount, ByPseudonym, ByNothing; nil: ByPseudonym
	Key     []byte                       // 32 bytes; makes the pseudonyms
	Country func(peer netip.Addr) string // ISO 3166-1 code or ""; nil: never known
	Log     *slog.Logger
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
	keep   Keep
	now    func() time.Time
	days   func() int64
	naming func() string
	key    []byte
	log    *slog.Logger

	mu      sync.Mutex
	waiting []Event
	dropped int
	full    chan struct{}
}

// New makes a journal.
func New(c Config) *Journal {
	j := &Journal{keep: c.Keep, now: c.Now, days: c.Days, naming: c.Naming, key: c.Key, log: c.Log, full: make(chan struct{}, 1)}
	if j.naming == nil {
		j.naming = func() string { return ByPseudonym }
	}
	return j
}

// Count takes note of a request that was answered. It is cheap and never
// waits.
func (j *Journal) Count(Seen) {}

// Record takes an event in and returns at once; its Time is set here.
func (j *Journal) Record(e Event) {
	e.Time, e.Owner, e.By = j.now(), j.name(e.Owner), j.name(e.By)
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
			j.complain(j.keep.Prune(ctx, j.now().AddDate(0, 0, -int(j.days())), 0))
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
// owner is the account's ID. Where the log names nobody it is ErrNoNames.
func (j *Journal) Recent(ctx context.Context, owner string, limit int) ([]Event, error) {
	if j.naming() == ByNothing {
		return nil, ErrNoNames
	}
	var found []Event
	j.mu.Lock()
	for i := len(j.waiting) - 1; i >= 0 && len(found) < limit; i-- {
		if j.names(j.waiting[i].Owner, owner) {
			found = append(found, j.waiting[i])
		}
	}
	j.mu.Unlock()
	seen := 0
	for entry, err := range j.keep.Each(ctx, time.Time{}, time.Time{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if len(found) >= limit || seen >= scanLimit {
			break
		}
		seen++
		var e Event
		if err := json.Unmarshal(entry.Body, &e); err != nil {
			return nil, fmt.Errorf("reading a line of the journal: %w", err)
		}
		if j.names(e.Owner, owner) {
			found = append(found, e)
		}
	}
	return found, nil
}
