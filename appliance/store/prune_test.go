package store

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

// keptLog fills a journal with a line an hour for some days of 2026, from
// March on.
func keptLog(t *testing.T, s *Store, days int) {
	t.Helper()
	var entries []journal.Entry
	for hour := range 24 * days {
		when := time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC)
		entries = append(entries, journal.Entry{Time: when, Body: bytes.Repeat([]byte("x"), 400)})
	}
	must(t, s.Journal().Append(t.Context(), entries))
}

func TestPruningByBytesTakesTheOldestFirst(t *testing.T) {
	for _, c := range []struct {
		says   string
		before time.Time
		share  float64 // of the bytes that there are; 0 is no bound
		oldest time.Time
		slack  time.Duration
	}{
		{"no bound takes nothing", time.Time{}, 0, at(3, 1).Add(-12 * time.Hour), 0},
		{"a bound above it takes nothing", time.Time{}, 1, at(3, 1).Add(-12 * time.Hour), 0},
		{"a small part goes from the first month", time.Time{}, 0.9, at(3, 11), 3 * 24 * time.Hour},
		{"whole months go, and part of the next", time.Time{}, 0.3, at(5, 10), 3 * 24 * time.Hour},
		{"age takes more than the bound", at(5, 20), 0.5, at(5, 20), 0},
		{"the bound takes more than age", at(3, 3), 0.5, at(4, 20), 3 * 24 * time.Hour},
	} {
		t.Run(c.says, func(t *testing.T) {
			s := openNew(t)
			keptLog(t, s, 100)
			size, err := s.Journal().Size(t.Context())
			must(t, err)
			bound := int64(float64(size.Bytes) * c.share)
			must(t, s.Journal().Prune(t.Context(), c.before, bound))
			got, err := s.Journal().Size(t.Context())
			must(t, err)
			if bound > 0 && got.Bytes > bound {
				t.Errorf("%d bytes are left of %d, want %d at most", got.Bytes, size.Bytes, bound)
			}
			if off := got.Oldest.Sub(c.oldest).Abs(); off > c.slack {
				t.Errorf("the oldest is of %v, want %v", got.Oldest, c.oldest)
			}
			if all := told(t, s, time.Time{}, time.Time{}); len(all) != got.Entries {
				t.Errorf("%d entries come up, %d are counted", len(all), got.Entries)
			}
		})
	}
}

func TestPruningToNextToNothingEnds(t *testing.T) {
	s := openNew(t)
	keptLog(t, s, 40)
	must(t, s.Journal().Prune(t.Context(), time.Time{}, 1))
	size, err := s.Journal().Size(t.Context())
	if must(t, err); size != (journal.Size{}) {
		t.Errorf("%+v is left", size)
	}
	must(t, s.Journal().Append(t.Context(), []journal.Entry{{Time: at(3, 1), Body: []byte("x")}}))
	if size, err = s.Journal().Size(t.Context()); err != nil || size.Entries != 1 || !size.Oldest.Equal(at(3, 1)) {
		t.Errorf("got %+v, %v", size, err)
	}
}

func TestPruningWritesNothingWhereNothingHasToGo(t *testing.T) {
	s := openNew(t)
	keptLog(t, s, 40)
	before := s.Stats()
	must(t, s.Journal().Prune(t.Context(), at(3, 1).Add(-12*time.Hour), 1<<30))
	if after := s.Stats(); after.Written != before.Written || after.Commits != before.Commits {
		t.Errorf("it wrote %d bytes in %d commits", after.Written-before.Written, after.Commits-before.Commits)
	}
}

// TestWhatIsWrittenIsCounted compares the store's own count with the pages
// that differ in the file.
func TestWhatIsWrittenIsCounted(t *testing.T) {
	s := openNew(t)
	keptLog(t, s, 10)
	for n := range 5 {
		before, was := copied(t, s), s.Stats()
		must(t, s.Journal().Append(t.Context(), []journal.Entry{{Time: at(7, n+1), Body: fmt.Append(nil, n)}}))
		now := copied(t, s)
		differ := uint64(1) // of the two meta pages, which a copy writes anew, one was written
		for page := 2; page*4096 < len(now); page++ {
			from, to := page*4096, (page+1)*4096
			if to > len(before) || !bytes.Equal(before[from:to], now[from:to]) {
				differ++
			}
		}
		if wrote := s.Stats().Written - was.Written; wrote < differ*4096 || wrote > (differ+2)*4096 {
			t.Errorf("it counts %d bytes; %d pages differ", wrote, differ)
		}
	}
}

func copied(t *testing.T, s *Store) []byte {
	t.Helper()
	var to bytes.Buffer
	must(t, s.HotCopy(t.Context(), &to))
	return to.Bytes()
}
