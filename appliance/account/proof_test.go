package account_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
)

func TestAVerificationTokenStandsForAProof(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins("bob@example.test")
	g := s.signIn("laptop")
	token, err := s.VerificationToken(t.Context(), g.Session, "second")
	must(t, err)
	check := func(id account.UserID, purpose, token string) bool {
		err := s.CheckVerificationToken(t.Context(), id, purpose, token)
		if err != nil && !errors.Is(err, account.ErrVerification) {
			t.Errorf("%v", err)
		}
		return err == nil
	}
	t.Run("of its person, for its purpose", func(t *testing.T) {
		if !check(a.ID, "second", token) {
			t.Error("it is not good")
		}
		if check(b.ID, "second", token) || check(a.ID, "secon", token) || check(a.ID, "", token) {
			t.Error("it is good for another")
		}
	})
	t.Run("with not a bit changed", func(t *testing.T) {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		must(t, err)
		for i := range raw {
			bent := append([]byte{}, raw...)
			bent[i] ^= 1
			if check(a.ID, "second", base64.RawURLEncoding.EncodeToString(bent)) {
				t.Errorf("byte %d changes nothing", i)
			}
		}
		for _, other := range []string{"", token + "A", token[:len(token)-1], token[4:], "?"} {
			if check(a.ID, "second", other) {
				t.Errorf("%q is good", other)
			}
		}
	})
	t.Run("for ten minutes, and not before it was made", func(t *testing.T) {
		s.wait(10*time.Minute - time.Second)
		if !check(a.ID, "second", token) {
			t.Error("it ended early")
		}
		s.wait(time.Second)
		if check(a.ID, "second", token) {
			t.Error("it lives")
		}
		s.wait(-time.Hour)
		if check(a.ID, "second", token) {
			t.Error("it is good in the past")
		}
	})
	t.Run("from the proof on, however late it is made", func(t *testing.T) {
		s.wait(time.Hour + 5*time.Minute)
		session, err := s.Prove(t.Context(), g.Session)
		must(t, err)
		s.wait(9 * time.Minute)
		token, err := s.VerificationToken(t.Context(), session, "second")
		must(t, err)
		if !check(a.ID, "second", token) {
			t.Error("it is not good after nine minutes")
		}
		s.wait(time.Minute)
		if check(a.ID, "second", token) {
			t.Error("it is good after ten")
		}
		late, err := s.VerificationToken(t.Context(), session, "second")
		must(t, err)
		unproved, err := s.VerificationToken(t.Context(), account.Session{Owner: a.ID}, "second")
		must(t, err)
		if check(a.ID, "second", late) || check(a.ID, "second", unproved) {
			t.Error("one that was made without a proof is good")
		}
	})
	t.Run("until the stamp changes", func(t *testing.T) {
		session, err := s.Prove(t.Context(), g.Session)
		must(t, err)
		token, err := s.VerificationToken(t.Context(), session, "second")
		must(t, err)
		if !check(a.ID, "second", token) {
			t.Error("it is not good")
		}
		must(t, s.SignOutEverywhere(t.Context(), a.ID, ""))
		if check(a.ID, "second", token) {
			t.Error("it lives")
		}
	})
}

// FuzzVerificationToken wants nothing believed that was not made here.
func FuzzVerificationToken(f *testing.F) {
	s := newStage(f)
	a, err := s.RegisterOwner(f.Context(), registration(alice))
	must(f, err)
	token, err := s.VerificationToken(f.Context(), s.signIn("laptop").Session, "second")
	must(f, err)
	f.Add("", "")
	f.Add("third", token)
	f.Add("second", token[:20])
	f.Fuzz(func(t *testing.T, purpose, given string) {
		if purpose == "second" && given == token {
			return
		}
		if err := s.CheckVerificationToken(t.Context(), a.ID, purpose, given); !errors.Is(err, account.ErrVerification) {
			t.Fatalf("%q for %q: %v", given, purpose, err)
		}
	})
}

func TestAProofIsNotedOnItsSession(t *testing.T) {
	s := newStage(t)
	s.owner()
	g, other := s.signIn("laptop"), s.signIn("phone")
	s.wait(time.Hour / 2)
	session, err := s.Session(t.Context(), g.AccessToken)
	must(t, err)
	proved, err := s.Prove(t.Context(), session)
	must(t, err)
	again, err := s.Session(t.Context(), g.AccessToken)
	must(t, err)
	if !proved.Proved.Equal(s.clock()) || !again.Proved.Equal(s.clock()) || proved.ID != session.ID {
		t.Errorf("%v, kept as %v", proved.Proved, again.Proved)
	}
	if elsewhere, err := s.Session(t.Context(), other.AccessToken); err != nil || elsewhere.Proved.Equal(s.clock()) {
		t.Errorf("the other session is proved, too: %v", err)
	}
	t.Run("which a refresh does not move", func(t *testing.T) {
		s.wait(2 * time.Hour)
		again, err := s.Refresh(t.Context(), g.RefreshToken)
		if err != nil || !again.Session.Proved.Equal(proved.Proved) {
			t.Errorf("%v, %v", again.Session.Proved, err)
		}
	})
	t.Run("and that has ended", func(t *testing.T) {
		must(t, s.End(t.Context(), session))
		if _, err := s.Prove(t.Context(), session); !errors.Is(err, account.ErrSession) {
			t.Errorf("%v", err)
		}
		if n := len(s.sessions(session.Owner)); n != 1 {
			t.Errorf("%d sessions: it came back", n)
		}
	})
}

// TestNoSessionSurvivesAnotherStamp has also one come back that should be gone.
func TestNoSessionSurvivesAnotherStamp(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	g, kept := s.signIn("laptop"), s.signIn("phone")
	if !s.acts(g) {
		t.Fatal("it never acted")
	}
	must(t, s.SignOutEverywhere(t.Context(), a.ID, kept.Session.ID))
	if s.acts(g) || s.alive(g) {
		t.Error("it acts")
	}
	if !s.acts(kept) || !s.alive(kept) {
		t.Error("the one that was to stay went")
	}
	must(t, s.keep.WriteSessions(t.Context(), func(w account.SessionWriter) error { return w.PutSession(g.Session) }))
	if s.acts(g) || s.alive(g) {
		t.Error("with its old stamp it acts")
	}
}

func TestASessionOfAnAPIKeyIsNotRefreshed(t *testing.T) {
	s := newStage(t)
	s.owner()
	g := s.signIn("laptop")
	g.Session.NoRefresh = true // past the rule, which gives it no refresh token at all
	must(t, s.keep.WriteSessions(t.Context(), func(w account.SessionWriter) error { return w.PutSession(g.Session) }))
	if s.alive(g) {
		t.Error("it was")
	}
}

func TestARefreshTokenIsRightInAllItsParts(t *testing.T) {
	s := newStage(t)
	s.owner()
	one, two := s.signIn("laptop"), s.signIn("phone")
	raw := func(g account.Grant) []byte {
		b, err := base64.RawURLEncoding.DecodeString(g.RefreshToken)
		must(t, err)
		return b
	}
	mixed := append(raw(one)[:32:32], raw(two)[32:]...)
	bent := raw(one)
	bent[len(bent)-1] ^= 1
	for name, b := range map[string][]byte{"with another session's secret": mixed, "with a bit changed": bent, "cut": raw(one)[:63]} {
		_, err := s.Refresh(t.Context(), base64.RawURLEncoding.EncodeToString(b))
		if !errors.Is(err, account.ErrSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !s.alive(one) {
		t.Error("the right one is refused")
	}
}

func TestSessionsOfAPerson(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins("bob@example.test")
	one := s.signIn("laptop")
	s.wait(29 * day)
	two, three := s.signIn("phone"), s.signIn("tablet")
	bobs := s.comesIn(b.Email, "laptop")
	s.wait(2 * day)
	t.Run("are listed while they live", func(t *testing.T) {
		all, err := s.Sessions(t.Context(), a.ID)
		if err != nil || len(all) != 2 {
			t.Errorf("%+v, %v; the first was %s", all, err, one.Session.ID)
		}
	})
	t.Run("end one by one, by their person only", func(t *testing.T) {
		if err := s.EndSession(t.Context(), a.ID, bobs.Session.ID); err == nil || !s.alive(bobs) {
			t.Errorf("%v", err)
		}
		must(t, s.EndSession(t.Context(), a.ID, two.Session.ID))
		if s.alive(two) || !s.alive(three) {
			t.Error("it lives, or the other does not")
		}
		if err := s.EndSession(t.Context(), a.ID, two.Session.ID); err == nil {
			t.Error("it ended twice")
		}
	})
	t.Run("or all but one", func(t *testing.T) {
		four := s.signIn("kiosk")
		must(t, s.EndOthers(t.Context(), three.Session))
		if s.alive(four) || !s.alive(three) || !s.alive(bobs) {
			t.Error("the wrong ones live")
		}
	})
}

func TestADevicesNameIsItsPersons(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.signIn("laptop")
	name := func() string {
		d, err := s.Device(t.Context(), a.ID, "laptop")
		must(t, err)
		return d.Name
	}
	must(t, s.RenameDevice(t.Context(), a.ID, "laptop", "In the kitchen"))
	s.signIn("laptop")
	if name() != "In the kitchen" {
		t.Errorf("after a sign-in: %s", name())
	}
	must(t, s.RenameDevice(t.Context(), a.ID, "laptop", ""))
	s.signIn("laptop")
	if name() != "Chrome" {
		t.Errorf("without a name of its own: %s", name())
	}
	b := s.joins("bob@example.test")
	if err := s.RenameDevice(t.Context(), b.ID, "laptop", "Bob's"); err == nil {
		t.Error("another renamed it")
	}
}
