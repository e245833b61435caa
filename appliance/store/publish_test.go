package store

import (
	"errors"
	"sync"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

func TestChangesArePublishedInOrderWithWhoseActTheyWere(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	heard := make(chan vault.Change, 100)
	cancel := s.Subscribe(func(changes []vault.Change) {
		for _, c := range changes {
			heard <- c
		}
	})
	it := benchItem(owner)
	device := account.DeviceID(someID())
	var want []vault.Change
	for range 3 {
		must(t, s.Vault().Write(t.Context(), device, func(w vault.Writer) (err error) {
			it.Revision, err = w.Next(owner)
			return errors.Join(err, w.PutItem(it))
		}))
		want = append(want, vault.Change{Owner: owner, Kind: vault.ItemChanged, ID: string(it.ID), Revision: it.Revision, Device: device})
	}
	_ = s.Vault().Write(t.Context(), device, func(w vault.Writer) error { // refused: never heard of
		return errors.Join(w.RemoveItem(owner, it.ID, it.Revision+1), errors.New("no"))
	})
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		rev, err := w.Touch(owner)
		want = append(want, vault.Change{Owner: owner, Kind: vault.AccountChanged, Revision: vault.Revision(rev)})
		return err
	}))
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error { return w.RemoveAccount(owner) }))
	want = append(want, vault.Change{Owner: owner, Kind: vault.AccountChanged, Gone: true})
	for i, w := range want {
		if got := <-heard; got != w {
			t.Errorf("change %d is %+v, want %+v", i, got, w)
		}
	}
	cancel()
	other := joins(t, s, "bob")
	must(t, save(s, other))
	must(t, s.Close())
	if len(heard) != 0 {
		t.Errorf("after cancel it heard %+v", <-heard)
	}
}

func TestTheChangesOfAGroupComeInTheOrderOfItsWrites(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	var heard []vault.Change
	s.Subscribe(func(changes []vault.Change) { heard = append(heard, changes...) })
	release := held(t, s)
	var done sync.WaitGroup
	const many = 30
	for range many {
		done.Go(func() { must(t, save(s, owner)) })
	}
	waiting(s, many)
	release()
	done.Wait()
	must(t, s.Close())
	for i := 1; i < len(heard); i++ {
		if heard[i].Revision <= heard[i-1].Revision {
			t.Errorf("revision %d was published after %d", heard[i].Revision, heard[i-1].Revision)
		}
	}
	if len(heard) != many {
		t.Errorf("heard %d changes, want %d", len(heard), many)
	}
}

func TestASlowSubscriberHoldsUpNobodyAndLearnsWhoseThingsChanged(t *testing.T) {
	s := openNew(t)
	ada, bob := joins(t, s, "ada"), joins(t, s, "bob")
	stuck := make(chan struct{})
	first := make(chan struct{})
	var once sync.Once
	var heard []vault.Change
	s.Subscribe(func(changes []vault.Change) {
		once.Do(func() { close(first); <-stuck })
		heard = append(heard, changes...)
	})
	must(t, save(s, ada))
	<-first
	for range 3 {
		must(t, s.Vault().WriteLong(t.Context(), "", func(w vault.Writer) error {
			it := benchItem(ada)
			it.Body = []byte("x")
			for range backlog / 2 {
				it.Revision++
				if err := w.PutItem(it); err != nil {
					return err
				}
			}
			_, err := w.Next(ada)
			return err
		}))
		must(t, save(s, bob))
	}
	close(stuck)
	must(t, s.Close())
	all := map[account.UserID]bool{}
	for _, c := range heard[1:] {
		if c.Kind == vault.AccountChanged {
			all[c.Owner] = true
		}
	}
	if len(heard) > backlog || !all[ada] || !all[bob] {
		t.Errorf("it heard %d changes, and of whole accounts %v", len(heard), all)
	}
}
