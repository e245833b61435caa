package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
)

const day = 24 * time.Hour

func TestSessionsEndAndSlide(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	t.Run("an access token lives for an hour", func(t *testing.T) {
		g := s.signIn("hour")
		s.wait(time.Hour - time.Second)
		if _, err := s.Session(t.Context(), g.AccessToken); err != nil {
			t.Error(err)
		}
		s.wait(time.Second)
		if _, err := s.Session(t.Context(), g.AccessToken); !errors.Is(err, account.ErrSession) {
			t.Errorf("after an hour: %v", err)
		}
	})
	t.Run("a session lives from its last use, which is kept once an hour", func(t *testing.T) {
		g := s.signIn("slide")
		first := expiry(s, a.ID, g)
		s.wait(59 * time.Minute)
		s.alive(g)
		if !expiry(s, a.ID, g).Equal(first) {
			t.Error("it was written again within the hour")
		}
		s.wait(2 * time.Minute)
		s.alive(g)
		if got := expiry(s, a.ID, g); !got.Equal(first.Add(61 * time.Minute)) {
			t.Errorf("it ends at %v, first at %v", got, first)
		}
		s.wait(30 * day)
		if !s.alive(g) {
			t.Fatal("ended on its last day")
		}
		s.wait(30*day + time.Second)
		if s.alive(g) {
			t.Error("lives after thirty quiet days")
		}
	})
	t.Run("a shorter setting counts from the next use", func(t *testing.T) {
		g := s.signIn("short")
		s.days = 2
		defer func() { s.days = 30 }()
		s.wait(2 * time.Hour)
		s.alive(g)
		s.wait(2*day + time.Second)
		if s.alive(g) {
			t.Error("lives on as before")
		}
	})
	t.Run("one that ended meanwhile does not come back by its use", func(t *testing.T) {
		g := s.signIn("meanwhile")
		session, err := s.Session(t.Context(), g.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Hour) // so that the refresh wants to write
		racing := s.over(between{s.keep, func() {
			if err := s.End(context.Background(), session); err != nil {
				t.Error(err)
			}
		}})
		if _, err := racing.Refresh(t.Context(), g.RefreshToken); !errors.Is(err, account.ErrSession) {
			t.Errorf("refreshed: %v", err)
		}
		if s.alive(g) {
			t.Error("it came back")
		}
	})
	t.Run("an access token that was just believed is not after the sign-out", func(t *testing.T) {
		g := s.signIn("known")
		for range 2 {
			if _, err := s.Session(t.Context(), g.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		session, _ := s.Session(t.Context(), g.AccessToken)
		if err := s.End(t.Context(), session); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), g.AccessToken); !errors.Is(err, account.ErrSession) {
			t.Errorf("after signing out: %v", err)
		}
	})
}

func expiry(s *stage, owner account.UserID, g account.Grant) time.Time {
	s.t.Helper()
	for _, x := range s.sessions(owner) {
		if x.Device == g.Device.ID {
			return x.Expires
		}
	}
	s.t.Fatal("the session is gone")
	return time.Time{}
}

// between is a Keep in which something happens between reading and writing.
type between struct {
	account.Keep
	happens func()
}

func (b between) Write(ctx context.Context, fn func(account.Writer) error) error {
	b.happens()
	return b.Keep.Write(ctx, fn)
}

func TestADevicePilesUpNoSessions(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	other := s.signIn("another")
	var all []account.Grant
	for range account.MaxSessionsPerDevice + 2 {
		s.wait(time.Second)
		all = append(all, s.signIn("busy"))
	}
	if n := len(s.sessions(a.ID)); n != account.MaxSessionsPerDevice+1 {
		t.Errorf("%d sessions are kept", n)
	}
	for i, g := range all {
		if alive := s.alive(g); alive != (i >= 2) {
			t.Errorf("session %d of %d is alive: %t", i, len(all), alive)
		}
	}
	if !s.alive(other) {
		t.Error("another device's session ended")
	}
}

func TestSweepingRemovesWhatHasExpiredAndNothingElse(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.signIn("old")
	_, oldToken, err := s.Invite(t.Context(), a.ID, "bob@example.test", "", account.Member)
	if err != nil {
		t.Fatal(err)
	}
	s.wait(20 * day)
	young := s.signIn("young")
	if _, _, err := s.Invite(t.Context(), a.ID, "eve@example.test", "", account.Member); err != nil {
		t.Fatal(err)
	}
	s.wait(11 * day) // the first is 31 days old, the second 11: its invitation ended, too
	if _, _, err := s.Invite(t.Context(), a.ID, "zoe@example.test", "", account.Member); err != nil {
		t.Fatal(err)
	}
	if err := s.SweepSessions(t.Context(), s.now); err != nil {
		t.Fatal(err)
	}
	if all := s.sessions(a.ID); len(all) != 1 || all[0].Device != young.Device.ID {
		t.Errorf("sessions left: %+v", all)
	}
	var left []account.Invitation
	if err := s.keep.View(t.Context(), func(r account.Reader) (err error) { left, err = r.Invitations(); return err }); err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Email != "zoe@example.test" {
		t.Errorf("invitations left: %+v", left)
	}
	if err := s.CheckInvitation(t.Context(), "bob@example.test", oldToken); !errors.Is(err, account.ErrInvitation) {
		t.Errorf("the old invitation: %v", err)
	}
	if !s.alive(young) {
		t.Error("the young session ended")
	}
}

// thenCancel is a Keep after whose reading the caller gives up.
type thenCancel struct {
	account.Keep
	cancel func()
}

func (k thenCancel) View(ctx context.Context, fn func(account.Reader) error) error {
	defer k.cancel()
	return k.Keep.View(ctx, fn)
}

func TestTheHasherMakesTwoAtATime(t *testing.T) {
	s := newStage(t)
	s.owner()
	n, free := s.hasher.FillSlots()
	if n != 2 {
		t.Fatalf("%d places, want 2: more do not fit a Raspberry Pi", n)
	}
	for name, c := range map[string]account.Credentials{
		"of a known person":    credentials("x"),
		"of an unknown person": {Email: "nobody@example.test", MasterPasswordHash: "x", Device: account.Device{Identifier: "x"}},
	} {
		t.Run("a sign-in "+name+" waits for a place", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			impatient := s.over(thenCancel{s.keep, cancel})
			if _, err := impatient.SignIn(ctx, c); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v: it did not come to the hash", err)
			}
		})
	}
	done := make(chan error, 4)
	for range cap(done) {
		go func() {
			_, err := s.hasher.Make(context.Background(), "x")
			done <- err
		}()
	}
	if s.hasher.Running() != 0 {
		t.Error("one runs though there is no place")
	}
	free()
	for range cap(done) {
		if s.hasher.Running() > 2 {
			t.Errorf("%d run at once", s.hasher.Running())
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAVerifierFitsOnePasswordOnly(t *testing.T) {
	h := account.NewHasher()
	v, err := h.Make(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Make(t.Context(), "right")
	if err != nil || string(again.Salt) == string(v.Salt) || string(again.Hash) == string(v.Hash) {
		t.Errorf("two verifiers of one password are alike (%v)", err)
	}
	for _, c := range []struct {
		v    account.Verifier
		hash string
		want bool
	}{{v, "right", true}, {v, "wrong", false}, {v, "", false}, {account.Verifier{}, "right", false}, {account.Verifier{}, "", false}} {
		if ok, err := h.Check(t.Context(), c.v, c.hash); err != nil || ok != c.want {
			t.Errorf("%q fits %+v: %t, %v", c.hash, c.v, ok, err)
		}
	}
}

// TestAPasswordThatChangesDuringTheSignIn wants the old one refused even if it
// was proved a moment before.
func TestAPasswordThatChangesDuringTheSignIn(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	racing := s.over(between{s.keep, func() {
		if _, err := s.ChangePassword(context.Background(), a.ID, "", account.Unlock{KDF: a.KDF, Salt: a.Salt, MasterPasswordHash: "bmV3", UserKey: sealed}); err != nil {
			t.Error(err)
		}
	}})
	if _, err := racing.SignIn(t.Context(), credentials("x")); !errors.Is(err, account.ErrSignIn) {
		t.Errorf("got %v", err)
	}
	if n := len(s.sessions(a.ID)); n != 0 {
		t.Errorf("%d sessions", n)
	}
}
