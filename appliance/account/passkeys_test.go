package account_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
)

// unlock is a whole way to the user key.
func unlock() account.PasskeyUnlock {
	return account.PasskeyUnlock{UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed}
}

func TestAPasskey(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.scans(a.ID) // which is not asked for with a passkey
	phone, err := s.AddPasskey(t.Context(), a.ID, account.Passkey{
		ID: "chosen", Name: "phone", Credential: credential("phone", 4), PRF: true,
		UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed,
	})
	must(t, err)
	if phone.ID == "chosen" || !phone.Created.Equal(s.clock()) {
		t.Errorf("%+v", phone)
	}
	t.Run("signs in alone", func(t *testing.T) {
		p, err := s.CheckPasskey(t.Context(), a.ID, credential("phone", 5))
		must(t, err)
		if err := p.Wanted(); err != nil {
			t.Fatalf("wanted: %v", err)
		}
		used, ok := p.Passkey()
		if !ok || !used.Unlocks() || used.ID != phone.ID {
			t.Errorf("%+v", used)
		}
		g := s.enters(p, "laptop")
		kept := s.read(a.ID).Passkeys[0]
		if g.Session.Method != account.ByPasskey || !g.Session.Proved.Equal(s.clock()) || kept.Credential.Counter != 5 || !kept.LastUsed.Equal(s.clock()) {
			t.Errorf("%+v, %+v", g.Session, kept)
		}
	})
	t.Run("of a password there is none", func(t *testing.T) {
		if _, ok := s.password(alice).Passkey(); ok {
			t.Error("there is")
		}
	})
	t.Run("whose counter stands still has a twin", func(t *testing.T) {
		p, err := s.CheckPasskey(t.Context(), a.ID, credential("phone", 5))
		must(t, err)
		if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, passkey.ErrCloned) {
			t.Errorf("%v", err)
		}
		if err := s.UsedPasskey(t.Context(), a.ID, credential("phone", 5)); !errors.Is(err, passkey.ErrCloned) {
			t.Errorf("%v", err)
		}
	})
	t.Run("may prove its person without a sign-in", func(t *testing.T) {
		used := credential("phone", 6)
		used.BackedUp = true
		must(t, s.UsedPasskey(t.Context(), a.ID, used))
		if kept := s.read(a.ID).Passkeys[0].Credential; kept.Counter != 6 || !kept.BackedUp {
			t.Errorf("%+v", kept)
		}
		if err := s.UsedPasskey(t.Context(), a.ID, credential("other", 1)); !errors.Is(err, account.ErrKeyGone) {
			t.Errorf("%v", err)
		}
		stranger := credential("phone", 7)
		stranger.PublicKey = []byte("another")
		if err := s.UsedPasskey(t.Context(), a.ID, stranger); !errors.Is(err, account.ErrKeyGone) {
			t.Errorf("with another public key: %v", err)
		}
	})
	t.Run("is nobody else's", func(t *testing.T) {
		b := s.joins("bob@example.test")
		for _, id := range []account.UserID{b.ID, "", "00000000-0000-4000-8000-000000000000"} {
			if _, err := s.CheckPasskey(t.Context(), id, credential("phone", 9)); !errors.Is(err, passkey.ErrUnknown) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
	t.Run("is no second factor", func(t *testing.T) {
		p := s.password(alice)
		if _, err := s.CheckKey(p, credential("phone", 9), false); !errors.Is(err, account.ErrCodeWrong) {
			t.Errorf("%v", err)
		}
		c := s.joins("carol@example.test")
		_, err := s.AddPasskey(t.Context(), c.ID, account.Passkey{Credential: credential("carol's", 0)})
		must(t, err)
		if s.read(c.ID).HasSecond() || s.password(c.Email).Wanted() != nil {
			t.Error("it counts as one")
		}
	})
	t.Run("and can't become one", func(t *testing.T) {
		if _, _, err := s.AddKey(t.Context(), a.ID, "", credential("phone", 9)); !errors.Is(err, account.ErrKeyTwice) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a security key does not sign in alone", func(t *testing.T) {
		s.touches(a.ID, "yubikey")
		if _, err := s.CheckPasskey(t.Context(), a.ID, credential("yubikey", 9)); !errors.Is(err, passkey.ErrUnknown) {
			t.Errorf("%v", err)
		}
	})
	t.Run("that is removed between the steps does not", func(t *testing.T) {
		p, err := s.CheckPasskey(t.Context(), a.ID, credential("phone", 9))
		must(t, err)
		must(t, s.RemovePasskey(t.Context(), a.ID, phone.ID))
		if _, err := s.Start(t.Context(), p, named("laptop"), "web"); !errors.Is(err, passkey.ErrUnknown) {
			t.Errorf("%v", err)
		}
		if err := s.RemovePasskey(t.Context(), a.ID, phone.ID); !errors.Is(err, account.ErrKeyGone) {
			t.Errorf("%v", err)
		}
	})
	t.Run("has a name that can change", func(t *testing.T) {
		p, err := s.AddPasskey(t.Context(), a.ID, account.Passkey{Name: "tablet", Credential: credential("tablet", 0)})
		must(t, err)
		must(t, s.RenamePasskey(t.Context(), a.ID, p.ID, "in the kitchen"))
		if got := s.read(a.ID).Passkeys; got[0].Name != "in the kitchen" {
			t.Errorf("%+v", got)
		}
		if err := s.RenamePasskey(t.Context(), a.ID, phone.ID, "x"); !errors.Is(err, account.ErrKeyGone) {
			t.Errorf("%v", err)
		}
	})
	t.Run("there is an end to their number", func(t *testing.T) {
		var err error
		for i := 0; err == nil && i < 20; i++ {
			_, err = s.AddPasskey(t.Context(), a.ID, account.Passkey{Credential: credential(fmt.Sprint("more ", i), 0)})
		}
		if !errors.Is(err, account.ErrKeysMany) || len(s.read(a.ID).Passkeys) != 10 {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatAPasskeyUnlocksBy(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	half := account.PasskeyUnlock{UserKey: wrapped, PublicKey: sealed}
	swapped := account.PasskeyUnlock{UserKey: sealed, PublicKey: wrapped, PrivateKey: wrapped}
	t.Run("is whole or nothing", func(t *testing.T) {
		for i, u := range []account.PasskeyUnlock{
			half, swapped,
			{UserKey: "x", PublicKey: "y", PrivateKey: "z"},
			{UserKey: sealed, PublicKey: sealed, PrivateKey: sealed},
			{UserKey: wrapped, PublicKey: wrapped, PrivateKey: sealed},
			{UserKey: wrapped, PublicKey: sealed, PrivateKey: wrapped},
		} {
			p := account.Passkey{Credential: credential("x", 0), PRF: true, UserKey: u.UserKey, PublicKey: u.PublicKey, PrivateKey: u.PrivateKey}
			if _, err := s.AddPasskey(t.Context(), a.ID, p); !errors.Is(err, account.ErrUnlock) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
	t.Run("wants a passkey that can derive a secret", func(t *testing.T) {
		p := account.Passkey{Credential: credential("x", 0), UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed}
		if _, err := s.AddPasskey(t.Context(), a.ID, p); !errors.Is(err, account.ErrUnlock) {
			t.Errorf("%v", err)
		}
	})
	_, err := s.AddPasskey(t.Context(), a.ID, account.Passkey{Name: "later", Credential: credential("later", 1)})
	must(t, err)
	t.Run("can be given later, by using it", func(t *testing.T) {
		for i, c := range []struct {
			used passkey.Credential
			u    account.PasskeyUnlock
			want error
		}{
			{credential("later", 2), half, account.ErrUnlock},
			{credential("later", 2), account.PasskeyUnlock{}, account.ErrUnlock},
			{credential("other", 2), unlock(), account.ErrKeyGone},
			{credential("later", 1), unlock(), passkey.ErrCloned},
			{credential("later", 2), unlock(), nil},
		} {
			if err := s.SetPasskeyUnlock(t.Context(), a.ID, c.used, c.u); !errors.Is(err, c.want) {
				t.Errorf("%d: %v", i, err)
			}
		}
		kept := s.read(a.ID).Passkeys[0]
		if !kept.Unlocks() || !kept.PRF || kept.PrivateKey != sealed || kept.Credential.Counter != 2 {
			t.Errorf("%+v", kept)
		}
	})
	t.Run("outlives another password, which wraps the same key", func(t *testing.T) {
		a, err := s.ChangePassword(t.Context(), a.ID, "", account.Unlock{KDF: a.KDF, Salt: a.Salt, MasterPasswordHash: right, UserKey: sealed})
		if err != nil || !a.Passkeys[0].Unlocks() {
			t.Errorf("%+v, %v", a.Passkeys, err)
		}
	})
	t.Run("ends with another user key, unless it is wrapped anew", func(t *testing.T) {
		now := account.Account{Passkeys: []account.Passkey{
			{ID: "1", Name: "kept", PRF: true, UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed},
			{ID: "2", Name: "forgotten", PRF: true, UserKey: wrapped, PublicKey: sealed, PrivateKey: sealed},
			{ID: "3", Name: "never did"},
		}}
		before := now.Clone()
		anew := unlock()
		anew.UserKey = "4.BBBBBBBBBBBBBBBBBBBBBB=="
		lost, err := now.RewrapPasskeys(map[string]account.PasskeyUnlock{"1": anew, "3": anew})
		must(t, err)
		if !slices.Equal(lost, []string{"forgotten"}) || now.Passkeys[0].UserKey != anew.UserKey || now.Passkeys[1].Unlocks() || now.Passkeys[2].Unlocks() {
			t.Errorf("%v, %+v", lost, now.Passkeys)
		}
		if before.Passkeys[0].UserKey != wrapped {
			t.Error("a copy changed with it")
		}
		if _, err := now.RewrapPasskeys(map[string]account.PasskeyUnlock{"1": half}); !errors.Is(err, account.ErrUnlock) {
			t.Errorf("half of one: %v", err)
		}
	})
}

func TestPasskeyHolders(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.wait(time.Second) // so that they stand in this order
	b := s.joins("bob@example.test")
	s.wait(time.Second) // so that they stand in this order
	c := s.joins("carol@example.test")
	s.joins("dan@example.test")
	name := "Bob"
	_, err := s.SetProfile(t.Context(), b.ID, account.Profile{Name: &name})
	must(t, err)
	of := func(id, rpid string) passkey.Credential {
		k := credential(id, 0)
		k.RPID = rpid
		return k
	}
	for _, k := range []struct {
		who  account.UserID
		cred passkey.Credential
	}{{c.ID, of("1", "old.example")}, {b.ID, of("2", "old.example")}, {b.ID, of("3", "new.example")}} {
		_, err := s.AddPasskey(t.Context(), k.who, account.Passkey{Credential: k.cred})
		must(t, err)
	}
	_, _, err = s.AddKey(t.Context(), a.ID, "", of("4", "new.example"))
	must(t, err)
	for rpid, want := range map[string][]string{
		"old.example": {"Bob", "carol@example.test"},
		"new.example": {alice, "Bob"},
		"example":     {},
		"":            {},
	} {
		got, err := s.PasskeyHolders(t.Context(), rpid)
		if err != nil || got == nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", rpid, got, err, want)
		}
	}
}
