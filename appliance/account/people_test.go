package account_test

import (
	"errors"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

func TestTheLastOwnerStays(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins("bob@example.test")
	ends := func(id account.UserID) map[string]error {
		return map[string]error{
			"removed":  s.Remove(t.Context(), id),
			"demoted":  s.SetRole(t.Context(), id, account.Member),
			"disabled": s.SetDisabled(t.Context(), id, true),
			"gone":     s.Delete(t.Context(), id),
		}
	}
	untouched := func(t *testing.T) {
		t.Helper()
		if now := s.read(a.ID); now.Role != account.Owner || now.Disabled {
			t.Errorf("%s, disabled %t", now.Role, now.Disabled)
		}
	}
	t.Run("where there is one", func(t *testing.T) {
		for what, err := range ends(a.ID) {
			if !errors.Is(err, account.ErrLastOwner) {
				t.Errorf("%s: %v", what, err)
			}
		}
		untouched(t)
	})
	t.Run("where the other one is disabled", func(t *testing.T) {
		must(t, s.SetRole(t.Context(), b.ID, account.Owner))
		must(t, s.SetDisabled(t.Context(), b.ID, true))
		for what, err := range ends(a.ID) {
			if !errors.Is(err, account.ErrLastOwner) {
				t.Errorf("%s: %v", what, err)
			}
		}
		untouched(t)
	})
	t.Run("but not where there is another who may act", func(t *testing.T) {
		must(t, s.SetDisabled(t.Context(), b.ID, false))
		must(t, s.SetRole(t.Context(), a.ID, account.Member))
		if err := s.SetRole(t.Context(), b.ID, account.Member); !errors.Is(err, account.ErrLastOwner) {
			t.Errorf("then the other one: %v", err)
		}
		must(t, s.Remove(t.Context(), a.ID))
		if _, err := s.Account(t.Context(), a.ID); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
	t.Run("even alone, unless they go by themselves", func(t *testing.T) {
		if err := s.Remove(t.Context(), b.ID); !errors.Is(err, account.ErrLastOwner) {
			t.Errorf("%v", err)
		}
		must(t, s.Delete(t.Context(), b.ID))
		if has, err := s.HasOwner(t.Context()); has || err != nil {
			t.Errorf("%t, %v", has, err)
		}
	})
}

func TestWhoIsNotThere(t *testing.T) {
	s := newStage(t)
	s.owner()
	const nobody = account.UserID("00000000-0000-4000-8000-000000000000")
	for what, err := range map[string]error{
		"SetRole": s.SetRole(t.Context(), nobody, account.Owner), "SetDisabled": s.SetDisabled(t.Context(), nobody, true),
		"SetSecondRequired": s.SetSecondRequired(t.Context(), nobody, true), "ResetSecond": s.ResetSecond(t.Context(), nobody),
		"Remove": s.Remove(t.Context(), nobody), "Delete": s.Delete(t.Context(), nobody),
	} {
		if !errors.Is(err, account.ErrNoPerson) || problem.Of(err).Kind != problem.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.SetRole(t.Context(), nobody, "emperor"); problem.Of(err).Code != "role.unknown" {
		t.Errorf("%v", err)
	}
}

func TestADisabledPersonDoesNothing(t *testing.T) {
	s := newStage(t)
	s.owner()
	b := s.joins("bob@example.test")
	token := s.scansAndIsRemembered(b.Email)
	_, err := s.AddPasskey(t.Context(), b.ID, account.Passkey{Credential: credential("phone", 0)})
	must(t, err)
	b, err = s.MakeAPIKey(t.Context(), b.ID)
	must(t, err)
	p, err := s.CheckSecond(s.password(b.Email), account.Second{Provider: account.Remember, Token: token}, "laptop")
	must(t, err)
	g := s.enters(p, "laptop")
	byKey, err := s.APIKeySignIn(t.Context(), "user."+string(b.ID), b.APIKey, named("shell"), "cli")
	must(t, err)
	if !s.acts(g) || !s.acts(byKey) || !s.alive(g) {
		t.Fatal("bob could not even before")
	}
	must(t, s.SetDisabled(t.Context(), b.ID, true))
	t.Run("on no session that they had", func(t *testing.T) {
		if s.acts(g) || s.acts(byKey) || s.alive(g) || len(s.sessions(b.ID)) != 0 {
			t.Errorf("%d are left", len(s.sessions(b.ID)))
		}
	})
	t.Run("not even on one that came back from somewhere", func(t *testing.T) {
		back := g.Session
		back.Stamp = s.read(b.ID).Stamp
		must(t, s.keep.WriteSessions(t.Context(), func(w account.SessionWriter) error { return w.PutSession(back) }))
		if s.acts(g) || s.alive(g) {
			t.Error("it acts")
		}
		must(t, s.End(t.Context(), back))
	})
	t.Run("and signs in by nothing, which only they are told", func(t *testing.T) {
		_, byPassword := s.Password(t.Context(), b.Email, right, true)
		_, byPasskey := s.CheckPasskey(t.Context(), b.ID, credential("phone", 0))
		if _, err := s.APIKeySignIn(t.Context(), "user."+string(b.ID), b.APIKey, named("shell"), "cli"); !errors.Is(err, account.ErrAPIKey) {
			t.Errorf("by the API key, which has ended: %v", err)
		}
		for what, err := range map[string]error{"password": byPassword, "passkey": byPasskey} {
			if !errors.Is(err, account.ErrDisabled) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := s.Password(t.Context(), b.Email, "wrong", true); !errors.Is(err, account.ErrSignIn) {
			t.Errorf("with a wrong password: %v", err)
		}
		if _, err := s.APIKeySignIn(t.Context(), "user."+string(b.ID), "wrong", named("shell"), "cli"); !errors.Is(err, account.ErrAPIKey) {
			t.Errorf("with a wrong key: %v", err)
		}
	})
	t.Run("until they are let in again, with what they had but their sessions", func(t *testing.T) {
		must(t, s.SetDisabled(t.Context(), b.ID, false))
		if s.acts(g) || s.alive(g) {
			t.Error("a session came back")
		}
		now := s.read(b.ID)
		if !now.HasSecond() || len(now.Passkeys) != 1 || len(now.Remembered) != 0 {
			t.Errorf("%+v", now)
		}
		if _, err := s.Password(t.Context(), b.Email, right, false); err != nil {
			t.Error(err)
		}
	})
}

// scansAndIsRemembered turns an app on and has the laptop remembered.
func (s *stage) scansAndIsRemembered(email string) (token string) {
	s.t.Helper()
	phone, _ := s.scans(s.password(email).Account.ID)
	return s.enters(s.says(s.password(email), account.Second{Token: phone.show(0), Remember: true}), "laptop").RememberToken
}

func TestAnInvitationGivesARole(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for role, want := range map[account.Role]account.Role{"": account.Member, account.Member: account.Member, account.Owner: account.Owner} {
		if b := s.joinsAs("as"+string(role)+"@example.test", role); b.Role != want {
			t.Errorf("%q became %q", role, b.Role)
		}
	}
	if _, _, err := s.Invite(t.Context(), a.ID, "x@example.test", "", "emperor"); problem.Of(err).Code != "role.unknown" {
		t.Errorf("%v", err)
	}
	t.Run("by an owner, or the machine", func(t *testing.T) {
		b := s.joins("bob@example.test")
		c := s.joinsAs("carol@example.test", account.Owner)
		must(t, s.SetDisabled(t.Context(), c.ID, true))
		for _, by := range []account.UserID{b.ID, c.ID, "00000000-0000-4000-8000-000000000000"} {
			if _, _, err := s.Invite(t.Context(), by, "x@example.test", "", account.Owner); !errors.Is(err, account.ErrNotOwner) {
				t.Errorf("%q: %v", by, err)
			}
		}
	})
	for name, end := range map[string]func(account.UserID) error{
		"demoted":  func(id account.UserID) error { return s.SetRole(t.Context(), id, account.Member) },
		"disabled": func(id account.UserID) error { return s.SetDisabled(t.Context(), id, true) },
		"removed":  func(id account.UserID) error { return s.Remove(t.Context(), id) },
		"gone":     func(id account.UserID) error { return s.Delete(t.Context(), id) },
	} {
		t.Run("which ends when its owner is "+name, func(t *testing.T) {
			c := s.joinsAs("carol"+name+"@example.test", account.Owner)
			_, token, err := s.Invite(t.Context(), c.ID, "carols.other@example.test", "", account.Owner)
			must(t, err)
			_, other, err := s.Invite(t.Context(), a.ID, "friend@example.test", "", "")
			must(t, err)
			must(t, end(c.ID))
			if err := s.CheckInvitation(t.Context(), "carols.other@example.test", token); !errors.Is(err, account.ErrInvitation) {
				t.Errorf("%v", err)
			}
			if err := s.CheckInvitation(t.Context(), "friend@example.test", other); err != nil {
				t.Errorf("another's invitation ended, too: %v", err)
			}
		})
	}
	t.Run("and does not when a new owner is made", func(t *testing.T) {
		_, token, err := s.Invite(t.Context(), a.ID, "kept@example.test", "", "")
		must(t, err)
		must(t, s.SetRole(t.Context(), a.ID, account.Owner))
		must(t, s.CheckInvitation(t.Context(), "kept@example.test", token))
	})
}

func TestRemovingAPersonTakesAllThatTheyHad(t *testing.T) {
	s := newStage(t)
	s.owner()
	b := s.joins("bob@example.test")
	g := s.comesIn(b.Email, "laptop")
	must(t, s.Remove(t.Context(), b.ID))
	if s.acts(g) || s.alive(g) {
		t.Error("a session acts")
	}
	devices, err := s.Devices(t.Context(), b.ID)
	if err != nil || len(devices)+len(s.sessions(b.ID)) != 0 {
		t.Errorf("%v, %v", devices, err)
	}
	if err := s.Remove(t.Context(), b.ID); !errors.Is(err, account.ErrNoPerson) {
		t.Errorf("once more: %v", err)
	}
	s.joins(b.Email) // the name is free again
}

func TestAResetTurnsSecondFactorsAndTheAPIKeyOff(t *testing.T) {
	s := newStage(t)
	s.owner()
	b := s.joins("bob@example.test")
	_, recovery := s.scans(b.ID)
	s.touches(b.ID, "yubikey")
	_, err := s.AddPasskey(t.Context(), b.ID, account.Passkey{
		Credential: credential("phone", 0), PRF: true, UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed,
	})
	must(t, err)
	p, err := s.CheckKey(s.password(b.Email), credential("yubikey", 2), false)
	must(t, err)
	g := s.enters(p, "laptop")
	b, err = s.MakeAPIKey(t.Context(), b.ID)
	must(t, err)

	must(t, s.ResetSecond(t.Context(), b.ID))
	now := s.read(b.ID)
	if now.HasSecond() || now.Recovery == recovery {
		t.Errorf("%+v", now)
	}
	if len(now.Passkeys) != 1 || !now.Passkeys[0].Unlocks() || now.APIKey != "" || now.Stamp != b.Stamp || !s.acts(g) {
		t.Errorf("something else went, too, or the API key stayed: %+v", now)
	}
	s.comesIn(b.Email, "laptop")
}
