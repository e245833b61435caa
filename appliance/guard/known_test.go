package guard_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

func TestKnownDevices(t *testing.T) {
	t.Run("get in through a siege, a ban, and what holds up all strangers", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		s.besiege(ada)
		s.ban("203.0.113.1")
		for range 100 {
			s.guesses("203.0.113.2", 1)
		}
		for range 10 {
			if v := s.Ask(phone("203.0.113.1")); !v.Allowed || !v.Known {
				t.Fatalf("%+v", v)
			}
		}
	})
	t.Run("have ten tries of their own, one more each five minutes, and are strangers beyond", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		for n := range 10 {
			if v := s.Ask(phone("198.51.100.1")); !v.Known {
				t.Fatalf("try %d: %+v", n+1, v)
			}
		}
		if v := s.Ask(phone("198.51.100.1")); !v.Allowed || v.Known {
			t.Errorf("the eleventh: %+v", v)
		}
		s.besiege(ada)
		if v := s.Ask(phone("198.51.100.1")); !v.Allowed || !v.Known {
			t.Errorf("some minutes later: %+v", v)
		}
	})
	t.Run("have their whole budget back after a complete sign-in", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		for range 20 {
			for range 10 {
				if v := s.Ask(phone("198.51.100.1")); !v.Known {
					t.Fatalf("%+v", v)
				}
			}
			s.Complete(phone("198.51.100.1"))
		}
	})
	t.Run("have another budget for codes", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		code := phone("198.51.100.1")
		code.Attempt = guard.Code
		n := 0
		for s.Ask(code).Known {
			n++
		}
		if n != 5 {
			t.Errorf("%d codes", n)
		}
	})
	t.Run("are known by the token that they have shown", func(t *testing.T) {
		s := newStage(t)
		page := phone("198.51.100.1")
		page.Token = "a token"
		s.Complete(page)
		for _, c := range []struct {
			device, token string
			known         bool
		}{
			{page.Device, "a token", true},
			{page.Device, "", false},
			{page.Device, "another", false},
			{"another", "a token", false},
			{"", "a token", false},
		} {
			if got := s.Known(ada, c.device, c.token); got != c.known {
				t.Errorf("device %q with token %q: known %v", c.device, c.token, got)
			}
			try := page
			try.Device, try.Token = c.device, c.token
			if v := s.Ask(try); v.Known != c.known {
				t.Errorf("device %q with token %q: %+v", c.device, c.token, v)
			}
		}
		if s.Known(bob, page.Device, page.Token) {
			t.Error("it is known as another's")
		}
		s.restart()
		if s.Known(ada, page.Device, page.Token) {
			t.Error("it was there without having been written") // the premise of the next test
		}
	})
	t.Run("that have shown no token are known with any", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		page := phone("198.51.100.1")
		page.Token = "a new one"
		if v := s.Ask(page); !v.Known {
			t.Errorf("%+v", v)
		}
	})
	t.Run("are remembered, and their tokens", func(t *testing.T) {
		s := newStage(t)
		page := phone("198.51.100.1")
		page.Token = "a token"
		s.Complete(page)
		s.flush()
		s.restart()
		if !s.Known(ada, page.Device, page.Token) || s.Known(ada, page.Device, "") {
			t.Error("not as before")
		}
		page.Token = "another" // storage was cleared, and they signed in as a stranger
		s.Complete(page)
		s.flush()
		s.restart()
		if !s.Known(ada, page.Device, page.Token) || s.Known(ada, page.Device, "a token") {
			t.Error("the old token is still the one")
		}
	})
	t.Run("are strangers again once they are forgotten, after a restart, too", func(t *testing.T) {
		s := newStage(t)
		for n := range 3 {
			for _, account := range []string{ada, bob} {
				try := phone("198.51.100.1")
				try.Account, try.Device = account, fmt.Sprint("device ", n)
				s.Complete(try)
			}
		}
		s.flush()
		s.Forget(ada, "device 1")
		for range 2 {
			if !s.Known(ada, "device 0", "") || s.Known(ada, "device 1", "") || !s.Known(bob, "device 1", "") {
				t.Error("not the right ones are known")
			}
			s.flush()
			s.restart()
		}
		s.Forget(ada, "")
		for range 2 {
			if s.Known(ada, "device 0", "") || s.Known(ada, "device 2", "") || !s.Known(bob, "device 2", "") {
				t.Error("not the right ones are known after all of Ada's were forgotten")
			}
			s.flush()
			s.restart()
		}
	})
	t.Run("are sixty-four of an account, of whom the longest away makes room", func(t *testing.T) {
		s := newStage(t)
		device := func(n int) guard.Try {
			try := phone("198.51.100.1")
			try.Device = fmt.Sprint("device ", n)
			return try
		}
		for n := range 64 {
			s.Complete(device(n))
			s.wait(time.Second)
		}
		s.wait(25 * time.Hour)
		s.Complete(device(0))
		s.Complete(device(64))
		if !s.Known(ada, "device 0", "") || s.Known(ada, "device 1", "") || !s.Known(ada, "device 2", "") || !s.Known(ada, "device 64", "") {
			t.Error("another made room")
		}
	})
	t.Run("are none without an account or a device", func(t *testing.T) {
		s := newStage(t)
		s.Complete(guard.Try{Attempt: guard.Password, Account: ada})
		s.Complete(guard.Try{Attempt: guard.Password, Device: "a device"})
		if s.Known(ada, "", "") || s.Known("", "a device", "") {
			t.Error("somebody is known")
		}
	})
	t.Run("are not made by the right password alone", func(t *testing.T) {
		s := newStage(t)
		s.Passed(s.Ask(phone("198.51.100.1")))
		if s.Known(ada, "ada's phone", "") {
			t.Error("it is known")
		}
	})
	t.Run("are not confused with those whose names run together alike", func(t *testing.T) {
		s := newStage(t)
		for _, pair := range [][4]string{{"ab", "c", "a", "bc"}, {"a\x00b", "c", "a", "b\x00c"}, {"a\x01b", "c", "a", "b\x01c"}} {
			s.Complete(guard.Try{Attempt: guard.Password, Account: pair[0], Device: pair[1]})
			if s.Known(pair[2], pair[3], "") {
				t.Errorf("%q run together", pair)
			}
		}
	})
}

func TestSessions(t *testing.T) {
	signed := func() guard.Try {
		try := phone("203.0.113.1")
		try.Signed = true
		return try
	}
	t.Run("who has stolen one may guess ten times, then once in five minutes", func(t *testing.T) {
		s := newStage(t)
		n, v := s.fail(signed())
		if n != 10 || v.Why != guard.ByDevice || v.Wait != 5*time.Minute {
			t.Errorf("%d were let through, then %+v", n, v)
		}
		n = 0
		for range 24 * 60 * 6 {
			s.wait(10 * time.Second)
			if s.Ask(signed()).Allowed {
				n++
			}
		}
		if n > 300 {
			t.Errorf("%d guesses in a day", n)
		}
	})
	t.Run("another address gives the thief nothing", func(t *testing.T) {
		s := newStage(t)
		s.fail(signed())
		for n := range 200 {
			try := signed()
			try.Peer = addr(fmt.Sprintf("198.51.100.%d", n))
			if s.Ask(try).Allowed {
				t.Fatal("let through")
			}
		}
	})
	t.Run("the person's other devices are not in it", func(t *testing.T) {
		s := newStage(t)
		s.fail(signed())
		try := signed()
		try.Device = "ada's laptop"
		if v := s.Ask(try); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
	t.Run("the device itself still signs in as a known one", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		s.fail(signed())
		if v := s.Ask(phone("203.0.113.1")); !v.Known {
			t.Errorf("%+v", v)
		}
	})
	t.Run("neither a ban nor a siege is in the way of one who has a session", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		s.ban("203.0.113.1")
		if v := s.Ask(signed()); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
	t.Run("its failures ban nobody and count for no stranger", func(t *testing.T) {
		s := newStage(t)
		for range 500 {
			s.Ask(signed())
		}
		if len(s.Bans()) != 0 || len(s.Sieges()) != 0 {
			t.Errorf("%v, %v", s.Bans(), s.Sieges())
		}
		if n, _ := s.fail(far(ada, "203.0.113.1")); n != 8 {
			t.Errorf("%d of a stranger's tries were let through", n)
		}
	})
}

func TestHome(t *testing.T) {
	t.Run("a new device gets in through a siege and what holds up all strangers", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		for range 100 {
			s.guesses("203.0.113.2", 1)
		}
		if v := s.Ask(home(ada, "192.168.1.20")); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
	t.Run("strangers in the same provider's network shut nobody out at home", func(t *testing.T) {
		s := newStage(t)
		for n := range 200 {
			s.wait(6 * time.Second)
			s.guesses(fmt.Sprintf("2001:db8:0:%x::1", n), 1)
			s.Ask(far(ada, fmt.Sprintf("2001:db8:0:%x::1", n)))
		}
		if len(s.Bans()) == 0 {
			t.Fatal("no ban: this proves nothing")
		}
		if v := s.Ask(home(ada, "2001:db8:0:7::20")); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
	t.Run("who guesses at home is slowed down and never banned", func(t *testing.T) {
		s := newStage(t)
		if n, v := s.fail(home(ada, "192.168.1.66")); n != 8 || v.Why != guard.ByPlace {
			t.Errorf("%d were let through, then %+v", n, v)
		}
		let := 0
		for n := range 1000 {
			if s.Ask(home(fmt.Sprint(n), "192.168.1.66")).Allowed {
				let++
			}
		}
		if let != 52 || len(s.Bans()) != 0 {
			t.Errorf("%d more were let through; bans: %v", let, s.Bans())
		}
		if v := s.Ask(home(ada, "192.168.1.20")); !v.Allowed {
			t.Errorf("another device at home: %+v", v)
		}
	})
	t.Run("a thing at home with very many addresses gets no more than a thousand guesses a day at an account", func(t *testing.T) {
		s := newStage(t)
		let := 0
		for n := range 24 * 60 * 30 {
			if s.Ask(home(ada, fmt.Sprintf("192.168.1.%d", 1+n%254))).Allowed {
				let++
			}
			s.wait(2 * time.Second)
		}
		if let > 1000 {
			t.Errorf("%d", let)
		}
	})
	t.Run("guesses at home count for no stranger", func(t *testing.T) {
		s := newStage(t)
		for n := range 200 {
			s.Ask(home(ada, fmt.Sprintf("192.168.1.%d", 1+n)))
		}
		if v := s.Ask(far(ada, "203.0.113.1")); !v.Allowed {
			t.Errorf("%+v", v)
		}
		if len(s.Sieges()) != 0 {
			t.Errorf("%v", s.Sieges())
		}
	})
}
