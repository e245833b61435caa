package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/account"
)

// told is what Prelogin says of a name, but for the name itself.
func told(t *testing.T, d *account.Directory, email string) account.KDF {
	t.Helper()
	kdf, salt, err := d.Prelogin(context.Background(), email)
	if err != nil {
		t.Fatal(err)
	}
	if salt != email {
		t.Errorf("the salt of %s is %q", email, salt)
	}
	return kdf
}

// strangers are names that nobody has.
func strangers(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("nobody%d@example.test", i)
	}
	return names
}

// join makes one more person with a key derivation of their own.
func (s *stage) join(email string, kdf account.KDF) account.Account {
	s.t.Helper()
	return s.joinOn(s.Directory, email, kdf)
}

func (s *stage) joinOn(d *account.Directory, email string, kdf account.KDF) account.Account {
	s.t.Helper()
	_, token, err := d.Invite(context.Background(), "", email, "", account.Member)
	if err != nil {
		s.t.Fatal(err)
	}
	r := registration(email)
	r.KDF, r.Token = kdf, token
	a, err := d.RegisterInvited(context.Background(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func TestPrelogin(t *testing.T) {
	pbkdf2 := account.KDF{Type: account.PBKDF2, Iterations: 650_000}
	strong := account.KDF{Type: account.Argon2id, Iterations: 7, Memory: 48, Parallelism: 3}

	t.Run("a house without people tells its default", func(t *testing.T) {
		if got := told(t, newStage(t).Directory, "nobody@example.test"); got != account.DefaultKDF() {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("in a house of one, every name is answered as that one's", func(t *testing.T) {
		s := newStage(t)
		r := registration("alice@example.test")
		r.KDF = strong
		if _, err := s.RegisterOwner(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		for _, name := range append(strangers(50), "alice@example.test") {
			if got := told(t, s.Directory, name); got != strong {
				t.Fatalf("%s gets %+v", name, got)
			}
		}
	})

	s := newStage(t)
	alice := s.owner()
	names := strangers(600)
	s.join("bob@example.test", pbkdf2)
	before := map[string]account.KDF{}
	for _, name := range names {
		before[name] = told(t, s.Directory, name)
	}
	t.Run("names that nobody has are shared among the people evenly", func(t *testing.T) {
		share := map[account.KDF]int{}
		for _, kdf := range before {
			share[kdf]++
		}
		// The odds of leaving this range are below one in a billion.
		if n := share[pbkdf2]; n < 225 || n > 375 || n+share[alice.KDF] != len(names) {
			t.Errorf("the shares are %v", share)
		}
	})
	t.Run("each gets the same answer each time, after a restart too, and however it is written", func(t *testing.T) {
		again := s.over(s.keep)
		for _, name := range names {
			if got := told(t, again, name); got != before[name] {
				t.Fatalf("%s gets %+v, and %+v before", name, got, before[name])
			}
			kdf, salt, err := again.Prelogin(t.Context(), " "+strings.ToUpper(name)+" ")
			if err != nil || kdf != before[name] || salt != name {
				t.Fatalf("%s in capitals gets %+v, %q, %v", name, kdf, salt, err)
			}
		}
	})
	t.Run("somebody who comes takes a share of the names, and no other name changes hands", func(t *testing.T) {
		s.join("carol@example.test", strong)
		moved := 0
		for _, name := range names {
			switch got := told(t, s.Directory, name); got {
			case strong:
				moved++
			case before[name]:
			default:
				t.Errorf("%s went from %+v to %+v", name, before[name], got)
			}
		}
		if moved < 130 || moved > 270 {
			t.Errorf("%d of %d went to the new one", moved, len(names))
		}
	})
	t.Run("the people themselves get their own, and a changed one at once", func(t *testing.T) {
		if a, b, c := told(t, s.Directory, "alice@example.test"), told(t, s.Directory, "bob@example.test"), told(t, s.Directory, "carol@example.test"); a != alice.KDF || b != pbkdf2 || c != strong {
			t.Errorf("got %+v, %+v, %+v", a, b, c)
		}
		if _, err := s.ChangePassword(t.Context(), alice.ID, "", account.Unlock{KDF: strong, Salt: alice.Salt, MasterPasswordHash: "bmV3", UserKey: sealed}); err != nil {
			t.Fatal(err)
		}
		if got := told(t, s.Directory, "alice@example.test"); got != strong {
			t.Errorf("alice gets %+v", got)
		}
	})
}

// TestLookingUpCostsTheSame counts what is read for a name that somebody has and
// for one that nobody has: an answer that is equal byte for byte must not differ
// by its work either.
func TestLookingUpCostsTheSame(t *testing.T) {
	s := newStage(t)
	s.owner()
	watched := &watching{Keep: s.keep}
	d := s.over(watched)
	s.joinOn(d, "bob@example.test", account.DefaultKDF())
	ask := map[string]func(email string) error{
		"Prelogin": func(email string) error { _, _, err := d.Prelogin(t.Context(), email); return err },
		"ByEmail": func(email string) error {
			_, err := d.ByEmail(t.Context(), email)
			if errors.Is(err, account.ErrNotFound) {
				err = nil
			}
			return err
		},
		"Password": func(email string) error {
			if _, err := d.Password(t.Context(), email, "d3Jvbmc=", false); !errors.Is(err, account.ErrSignIn) {
				return fmt.Errorf("got %w", err)
			}
			return nil
		},
	}
	for name, fn := range ask {
		t.Run(name, func(t *testing.T) {
			var seen [][]string
			for _, email := range []string{"warm@example.test", "alice@example.test", "bob@example.test", "nobody@example.test", "nobody2@example.test"} {
				watched.reads = nil
				if err := fn(email); err != nil {
					t.Fatal(err)
				}
				seen = append(seen, watched.reads)
			}
			for i, reads := range seen[2:] {
				if !slices.Equal(reads, seen[1]) {
					t.Errorf("name %d is looked up by %v, the first by %v", i+2, reads, seen[1])
				}
			}
			if slices.Contains(seen[1], "Accounts") {
				t.Errorf("all people are read for one name: %v", seen[1])
			}
		})
	}
	t.Run("who has gone is nobody at once, and who has come is there", func(t *testing.T) {
		carol := s.joinOn(d, "carol@example.test", account.DefaultKDF())
		if got, err := d.ByEmail(t.Context(), "carol@example.test"); err != nil || got.ID != carol.ID {
			t.Errorf("got %s, %v", got.ID, err)
		}
		if err := d.Remove(t.Context(), carol.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ByEmail(t.Context(), "carol@example.test"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// watching notes what is read.
type watching struct {
	account.Keep
	reads []string
}

func (w *watching) View(ctx context.Context, fn func(account.Reader) error) error {
	w.reads = append(w.reads, "View")
	return w.Keep.View(ctx, func(r account.Reader) error { return fn(watchingReader{r, w}) })
}

type watchingReader struct {
	account.Reader
	w *watching
}

func (r watchingReader) Account(id account.UserID) (account.Account, error) {
	r.w.reads = append(r.w.reads, "Account")
	return r.Reader.Account(id)
}

func (r watchingReader) AccountByEmail(email string) (account.Account, error) {
	r.w.reads = append(r.w.reads, "AccountByEmail")
	return r.Reader.AccountByEmail(email)
}

func (r watchingReader) Accounts() ([]account.Account, error) {
	r.w.reads = append(r.w.reads, "Accounts")
	return r.Reader.Accounts()
}

func (r watchingReader) DeviceByIdentifier(owner account.UserID, identifier string) (account.Device, error) {
	r.w.reads = append(r.w.reads, "DeviceByIdentifier")
	return r.Reader.DeviceByIdentifier(owner, identifier)
}
