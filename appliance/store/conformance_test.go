package store_test

import (
	"testing"

	"latchkey/appliance/account/accounttest"
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
