package store

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"time"

	"latchkey/appliance/journal"
)

// Journal is the log that is kept in the file: one bucket a month, so that
// dropping an old month costs nothing; a key is time 8 | sequence 4. A time is
// kept in UTC, to the microsecond.
type Journal struct{ s *Store }

var _ journal.Keep = (*Journal)(nil)

// Journal gives the journal.
func (s *Store) Journal() *Journal { return &Journal{s} }

const (
	monthLayout  = "2006-01"
	journalKey   = 8 + 4
	journalPage  = 256  // entries read in one transaction
	pruneAtOnce  = 2000 // keys removed in one transaction
	journalOwner = 16   // bytes of the account that an entry may name, see decodeEntry
)

var errEntry = errors.New("store: a journal entry is malformed")

func monthOf(t time.Time) string { return t.UTC().Format(monthLayout) }

// Append keeps entries, all or none, in one short write. Entries of the same
// microsecond keep their order.
func (j *Journal) Append(ctx context.Context, entries []journal.Entry) error {
	if len(entries) == 0 {
		return ctx.Err()
	}
	return j.s.writer.do(ctx, shared, func(l *layer) error {
		for _, e := range entries {
			if err := l.appendEntry(e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *layer) appendEntry(e journal.Entry) error {
	if e.Time.UnixMicro() < 0 {
		return errors.New("store: a journal entry from before 1970")
	}
	p := place{bucketJournal, monthOf(e.Time)}
	text := append(make([]byte, 1, 1+len(e.Body)), e.Body...) // 0: no account before it
	key := binary.BigEndian.AppendUint64(make([]byte, 0, journalKey), uint64(e.Time.UnixMicro()))
	for seq := uint32(0); ; seq++ {
		full := binary.BigEndian.AppendUint32(key, seq)
		taken, err := l.get(p, full)
		if err != nil {
			return err
		}
		if taken == nil {
			return l.putSealed(p, full, text)
		}
	}
}

// decodeEntry reads the text kept at key. Entries of older programs may name
// an account before the body.
func decodeEntry(key, text []byte) (journal.Entry, error) {
	if len(key) != journalKey || len(text) == 0 {
		return journal.Entry{}, errEntry
	}
	e := journal.Entry{Time: timeOf(key)}
	switch {
	case text[0] == 0:
		e.Body = text[1:]
	case text[0] == 1 && len(text) > journalOwner:
		e.Body = text[1+journalOwner:]
	default:
		return journal.Entry{}, errEntry
	}
	return e, nil
}

// Each yields the entries with from <= Time < to, the newest first; a zero to
// means all. It reads a page at a time, so that a slow reader holds up nobody:
// what is appended or pruned meanwhile may or may not come up. An error ends
// it.
func (j *Journal) Each(ctx context.Context, from, to time.Time) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		var end []byte // the key before which to go on
		if !to.IsZero() {
			end = timeKey(to)
		}
		for {
			page, more, err := j.page(ctx, timeKey(from), end)
			for _, e := range page {
				if !yield(e.entry, nil) {
					return
				}
				end = e.key
			}
			if err != nil {
				yield(journal.Entry{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// timeKey is the start of the keys of that time; before 1970 there are none.
func timeKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixMicro(), 0)))
}

type keyedEntry struct {
	key   []byte
	entry journal.Entry
}

// page reads backwards from end, at most journalPage entries; more says that
// it stopped for their number.
func (j *Journal) page(ctx context.Context, from, end []byte) (page []keyedEntry, more bool, err error) {
	err = j.s.view(ctx, func(l *layer) (err error) {
		defer caught(&err)
		months, err := l.months()
		if err != nil {
			return err
		}
		for i := len(months) - 1; i >= 0 && len(page) < journalPage; i-- {
			if page, err = l.monthBackwards(months[i], from, end, page); err != nil {
				return err
			}
		}
		return nil
	})
	return page, len(page) >= journalPage, err
}

// monthBackwards appends a month's entries in [from, end), the newest first.
func (l *layer) monthBackwards(month string, from, end []byte, page []keyedEntry) ([]keyedEntry, error) {
	p := place{bucketJournal, month}
	c := l.bucket(p).Cursor()
	var key, sealed []byte
	if end == nil {
		key, sealed = c.Last()
	} else if key, sealed = c.Seek(end); key == nil {
		key, sealed = c.Last()
	}
	for key != nil && end != nil && string(key) >= string(end) {
		key, sealed = c.Prev()
	}
	for ; key != nil && string(key) >= string(from) && len(page) < journalPage; key, sealed = c.Prev() {
		text, err := l.open(p, key, sealed, nil)
		if err != nil {
			return page, err
		}
		e, err := decodeEntry(key, text)
		if err != nil {
			return page, err
		}
		page = append(page, keyedEntry{append([]byte(nil), key...), e})
	}
	return page, nil
}

// months lists the months that have a bucket, in order.
func (l *layer) months() (names []string, err error) {
	b := l.bucket(plain(bucketJournal))
	if b == nil {
		return nil, nil
	}
	err = b.ForEachBucket(func(k []byte) error {
		names = append(names, string(k))
		return nil
	})
	return names, err
}
