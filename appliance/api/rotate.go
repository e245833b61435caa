package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

// rotateBody is a change of the user key, in the wire's names: everything that
// lay under the old one.
type rotateBody struct {
	AccountUnlockData struct {
		MasterPasswordUnlockData struct {
			KDFType        int
			KDFIterations  int
			KDFMemory      *int
			KDFParallelism *int
			Email          string
			Hash           string `json:"masterKeyAuthenticationHash"`
			UserKey        string `json:"masterKeyEncryptedUserKey"`
		}
		PasskeyUnlockData []struct {
			ID                 string
			EncryptedUserKey   string
			EncryptedPublicKey string
		}
	}
	AccountKeys struct {
		PrivateKey string `json:"userKeyEncryptedAccountPrivateKey"`
		PublicKey  string `json:"accountPublicKey"`
	}
	AccountData struct {
		Ciphers []json.RawMessage
		Folders []struct {
			ID   *string
			Name string
		}
	}
	NewUserKeyID string
}

// rotation is the account's part.
func (b rotateBody) rotation(now account.Account) account.Rotation {
	u := b.AccountUnlockData.MasterPasswordUnlockData
	r := account.Rotation{
		Unlock: account.Unlock{
			KDF:  kdfBody{KDFType: u.KDFType, Iterations: u.KDFIterations, Memory: u.KDFMemory, Parallelism: u.KDFParallelism}.kdf(),
			Salt: account.NormalEmail(u.Email), MasterPasswordHash: u.Hash, UserKey: u.UserKey,
		},
		PrivateKey: b.AccountKeys.PrivateKey, PublicKey: b.AccountKeys.PublicKey, UserKeyID: strings.ToLower(b.NewUserKeyID),
		Passkeys: map[string]account.PasskeyUnlock{},
	}
	if r.Salt == "" {
		r.Salt = now.Salt
	}
	for _, p := range b.AccountUnlockData.PasskeyUnlockData {
		r.Passkeys[lower(p.ID)] = account.PasskeyUnlock{UserKey: p.EncryptedUserKey, PublicKey: p.EncryptedPublicKey}
	}
	return r
}

// rekeyed is the vault's part.
func (c *call) rekeyed(b rotateBody) (vault.Rekeyed, error) {
	in := vault.Rekeyed{
		Items:   make(map[vault.ItemID][]byte, len(b.AccountData.Ciphers)),
		Folders: map[vault.FolderID]string{},
		Known:   make(map[vault.ItemID]time.Time, len(b.AccountData.Ciphers)),
	}
	for i, raw := range b.AccountData.Ciphers {
		var named struct{ ID string }
		if err := json.Unmarshal(raw, &named); err != nil {
			return in, badBody(err)
		}
		d, at, err := c.draft(raw)
		if err != nil {
			p := problem.Of(err)
			return in, p.Because(fmt.Errorf("item %d: %w", i, err)).With("item", fmt.Sprint(i+1))
		}
		id := vault.ItemID(lower(named.ID))
		in.Items[id], in.Known[id] = d.Body, deref(at.LastKnownRevisionDate)
	}
	for _, f := range b.AccountData.Folders {
		if f.ID == nil {
			continue // some clients send "no folder" as one
		}
		if !account.IsEncString(f.Name) {
			return in, account.ErrRotation
		}
		in.Folders[vault.FolderID(lower(*f.ID))] = f.Name
	}
	return in, nil
}

// rotateKeys replaces the user key with all that lies under it, or nothing.
func rotateKeys(c *call) (any, error) {
	var body rotateBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	in, err := c.rekeyed(body)
	if err != nil {
		return nil, err
	}
	if c.BeforeRotation != nil {
		if err := c.BeforeRotation(c.ctx()); err != nil {
			return nil, err
		}
	}
	lost, err := c.People.Rotate(c.ctx(), me.ID, c.session.ID, body.rotation(me), c.Vault.Rekey(c.actor(), in))
	if lost == nil {
		lost = []string{}
	}
	return map[string]any{"lostPasskeys": lost, "object": "rotated"}, err
}
