package store_test

import (
	"testing"

	"latchkey/appliance/account/accounttest"
	"latchkey/appliance/certs"
	"latchkey/appliance/certs/certstest"
	"latchkey/appliance/journal"
	"latchkey/appliance/journal/journaltest"
	"latchkey/appliance/vault"
	"latchkey/appliance/vault/vaulttest"
)

func TestTheStoreKeepsTheVaultsPromises(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) vault.Keep {
		s, _ := newHouse(t)
		return s.Vault()
	})
}

func TestTheStoreKeepsTheAccountsPromises(t *testing.T) {
	accounttest.Run(t, func(t *testing.T) accounttest.House {
		s, _ := newHouse(t)
		return accounttest.House{People: s.Accounts(), Things: s.Vault()}
	})
}

func TestTheStoreKeepsTheJournalsPromises(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Keep {
		s, _ := newHouse(t)
		return s.Journal()
	})
}

func TestTheStoreKeepsThePromisesOfCertificates(t *testing.T) {
	certstest.Run(t, func(t *testing.T) (certs.Storage, func() certs.Storage) {
		s, dir := newHouse(t)
		return s.Shelf("certs.public"), func() certs.Storage {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, dir).Shelf("certs.public")
		}
	})
}

func TestShelvesStandApart(t *testing.T) {
	s, _ := newHouse(t)
	ctx := t.Context()
	one, other := s.Shelf("one"), s.Shelf("other")
	if err := one.Store(ctx, "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Load(ctx, "key"); err == nil {
		t.Errorf("the other shelf has %q", got)
	}
	if list, err := other.List(ctx, ""); err != nil || len(list) != 0 {
		t.Errorf("the other shelf lists %v, %v", list, err)
	}
}
