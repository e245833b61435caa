package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

// memory is a Keep that survives its guard, counts its writes and can refuse
// them.
type memory struct {
	mu     sync.Mutex
	rows   map[guard.Key][]byte
	writes int
	bytes  int
	refuse bool
}

func newMemory() *memory { return &memory{rows: make(map[guard.Key][]byte)} }

func (m *memory) Load(_ context.Context, yield func(guard.Row) error) error {
	m.mu.Lock()
	rows := maps.Clone(m.rows)
	m.mu.Unlock()
	for k, body := range rows {
		if err := yield(guard.Row{Key: k, Body: bytes.Clone(body)}); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Save(ctx context.Context, put []guard.Row, gone []guard.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.refuse {
		return errors.New("disk full")
	}
	m.writes++
	for _, k := range gone {
		delete(m.rows, k)
	}
	for _, r := range put {
		m.rows[r.Key] = bytes.Clone(r.Body)
		m.bytes += len(r.Body)
	}
	return nil
}

// wrote is how many rows stand there, after how many writes of how many bytes.
func (m *memory) wrote() (rows, writes, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows), m.writes, m.bytes
}

func (m *memory) count() int {
	rows, _, _ := m.wrote()
	return rows
}

func (m *memory) saves() int {
	_, writes, _ := m.wrote()
	return writes
}

// stage is a guard on a clock that the test sets.
type stage struct {
	*guard.Guard
	t      testing.TB
	now    time.Time
	memory *memory
	told   int // how often Changed was called
	named  int // accounts that guesses has named
}

var houseKey = bytes.Repeat([]byte{9}, 32)

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), memory: newMemory()}
	s.restart()
	return s
}

// restart puts a new guard over what was kept: as after a kill.
func (s *stage) restart() {
	s.t.Helper()
	g, err := guard.New(s.t.Context(), guard.Config{
		Keep: s.memory, Key: houseKey, Now: func() time.Time { return s.now }, Changed: func() { s.told++ },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Guard = g
}

func (s *stage) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *stage) flush() {
	s.t.Helper()
	if err := s.Flush(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

const (
	ada = "ada@example.org"
	bob = "bob@example.org"
)

func addr(a string) netip.Addr { return netip.MustParseAddr(a) }

// far is a stranger's wrong password.
func far(account, peer string) guard.Try {
	return guard.Try{Attempt: guard.Password, Account: account, Peer: addr(peer), Device: "a stranger's"}
}

// home is the same by somebody in the house.
func home(account, peer string) guard.Try {
	t := far(account, peer)
	t.Place = guard.Home
	return t
}

func phone(peer string) guard.Try {
	return guard.Try{Attempt: guard.Password, Account: ada, Peer: addr(peer), Device: "ada's phone"}
}

// fail asks until it is refused, and says how many were let through before and
// the refusal.
func (s *stage) fail(t guard.Try) (n int, v guard.Verdict) {
	s.t.Helper()
	for n = range 100_000 {
		if v = s.Ask(t); !v.Allowed {
			return n, v
		}
	}
	s.t.Fatalf("%+v is never refused", t)
	return 0, v
}

// guesses fails n times from one network without a wait that it would have to
// obey, by naming another account each time.
func (s *stage) guesses(peer string, n int) (last guard.Verdict) {
	for range n {
		s.named++
		last = s.Ask(far(fmt.Sprintf("%d@example.net", s.named), peer))
	}
	return last
}

// ban shuts a network out.
func (s *stage) ban(peer string) guard.Ban {
	s.t.Helper()
	for range 200 {
		if v := s.guesses(peer, 1); v.Began != nil {
			return *v.Began
		}
		s.wait(time.Second)
	}
	s.t.Fatalf("%s is not banned after two hundred tries", peer)
	return guard.Ban{}
}

// besiege makes strangers of an account wait as long as they ever do.
func (s *stage) besiege(account string) {
	s.t.Helper()
	for n := range 400 {
		peer := netip.AddrFrom4([4]byte{10, 9, byte(n >> 8), byte(n)}).String()
		if v := s.Ask(far(account, peer)); v.Why == guard.ByAccount && v.Wait >= 3*time.Minute {
			return
		}
		s.wait(4 * time.Second)
	}
	s.t.Fatal("no siege after four hundred tries")
}
