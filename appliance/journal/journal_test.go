package journal_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/journal"
)

// memory is a Keep that counts its writes and can refuse them.
type memory struct {
	entries []journal.Entry
	writes  int
	refuse  bool
}

func (m *memory) Append(_ context.Context, entries []journal.Entry) error {
	m.writes++
	if m.refuse {
		return errors.New("disk full")
	}
	m.entries = append(m.entries, entries...)
	return nil
}

func (m *memory) Each(_ context.Context, from, to time.Time) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range slices.Backward(m.entries) {
			if e.Time.Before(from) || !to.IsZero() && !e.Time.Before(to) {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) Prune(_ context.Context, before time.Time, _ int64) error {
	m.entries = slices.DeleteFunc(m.entries, func(e journal.Entry) bool { return e.Time.Before(before) })
	return nil
}

func (m *memory) Size(context.Context) (journal.Size, error) {
	return journal.Size{Entries: len(m.entries)}, nil
}

func run(t *testing.T, fn func(t *testing.T, keep *memory, j *journal.Journal)) {
	synctest.Test(t, func(t *testing.T) {
		keep := &memory{}
		j := journal.New(journal.Config{
			Keep: keep, Now: time.Now, Days: func() int64 { return 2 }, Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- j.Run(ctx) }()
		synctest.Wait()
		fn(t, keep, j)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestJournal(t *testing.T) {
	t.Run("many events share one write", func(t *testing.T) {
		run(t, func(t *testing.T, keep *memory, j *journal.Journal) {
			for range 50 {
				j.Record(journal.Event{Kind: journal.SignIn, Owner: "a"})
			}
			time.Sleep(11 * time.Second)
			synctest.Wait()
			if keep.writes != 1 || len(keep.entries) != 50 {
				t.Errorf("%d writes of %d entries", keep.writes, len(keep.entries))
			}
		})
	})
	t.Run("an event is seen before it is written", func(t *testing.T) {
		run(t, func(t *testing.T, _ *memory, j *journal.Journal) {
			j.Record(journal.Event{Kind: journal.SignIn, Owner: "a"})
			j.Record(journal.Event{Kind: journal.Refused, Owner: "b"})
			got, err := j.Recent(t.Context(), "a", 10)
			if err != nil || len(got) != 1 || got[0].Kind != journal.SignIn {
				t.Errorf("got %v, %v", got, err)
			}
		})
	})
	t.Run("what the disk refused is written later, in order", func(t *testing.T) {
		run(t, func(t *testing.T, keep *memory, j *journal.Journal) {
			keep.refuse = true
			j.Record(journal.Event{Kind: journal.SignIn, Owner: "a"})
			time.Sleep(11 * time.Second)
			synctest.Wait()
			keep.refuse = false
			j.Record(journal.Event{Kind: journal.SignOut, Owner: "a"})
			time.Sleep(10 * time.Second)
			synctest.Wait()
			got, err := j.Recent(t.Context(), "a", 10)
			if err != nil || len(got) != 2 || got[0].Kind != journal.SignOut {
				t.Errorf("got %v, %v", got, err)
			}
		})
	})
	t.Run("a stuck disk does not fill the memory", func(t *testing.T) {
		run(t, func(t *testing.T, keep *memory, j *journal.Journal) {
			keep.refuse = true
			for range 100_000 {
				j.Record(journal.Event{Owner: "a"})
			}
			got, err := j.Recent(t.Context(), "a", 100_000)
			if err != nil || len(got) > 4096 {
				t.Errorf("%d events wait, %v", len(got), err)
			}
			synctest.Wait() // Run may be looking at it
			keep.refuse = false
		})
	})
	t.Run("old events go after their days", func(t *testing.T) {
		run(t, func(t *testing.T, keep *memory, j *journal.Journal) {
			j.Record(journal.Event{Owner: "a"})
			time.Sleep(73 * time.Hour)
			synctest.Wait()
			if len(keep.entries) != 0 {
				t.Errorf("%d entries stay", len(keep.entries))
			}
		})
	})
}
