package account_test

import (
	"encoding/base32"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/totp"
)

// ahead is how far the clock runs ahead in these tests: until 2038.
const ahead = 12 * 365 * day

func TestATokenOfTheFutureIsNotGoodYet(t *testing.T) {
	s := newStage(t)
	s.owner()
	s.wait(ahead)
	g := s.signIn("laptop")
	if _, err := s.Session(t.Context(), g.AccessToken); err != nil {
		t.Fatal(err)
	}
	s.wait(-ahead)
	if _, err := s.Session(t.Context(), g.AccessToken); !errors.Is(err, account.ErrSession) {
		t.Errorf("one that was just used: %v", err)
	}
	s.Forget()
	if _, err := s.Session(t.Context(), g.AccessToken); !errors.Is(err, account.ErrSession) {
		t.Errorf("one that is read again: %v", err)
	}
	fresh, err := s.Refresh(t.Context(), g.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), fresh.AccessToken); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestNothingThatAClockAheadHasMadeLivesLonger(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	before := s.signIn("phone")
	s.wait(ahead)
	late := s.signIn("laptop")
	_, token, err := s.Invite(t.Context(), a.ID, "bob@example.test", "", account.Member)
	if err != nil {
		t.Fatal(err)
	}
	s.wait(-ahead)
	if err := s.Shorten(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
	for _, kept := range s.sessions(a.ID) {
		if end := s.clock().AddDate(0, 0, 30); kept.Expires.After(end) || kept.Seen.After(s.clock()) || kept.Proved.After(s.clock()) {
			t.Errorf("a session seen %v, proved %v, lives until %v", kept.Seen, kept.Proved, kept.Expires)
		}
	}
	if err := s.CheckInvitation(t.Context(), "bob@example.test", token); err != nil {
		t.Errorf("the invitation ended at once: %v", err)
	}
	s.wait(8 * day)
	if err := s.CheckInvitation(t.Context(), "bob@example.test", token); !errors.Is(err, account.ErrInvitation) {
		t.Errorf("the invitation after 8 days: %v", err)
	}
	if !s.alive(before) || !s.alive(late) {
		t.Error("somebody was signed out")
	}
	s.wait(31 * day)
	if s.alive(late) {
		t.Error("the late session is alive after a month without use")
	}
}

func TestWhatARightClockHasMadeKeepsItsLife(t *testing.T) {
	s := newStage(t)
	s.days = 90
	a := s.owner()
	s.signIn("phone")
	want := s.sessions(a.ID)[0].Expires
	s.days = 30
	s.wait(day)
	if err := s.Shorten(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
	if got := s.sessions(a.ID)[0].Expires; !got.Equal(want) {
		t.Errorf("it ends %v, not %v", got, want)
	}
}

// TestACodeOfTheFutureIsForgotten has an authenticator app on the machine whose
// clock ran ahead.
func TestACodeOfTheFutureIsForgotten(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	secret := totp.New()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	must(t, err)
	code := func() string { return totp.At(key, totp.Step(s.clock())) }
	if _, _, err := s.EnableTOTP(t.Context(), a.ID, secret, code()); err != nil {
		t.Fatal(err)
	}
	signIn := func() error {
		c := credentials("laptop")
		c.Second = account.Second{Provider: account.Authenticator, Token: code()}
		_, err := s.SignIn(t.Context(), c)
		return err
	}
	s.wait(ahead)
	if err := signIn(); err != nil {
		t.Fatal(err)
	}
	s.wait(-ahead + day)
	if err := s.Shorten(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
	if err := signIn(); !errors.Is(err, account.ErrCodeWrong) {
		t.Errorf("a code of just now, which may have been used: %v", err)
	}
	s.wait(time.Minute)
	if err := signIn(); err != nil {
		t.Errorf("the next code: %v", err)
	}
}
