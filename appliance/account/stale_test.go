package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
)

// lagging is a Keep that has people; a View sees those who were there when it
// began, and meanwhile something may happen.
type lagging struct {
	account.Keep
	people    []account.Account
	meanwhile func()
}

func (k *lagging) View(_ context.Context, fn func(account.Reader) error) error {
	r := laggingReader{people: k.people}
	if happens := k.meanwhile; happens != nil {
		k.meanwhile = nil
		happens()
	}
	return fn(r)
}

func (k *lagging) Write(context.Context, func(account.Writer) error) error {
	k.people = append(k.people[:len(k.people):len(k.people)], account.Account{ID: "b", Email: "bob@example.test", Salt: "bob's"})
	return nil
}

type laggingReader struct {
	account.Reader
	people []account.Account
}

func (r laggingReader) Accounts() ([]account.Account, error) { return r.people, nil }

func (r laggingReader) Account(id account.UserID) (account.Account, error) {
	for _, a := range r.people {
		if a.ID == id {
			return a, nil
		}
	}
	return account.Account{}, account.ErrNotFound
}

func TestWhoJoinsWhileSomebodyAsksIsFoundAfterwards(t *testing.T) {
	k := &lagging{people: []account.Account{{ID: "a", Email: alice, Salt: "alice's"}}}
	d := account.New(account.Config{Keep: k, Hasher: account.NewHasher(), Now: time.Now})
	k.meanwhile = func() { _ = d.Remove(t.Context(), "b") } // any write: bob joins by it
	for _, want := range []string{"bob@example.test", "bob's"} {
		if _, salt, err := d.Prelogin(t.Context(), "bob@example.test"); err != nil || salt != want {
			t.Errorf("%q, %v; want %q", salt, err, want)
		}
	}
	k.people = k.people[:1]
	d = account.New(account.Config{Keep: k, Hasher: account.NewHasher(), Now: time.Now})
	k.meanwhile = func() { _ = d.Remove(t.Context(), "b") }
	for _, want := range []error{account.ErrNotFound, nil} {
		if _, err := d.ByEmail(t.Context(), "bob@example.test"); !errors.Is(err, want) {
			t.Errorf("by e-mail: %v, want %v", err, want)
		}
	}
}
