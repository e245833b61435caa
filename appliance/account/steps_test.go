package account_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/appliance/totp"
)

// counting is a Keep that counts its writes.
type counting struct {
	account.Keep
	writes *int
}

func (c counting) Write(ctx context.Context, fn func(account.Writer) error) error {
	*c.writes++
	return c.Keep.Write(ctx, fn)
}

func (c counting) WriteSessions(ctx context.Context, fn func(account.SessionWriter) error) error {
	*c.writes++
	return c.Keep.WriteSessions(ctx, fn)
}

func TestASignInGoesInSteps(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	phone, _ := s.scans(a.ID)
	s.touches(a.ID, "yubikey")
	writes := 0
	s.Directory = s.over(counting{s.keep, &writes})

	t.Run("a wrong password and a stranger's name are refused alike", func(t *testing.T) {
		for _, c := range [][2]string{{alice, "x"}, {"nobody@example.test", right}, {"", ""}} {
			if _, err := s.Password(t.Context(), c[0], c[1], false); err != account.ErrSignIn { //nolint:errorlint // the very same, cause and all
				t.Errorf("%q with %q: %v", c[0], c[1], err)
			}
		}
	})
	p := s.password(" Alice@Example.test ")
	t.Run("after the right password the factors are wanted that are on", func(t *testing.T) {
		var wanted *account.SecondWanted
		if !errors.As(p.Wanted(), &wanted) || len(wanted.Providers) != 2 || wanted.Providers[0] != account.Authenticator || wanted.Providers[1] != account.WebAuthn {
			t.Fatalf("%v", p.Wanted())
		}
		if wanted.Account.ID != a.ID || problem.Of(wanted).Code != "second.wanted" {
			t.Errorf("%+v", wanted)
		}
	})
	t.Run("the password alone starts nothing", func(t *testing.T) {
		var wanted *account.SecondWanted
		if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.As(err, &wanted) {
			t.Errorf("%v", err)
		}
	})
	for _, c := range []struct {
		name   string
		second account.Second
		want   error
	}{
		{"no code is asked for", account.Second{}, p.Wanted()},
		{"a wrong code is wrong", account.Second{Token: "000000"}, account.ErrCodeWrong},
		{"an old one, too", account.Second{Token: phone.show(-2)}, account.ErrCodeWrong},
		{"the right one from another provider, too", account.Second{Provider: 1, Token: phone.show(0)}, account.ErrCodeWrong},
		{"a security key can't be typed", account.Second{Provider: account.WebAuthn, Token: "yubikey"}, account.ErrCodeWrong},
		{"a token that was never given is as none", account.Second{Provider: account.Remember, Token: "x"}, p.Wanted()},
		{"a wrong recovery code is wrong", account.Second{Provider: account.Recovery, Token: "x"}, account.ErrRecovery},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.CheckSecond(p, c.second, "laptop")
			if !errors.Is(err, problem.Of(c.want)) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if _, err := s.Start(t.Context(), got, named("laptop"), "web"); err == nil {
				t.Error("and yet it started")
			}
		})
	}
	t.Run("a key that is not the person's is wrong", func(t *testing.T) {
		if _, err := s.CheckKey(p, credential("stranger", 9), false); !errors.Is(err, account.ErrCodeWrong) {
			t.Errorf("%v", err)
		}
	})
	t.Run("who has proved nothing gets nowhere", func(t *testing.T) {
		var nobody account.Proven
		forged := account.Proven{Account: a, Method: account.ByPassword}
		for _, p := range []account.Proven{nobody, forged} {
			p, _ = s.CheckSecond(p, account.Second{Token: phone.show(0)}, "laptop")
			p, _ = s.CheckKey(p, credential("yubikey", 2), false)
			if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, account.ErrSignIn) {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("a device without a name of its own is refused before anything", func(t *testing.T) {
		if _, err := s.Start(t.Context(), s.says(p, account.Second{Token: phone.show(0)}), account.Device{}, "web"); !errors.Is(err, account.ErrDevice) {
			t.Errorf("%v", err)
		}
	})
	devices, err := s.Devices(t.Context(), a.ID)
	if n := len(s.sessions(a.ID)); n != 0 || len(devices) != 0 || err != nil || s.read(a.ID).TOTP.LastUsed.Unix() > 0 {
		t.Errorf("what did not end well left %d sessions, %d devices (%v) and %+v", n, len(devices), err, s.read(a.ID).TOTP)
	}
	writes = 0
	t.Run("the right code starts a session, in one write", func(t *testing.T) {
		g := s.enters(s.says(p, account.Second{Token: phone.show(0)}), "laptop")
		if writes != 1 {
			t.Errorf("%d writes", writes)
		}
		if g.Session.Method != account.ByTOTP || !g.Session.Proved.Equal(s.clock()) || g.RememberToken != "" || g.Missing {
			t.Errorf("%+v", g)
		}
		if !s.read(a.ID).TOTP.LastUsed.Equal(s.clock()) {
			t.Error("the app's last use is not kept")
		}
	})
	t.Run("so does the key, whose counter moves on", func(t *testing.T) {
		p, err := s.CheckKey(s.password(alice), credential("yubikey", 7), false)
		must(t, err)
		g := s.enters(p, "laptop")
		k := s.read(a.ID).Keys[0]
		if g.Session.Method != account.ByKey || k.Credential.Counter != 7 || !k.LastUsed.Equal(s.clock()) {
			t.Errorf("%s, %+v", g.Session.Method, k)
		}
	})
	t.Run("a key whose counter stands still or goes back has a twin", func(t *testing.T) {
		for _, counter := range []uint32{7, 6, 0} {
			p, err := s.CheckKey(s.password(alice), credential("yubikey", counter), false)
			must(t, err)
			if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, passkey.ErrCloned) {
				t.Errorf("%d: %v", counter, err)
			}
		}
	})
	t.Run("all in one is the same", func(t *testing.T) {
		s.wait(totp.Period)
		c := credentials("laptop")
		var wanted *account.SecondWanted
		if _, err := s.SignIn(t.Context(), c); !errors.As(err, &wanted) {
			t.Errorf("%v", err)
		}
		c.Second.Token = phone.show(0)
		if _, err := s.SignIn(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// TestACodeCountsOnce has the same code, key or recovery code come twice.
func TestACodeCountsOnce(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	phone, recovery := s.scans(a.ID)
	s.touches(a.ID, "yubikey")
	keyed, err := s.CheckKey(s.password(alice), credential("yubikey", 5), false)
	must(t, err)
	coded := s.says(s.password(alice), account.Second{Token: phone.show(0)})
	for name, c := range map[string]struct {
		p    account.Proven
		want error
	}{
		"a code": {coded, account.ErrCodeWrong},
		"a key":  {keyed, passkey.ErrCloned},
	} {
		t.Run("of two at once with "+name+" one gets in", func(t *testing.T) {
			wins, lost := s.race(c.p, 4)
			if wins != 1 {
				t.Errorf("%d got in", wins)
			}
			for _, err := range lost {
				if !errors.Is(err, c.want) {
					t.Errorf("another heard %v", err)
				}
			}
		})
	}
	t.Run("a code that was used can't be proved again", func(t *testing.T) {
		for _, steps := range []int64{0, -1} {
			if _, err := s.CheckSecond(s.password(alice), account.Second{Token: phone.show(steps)}, "laptop"); !errors.Is(err, account.ErrCodeWrong) {
				t.Errorf("%d: %v", steps, err)
			}
		}
	})
	t.Run("nor when the clock goes back", func(t *testing.T) {
		code := phone.show(0)
		s.wait(-totp.Period)
		defer s.wait(totp.Period)
		if _, err := s.CheckSecond(s.password(alice), account.Second{Token: code}, "laptop"); !errors.Is(err, account.ErrCodeWrong) {
			t.Errorf("%v", err)
		}
	})
	t.Run("nor by setting the same app up again", func(t *testing.T) {
		if _, _, err := s.EnableTOTP(t.Context(), a.ID, phone.secret, phone.show(0)); !errors.Is(err, account.ErrCodeWrong) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the code that set the app up does not sign in", func(t *testing.T) {
		other := app{s, totp.New()}
		_, _, err := s.EnableTOTP(t.Context(), a.ID, other.secret, other.show(0))
		must(t, err)
		if _, err := s.CheckSecond(s.password(alice), account.Second{Token: other.show(0)}, "laptop"); !errors.Is(err, account.ErrCodeWrong) {
			t.Errorf("%v", err)
		}
	})
	t.Run("of two at once with the recovery code one gets in", func(t *testing.T) {
		p := s.says(s.password(alice), account.Second{Provider: account.Recovery, Token: recovery})
		if wins, _ := s.race(p, 4); wins != 1 {
			t.Errorf("%d got in", wins)
		}
	})
}

// race starts the same sign-in n times at once.
func (s *stage) race(p account.Proven, n int) (wins int, lost []error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			_, err := s.Start(context.Background(), p, named("laptop"), "web")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				wins++
			} else {
				lost = append(lost, err)
			}
		})
	}
	all.Wait()
	return wins, lost
}

// TestWhatChangesDuringASignInEndsIt has something happen after the second step
// and before the last.
func TestWhatChangesDuringASignInEndsIt(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(s *stage, a account.Account) error
		want    error
	}{
		"the password": {func(s *stage, a account.Account) error {
			_, err := s.ChangePassword(context.Background(), a.ID, "", account.Unlock{KDF: a.KDF, Salt: a.Salt, MasterPasswordHash: "bmV3", UserKey: sealed})
			return err
		}, account.ErrSignIn},
		"the stamp": {func(s *stage, a account.Account) error {
			return s.SignOutEverywhere(context.Background(), a.ID, "")
		}, account.ErrSignIn},
		"the account, which is removed": {func(s *stage, a account.Account) error {
			return s.Remove(context.Background(), a.ID)
		}, account.ErrSignIn},
		"the authenticator app": {func(s *stage, a account.Account) error {
			s.scans(a.ID)
			return nil
		}, account.ErrChanged},
		"the keys": {func(s *stage, a account.Account) error {
			_, _, err := s.AddKey(context.Background(), a.ID, "another", credential("another", 0))
			return err
		}, account.ErrChanged},
		"whether there is a factor": {func(s *stage, a account.Account) error {
			return s.ResetSecond(context.Background(), a.ID)
		}, account.ErrChanged},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.owner()
			a := s.joinsAs("bob@example.test", account.Owner)
			phone, _ := s.scans(a.ID)
			p := s.says(s.password(a.Email), account.Second{Token: phone.show(0), Remember: true})
			must(t, c.happens(s, a))
			if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if n := len(s.sessions(a.ID)); n != 0 {
				t.Errorf("%d sessions", n)
			}
		})
	}
	// Each set past its rule, which would change more than this.
	for name, c := range map[string]struct {
		set  func(a *account.Account)
		want error
	}{
		"that the person was disabled":  {func(a *account.Account) { a.Disabled = true }, account.ErrDisabled},
		"the verifier and nothing else": {func(a *account.Account) { a.Verifier.Hash[0]++ }, account.ErrSignIn},
		"the recovery code":             {func(a *account.Account) { a.Recovery = "another" }, account.ErrRecovery},
		"the secret of the app":         {func(a *account.Account) { a.TOTP.Secret = totp.New() }, account.ErrChanged},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			a := s.owner()
			_, recovery := s.scans(a.ID)
			p := s.says(s.password(alice), account.Second{Provider: account.Recovery, Token: recovery})
			a = s.read(a.ID)
			c.set(&a)
			must(t, s.keep.Write(t.Context(), func(w account.Writer) error { return w.PutAccount(a) }))
			if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("a factor that was turned on", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		p := s.password(alice)
		s.scans(a.ID)
		if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, account.ErrChanged) {
			t.Errorf("%v", err)
		}
	})
}

func TestAStrangersNameCostsTheSame(t *testing.T) {
	s := newStage(t)
	s.owner()
	for _, email := range []string{alice, "nobody@example.test"} {
		before := s.Hashes()
		if _, err := s.Password(t.Context(), email, "wrong", false); !errors.Is(err, account.ErrSignIn) {
			t.Errorf("%v", err)
		}
		if n := s.Hashes() - before; n != 1 {
			t.Errorf("%s costs %d hashes", email, n)
		}
	}
}
