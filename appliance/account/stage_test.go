package account_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/store"
)

// sealed is an EncString of the right shape.
const sealed = "2.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// stage is a directory over a real file, with a clock that moves when told.
type stage struct {
	*account.Directory
	t      testing.TB
	keep   account.Keep
	hasher *account.Hasher
	days   int64 // that a session lives
	all    bool  // everybody must have a second factor

	mu  sync.Mutex
	now time.Time
}

func newStage(t testing.TB) *stage {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "house")
	if err := store.Create(dir, nil); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, hasher: account.NewQuickHasher(), days: 30, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	file, err := store.Open(t.Context(), store.Config{Dir: dir, Now: s.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	s.keep = file.Accounts()
	s.Directory = s.over(s.keep)
	return s
}

func (s *stage) over(keep account.Keep) *account.Directory {
	return account.New(account.Config{
		Keep: keep, Hasher: s.hasher, TokenKey: bytes.Repeat([]byte{7}, 32), Issuer: "latchkey", Now: s.clock,
		SessionDays: func() int64 { return s.days }, InvitationDays: func() int64 { return 7 },
		SecondForAll: func() bool { return s.all },
	})
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func registration(email string) account.Registration {
	return account.Registration{
		Email: email, KDF: account.DefaultKDF(), Salt: email, MasterPasswordHash: "aGFzaA==",
		UserKey: sealed, PublicKey: "AA==", PrivateKey: sealed,
	}
}

// owner makes the first account.
func (s *stage) owner() account.Account {
	s.t.Helper()
	a, err := s.RegisterOwner(context.Background(), registration("alice@example.test"))
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func credentials(device string) account.Credentials {
	return account.Credentials{
		Email: "alice@example.test", MasterPasswordHash: "aGFzaA==", Client: "web",
		Device: account.Device{Identifier: device, Name: "Chrome", Type: 9},
	}
}

func (s *stage) signIn(device string) account.Grant {
	s.t.Helper()
	g, err := s.SignIn(context.Background(), credentials(device))
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

// sessions counts those that are kept.
func (s *stage) sessions(owner account.UserID) (all []account.Session) {
	s.t.Helper()
	err := s.keep.View(context.Background(), func(r account.Reader) (err error) {
		all, err = r.Sessions(owner)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// alive reports whether a refresh token still works.
func (s *stage) alive(g account.Grant) bool {
	s.t.Helper()
	_, err := s.Refresh(context.Background(), g.RefreshToken)
	return err == nil
}
