package guard_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

func TestBans(t *testing.T) {
	t.Run("thirty failures shut an address out, told once, even with the right password", func(t *testing.T) {
		s := newStage(t)
		let, began := 0, 0
		for n := range 100 {
			v := s.Ask(far(fmt.Sprint(n), "203.0.113.1"))
			if v.Allowed {
				let++
			}
			if v.Began != nil {
				began++
				want := guard.Ban{
					Prefix: netip.MustParsePrefix("203.0.113.1/32"), Why: "password",
					Since: s.now, Until: s.now.Add(10 * time.Minute), Times: 1, Tries: 31,
				}
				if v.Why != guard.ByBan || v.Wait != 10*time.Minute || *v.Began != want {
					t.Errorf("%+v, %+v; want %+v", v, *v.Began, want)
				}
			}
		}
		if let != 30 || began != 1 {
			t.Errorf("%d were let through, and %d bans began", let, began)
		}
		if bans := s.Bans(); len(bans) != 1 || bans[0].Tries != 100 {
			t.Errorf("%+v", bans)
		}
		if v := s.Ask(far(ada, "203.0.113.2")); !v.Allowed {
			t.Errorf("the address beside it: %+v", v)
		}
	})
	t.Run("who comes back is shut out longer", func(t *testing.T) {
		s := newStage(t)
		for n, want := range []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 72 * time.Hour} {
			b := s.ban("203.0.113.1")
			if got := b.Until.Sub(b.Since); got != want || b.Times != n+1 {
				t.Errorf("ban %d lasts %v and is told as number %d", n+1, got, b.Times)
			}
			s.wait(want)
			if len(s.Bans()) != 0 {
				t.Error("it does not end")
			}
		}
		s.wait(15 * 24 * time.Hour)
		if b := s.ban("203.0.113.1"); b.Times != 1 {
			t.Errorf("after two quiet weeks it is number %d", b.Times)
		}
	})
	t.Run("knocking at a ban makes it no longer", func(t *testing.T) {
		s := newStage(t)
		b := s.ban("203.0.113.1")
		for range 600 {
			s.wait(time.Second)
			s.Ask(far(ada, "203.0.113.1"))
		}
		if bans := s.Bans(); len(bans) != 0 {
			t.Errorf("%+v began as %+v", bans, b)
		}
	})
	t.Run("two links of an IPv6 home shut out the home, four homes the site", func(t *testing.T) {
		s := newStage(t)
		s.guesses("2001:db8:0:1::1", 30)
		s.guesses("2001:db8:0:2::1", 30)
		s.wait(time.Minute / 2)
		if v := s.guesses("2001:db8:0:3::1", 1); v.Began == nil || v.Began.Prefix.String() != "2001:db8::/56" {
			t.Fatalf("%+v", v)
		}
		if v := s.Ask(far(ada, "2001:db8:0:ff::1")); v.Why != guard.ByBan {
			t.Errorf("elsewhere in the home: %+v", v)
		}
		if v := s.Ask(far(ada, "2001:db8:0:100::1")); !v.Allowed {
			t.Errorf("the next home: %+v", v)
		}
	})
	t.Run("of several bans that a try begins the widest is told", func(t *testing.T) {
		s := newStage(t)
		s.guesses("2001:db8:0:1::1", 30)
		if v := s.guesses("2001:db8:0:2::1", 31); v.Began == nil || v.Began.Prefix.String() != "2001:db8::/56" || len(s.Bans()) != 2 {
			t.Errorf("%+v, %v", v, s.Bans())
		}
	})
	t.Run("a hundred and twenty links with one try each shut out the site", func(t *testing.T) {
		s := newStage(t)
		for n := range 500 {
			v := s.guesses(fmt.Sprintf("2001:db8:0:%x::1", n*131), 1)
			if v.Began == nil {
				s.wait(time.Second / 10)
				continue
			}
			if v.Began.Prefix.String() != "2001:db8::/48" {
				t.Fatalf("%+v", v.Began)
			}
			s.wait(time.Minute)
			if v := s.Ask(far(ada, "2001:db8:1::1")); !v.Allowed {
				t.Errorf("the next site: %+v", v)
			}
			return
		}
		t.Error("never")
	})
	t.Run("hammering at an account under siege shuts out, trying now and then does not", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		for n := range 200 {
			if v := s.Ask(far(ada, "203.0.113.1")); v.Began != nil {
				if n < 100 {
					t.Errorf("after %d tries", n)
				}
				break
			}
			if n == 199 {
				t.Error("never")
			}
		}
		for range 100 {
			s.wait(2 * time.Minute)
			if v := s.Ask(far(ada, "203.0.113.2")); v.Why == guard.ByBan {
				t.Fatalf("a try each two minutes: %+v", v)
			}
		}
	})
	t.Run("an account of one's own refunds nothing of the network", func(t *testing.T) {
		s := newStage(t)
		own := far("mallory@example.org", "203.0.113.1")
		let := 0
		for n := range 1000 {
			if v := s.Ask(own); v.Allowed {
				s.Passed(v)
			}
			if v := s.Ask(far(fmt.Sprint("victim ", n), "203.0.113.1")); v.Allowed {
				let++
			}
		}
		if let > 30 {
			t.Errorf("%d guesses were let through", let)
		}
	})
	t.Run("nor does it when its sign-ins are held open until older failures are forgotten", func(t *testing.T) {
		s := newStage(t)
		s.guesses("203.0.113.1", 20)
		var open []guard.Verdict
		for range 5 {
			open = append(open, s.Ask(far("mallory@example.org", "203.0.113.1")))
		}
		s.wait(10 * 5 * time.Minute)
		s.guesses("203.0.113.1", 10)
		for _, v := range open {
			s.Passed(v)
		}
		if v := s.guesses("203.0.113.1", 6); v.Began == nil {
			t.Errorf("25 - 10 + 10 + 6 failures and no ban: %+v", v)
		}
	})
	t.Run("nor out of a ban", func(t *testing.T) {
		s := newStage(t)
		var open []guard.Verdict
		for range 8 {
			open = append(open, s.Ask(far("mallory@example.org", "203.0.113.1")))
		}
		s.wait(time.Millisecond)
		s.ban("203.0.113.1")
		for _, v := range open {
			s.Passed(v)
		}
		s.wait(10 * time.Minute)
		let := 0
		for s.guesses("203.0.113.1", 1).Allowed {
			let++
		}
		if let != 15 {
			t.Errorf("%d were let through after it, want 15", let)
		}
	})
	for _, c := range []struct{ says, peer string }{
		{"the router", "192.168.1.1"},
		{"loopback", "127.0.0.1"},
		{"loopback of IPv6", "::1"},
	} {
		t.Run(c.says+" is never banned, and throttled per account", func(t *testing.T) {
			s := newStage(t)
			spared := func(account string) guard.Try {
				try := far(account, c.peer)
				try.Place = guard.Spared
				return try
			}
			if n, v := s.fail(spared(ada)); n != 8 || v.Wait == 0 {
				t.Errorf("%d were let through, then %+v", n, v)
			}
			for n := range 500 {
				s.wait(6 * time.Second)
				if v := s.Ask(spared(fmt.Sprint(n))); !v.Allowed {
					t.Fatalf("another account: %+v", v)
				}
			}
			if bans := s.Bans(); len(bans) != 0 {
				t.Errorf("%+v", bans)
			}
		})
	}
	t.Run("loopback is not banned where the door calls it far, nor is an address that nobody knows", func(t *testing.T) {
		s := newStage(t)
		for n := range 200 {
			s.Ask(far(fmt.Sprint(n), "127.0.0.1"))
			s.Ask(guard.Try{Attempt: guard.Password, Account: fmt.Sprint(n)})
		}
		if bans := s.Bans(); len(bans) != 0 {
			t.Errorf("%+v", bans)
		}
	})
}

func TestLiftingBans(t *testing.T) {
	cases := []struct {
		says, prefix string
		lifted       int
	}{
		{"the very network", "203.0.113.1/32", 1},
		{"an address of it, as IPv6 shows it", "::ffff:203.0.113.1/128", 1},
		{"a network around it", "203.0.113.0/24", 1},
		{"an address in a /56", "2001:db8:0:5::1/128", 1},
		{"all of IPv4", "0.0.0.0/0", 1},
		{"all of IPv6", "::/0", 3},
		{"another network", "203.0.113.2/32", 0},
		{"nonsense", "", 0},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			s := newStage(t)
			s.ban("203.0.113.1")
			for _, peer := range []string{"2001:db8:0:1::1", "2001:db8:0:2::1"} { // and so their /56
				s.ban(peer)
			}
			was := len(s.Bans())
			p, _ := netip.ParsePrefix(c.prefix)
			told := s.told
			if n := s.Lift(p); n != c.lifted || len(s.Bans()) != was-n {
				t.Errorf("%d of %d were lifted, want %d", n, was, c.lifted)
			}
			if s.told == told {
				t.Error("nobody was told")
			}
		})
	}
	t.Run("what was counted there is forgotten", func(t *testing.T) {
		s := newStage(t)
		s.fail(far(ada, "203.0.113.1"))
		s.ban("203.0.113.1")
		s.Lift(netip.MustParsePrefix("203.0.113.1/32"))
		s.wait(4 * time.Hour) // the account itself
		if n, _ := s.fail(far(ada, "203.0.113.1")); n != 8 {
			t.Errorf("%d were let through", n)
		}
		if b := s.ban("203.0.113.1"); b.Times != 1 {
			t.Errorf("the next ban is number %d", b.Times)
		}
	})
	t.Run("all ends sieges, too", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		s.ban("203.0.113.1")
		if n := s.LiftAll(); n != 1 || len(s.Bans()) != 0 || len(s.Sieges()) != 0 {
			t.Errorf("%d were lifted; left are %v and %v", n, s.Bans(), s.Sieges())
		}
		if v := s.Ask(far(ada, "203.0.113.1")); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
	t.Run("all gives no thief of a session new guesses", func(t *testing.T) {
		s := newStage(t)
		try := phone("203.0.113.1")
		try.Signed = true
		s.fail(try)
		s.LiftAll()
		if v := s.Ask(try); v.Allowed {
			t.Errorf("%+v", v)
		}
	})
}

func TestFloods(t *testing.T) {
	request := func(peer string) guard.Try { return guard.Try{Attempt: guard.Request, Peer: addr(peer)} }
	t.Run("six hundred requests at once, then ten a second", func(t *testing.T) {
		s := newStage(t)
		n, v := s.fail(request("203.0.113.1"))
		if n != 600 || v.Why != guard.ByFlood || v.Wait != 100*time.Millisecond {
			t.Errorf("%d were let through, then %+v", n, v)
		}
		for range 1000 {
			s.wait(100 * time.Millisecond)
			if v := s.Ask(request("203.0.113.1")); !v.Allowed {
				t.Fatalf("%+v", v)
			}
		}
	})
	t.Run("who goes on is shut out, from what needs no secret, too", func(t *testing.T) {
		s := newStage(t)
		for n := range 5000 {
			v := s.Ask(request("203.0.113.1"))
			if v.Began == nil {
				continue
			}
			if n < 2000 || v.Began.Why != "request" || v.Began.Prefix.String() != "203.0.113.1/32" {
				t.Errorf("after %d requests %+v", n, v.Began)
			}
			s.wait(9 * time.Minute)
			if v := s.Ask(request("203.0.113.1")); v.Allowed || v.Wait != time.Minute {
				t.Errorf("a request: %+v", v)
			}
			if v := s.Ask(far(ada, "203.0.113.1")); v.Why != guard.ByBan {
				t.Errorf("a password: %+v", v)
			}
			return
		}
		t.Error("never")
	})
	t.Run("many links of one home are one flood", func(t *testing.T) {
		s := newStage(t)
		for n := range 2000 {
			if v := s.Ask(request(fmt.Sprintf("2001:db8:0:%x::1", n%256))); !v.Allowed {
				if n != 1200 {
					t.Errorf("%d were let through", n)
				}
				return
			}
		}
		t.Error("never refused")
	})
	t.Run("a ban for guessing refuses no request, and a flood meanwhile makes it no longer", func(t *testing.T) {
		s := newStage(t)
		s.ban("203.0.113.1")
		want := s.Bans()[0].Until
		if v := s.Ask(request("203.0.113.1")); !v.Allowed {
			t.Errorf("%+v", v)
		}
		for range 5000 {
			s.Ask(request("203.0.113.1"))
		}
		if b := s.Bans()[0]; b.Times != 1 || b.Until != want {
			t.Errorf("%+v", b)
		}
	})
	t.Run("the router's address may do ten times as much, and home, and neither is banned", func(t *testing.T) {
		for _, place := range []guard.Place{guard.Spared, guard.Home} {
			s := newStage(t)
			try := request("192.168.1.1")
			try.Place = place
			if n, _ := s.fail(try); n != 6000 {
				t.Errorf("%d were let through", n)
			}
			for range 10_000 {
				s.Ask(try)
			}
			if bans := s.Bans(); len(bans) != 0 {
				t.Errorf("%v", bans)
			}
		}
	})
}
