package store

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"latchkey/appliance/vault"
)

// Pages are filled so far before they split. Most keys grow at their end (ids
// and revisions are ordered by time), so that half-full pages, which is what
// an even split leaves, would never be filled up again.
const fillPercent = 0.9

// maxValue bounds what is kept under one key, far above any request's body, so
// that a damaged length can't ask for all the memory.
const maxValue = 32 << 20

// layer is what one read or write sees of the file: a transaction, and over it
// the write's own change set. Without a change set a write goes straight into
// the buckets.
type layer struct {
	s      *Store
	tx     *bbolt.Tx
	over   *changeSet     // nil: none
	opened []openBucket   // handles of this transaction, by place
	gen    int            // counts direct changes, which upset cursors
	ended  bool           // the function that it was for has returned
	broken error          // a storm write failed halfway: the transaction must not stay
	says   []vault.Change // to be published after the commit
}

type openBucket struct {
	place  place
	bucket *bbolt.Bucket
}

// damage is the error of a page that bbolt could not make sense of.
type damage struct{ cause any }

func (d damage) Error() string { return fmt.Sprintf("store: damaged page: %v", d.cause) }

// Unwrap gives the words for a person.
func (damage) Unwrap() error { return errSeal }

// caught turns a panic of bbolt (it has no other way to speak of bad pages, and
// a page beyond the map faults) into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = damage{cause: r}
	}
}

// bucket opens the bucket of p, nil where it does not exist.
func (l *layer) bucket(p place) *bbolt.Bucket {
	for _, o := range l.opened {
		if o.place == p {
			return o.bucket
		}
	}
	b := l.tx.Bucket([]byte(p.top))
	if b != nil && p.sub != "" {
		b = b.Bucket([]byte(p.sub))
	}
	if b != nil {
		b.FillPercent = fillPercent
		l.opened = append(l.opened, openBucket{p, b})
	}
	return b
}

// get gives the value of key, nil where there is none. It is valid until the
// next change.
func (l *layer) get(p place, key []byte) (value []byte, err error) {
	defer caught(&err)
	if l.ended {
		return nil, errKept
	}
	if l.over != nil {
		if c := l.over.of(p); c != nil {
			if i, found := c.find(key); found {
				return c.entries[i].value, nil
			}
		}
	}
	b := l.bucket(p)
	if b == nil {
		return nil, nil
	}
	return b.Get(key), nil
}

// put sets key to value, which must not change afterwards.
func (l *layer) put(p place, key, value []byte) error {
	if len(key) == 0 || len(key) > bbolt.MaxKeySize || len(value) > maxValue || value == nil {
		return errors.New("store: a key or value of a length that can't be kept")
	}
	return l.change(p, key, value)
}

// remove takes key away; one that is not there is no error.
func (l *layer) remove(p place, key []byte) error { return l.change(p, key, nil) }

func (l *layer) change(p place, key, value []byte) (err error) {
	defer caught(&err)
	if l.ended {
		return errKept
	}
	if l.over != nil {
		l.over.set(p, key, value)
		return nil
	}
	l.gen++
	return l.direct(p, key, value)
}

// direct changes the bucket itself.
func (l *layer) direct(p place, key, value []byte) error {
	b := l.bucket(p)
	if b == nil {
		var err error
		if b, err = l.make(p); err != nil {
			return fmt.Errorf("making bucket %s/%s: %w", p.top, p.sub, err)
		}
	}
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// make creates the bucket of p: a journal month. All others are there since
// their migration.
func (l *layer) make(p place) (*bbolt.Bucket, error) {
	b, err := l.tx.CreateBucketIfNotExists([]byte(p.top))
	if err != nil || p.sub == "" {
		return b, err
	}
	if _, err = b.CreateBucketIfNotExists([]byte(p.sub)); err != nil {
		return nil, err
	}
	return l.bucket(p), nil
}

// apply puts a finished change set into the buckets of this transaction.
func (l *layer) apply(set *changeSet) (err error) {
	defer caught(&err)
	for _, c := range set.places {
		for _, e := range c.entries {
			if err := l.direct(c.place, []byte(e.key), e.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// putSealed seals text to its place and puts it there.
func (l *layer) putSealed(p place, key, text []byte) error {
	var room [96]byte
	return l.put(p, key, l.s.sealer.seal(text, p.ad(room[:0], key)))
}

// open appends the text of what was found at key to to. sealed lies in the
// map of the file, and on a damaged page beyond its end.
func (l *layer) open(p place, key, sealed, to []byte) (text []byte, err error) {
	defer caught(&err)
	if len(sealed) > maxValue {
		return nil, errSeal
	}
	var room [96]byte
	return l.s.sealer.open(to, sealed, p.ad(room[:0], key))
}

// getSealed gives the text kept at key, nil where there is none.
func (l *layer) getSealed(p place, key []byte) ([]byte, error) {
	sealed, err := l.get(p, key)
	if err != nil || sealed == nil {
		return nil, err
	}
	return l.open(p, key, sealed, nil)
}
