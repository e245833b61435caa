package store

import (
	"context"
	"fmt"
	"time"

	"latchkey/appliance/journal"
)

// Prune forgets all entries from before that time, and then the oldest until
// the rest takes no more than so many bytes, if that is not 0: whole months by
// dropping their bucket, the edge month by its keys, a few thousand in each
// write, so that other writes get their turn. Where nothing has to go, nothing
// is written.
func (j *Journal) Prune(ctx context.Context, before time.Time, bytes int64) error {
	for {
		cut, err := j.nextCut(ctx, before, bytes)
		if err != nil || cut.month == "" {
			return err
		}
		if err := j.s.writer.do(ctx, alone, func(l *layer) error { return l.cut(cut) }); err != nil {
			return err
		}
	}
}

// Size says how much there is: the bytes are those of the pages that hold it.
func (j *Journal) Size(ctx context.Context) (size journal.Size, err error) {
	err = j.s.view(ctx, func(l *layer) (err error) {
		defer caught(&err)
		months, err := l.monthSizes()
		for _, m := range months {
			size.Entries += m.keys
			size.Bytes += m.bytes
			if m.keys > 0 && size.Oldest.IsZero() {
				size.Oldest = timeOf(m.first)
			}
		}
		return err
	})
	return size, err
}

// monthSize is what a month's bucket holds.
type monthSize struct {
	name  string
	keys  int
	bytes int64
	first []byte // its first key
}

// monthSizes measures all months, in order.
func (l *layer) monthSizes() ([]monthSize, error) {
	names, err := l.months()
	if err != nil {
		return nil, err
	}
	all := make([]monthSize, 0, len(names))
	for _, name := range names {
		b := l.bucket(place{bucketJournal, name})
		stats := b.Stats()
		first, _ := b.Cursor().First()
		all = append(all, monthSize{
			name: name, keys: stats.KeyN, first: append([]byte(nil), first...),
			bytes: int64(stats.LeafAlloc + stats.BranchAlloc + stats.InlineBucketInuse),
		})
	}
	return all, nil
}

// cut is what one write of a pruning takes away: so many of the first keys of
// a month, or all of it.
type cut struct {
	month string // empty: nothing
	keys  int    // 0: the whole month
	end   []byte // only keys before that, where not nil
}

// nextCut finds what has to go next.
func (j *Journal) nextCut(ctx context.Context, before time.Time, bytes int64) (next cut, err error) {
	err = j.s.view(ctx, func(l *layer) (err error) {
		defer caught(&err)
		months, err := l.monthSizes()
		if err != nil || len(months) == 0 {
			return err
		}
		oldest, total := months[0], int64(0)
		for _, m := range months {
			total += m.bytes
		}
		end := timeKey(before)
		over := total - bytes
		switch {
		case oldest.keys == 0, oldest.name < monthOf(before), bytes > 0 && over >= oldest.bytes:
			next = cut{month: oldest.name}
		case string(oldest.first) < string(end):
			next = cut{month: oldest.name, keys: pruneAtOnce, end: end}
		case bytes > 0 && over > 0:
			part := float64(over) / float64(oldest.bytes) * float64(oldest.keys)
			next = cut{month: oldest.name, keys: min(pruneAtOnce, int(part)+1)}
		}
		return nil
	})
	return next, err
}

func (l *layer) cut(c cut) (err error) {
	defer caught(&err)
	if c.keys == 0 {
		if err := l.bucket(plain(bucketJournal)).DeleteBucket([]byte(c.month)); err != nil {
			return fmt.Errorf("dropping journal month %s: %w", c.month, err)
		}
		l.opened = nil
		return nil
	}
	p := place{bucketJournal, c.month}
	var keys [][]byte
	for cur := l.scan(p, nil, nil); len(keys) < c.keys; {
		key, _, err := cur.next()
		if err != nil {
			return err
		}
		if key == nil || c.end != nil && string(key) >= string(c.end) {
			break
		}
		keys = append(keys, append([]byte(nil), key...))
	}
	for _, key := range keys {
		if err := l.remove(p, key); err != nil {
			return err
		}
	}
	return nil
}
