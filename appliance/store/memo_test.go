package store

import (
	"fmt"
	"sync"
	"testing"

	"latchkey/appliance/account"
)

func TestARememberedAccountIsTheOneOfTheReadersState(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	name := func(r account.Reader) string {
		a, err := r.Account(owner)
		must(t, err)
		return a.Hint
	}
	set := func(hint string) {
		must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
			a, err := w.Account(owner)
			must(t, err)
			a.Hint = hint
			must(t, w.PutAccount(a))
			if got := name(w); got != hint {
				t.Errorf("the write itself reads %q, want %q", got, hint)
			}
			return nil
		}))
	}
	set("one")
	must(t, s.Accounts().View(t.Context(), func(old account.Reader) error {
		if got := name(old); got != "one" {
			t.Errorf("read %q, want one", got)
		}
		set("two")
		must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
			if got := name(r); got != "two" {
				t.Errorf("a new reader reads %q, want two", got)
			}
			return nil
		}))
		if got := name(old); got != "one" { // though the newer state is remembered
			t.Errorf("the old reader reads %q, want one", got)
		}
		return nil
	}))
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		if got := name(r); got != "two" { // though the older state is remembered
			t.Errorf("a later reader reads %q, want two", got)
		}
		return nil
	}))
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error { return w.RemoveAccount(owner) }))
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		if _, err := r.Account(owner); err == nil {
			t.Error("a removed account is remembered")
		}
		return nil
	}))
}

func TestNobodyChangesWhatIsRemembered(t *testing.T) {
	s := openNew(t)
	owner := account.UserID(someID())
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		return w.PutAccount(account.Account{
			ID: owner, Verifier: account.Verifier{Salt: []byte("salt"), Hash: []byte("hash")},
			AccountKeys: []byte(`{"a":1}`), EquivDomains: []byte(`[1]`), ExcludedDomains: []int{1},
		})
	}))
	for range 3 {
		must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
			a, err := r.Account(owner)
			if got := fmt.Sprintf("%s %s %s %s %d", a.Verifier.Salt, a.Verifier.Hash, a.AccountKeys, a.EquivDomains, a.ExcludedDomains); got != `salt hash {"a":1} [1] [1]` {
				t.Errorf("read %s", got)
			}
			a.Verifier.Salt[0], a.Verifier.Hash[0], a.AccountKeys[0], a.EquivDomains[0], a.ExcludedDomains[0] = 'x', 'x', 'x', 'x', 9
			return err
		}))
	}
}

// TestReadersBesideAWriterNeverReadBackwards would catch an account that is
// remembered past its time.
func TestReadersBesideAWriterNeverReadBackwards(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	var done sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		done.Go(func() {
			for last := 0; ; {
				select {
				case <-stop:
					return
				default:
				}
				must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
					a, err := r.Account(owner)
					now := len(a.Name)
					if now < last {
						t.Errorf("read %d after %d", now, last)
					}
					last = now
					return err
				}))
			}
		})
	}
	for n := range 100 {
		must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
			return w.PutAccount(account.Account{ID: owner, Email: "ada", Name: fmt.Sprintf("%0*d", n+1, 0)})
		}))
		must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
			if a, err := r.Account(owner); len(a.Name) != n+1 || err != nil {
				t.Errorf("after the write it reads %d, %v", len(a.Name), err)
			}
			return nil
		}))
	}
	close(stop)
	done.Wait()
}
