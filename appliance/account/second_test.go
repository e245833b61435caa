package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/appliance/totp"
)

func TestAnAuthenticatorApp(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	p := app{s, totp.New()}
	t.Run("is not on before it has shown a code", func(t *testing.T) {
		for _, c := range []struct {
			secret, code string
			want         error
		}{
			{p.secret, "000000", account.ErrCodeWrong},
			{p.secret, "", account.ErrCodeWrong},
			{p.secret, p.show(-2), account.ErrCodeWrong},
			{"short", p.show(0), account.ErrSecret},
			{"", "", account.ErrSecret},
		} {
			if _, _, err := s.EnableTOTP(t.Context(), a.ID, c.secret, c.code); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if s.read(a.ID).HasSecond() {
			t.Error("it is on")
		}
	})
	t.Run("is on with the code, and comes with a recovery code", func(t *testing.T) {
		got, recovery, err := s.EnableTOTP(t.Context(), a.ID, strings.ToLower(p.secret), p.show(0))
		must(t, err)
		if !got.HasSecond() || got.TOTP.Secret != p.secret || len(recovery) != 32 || got.Recovery != recovery {
			t.Errorf("%+v with %q", got.TOTP, recovery)
		}
	})
	t.Run("another one takes its place, without another recovery code", func(t *testing.T) {
		other := app{s, totp.New()}
		got, recovery, err := s.EnableTOTP(t.Context(), a.ID, other.secret, other.show(0))
		must(t, err)
		if got.TOTP.Secret != other.secret || recovery != "" {
			t.Errorf("%+v with %q", got.TOTP, recovery)
		}
	})
	t.Run("can be turned off, and off again", func(t *testing.T) {
		for range 2 {
			got, err := s.DisableTOTP(t.Context(), a.ID)
			if err != nil || got.HasSecond() {
				t.Errorf("%+v, %v", got.TOTP, err)
			}
		}
		s.comesIn(alice, "laptop")
	})
}

func TestSecurityKeys(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	t.Run("the first comes with a recovery code, the next without", func(t *testing.T) {
		for i, want := range []bool{true, false, false} {
			got, recovery, err := s.AddKey(t.Context(), a.ID, fmt.Sprint("key ", i), credential(fmt.Sprint(i), 0))
			must(t, err)
			if (recovery != "") != want || got.Keys[i].ID != i+1 || !got.Keys[i].Created.Equal(s.clock()) {
				t.Errorf("%q, %+v", recovery, got.Keys[i])
			}
		}
	})
	t.Run("a removed one leaves its number to the next", func(t *testing.T) {
		got, err := s.RemoveKey(t.Context(), a.ID, 2)
		must(t, err)
		if len(got.Keys) != 2 {
			t.Fatalf("%+v", got.Keys)
		}
		got, _, err = s.AddKey(t.Context(), a.ID, "new", credential("new", 0))
		must(t, err)
		if got.Keys[2].ID != 2 {
			t.Errorf("%+v", got.Keys)
		}
	})
	t.Run("one that is gone is gone", func(t *testing.T) {
		_, err := s.RemoveKey(t.Context(), a.ID, 9)
		if !errors.Is(err, account.ErrKeyGone) || !errors.Is(s.RenameKey(t.Context(), a.ID, 9, "x"), account.ErrKeyGone) {
			t.Errorf("%v", err)
		}
	})
	t.Run("each has a name that can change", func(t *testing.T) {
		must(t, s.RenameKey(t.Context(), a.ID, 3, "on the ring"))
		if got := s.read(a.ID).Keys; got[1].Name != "on the ring" || got[0].Name != "key 0" {
			t.Errorf("%+v", got)
		}
		if err := s.RenameKey(t.Context(), a.ID, 3, strings.Repeat("x", 201)); err == nil {
			t.Error("a name without end is taken")
		}
	})
	t.Run("none is added twice, as a passkey neither", func(t *testing.T) {
		if _, _, err := s.AddKey(t.Context(), a.ID, "", credential("new", 0)); !errors.Is(err, account.ErrKeyTwice) {
			t.Errorf("%v", err)
		}
		if _, err := s.AddPasskey(t.Context(), a.ID, account.Passkey{Credential: credential("new", 0)}); !errors.Is(err, account.ErrKeyTwice) {
			t.Errorf("%v", err)
		}
		if _, _, err := s.AddKey(t.Context(), a.ID, "", passkey.Credential{}); err == nil {
			t.Error("a key without an id is taken")
		}
	})
	t.Run("there is an end to their number", func(t *testing.T) {
		var err error
		n := 0
		for ; err == nil && n < 20; n++ {
			_, _, err = s.AddKey(t.Context(), a.ID, "", credential(fmt.Sprint("more ", n), 0))
		}
		if !errors.Is(err, account.ErrKeysMany) || len(s.read(a.ID).Keys) != 10 {
			t.Errorf("after %d: %v", n, err)
		}
	})
	t.Run("all can go at once", func(t *testing.T) {
		got, err := s.RemoveKeys(t.Context(), a.ID)
		if err != nil || got.HasSecond() {
			t.Errorf("%v, %v", got.Keys, err)
		}
	})
	t.Run("one that does not count is believed each time", func(t *testing.T) {
		_, _, err := s.AddKey(t.Context(), a.ID, "", credential("plain", 0))
		must(t, err)
		for range 2 {
			p, err := s.CheckKey(s.password(alice), credential("plain", 0), false)
			must(t, err)
			s.enters(p, "laptop")
		}
	})
}

func TestTheRecoveryCode(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	t.Run("is made when it is asked for, and stays", func(t *testing.T) {
		first, err := s.RecoveryCode(t.Context(), a.ID)
		must(t, err)
		again, err := s.RecoveryCode(t.Context(), a.ID)
		must(t, err)
		if first == "" || first != again {
			t.Errorf("%q, then %q", first, again)
		}
	})
	_, told := s.scans(a.ID)
	if told != "" {
		t.Error("a code that its person knows was told once more")
	}
	s.touches(a.ID, "yubikey")
	before := s.read(a.ID)
	remembered := s.remembers("laptop")
	code := before.Recovery
	touched := 0
	s.Directory = s.over(touching{s.keep, &touched})
	t.Run("turns the second factors off, and a new one takes its place", func(t *testing.T) {
		spaced := strings.ToUpper(code[:4]) + "-" + code[4:8] + " " + code[8:]
		g := s.enters(s.says(s.password(alice), account.Second{Provider: account.Recovery, Token: spaced}), "laptop")
		now := s.read(a.ID)
		if touched != 1 {
			t.Errorf("the person's clients were told %d times", touched)
		}
		if now.HasSecond() || len(now.Remembered) > 0 || now.Recovery == code || now.Recovery == "" || g.Session.Method != account.ByRecovery {
			t.Errorf("%+v", now)
		}
	})
	t.Run("which is told with the next factor", func(t *testing.T) {
		now := s.read(a.ID).Recovery
		_, told := s.scans(a.ID)
		if told != now {
			t.Errorf("told %q, it is %q", told, now)
		}
	})
	t.Run("the used one is wrong", func(t *testing.T) {
		_, err := s.CheckSecond(s.password(alice), account.Second{Provider: account.Recovery, Token: code}, "laptop")
		if !errors.Is(err, account.ErrRecovery) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a device that was remembered before is not any more", func(t *testing.T) {
		if !s.isAsked("laptop", remembered) {
			t.Error("it is")
		}
	})
	t.Run("can be used without signing in, once", func(t *testing.T) {
		p := s.says(s.password(alice), account.Second{Provider: account.Recovery, Token: s.read(a.ID).Recovery})
		n := len(s.sessions(a.ID))
		must(t, s.Recover(t.Context(), p))
		if s.read(a.ID).HasSecond() || len(s.sessions(a.ID)) != n {
			t.Errorf("%+v, %d sessions after %d", s.read(a.ID).TOTP, len(s.sessions(a.ID)), n)
		}
		if err := s.Recover(t.Context(), p); err == nil {
			t.Error("and again")
		}
	})
	t.Run("only who gave it can do that", func(t *testing.T) {
		s.scans(a.ID)
		if err := s.Recover(t.Context(), s.password(alice)); !errors.Is(err, account.ErrRecovery) || !s.read(a.ID).HasSecond() {
			t.Errorf("%v", err)
		}
	})
	t.Run("an account that never had one has none that is empty", func(t *testing.T) {
		b := s.joins("bob@example.test")
		must(t, s.keep.Write(t.Context(), func(w account.Writer) error {
			b.TOTP = &account.TOTP{Secret: totp.New()}
			return w.PutAccount(b)
		}))
		for _, token := range []string{" ", "-"} {
			if _, err := s.CheckSecond(s.password(b.Email), account.Second{Provider: account.Recovery, Token: token}, "laptop"); !errors.Is(err, account.ErrRecovery) {
				t.Errorf("%q: %v", token, err)
			}
		}
	})
}

// touching is a Keep that counts how often a revision moved on.
type touching struct {
	account.Keep
	n *int
}

func (k touching) Write(ctx context.Context, fn func(account.Writer) error) error {
	return k.Keep.Write(ctx, func(w account.Writer) error { return fn(touchingWriter{w, k.n}) })
}

type touchingWriter struct {
	account.Writer
	n *int
}

func (w touchingWriter) Touch(id account.UserID) (int64, error) {
	*w.n++
	return w.Writer.Touch(id)
}

// remembers signs alice in with a code and has the device remembered.
func (s *stage) remembers(device string) (token string) {
	s.t.Helper()
	phone, _ := s.scans(s.password(alice).Account.ID)
	g := s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0), Remember: true}), device)
	if g.RememberToken == "" {
		s.t.Fatal("no token came")
	}
	return g.RememberToken
}

// isAsked reports whether alice's second factor is wanted from a device with
// this token. It starts nothing.
func (s *stage) isAsked(device, token string) bool {
	s.t.Helper()
	_, err := s.CheckSecond(s.password(alice), account.Second{Provider: account.Remember, Token: token}, device)
	var wanted *account.SecondWanted
	if err != nil && !errors.As(err, &wanted) {
		s.t.Fatal(err)
	}
	return err != nil
}

func TestARememberedDevice(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	token := s.remembers("laptop")
	t.Run("is not asked for a second factor", func(t *testing.T) {
		p, err := s.CheckSecond(s.password(alice), account.Second{Provider: account.Remember, Token: token, Remember: true}, "laptop")
		must(t, err)
		g := s.enters(p, "laptop")
		if g.Session.Method != account.ByRemember || g.RememberToken != "" {
			t.Errorf("%s, and a new token: %t", g.Session.Method, g.RememberToken != "")
		}
	})
	t.Run("still needs the password", func(t *testing.T) {
		if _, err := s.Password(t.Context(), alice, "x", true); !errors.Is(err, account.ErrSignIn) {
			t.Errorf("%v", err)
		}
	})
	t.Run("is that one only", func(t *testing.T) {
		if !s.isAsked("phone", token) || !s.isAsked("laptop", token+"x") || !s.isAsked("laptop", "") {
			t.Error("another is not asked")
		}
	})
	t.Run("and nobody else's", func(t *testing.T) {
		b := s.joins("bob@example.test")
		s.scans(b.ID)
		if _, err := s.CheckSecond(s.password(b.Email), account.Second{Provider: account.Remember, Token: token}, "laptop"); err == nil {
			t.Error("it lets bob in")
		}
	})
	t.Run("is kept as a hash", func(t *testing.T) {
		for _, r := range s.read(a.ID).Remembered {
			if strings.Contains(string(r.Hash), token) || len(r.Hash) != 32 {
				t.Errorf("%q", r.Hash)
			}
		}
	})
	t.Run("has its last day after thirty, however often it came", func(t *testing.T) {
		s.wait(30*day - totp.Period - time.Second)
		if s.isAsked("laptop", token) {
			t.Error("asked too early")
		}
		s.wait(totp.Period + time.Second)
		if !s.isAsked("laptop", token) {
			t.Error("still not asked")
		}
	})
	t.Run("whose time runs out between the steps is asked", func(t *testing.T) {
		token := s.remembers("laptop")
		p, err := s.CheckSecond(s.password(alice), account.Second{Provider: account.Remember, Token: token}, "laptop")
		must(t, err)
		s.wait(31 * day)
		var wanted *account.SecondWanted
		if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.As(err, &wanted) {
			t.Errorf("%v", err)
		}
	})
	t.Run("is remembered once, though it asks often", func(t *testing.T) {
		first := s.remembers("laptop")
		must(t, s.ForgetRemembered(t.Context(), a.ID))
		phone, _ := s.scans(a.ID)
		for range 2 {
			s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0), Remember: true}), "laptop")
			s.wait(totp.Period)
		}
		if n := len(s.read(a.ID).Remembered); n != 1 || !s.isAsked("laptop", first) {
			t.Errorf("%d times", n)
		}
	})
	t.Run("is not remembered unless it asks", func(t *testing.T) {
		phone, _ := s.scans(a.ID)
		g := s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0)}), "laptop")
		if n := len(s.read(a.ID).Remembered); g.RememberToken != "" || n != 0 {
			t.Errorf("%d", n)
		}
	})
	t.Run("there is an end to their number", func(t *testing.T) {
		s.touches(a.ID, "yubikey")
		once := s.password(alice)
		for i := range 53 {
			p, err := s.CheckKey(once, credential("yubikey", uint32(2+i)), true)
			must(t, err)
			s.enters(p, fmt.Sprint("device ", i))
		}
		all := s.read(a.ID).Remembered
		if len(all) != 50 || all[0].Device != "device 3" {
			t.Errorf("%d, first %s", len(all), all[0].Device)
		}
	})
}

func TestWhatEndsRememberedDevices(t *testing.T) {
	for name, change := range map[string]func(s *stage, a account.Account) error{
		"another password": func(s *stage, a account.Account) error {
			_, err := s.ChangePassword(s.t.Context(), a.ID, "", account.Unlock{KDF: a.KDF, Salt: a.Salt, MasterPasswordHash: right, UserKey: sealed})
			return err
		},
		"another stamp": func(s *stage, a account.Account) error { return s.SignOutEverywhere(s.t.Context(), a.ID, "") },
		"signing the other sessions out": func(s *stage, a account.Account) error {
			return s.EndOthers(s.t.Context(), s.sessions(a.ID)[0])
		},
		"a new authenticator app": func(s *stage, a account.Account) error { s.scans(a.ID); return nil },
		"a new key":               func(s *stage, a account.Account) error { s.touches(a.ID, "new"); return nil },
		"a removed key": func(s *stage, a account.Account) error {
			_, err := s.RemoveKey(s.t.Context(), a.ID, 1)
			return err
		},
		"asking for it": func(s *stage, a account.Account) error { return s.ForgetRemembered(s.t.Context(), a.ID) },
		"a reset":       func(s *stage, a account.Account) error { return s.ResetSecond(s.t.Context(), a.ID) },
		"removing the device": func(s *stage, a account.Account) error {
			_, err := s.RemoveDevice(s.t.Context(), a.ID, "laptop")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			a := s.owner()
			s.touches(a.ID, "yubikey")
			token := s.remembers("laptop")
			if s.isAsked("laptop", token) {
				t.Fatal("it was never remembered")
			}
			must(t, change(s, s.read(a.ID)))
			if len(s.read(a.ID).Remembered) != 0 {
				t.Error("it is remembered")
			}
		})
	}
	t.Run("removing another device does not", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		phone, _ := s.scans(a.ID)
		token := s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0), Remember: true}), "laptop").RememberToken
		s.wait(totp.Period)
		s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0), Remember: true}), "phone")
		_, err := s.RemoveDevice(t.Context(), a.ID, "phone")
		must(t, err)
		if s.isAsked("laptop", token) || len(s.read(a.ID).Remembered) != 1 {
			t.Error("the laptop is asked")
		}
	})
}
