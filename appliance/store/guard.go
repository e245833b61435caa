package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/appliance/guard"
)

// guardKeep is the store as guard wants it. What the rows say is opaque here;
// their keys are hashes under a key of guard's own.
type guardKeep struct{ s *Store }

var _ guard.Keep = guardKeep{}

// Guard gives the keep of bans, counters and known devices.
func (s *Store) Guard() guard.Keep { return guardKeep{s} }

const guardKey = len(guard.Key{})

// Load reads all rows over one unchanging state. One that does not open is left
// out, since a house must not stay shut for a lost counter; the full check
// finds it.
func (k guardKeep) Load(ctx context.Context, yield func(guard.Row) error) error {
	damaged := 0
	err := k.s.view(ctx, func(l *layer) error {
		p := plain(bucketGuard)
		for c := l.scan(p, nil, nil); ; {
			key, sealed, err := c.next()
			if err != nil {
				return err
			}
			if key == nil {
				return nil
			}
			text, err := l.open(p, key, sealed, nil)
			if errors.Is(err, errSeal) || len(key) != guardKey {
				damaged++
				continue
			}
			if err != nil {
				return err
			}
			if err := yield(guard.Row{Key: guard.Key(key), Body: text}); err != nil {
				return err
			}
		}
	})
	if err == nil && damaged > 0 {
		return fmt.Errorf("reading bucket %s: %d rows: %w", bucketGuard, damaged, guard.ErrDamaged)
	}
	return err
}

// Save puts and removes in one write, in the order of keys, which is how a
// change set grows without moving what it holds.
func (k guardKeep) Save(ctx context.Context, put []guard.Row, gone []guard.Key) error {
	all := make([]guard.Row, 0, len(put)+len(gone))
	for _, key := range gone {
		all = append(all, guard.Row{Key: key})
	}
	all = append(all, put...)
	slices.SortStableFunc(all, func(a, b guard.Row) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return k.s.writer.do(ctx, shared, func(l *layer) error {
		p := plain(bucketGuard)
		for i := range all {
			var err error
			if key := all[i].Key[:]; all[i].Body == nil {
				err = l.remove(p, key)
			} else {
				err = l.putSealed(p, key, all[i].Body)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
