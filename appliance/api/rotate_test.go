package api

import (
	"maps"
	"sync"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/client/keys"
)

// rotates is a whole change of p's user key, as their client makes it.
type rotates struct {
	body tree
	key  keys.Key
}

// aliceMaster is slow to derive, as it is meant to be.
var aliceMaster = sync.OnceValue(func() keys.MasterKey {
	master, err := keys.DeriveMaster(alice().password, alice().email, keys.HouseKDF())
	if err != nil {
		panic("deriving Alice's master key: " + err.Error())
	}
	return master
})

// rotation is Alice's.
func (s *stage) rotation(p *someone, items map[string]string, folders ...string) rotates {
	s.t.Helper()
	next := keys.NewKey()
	master := aliceMaster()
	auth, unlock := master.Wrap(&next, p.password, p.email, keys.HouseKDF())
	private, err := p.key.Open(p.role.body.AsymmetricKeys.EncryptedPrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	var ciphers, named []any
	for id, text := range items {
		it := p.login()
		it["id"], it["name"] = id, next.SealText(text)
		ciphers = append(ciphers, it)
	}
	for _, id := range folders {
		named = append(named, tree{"id": id, "name": next.SealText("Travel")})
	}
	kdf := auth.KDF
	return rotates{tree{
		"oldMasterKeyAuthenticationHash": p.role.body.MasterPasswordHash,
		"accountUnlockData": tree{
			"masterPasswordUnlockData": tree{
				"kdfType": kdf.Type, "kdfIterations": kdf.Iterations, "kdfMemory": kdf.Memory, "kdfParallelism": kdf.Parallelism,
				"email": p.email, "masterKeyAuthenticationHash": auth.Hash, "masterKeyEncryptedUserKey": unlock.WrappedUserKey,
			},
			"emergencyAccessUnlockData": []any{}, "organizationAccountRecoveryUnlockData": []any{}, "passkeyUnlockData": []any{}, "deviceKeyUnlockData": []any{},
		},
		"accountKeys": tree{"userKeyEncryptedAccountPrivateKey": next.Seal(private), "accountPublicKey": p.role.body.AsymmetricKeys.PublicKey},
		"accountData": tree{"ciphers": ciphers, "folders": append(named, tree{"id": nil, "name": ""}), "sends": []any{}},
	}, next}
}

const rotatePath = "/api/accounts/key-management/rotate-user-account-keys"

func TestANewUserKeyComesWithEverythingOrNotAtAll(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	one, trashed, folder := s.add(a, a.login()), s.add(a, a.login()), s.folder(a)
	s.do(a.who, "PUT", "/api/ciphers/"+trashed+"/delete", nil).want(200)
	theirs := s.add(b, b.login())
	elsewhere := s.signIn(alice(), "elsewhere")
	all := map[string]string{one: "bank", trashed: "old bank"}
	before := s.all(a)

	without := func(id string) map[string]string {
		some := maps.Clone(all)
		delete(some, id)
		return some
	}
	besides := maps.Clone(all)
	besides[theirs] = "mine now"
	instead := without(one)
	instead[theirs] = "mine now"
	spoilt := func(change func(tree)) tree {
		r := s.rotation(a, all, folder)
		change(r.body)
		return r.body
	}
	for name, c := range map[string]struct {
		body tree
		code string
	}{
		"an item is missing":             {s.rotation(a, without(one), folder).body, "rotation.incomplete"},
		"what lies in the trash is":      {s.rotation(a, without(trashed), folder).body, "rotation.incomplete"},
		"a folder is missing":            {s.rotation(a, all).body, "rotation.incomplete"},
		"another's item comes along":     {s.rotation(a, besides, folder).body, "rotation.incomplete"},
		"another's item stands for ours": {s.rotation(a, instead, folder).body, "rotation.incomplete"},
		"an item was changed meanwhile": {spoilt(func(b tree) {
			for _, it := range b["accountData"].(tree)["ciphers"].([]any) {
				it.(tree)["lastKnownRevisionDate"] = "2020-01-01T00:00:00.000000Z"
			}
		}), "rotation.incomplete"},
		"the old password is wrong":        {spoilt(func(b tree) { b["oldMasterKeyAuthenticationHash"] = "bm8=" }), "password.wrong"},
		"the old password is missing":      {spoilt(func(b tree) { delete(b, "oldMasterKeyAuthenticationHash") }), "proof.missing"},
		"the private key is missing":       {spoilt(func(b tree) { b["accountKeys"].(tree)["userKeyEncryptedAccountPrivateKey"] = "" }), "rotation.incomplete"},
		"the public key is another":        {spoilt(func(b tree) { b["accountKeys"].(tree)["accountPublicKey"] = "AA==" }), "rotation.pair"},
		"the salt is another":              {spoilt(unlockData("email", "x@example.test")), "password.salt"},
		"the derivation is a weak one":     {spoilt(unlockData("kdfIterations", 1)), "kdf.refused"},
		"the user key is not wrapped":      {spoilt(unlockData("masterKeyEncryptedUserKey", "c2VjcmV0")), "rotation.incomplete"},
		"there is no hash":                 {spoilt(unlockData("masterKeyAuthenticationHash", "")), "rotation.incomplete"},
		"the new key's identifier is none": {spoilt(func(b tree) { b["newUserKeyId"] = "x" }), "key.id"},
	} {
		t.Run(name, func(t *testing.T) {
			s.do(a.who, "POST", rotatePath, c.body).refused(400, c.code)
			if s.all(a) != before {
				t.Error("something changed")
			}
		})
	}
	t.Run("all of it", func(t *testing.T) {
		s.goesOn(t, elsewhere)
		r := s.rotation(a, all, folder)
		s.do(a.who, "POST", rotatePath, r.body).want(200)
		s.ended(t, elsewhere)
		for id, want := range all {
			it := s.cipher(a, id)
			if got, err := r.key.OpenText(it["name"].(string)); err != nil || got != want {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
			if gone := it["deletedDate"] != nil; gone != (id == trashed) {
				t.Errorf("%s in the trash: %v", want, gone)
			}
		}
		fresh := s.signIn(alice(), "fresh")
		wrapped, _ := s.do(fresh.who, "GET", "/api/accounts/keys", nil).want(200).tree()["key"].(string)
		if opened, err := keys.Unlock(a.password, a.email, keys.HouseKDF(), wrapped); err != nil || opened != r.key {
			t.Errorf("the password does not open the new key: %v", err)
		}
		if it := s.cipher(b, theirs); it["name"] == nil {
			t.Error("Bob's item is gone")
		}
	})
}

func unlockData(name string, v any) func(tree) {
	return func(b tree) { b["accountUnlockData"].(tree)["masterPasswordUnlockData"].(tree)[name] = v }
}

func TestPasskeysFollowANewUserKeyOrSayThatTheyDoNot(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	var ids []string
	unlocks := map[string]keys.PasskeyUnlock{}
	prf, err := keys.PasskeyKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"phone", "laptop"} {
		u, err := keys.NewPasskeyUnlock(&a.key, &prf)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.People.AddPasskey(t.Context(), account.UserID(a.id), account.Passkey{
			Name: name, PRF: true, UserKey: u.EncryptedUserKey, PublicKey: u.EncryptedPublicKey, PrivateKey: u.EncryptedPrivateKey,
			Credential: passkey.Credential{ID: []byte(name), PublicKey: []byte{1}, RPID: houseParty.ID},
		})
		if err != nil {
			t.Fatal(err)
		}
		ids, unlocks[p.ID] = append(ids, p.ID), u
	}
	r := s.rotation(a, nil)
	rewrapped, err := unlocks[ids[0]].Rewrap(&a.key, &r.key)
	if err != nil {
		t.Fatal(err)
	}
	r.body["accountUnlockData"].(tree)["passkeyUnlockData"] = []any{
		tree{"id": ids[0], "encryptedUserKey": rewrapped.EncryptedUserKey, "encryptedPublicKey": rewrapped.EncryptedPublicKey},
	}
	var told struct{ LostPasskeys []string }
	s.do(a.who, "POST", rotatePath, r.body).want(200).into(&told)
	if len(told.LostPasskeys) != 1 || told.LostPasskeys[0] != "laptop" {
		t.Errorf("lost %q, want the laptop's", told.LostPasskeys)
	}
	now, err := s.People.Account(t.Context(), account.UserID(a.id))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := keys.PasskeyUnlock{EncryptedUserKey: now.Passkeys[0].UserKey, EncryptedPublicKey: now.Passkeys[0].PublicKey, EncryptedPrivateKey: now.Passkeys[0].PrivateKey}.Open(&prf)
	if err != nil || opened != r.key {
		t.Errorf("the phone's passkey does not open the new key: %v", err)
	}
	if now.Passkeys[1].Unlocks() {
		t.Error("the laptop's passkey still says that it unlocks")
	}
}
