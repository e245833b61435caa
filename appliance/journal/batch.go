package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Batches. Each costs half a dozen pages of the file however little it holds,
// so that what can wait does. Losing so much of the log to a power cut is fair;
// whoever reads it sees what waits, too, and an orderly stop writes all.
const (
	tick    = 10 * time.Second
	flushAt = 64 // lines are written at once

	soon    = 1 // ticks: what a person did
	aMinute = 6 // failures and bans
	anHour  = 360
	aDay    = 24 * anHour
)

// patience is how many ticks a line may wait. Renewals and the hour's requests
// come by themselves, and go together.
func patience(e Event) int {
	switch {
	case e.Kind == Requests, e.Kind == Token && e.Outcome == OK:
		return anHour
	case e.Kind == Ban, e.Outcome != OK:
		return aMinute
	}
	return soon
}

// Run writes batches and lets go what is too old until ctx ends, then writes
// the rest.
func (j *Journal) Run(ctx context.Context) error {
	clock := time.NewTicker(tick)
	defer clock.Stop()
	for n := 1; ; {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return j.Flush(last)
		case <-j.full:
			j.told(ctx, j.write(ctx))
		case <-clock.C:
			if j.turn(n%aMinute == 0) {
				j.told(ctx, j.write(ctx))
			}
			if err := j.tend(ctx, n); err != nil && ctx.Err() == nil {
				j.c.Log.Error("tending the log", "cause", err)
			}
			n++
		}
	}
}

// Flush writes all that there is, what was folded and the hour's requests
// included. After a failure the lines wait on.
func (j *Journal) Flush(ctx context.Context) error {
	j.mu.Lock()
	j.closeHourLocked()
	for _, line := range j.folds.settle(j.c.Now(), true) {
		j.queueLocked(line)
	}
	j.mu.Unlock()
	return j.write(ctx)
}

// turn is called at each tick and says whether what waits is to be written.
func (j *Journal) turn(minute bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.c.Now()
	if minute {
		for _, line := range j.folds.settle(now, false) {
			j.queueLocked(line)
		}
	}
	over := j.tally.Requests > 0 && j.tally.Hour != hourOf(now)
	if over {
		j.closeHourLocked()
	}
	j.patience--
	return len(j.waiting) > 0 && (over || j.patience <= 0)
}

// closeHourLocked makes a line of the requests counted so far.
func (j *Journal) closeHourLocked() {
	if j.tally.Requests > 0 {
		j.queueLocked(Event{Kind: Requests, Outcome: OK, DeviceType: unknownDevice, Tally: j.tally.done()})
		j.tally = tally{}
	}
}

// write makes what waits durable.
func (j *Journal) write(ctx context.Context) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	j.batch, j.waiting, j.patience = j.waiting, nil, anHour
	j.mu.Unlock()
	if len(j.batch) == 0 { // only the holder of writing changes it
		return nil
	}
	entries := make([]Entry, len(j.batch))
	for i, e := range j.batch {
		entries[i] = encode(e)
	}
	err := j.c.Keep.Append(ctx, entries)
	j.written(entries, err)
	if err != nil {
		return fmt.Errorf("keeping %d lines of the log: %w", len(entries), err)
	}
	return nil
}

// written puts back what could not be kept.
func (j *Journal) written(entries []Entry, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	batch := j.batch
	j.batch = nil
	if err != nil {
		all := append(batch, j.waiting...)
		j.waiting = all[:min(len(all), maxWaiting)]
		j.dropped += len(all) - len(j.waiting)
		j.patience = soon
		return
	}
	for _, e := range entries {
		j.size.Entries++
		j.size.Bytes += int64(len(e.Body)) + overhead
	}
	if j.size.Oldest.IsZero() {
		j.size.Oldest = entries[0].Time
	}
}

// told says once that the log can't be kept, and once that it can again.
func (j *Journal) told(ctx context.Context, err error) {
	if err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled)) {
		return // the stop tries once more
	}
	j.mu.Lock()
	was, dropped := j.failing, j.dropped
	j.failing = err != nil
	if err == nil {
		j.dropped = 0
	}
	j.mu.Unlock()
	switch {
	case err != nil && !was:
		j.c.Log.Error("the log can't be kept; it waits in memory", "cause", err)
		j.c.Trouble(err)
	case err == nil && was:
		j.c.Log.Info("the log is kept again")
		j.c.Trouble(nil)
	}
	if err == nil && dropped > 0 {
		j.c.Log.Error("lines of the log were lost since they could not be kept in time", "count", dropped)
	}
}
