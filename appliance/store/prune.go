package store

import (
	"context"
	"fmt"
	"time"

	"latchkey/appliance/journal"
)

// Prune forgets all entries from before that time: whole months by dropping
// their bucket, the edge month by its keys, a few thousand in each write, so
// that other writes get their turn.
func (j *Journal) Prune(ctx context.Context, before time.Time, _ int64) error {
	edge := monthOf(before)
	err := j.s.writer.do(ctx, alone, func(l *layer) error {
		_, err := l.dropMonths(edge)
		return err
	})
	for err == nil {
		var n int
		err = j.s.writer.do(ctx, alone, func(l *layer) error {
			n, err = l.pruneMonth(edge, timeKey(before))
			return err
		})
		if n == 0 {
			break
		}
	}
	return err
}

// Size says how much there is.
func (j *Journal) Size(ctx context.Context) (size journal.Size, err error) {
	err = j.s.view(ctx, func(l *layer) (err error) {
		defer caught(&err)
		months, err := l.months()
		for _, month := range months {
			stats := l.bucket(place{bucketJournal, month}).Stats()
			size.Entries += stats.KeyN
			size.Bytes += int64(stats.LeafAlloc + stats.BranchAlloc)
		}
		return err
	})
	return size, err
}

// dropMonths drops the buckets of the months before edge.
func (l *layer) dropMonths(edge string) (dropped int, err error) {
	defer caught(&err)
	names, err := l.months()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if name >= edge {
			break
		}
		if err := l.bucket(plain(bucketJournal)).DeleteBucket([]byte(name)); err != nil {
			return dropped, fmt.Errorf("dropping journal month %s: %w", name, err)
		}
		l.opened = nil
		dropped++
	}
	return dropped, nil
}

// pruneMonth removes the first keys of a month that sort before end.
func (l *layer) pruneMonth(month string, end []byte) (removed int, err error) {
	defer caught(&err)
	p := place{bucketJournal, month}
	var keys [][]byte
	for c := l.scan(p, nil, nil); len(keys) < pruneAtOnce; {
		key, _, err := c.next()
		if err != nil {
			return 0, err
		}
		if key == nil || string(key) >= string(end) {
			break
		}
		keys = append(keys, append([]byte(nil), key...))
	}
	for _, key := range keys {
		if err := l.remove(p, key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}
