package store

import (
	"context"
	"fmt"
	"time"
)

// Prune forgets all entries from before that time: whole months by dropping
// their bucket, the edge month by its keys, a few thousand in each write, so
// that other writes get their turn. It returns how many it removed from the
// edge month, and how many months it dropped.
func (j *Journal) Prune(ctx context.Context, before time.Time) (entries, months int, err error) {
	edge := monthOf(before)
	err = j.s.writer.do(ctx, alone, func(l *layer) error {
		months, err = l.dropMonths(edge)
		return err
	})
	for err == nil {
		var n int
		err = j.s.writer.do(ctx, alone, func(l *layer) error {
			n, err = l.pruneMonth(edge, timeKey(before))
			return err
		})
		if err != nil || n == 0 {
			break
		}
		entries += n
	}
	return entries, months, err
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
