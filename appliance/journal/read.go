package journal

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"
)

// each yields the events with from <= Time < to, the newest first: what waits
// and what is kept, each once, though the one becomes the other meanwhile.
func (j *Journal) each(ctx context.Context, from, to time.Time) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		waiting := j.waitingBetween(from, to)
		for entry, err := range j.c.Keep.Each(ctx, from, to) {
			if err != nil {
				yield(Event{}, fmt.Errorf("reading the log: %w", err))
				return
			}
			twin := false
			for len(waiting) > 0 && !waiting[0].Time.Before(entry.Time) {
				if twin = waiting[0].Time.Equal(entry.Time); !yield(waiting[0], nil) {
					return
				}
				waiting = waiting[1:]
			}
			if !twin && !yield(decode(entry), nil) {
				return
			}
		}
		for _, e := range waiting {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// waitingBetween copies what is not kept yet, the newest first.
func (j *Journal) waitingBetween(from, to time.Time) []Event {
	j.mu.Lock()
	all := slices.Concat(j.batch, j.waiting)
	j.mu.Unlock()
	all = slices.DeleteFunc(all, func(e Event) bool {
		return e.Time.Before(from) || !to.IsZero() && !e.Time.Before(to)
	})
	slices.SortFunc(all, func(a, b Event) int { return b.Time.Compare(a.Time) })
	return all
}

// recentScan bounds how far back a person's own view looks.
const recentScan = 20_000

// Recent gives the newest events of one account, newest first, limit at most.
// owner is the account's ID. Where the log names nobody it is ErrNoNames.
func (j *Journal) Recent(ctx context.Context, owner string, limit int) ([]Event, error) {
	if j.c.Naming() == ByNothing {
		return nil, ErrNoNames
	}
	var found []Event
	pseudonym, seen := j.Pseudonym(owner), 0
	for e, err := range j.each(ctx, time.Time{}, time.Time{}) {
		if err != nil {
			return nil, err
		}
		if len(found) >= limit || seen >= recentScan {
			break
		}
		seen++
		if e.Owner != "" && (e.Owner == owner || e.Owner == pseudonym) {
			found = append(found, e)
		}
	}
	return found, nil
}
