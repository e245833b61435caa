package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/journal/journaltest"
)

// memory is a Keep that counts its writes, and can refuse them or stand still.
type memory struct {
	mu      sync.Mutex
	entries []journal.Entry // in the order of their times
	writes  int
	pruned  []int64 // the bounds that it was asked for
	refuse  bool
	stuck   chan struct{} // Append waits for it before it keeps, where not nil
	slow    chan struct{} // and for this one after
}

// do changes something about it, and kept, written and prunings tell of it.
func (m *memory) do(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *memory) refuses(yes bool) { m.do(func(m *memory) { m.refuse = yes }) }

func (m *memory) kept() (all []journal.Entry) {
	m.do(func(m *memory) { all = slices.Clone(m.entries) })
	return all
}

func (m *memory) written() (n int) {
	m.do(func(m *memory) { n = m.writes })
	return n
}

func (m *memory) prunings() (n int) {
	m.do(func(m *memory) { n = len(m.pruned) })
	return n
}

func (m *memory) Append(ctx context.Context, entries []journal.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	m.waits(ctx, m.stuck)
	if m.refuse {
		return errors.New("disk full")
	}
	m.entries = append(m.entries, entries...)
	slices.SortStableFunc(m.entries, func(a, b journal.Entry) int { return a.Time.Compare(b.Time) })
	m.waits(ctx, m.slow)
	return nil
}

// waits holds Append up, and nobody else.
func (m *memory) waits(ctx context.Context, until chan struct{}) {
	if until == nil {
		return
	}
	m.mu.Unlock()
	defer m.mu.Lock()
	select {
	case <-until:
	case <-ctx.Done():
	}
}

func (m *memory) Each(_ context.Context, from, to time.Time) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range slices.Backward(m.kept()) {
			if e.Time.Before(from) || !to.IsZero() && !e.Time.Before(to) {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// size says 100 bytes of each entry.
const size = 100

func (m *memory) Prune(_ context.Context, before time.Time, most int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pruned = append(m.pruned, most)
	m.entries = slices.DeleteFunc(m.entries, func(e journal.Entry) bool { return e.Time.Before(before) })
	if most > 0 {
		m.entries = m.entries[max(0, len(m.entries)-int(most)/size):]
	}
	return nil
}

func (m *memory) Size(context.Context) (journal.Size, error) {
	all := m.kept()
	s := journal.Size{Entries: len(all), Bytes: int64(size * len(all))}
	if s.Entries > 0 {
		s.Oldest = all[0].Time
	}
	return s, nil
}

func TestTheMemoryIsAKeep(t *testing.T) {
	journaltest.Run(t, func(*testing.T) journal.Keep { return &memory{} })
}

// stage is a journal that runs over a memory, in a bubble of its own time.
type stage struct {
	*journal.Journal
	t    *testing.T
	keep *memory
	ctx  context.Context

	mu sync.Mutex
	house
}

// house is what the journal asks of it, and tells it.
type house struct {
	naming  string
	days    int64
	bytes   int64
	trusted bool
	log     bytes.Buffer
	trouble []error
}

// set changes the house.
func (s *stage) set(change func(*house)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.house)
}

// asks reads something of the house.
func asks[T any](s *stage, read func(*house) T) func() T {
	return func() T {
		s.mu.Lock()
		defer s.mu.Unlock()
		return read(&s.house)
	}
}

// Write is the console's.
func (s *stage) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

// stageFor makes one that does not run.
func stageFor(t *testing.T) *stage {
	s := &stage{t: t, keep: &memory{}, ctx: t.Context(), house: house{naming: journal.ByPseudonym, days: 2, trusted: true}}
	s.Journal = journal.New(journal.Config{
		Keep: s.keep, Now: time.Now, Key: make([]byte, 32), Log: slog.New(slog.NewTextHandler(s, nil)),
		Days: asks(s, func(h *house) int64 { return h.days }), Bytes: asks(s, func(h *house) int64 { return h.bytes }),
		Naming: asks(s, func(h *house) string { return h.naming }), Trusted: asks(s, func(h *house) bool { return h.trusted }),
		Trouble: func(err error) { s.set(func(h *house) { h.trouble = append(h.trouble, err) }) },
		Country: func(peer netip.Addr) string {
			if peer == netip.MustParseAddr("203.0.113.7") {
				return "NZ"
			}
			return ""
		},
	})
	return s
}

func run(t *testing.T, fn func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := stageFor(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		fn(s)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// pass lets time go by, and whatever is due then be done.
func (s *stage) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// all is what a search for everything finds.
func (s *stage) all() []journal.Event { return s.find(journal.Query{Limit: journal.MaxLimit}).Events }

func (s *stage) find(q journal.Query) journal.Page {
	s.t.Helper()
	page, err := s.Search(s.ctx, q)
	if err != nil {
		s.t.Fatal(err)
	}
	return page
}

func signIn(owner string) journal.Event {
	return journal.Event{Kind: journal.SignIn, Outcome: journal.OK, Owner: owner, Device: "Chrome", DeviceType: 9, Address: "192.168.1.7"}
}

func TestJournal(t *testing.T) {
	t.Run("many events share one write", func(t *testing.T) {
		run(t, func(s *stage) {
			for i := range 50 {
				s.Record(signIn(fmt.Sprint(i)))
			}
			s.pass(11 * time.Second)
			if s.keep.written() != 1 || len(s.keep.kept()) != 50 {
				t.Errorf("%d writes of %d entries", s.keep.written(), len(s.keep.kept()))
			}
		})
	})
	t.Run("what a person did is written within ten seconds, what failed within a minute, what apps do by themselves within the hour", func(t *testing.T) {
		for e, within := range map[journal.Kind]time.Duration{
			journal.SignIn: 10 * time.Second, journal.Refused: time.Minute, journal.Ban: time.Minute, journal.Token: time.Hour,
		} {
			run(t, func(s *stage) {
				event := journal.Event{Kind: e, Outcome: journal.OK, Address: "192.0.2.1"}
				if e == journal.Refused {
					event.Outcome = "password.wrong"
				}
				s.Record(event)
				s.pass(within - 11*time.Second)
				early := len(s.keep.kept())
				s.pass(12 * time.Second)
				if early != 0 && within > 10*time.Second || len(s.keep.kept()) != 1 {
					t.Errorf("%s: %d lines before %v, %d after", e, early, within, len(s.keep.kept()))
				}
			})
		}
	})
	t.Run("what can wait goes along with what can't", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Record(journal.Event{Kind: journal.Token, Owner: "a", Address: "192.0.2.1"})
			s.Record(signIn("a"))
			s.pass(11 * time.Second)
			if s.keep.written() != 1 || len(s.keep.kept()) != 2 {
				t.Errorf("%d writes of %d entries", s.keep.written(), len(s.keep.kept()))
			}
		})
	})
	t.Run("an event is seen before it is written, and once after", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Record(signIn("a"))
			s.Record(journal.Event{Kind: journal.Refused, Outcome: "password.wrong", Owner: "b"})
			for range 2 {
				got, err := s.Recent(s.ctx, "a", 10)
				if err != nil || len(got) != 1 || got[0].Kind != journal.SignIn {
					t.Errorf("got %v, %v", got, err)
				}
				s.pass(time.Minute)
			}
		})
	})
	t.Run("no two events have one time, and all are whole microseconds in UTC", func(t *testing.T) {
		run(t, func(s *stage) {
			for i := range 100 {
				s.Record(signIn(fmt.Sprint(i)))
			}
			seen := map[time.Time]bool{}
			for _, e := range s.all() {
				if seen[e.Time] || e.Time.Location() != time.UTC || e.Time.Nanosecond()%1000 != 0 {
					t.Errorf("an event at %v", e.Time)
				}
				seen[e.Time] = true
			}
			if len(seen) != 100 {
				t.Errorf("%d events", len(seen))
			}
		})
	})
	t.Run("a stop writes what waits, what was folded and the hour's requests", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := stageFor(t)
			for range 5 {
				s.Record(journal.Event{Kind: journal.Token, Owner: "a", Address: "192.0.2.1"})
			}
			s.Count(journal.Seen{Outcome: 200})
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := s.all()
			if len(got) != 3 || len(s.keep.kept()) != 3 || got[0].Count != 4 || got[1].Kind != journal.Requests {
				t.Errorf("got %+v", got)
			}
		})
	})
}

func TestALogThatFailsStopsNothing(t *testing.T) {
	t.Run("what the disk refused is written later, in order", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.refuses(true)
			s.Record(signIn("a"))
			s.pass(11 * time.Second)
			s.keep.refuses(false)
			e := signIn("a")
			e.Kind = journal.SignOut
			s.Record(e)
			s.pass(10 * time.Second)
			got, err := s.Recent(s.ctx, "a", 10)
			if err != nil || len(got) != 2 || got[0].Kind != journal.SignOut || len(s.keep.kept()) != 2 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	})
	t.Run("it is told once when it begins, and once when it is over", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.refuses(true)
			s.Record(signIn("a"))
			s.pass(time.Minute)
			if told := asks(s, func(h *house) []error { return h.trouble })(); len(told) != 1 || told[0] == nil {
				t.Errorf("told %v", told)
			}
			s.keep.refuses(false)
			s.pass(time.Minute)
			if told := asks(s, func(h *house) []error { return h.trouble })(); len(told) != 2 || told[1] != nil {
				t.Errorf("told %v", told)
			}
			if log := asks(s, func(h *house) string { return h.log.String() })(); strings.Count(log, "level=ERROR") != 1 {
				t.Errorf("the console says\n%s", log)
			}
		})
	})
	for says, hold := range map[string]func(*memory, chan struct{}){
		"before it keeps":   func(m *memory, until chan struct{}) { m.stuck = until },
		"after it has kept": func(m *memory, until chan struct{}) { m.slow = until },
	} {
		t.Run("a disk that stands still "+says+" holds up nobody, and each line is seen once", func(t *testing.T) {
			run(t, func(s *stage) {
				until := make(chan struct{})
				s.keep.do(func(m *memory) { hold(m, until) })
				s.Record(signIn("first"))
				s.pass(11 * time.Second) // Append stands still now
				s.Record(signIn("second"))
				s.Count(journal.Seen{Outcome: 200})
				if got := s.all(); len(got) != 2 {
					t.Errorf("got %+v", got)
				}
				close(until)
				s.pass(time.Minute)
				if n := len(s.keep.kept()); n != 2 {
					t.Errorf("%d lines are kept", n)
				}
			})
		})
		t.Run("a disk that stands still for hours "+says+" fills no memory", func(t *testing.T) {
			run(t, func(s *stage) {
				until := make(chan struct{})
				s.keep.do(func(m *memory) { hold(m, until) })
				for i := range 5000 {
					s.Record(signIn(fmt.Sprint(i)))
					s.pass(time.Second)
				}
				close(until)
				s.pass(time.Minute)
				if n := len(s.keep.kept()); n < 4096 || n > 4096+64 { // the batch that stood, and what waited
					t.Errorf("%d lines waited", n)
				}
			})
		})
	}
	t.Run("a disk that fails for hours fills no memory; what was lost is counted, once", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.refuses(true)
			for i := range 5000 {
				s.Record(signIn(fmt.Sprint(i)))
				s.pass(time.Second)
			}
			s.keep.refuses(false)
			s.pass(time.Minute)
			if n := len(s.keep.kept()); n != 4096 {
				t.Errorf("%d lines waited", n)
			}
			s.Record(signIn(ada))
			s.pass(time.Minute)
			log := asks(s, func(h *house) string { return h.log.String() })()
			if strings.Count(log, "were lost") != 1 || !strings.Contains(log, "count=904") {
				t.Errorf("the console says\n%s", log)
			}
		})
	})
	t.Run("a disk that fails under load is asked every ten seconds, not at each event", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.refuses(true)
			for i := range 600 {
				s.Record(signIn(fmt.Sprint(i)))
				s.pass(100 * time.Millisecond)
			}
			if s.keep.written() > 10 {
				t.Errorf("%d writes in a minute", s.keep.written())
			}
			s.keep.refuses(false)
		})
	})
	t.Run("a clock before 1970 gives a time that can be kept", func(t *testing.T) {
		keep := &memory{}
		j := journal.New(journal.Config{
			Keep: keep, Now: func() time.Time { return time.Unix(-5, 0) }, Days: func() int64 { return 1 },
			Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
		})
		j.Record(signIn("a"))
		if err := j.Flush(t.Context()); err != nil || len(keep.entries) != 1 || keep.entries[0].Time.Unix() != 0 {
			t.Errorf("got %v, %v", keep.entries, err)
		}
	})
}
