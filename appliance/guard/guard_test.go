package guard_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

func TestStrangersAreSlowedDown(t *testing.T) {
	t.Run("eight wrong passwords for one account from one place, then a wait that grows", func(t *testing.T) {
		s := newStage(t)
		n, v := s.fail(far(ada, "203.0.113.1"))
		if n != 8 || v.Why != guard.ByPlace || v.Wait != 15*time.Second {
			t.Errorf("%d tries were let through, then %+v", n, v)
		}
		for _, want := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute} {
			v := s.Ask(far(ada, "203.0.113.1"))
			if v.Wait != want {
				t.Errorf("wait %v, want %v", v.Wait, want)
			}
			s.wait(v.Wait)
			if v = s.Ask(far(ada, "203.0.113.1")); !v.Allowed {
				t.Fatalf("still refused after the wait: %+v", v)
			}
		}
	})
	t.Run("an account from everywhere: ten, then a wait that doubles to three minutes", func(t *testing.T) {
		s := newStage(t)
		n := 0
		next := func() guard.Try { n++; return far(ada, fmt.Sprintf("203.0.%d.%d", n/250, n%250)) }
		for range 10 {
			if v := s.Ask(next()); !v.Allowed {
				t.Fatalf("the try is refused: %+v", v)
			}
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 180, 180} {
			v := s.Ask(next())
			if v.Wait != want*time.Second || v.Why != guard.ByAccount {
				t.Fatalf("%+v, want a wait of %v", v, want*time.Second)
			}
			s.wait(v.Wait)
			if v := s.Ask(next()); !v.Allowed {
				t.Fatalf("still refused after the wait: %+v", v)
			}
		}
	})
	t.Run("names that nobody has, altogether: sixty, then one in six seconds", func(t *testing.T) {
		s := newStage(t)
		let := 0
		for n := range 1000 {
			v := s.Ask(far(fmt.Sprint(n), fmt.Sprintf("203.0.%d.%d", n/250, n%250)))
			if v.Allowed {
				let++
			} else if v.Why != guard.ByAll || v.Wait != 6*time.Second {
				t.Fatalf("%+v", v)
			}
		}
		if let != 60 {
			t.Errorf("%d were let through", let)
		}
		s.wait(6 * time.Second)
		if v := s.Ask(far("new", "203.0.113.7")); !v.Allowed {
			t.Errorf("after six seconds: %+v", v)
		}
	})
	t.Run("second factors are counted apart and far more strictly", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		try := far(ada, "203.0.113.1")
		try.Attempt = guard.Code
		if n, v := s.fail(try); n != 4 || v.Wait != 30*time.Second {
			t.Errorf("%d codes were let through, then %+v", n, v)
		}
	})
	t.Run("a day at full rate lets some thirty codes through", func(t *testing.T) {
		s := newStage(t)
		n := 0
		for i := range 24 * 60 * 12 {
			try := far(ada, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
			try.Attempt = guard.Code
			if s.Ask(try).Allowed {
				n++
			}
			s.wait(5 * time.Second)
		}
		if n < 20 || n > 40 {
			t.Errorf("%d", n)
		}
	})
	t.Run("an IPv6 /64 is one place, another is another", func(t *testing.T) {
		s := newStage(t)
		s.fail(far(ada, "2001:db8::1"))
		if s.Ask(far(ada, "2001:db8::ffff")).Allowed {
			t.Error("the next address of the same network starts afresh")
		}
		if !s.Ask(far(ada, "2001:db8:0:1::1")).Allowed {
			t.Error("another network is refused")
		}
	})
	for _, same := range []string{"::ffff:203.0.113.1", "64:ff9b::203.0.113.1"} {
		t.Run(same+" is the same place as the IPv4 address in it", func(t *testing.T) {
			s := newStage(t)
			s.fail(far(ada, "203.0.113.1"))
			if s.Ask(far(ada, same)).Allowed {
				t.Error("counted apart")
			}
		})
	}
	t.Run("the right password is not counted, however often", func(t *testing.T) {
		s := newStage(t)
		for range 500 {
			v := s.Ask(far(ada, "203.0.113.1"))
			if !v.Allowed {
				t.Fatalf("refused: %+v", v)
			}
			s.Passed(v)
		}
	})
	t.Run("the right password wipes nothing of what was wrong before", func(t *testing.T) {
		s := newStage(t)
		for range 7 {
			s.Ask(far(ada, "203.0.113.1"))
		}
		s.Passed(s.Ask(far(ada, "203.0.113.1")))
		if n, _ := s.fail(far(ada, "203.0.113.1")); n != 1 {
			t.Errorf("%d more were let through, want 1", n)
		}
	})
	t.Run("many at once can't slip through before the first has failed", func(t *testing.T) {
		s := newStage(t)
		let := 0
		for range 100 {
			if s.Ask(far(ada, "203.0.113.1")).Allowed {
				let++
			}
		}
		if let != 8 {
			t.Errorf("%d of a hundred were let through", let)
		}
	})
	t.Run("mistakes are forgotten with time", func(t *testing.T) {
		s := newStage(t)
		s.fail(far(ada, "203.0.113.1"))
		s.wait(8 * 30 * time.Minute)
		if n, _ := s.fail(far(ada, "203.0.113.1")); n != 8 {
			t.Errorf("%d were let through four hours later, want 8", n)
		}
	})
	t.Run("what is not counted is always allowed", func(t *testing.T) {
		s := newStage(t)
		for range 1000 {
			if v := s.Ask(guard.Try{Peer: addr("203.0.113.1"), Account: ada}); !v.Allowed {
				t.Fatalf("refused: %+v", v)
			}
		}
	})
	t.Run("an attempt that guard has never heard of counts as a password", func(t *testing.T) {
		s := newStage(t)
		try := far(ada, "203.0.113.1")
		try.Attempt = "charm"
		if n, _ := s.fail(try); n != 8 {
			t.Errorf("%d were let through", n)
		}
	})
	t.Run("without an account only the place and all together count", func(t *testing.T) {
		s := newStage(t)
		for n := range 200 {
			try := guard.Try{Attempt: guard.Passkey, Peer: addr(fmt.Sprintf("203.0.113.%d", n))}
			if v := s.Ask(try); !v.Allowed {
				t.Fatalf("the try from the place number %d is refused: %+v", n, v)
			}
		}
	})
}

func TestNobodyCanTellWhoHasAnAccount(t *testing.T) {
	// Ada lives here and is known to guard by her devices; nobody else is. The
	// same happens to both names, and the answers have to be the same.
	s, other := newStage(t), newStage(t)
	s.Complete(phone("198.51.100.1"))
	rounds := 0
	for round := range 4000 {
		peer := fmt.Sprintf("203.0.%d.%d", round%7, round%90)
		tries := []guard.Try{far(ada, peer), far("nobody@example.org", peer)}
		tries[0].Device, tries[1].Device = "guessed", "guessed"
		if round%5 == 0 {
			tries[0].Attempt, tries[1].Attempt = guard.Code, guard.Code
		}
		mine, theirs := s.Ask(tries[0]), other.Ask(tries[1])
		if mine.Allowed != theirs.Allowed || mine.Wait != theirs.Wait || mine.Why != theirs.Why || mine.Known != theirs.Known ||
			(mine.Began == nil) != (theirs.Began == nil) || mine.Began != nil && *mine.Began != *theirs.Began {
			t.Fatalf("round %d: %+v for a name that has an account, %+v for one that has none", round, mine, theirs)
		}
		if mine.Allowed {
			rounds++
		}
		step := time.Duration(round%11) * 700 * time.Millisecond
		s.wait(step)
		other.wait(step)
	}
	if rounds < 20 {
		t.Errorf("only %d rounds were let through", rounds)
	}
}
