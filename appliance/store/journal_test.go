package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

// told lists the bodies of the entries from one time to another.
func told(t *testing.T, s *Store, from, to time.Time) (all []string) {
	t.Helper()
	for e, err := range s.Journal().Each(t.Context(), from, to) {
		must(t, err)
		all = append(all, string(e.Body))
	}
	return all
}

func at(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC)
}

func TestTheJournalIsReadNewestFirstOverMonths(t *testing.T) {
	s := openNew(t)
	var entries []journal.Entry
	for i, when := range []time.Time{at(3, 31), at(1, 1), at(2, 28), at(3, 1), at(1, 1)} {
		entries = append(entries, journal.Entry{Time: when, Body: fmt.Append(nil, i)})
	}
	must(t, s.Journal().Append(t.Context(), entries))
	for _, c := range []struct {
		says     string
		from, to time.Time
		want     string
	}{
		{"all of it", time.Time{}, time.Time{}, "[0 3 2 4 1]"},
		{"from a time on, itself included", at(2, 28), time.Time{}, "[0 3 2]"},
		{"up to a time, itself excluded", time.Time{}, at(3, 1), "[2 4 1]"},
		{"one month", at(2, 1), at(3, 1), "[2]"},
		{"nothing between", at(1, 2), at(2, 1), "[]"},
		{"backwards is nothing", at(3, 31), at(1, 1), "[]"},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := fmt.Sprint(told(t, s, c.from, c.to)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	for e, err := range s.Journal().Each(t.Context(), at(1, 1), at(1, 2)) {
		must(t, err)
		if !e.Time.Equal(at(1, 1)) {
			t.Errorf("got %+v", e)
		}
	}
}

func TestTheJournalIsReadByPagesWithoutGapOrTwin(t *testing.T) {
	s := openNew(t)
	const many = 3*journalPage + 7
	var entries []journal.Entry
	for i := range many {
		when := at(1, 1).Add(time.Duration(i/5) * 8 * time.Hour) // five at each moment, over several months
		entries = append(entries, journal.Entry{Time: when, Body: fmt.Append(nil, i)})
	}
	must(t, s.Journal().Append(t.Context(), entries))
	all := told(t, s, time.Time{}, time.Time{})
	if len(all) != many {
		t.Fatalf("%d of %d entries", len(all), many)
	}
	for i, body := range all {
		if want := fmt.Sprint(many - 1 - i); body != want {
			t.Fatalf("entry %d is %s, want %s", i, body, want)
		}
	}
	for range s.Journal().Each(t.Context(), time.Time{}, time.Time{}) {
		break // and it can be left at any time
	}
}

func TestPruningDropsWholeMonthsAndTheStartOfTheEdgeMonth(t *testing.T) {
	s := openNew(t)
	var entries []journal.Entry
	for day := range 90 {
		entries = append(entries, journal.Entry{Time: at(1, 1+day), Body: []byte("x")})
	}
	for i := range 2*pruneAtOnce + 1 {
		entries = append(entries, journal.Entry{Time: at(3, 1).Add(time.Duration(i) * time.Millisecond), Body: []byte("y")})
	}
	must(t, s.Journal().Append(t.Context(), entries))
	must(t, s.Journal().Prune(t.Context(), at(3, 15), 0))
	left := told(t, s, time.Time{}, time.Time{})
	if len(left) != 90-31-28-14 {
		t.Errorf("%d entries are left", len(left))
	}
}

func TestAnEntryThatIsRefusedTakesItsWholeAppendWithIt(t *testing.T) {
	s := openNew(t)
	err := s.Journal().Append(t.Context(), []journal.Entry{{Time: at(1, 1), Body: []byte("x")}, {Time: time.Unix(-1, 0)}})
	if err == nil {
		t.Error("it was kept")
	}
	if left := told(t, s, time.Time{}, time.Time{}); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestAValueIsChangedByOneAtATime(t *testing.T) {
	s := openNew(t)
	spent := make(chan bool)
	must(t, s.SetValue(t.Context(), "token", []byte("good")))
	errSpent := errors.New("spent")
	const many = 8
	for range many {
		go func() {
			err := s.ChangeValue(t.Context(), "token", func(old []byte) ([]byte, error) {
				if old == nil {
					return nil, errSpent
				}
				return nil, nil
			})
			if err != nil && !errors.Is(err, errSpent) {
				t.Error(err)
			}
			spent <- err == nil
		}()
	}
	n := 0
	for range many {
		if <-spent {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the token was spent %d times", n)
	}
	must(t, s.SetValue(t.Context(), "c", []byte("2")))
	must(t, s.SetValues(t.Context(), map[string][]byte{"a": []byte("1"), "b": {}, "c": nil, "never": nil}))
	a, err := s.Value(t.Context(), "a")
	b, bErr := s.Value(t.Context(), "b")
	_, cErr := s.Value(t.Context(), "c")
	if string(a) != "1" || b == nil || err != nil || bErr != nil || !errors.Is(cErr, ErrNoValue) {
		t.Errorf("got %q, %v, %q, %v, and what was to go: %v", a, err, b, bErr, cErr)
	}
}
