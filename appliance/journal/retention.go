package journal

import (
	"context"
	"fmt"
	"time"
)

// overhead is about what a line takes in the file beside its body: key, seal
// and the page's own words.
const overhead = 12 + 41 + 1 + 16

// care is what Run remembers of the last time that it let lines go.
type care struct {
	days, bytes int64 // as they were set then
	at          int   // the tick
}

// tend lets go what is too old or too much: a minute after the start, then
// once a day, and where the settings or the size say so.
func (j *Journal) tend(ctx context.Context, n int) error {
	days, bound := j.c.Days(), j.c.Bytes()
	j.mu.Lock()
	big := bound > 0 && j.size.Bytes > bound
	j.mu.Unlock()
	c := &j.care
	switch {
	case c.at == 0 && n >= aMinute:
	case c.at == 0:
		return nil
	case n-c.at >= aDay, days != c.days, bound != c.bytes:
	case big && n-c.at >= anHour:
	default:
		return nil
	}
	*c = care{days: days, bytes: bound, at: n}
	return j.prune(ctx, days, bound)
}

// prune goes a tenth under the bound, so that it need not be done again for a
// while. Age is judged only by a clock that can be believed.
func (j *Journal) prune(ctx context.Context, days, bound int64) error {
	size, err := j.c.Keep.Size(ctx)
	if err != nil {
		return fmt.Errorf("measuring the log: %w", err)
	}
	var before time.Time
	if j.c.Trusted() {
		before = j.c.Now().AddDate(0, 0, -int(days))
	}
	old, big := size.Oldest.Before(before), bound > 0 && size.Bytes > bound
	if size.Entries > 0 && (old || big) {
		var most int64
		if big {
			most = bound - bound/10
		}
		if err := j.c.Keep.Prune(ctx, before, most); err != nil {
			return fmt.Errorf("letting old lines of the log go: %w", err)
		}
		if size, err = j.c.Keep.Size(ctx); err != nil {
			return fmt.Errorf("measuring the log: %w", err)
		}
	}
	j.mu.Lock()
	j.size, j.sized = size, true
	j.mu.Unlock()
	return nil
}

// measure says how much is kept, as last measured and added to since.
func (j *Journal) measure(ctx context.Context) (Size, error) {
	j.mu.Lock()
	size, sized := j.size, j.sized
	j.mu.Unlock()
	if sized {
		return size, nil
	}
	size, err := j.c.Keep.Size(ctx)
	if err != nil {
		return Size{}, fmt.Errorf("measuring the log: %w", err)
	}
	j.mu.Lock()
	j.size, j.sized = size, true
	j.mu.Unlock()
	return size, nil
}
