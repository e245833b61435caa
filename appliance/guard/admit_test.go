package guard_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

func TestAdmissions(t *testing.T) {
	besieged := func(t *testing.T) *stage {
		s := newStage(t)
		s.besiege(bob)
		s.besiege(ada)
		s.ban("203.0.113.1")
		return s
	}
	t.Run("let a new device of the account in, past the siege and the ban, for as long as said", func(t *testing.T) {
		s := besieged(t)
		a := s.Admit(addr("203.0.113.1"), ada, 10*time.Minute)
		if a.Prefix.String() != "203.0.113.1/32" || a.Account != ada || !a.Until.Equal(s.now.Add(10*time.Minute)) {
			t.Errorf("%+v", a)
		}
		if list := s.Admissions(); len(list) != 1 || list[0] != a {
			t.Errorf("listed are %+v", list)
		}
		if v := s.Ask(far(ada, "203.0.113.1")); !v.Allowed || v.Known {
			t.Errorf("Ada from there: %+v", v)
		}
		if v := s.Ask(far(bob, "203.0.113.1")); v.Allowed {
			t.Error("Bob from there is let through")
		}
		if v := s.Ask(far(ada, "203.0.113.2")); v.Allowed {
			t.Error("Ada from elsewhere is let through")
		}
		s.wait(10*time.Minute - time.Second)
		s.besiege(ada)
		s.wait(time.Second)
		if v := s.Ask(far(ada, "203.0.113.1")); v.Allowed || len(s.Admissions()) != 0 {
			t.Errorf("afterwards: %+v, %v", v, s.Admissions())
		}
	})
	t.Run("for everybody let everybody in", func(t *testing.T) {
		s := besieged(t)
		s.Admit(addr("2001:db8::1"), "", 10*time.Minute)
		for _, account := range []string{ada, bob} {
			if v := s.Ask(far(account, "2001:db8::2")); !v.Allowed {
				t.Errorf("%s: %+v", account, v)
			}
		}
	})
	t.Run("have a small budget for each account, which is neither theirs nor renewed", func(t *testing.T) {
		s := besieged(t)
		let := 0
		for n := range 100 {
			peer := fmt.Sprintf("203.0.113.%d", n+1)
			s.Admit(addr(peer), ada, 10*time.Minute)
			for range 5 {
				if s.Ask(far(ada, peer)).Allowed {
					let++
				}
			}
		}
		if let > 11 {
			t.Errorf("%d guesses", let)
		}
	})
	t.Run("are eight of an account at most", func(t *testing.T) {
		s := newStage(t)
		for n := range 20 {
			s.Admit(addr(fmt.Sprintf("203.0.113.%d", n+1)), ada, 10*time.Minute)
			s.wait(time.Second)
		}
		list := s.Admissions()
		if len(list) != 8 || list[7].Prefix.String() != "203.0.113.13/32" {
			t.Errorf("%v", list)
		}
	})
	t.Run("are made longer, never shorter", func(t *testing.T) {
		s := newStage(t)
		s.Admit(addr("203.0.113.1"), ada, time.Hour)
		s.Admit(addr("203.0.113.1"), ada, time.Minute)
		if list := s.Admissions(); len(list) != 1 || list[0].Until.Sub(s.now) != time.Hour {
			t.Errorf("%v", list)
		}
		if a := s.Admit(addr("203.0.113.1"), ada, 1000*time.Hour); a.Until.Sub(s.now) != 24*time.Hour {
			t.Errorf("%v", a)
		}
	})
	t.Run("are remembered at once", func(t *testing.T) {
		s := besieged(t)
		want := s.Admit(addr("203.0.113.1"), ada, 10*time.Minute)
		s.flush()
		s.restart()
		if list := s.Admissions(); len(list) != 1 || list[0] != want {
			t.Errorf("%v, want %v", list, want)
		}
	})
}

func TestSieges(t *testing.T) {
	t.Run("tell who is guessed at, since when, from how many places, and the wait", func(t *testing.T) {
		s := newStage(t)
		if len(s.Sieges()) != 0 {
			t.Fatal("one out of nothing")
		}
		told := s.told
		began := s.now
		for n := range 3000 {
			s.Ask(far(ada, fmt.Sprintf("10.1.%d.%d", n>>8, n&255)))
			if n%10 == 0 {
				s.wait(time.Second)
			}
		}
		list := s.Sieges()
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		got := list[0]
		if got.Account != ada || got.Attempt != guard.Password || got.Since.Sub(began) > 2*time.Second {
			t.Errorf("%+v", got)
		}
		if got.Tries < 2900 || got.Places < 2500 || got.Places > 3500 {
			t.Errorf("%d tries from %d places, of 3000", got.Tries, got.Places)
		}
		if got.Wait <= 3*time.Minute {
			t.Errorf("from very many places the wait is %v", got.Wait)
		}
		if s.told == told {
			t.Error("nobody was told")
		}
	})
	t.Run("end when nobody has to wait any more", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		s.wait(10 * time.Hour)
		if list := s.Sieges(); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
	t.Run("of the whole house name no account", func(t *testing.T) {
		s := newStage(t)
		for n := range 300 {
			s.Ask(far(fmt.Sprint(n), fmt.Sprintf("10.1.0.%d", n%250)))
		}
		if list := s.Sieges(); len(list) != 1 || list[0].Account != "" || list[0].Wait != 6*time.Second {
			t.Errorf("%+v", list)
		}
	})
	t.Run("are remembered", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		want := s.Sieges()
		s.flush()
		s.restart()
		if got := s.Sieges(); len(got) != 1 || got[0] != want[0] {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
	t.Run("cut a name that is longer than an e-mail address can be", func(t *testing.T) {
		s := newStage(t)
		long := fmt.Sprintf("%0300d", 7)
		s.besiege(long)
		s.flush()
		s.restart()
		if list := s.Sieges(); len(list) != 1 || list[0].Account != long[:254] {
			t.Errorf("%+v", list)
		}
	})
}
