package guard_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

type stage struct {
	t   *testing.T
	now time.Time
	g   *guard.Guard
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, now: time.Unix(1000, 0)}
	s.g = guard.New(func() time.Time { return s.now })
	return s
}

func try(account, peer string) guard.Try {
	return guard.Try{Attempt: guard.Password, Account: account, Peer: netip.MustParseAddr(peer)}
}

func (s *stage) failUntilRefused(account, peer string) int {
	for n := range 1000 {
		if !s.g.Ask(try(account, peer)).Allowed {
			return n
		}
	}
	s.t.Fatal("never refused")
	return 0
}

func TestGuard(t *testing.T) {
	t.Run("ten wrong passwords for one account from one place, then a wait", func(t *testing.T) {
		s := newStage(t)
		if n := s.failUntilRefused("a", "203.0.113.1"); n != 10 {
			t.Errorf("%d tries were let through, want 10", n)
		}
		v := s.g.Ask(try("a", "203.0.113.1"))
		if v.Wait != 30*time.Second {
			t.Errorf("wait %v, want 30s", v.Wait)
		}
		s.now = s.now.Add(v.Wait)
		if !s.g.Ask(try("a", "203.0.113.1")).Allowed {
			t.Error("still refused after the wait")
		}
	})
	t.Run("a stranger elsewhere locks nobody out", func(t *testing.T) {
		s := newStage(t)
		s.failUntilRefused("a", "203.0.113.1")
		if !s.g.Ask(try("a", "203.0.113.2")).Allowed {
			t.Error("another address is refused")
		}
	})
	t.Run("one place guessing many accounts is refused", func(t *testing.T) {
		s := newStage(t)
		for n := range 100 {
			if !s.g.Ask(try(fmt.Sprint(n), "203.0.113.1")).Allowed {
				if n != 40 {
					t.Errorf("%d tries were let through, want 40", n)
				}
				return
			}
		}
		t.Error("never refused")
	})
	t.Run("an IPv6 /64 is one place", func(t *testing.T) {
		s := newStage(t)
		s.failUntilRefused("a", "2001:db8::1")
		if s.g.Ask(try("a", "2001:db8::ffff")).Allowed {
			t.Error("the next address of the same network starts afresh")
		}
		if !s.g.Ask(try("a", "2001:db8:0:1::1")).Allowed {
			t.Error("another network is refused")
		}
	})
	t.Run("an address mapped into IPv6 is the same place", func(t *testing.T) {
		s := newStage(t)
		s.failUntilRefused("a", "203.0.113.1")
		if s.g.Ask(try("a", "::ffff:203.0.113.1")).Allowed {
			t.Error("counted apart")
		}
	})
	t.Run("the right password wipes what was mistyped before", func(t *testing.T) {
		s := newStage(t)
		for range 50 {
			if !s.g.Ask(try("a", "203.0.113.1")).Allowed {
				t.Fatal("refused though each try passed")
			}
			s.g.Passed(try("a", "203.0.113.1"))
		}
	})
	t.Run("what is not counted is always allowed", func(t *testing.T) {
		s := newStage(t)
		for range 1000 {
			if !s.g.Ask(guard.Try{Peer: netip.MustParseAddr("203.0.113.1")}).Allowed {
				t.Fatal("refused")
			}
		}
	})
}
