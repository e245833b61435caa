package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

func getProfile(c *call) (any, error) {
	me, err := c.me()
	return profileShape(me), err
}

func putProfile(c *call) (any, error) {
	var body struct{ Name, MasterPasswordHint, Culture *string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	a, err := c.People.SetProfile(c.ctx(), c.session.Owner, account.Profile{Name: body.Name, Hint: body.MasterPasswordHint, Culture: body.Culture})
	return profileShape(a), err
}

func putAvatar(c *call) (any, error) {
	var body struct{ AvatarColor *string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	colour := deref(body.AvatarColor)
	a, err := c.People.SetProfile(c.ctx(), c.session.Owner, account.Profile{AvatarColor: &colour})
	return profileShape(a), err
}

func getKeys(c *call) (any, error) {
	me, err := c.me()
	return keysShape(me), err
}

func postKeys(c *call) (any, error) {
	var body struct {
		keyPairBody
		AccountKeys json.RawMessage
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	pair, err := readKeys(body.keyPairBody, body.AccountKeys)
	if err != nil {
		return nil, err
	}
	a, err := c.People.SetKeyPair(c.ctx(), c.session.Owner, pair)
	return keysShape(a), err
}

func userKeyID(c *call) (any, error) {
	var body struct{ UserKeyID string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	return empty{}, c.People.SetUserKeyID(c.ctx(), c.session.Owner, body.UserKeyID)
}

func verifyPassword(*call) (any, error) {
	return map[string]string{"object": "masterPasswordPolicy"}, nil
}

// passwordBody is a change of password or of its derivation, in the older
// names or the nested ones.
type passwordBody struct {
	flatKDF
	NewMasterPasswordHash string
	MasterPasswordHint    *string
	Key                   string
	AuthenticationData    *authentication
	UnlockData            *unlock
}

// unlock brings both dialects into one; what the older one does not say of the
// derivation stays as it is in now.
func (b passwordBody) unlock(now account.Account) (account.Unlock, error) {
	if b.AuthenticationData != nil || b.UnlockData != nil {
		if err := agree(b.AuthenticationData, b.UnlockData); err != nil {
			return account.Unlock{}, err
		}
		return account.Unlock{
			KDF: b.UnlockData.KDF.kdf(), Salt: b.UnlockData.Salt, Hint: b.MasterPasswordHint,
			MasterPasswordHash: b.AuthenticationData.Hash, UserKey: b.UnlockData.UserKey,
		}, nil
	}
	u := account.Unlock{KDF: now.KDF, Salt: now.Salt, Hint: b.MasterPasswordHint, MasterPasswordHash: b.NewMasterPasswordHash, UserKey: b.Key}
	if b.KDF != nil {
		u.KDF = b.kdf()
	}
	return u, nil
}

func (c *call) changePassword(sameKDF bool) (any, error) {
	var body passwordBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	u, err := body.unlock(me)
	if err != nil {
		return nil, err
	}
	if sameKDF && u.KDF != me.KDF {
		return nil, problem.New(problem.Refused, "password.kdf", "A change of password can't also change how its key is derived.", "Nothing was changed. Change one, then the other.")
	}
	_, err = c.People.ChangePassword(c.ctx(), c.session.Owner, c.session.ID, u)
	return empty{}, err
}

const keepKDF = true

func putPassword(c *call) (any, error) { return c.changePassword(keepKDF) }
func putKDF(c *call) (any, error)      { return c.changePassword(!keepKDF) }

// securityStamp signs everybody out, the caller too.
func securityStamp(c *call) (any, error) {
	return empty{}, c.People.SignOutEverywhere(c.ctx(), c.session.Owner, "")
}

func deleteAccount(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	if err := c.People.Delete(c.ctx(), me.ID); err != nil {
		return nil, err
	}
	c.Guard.Forget(me.Email, "")
	return empty{}, nil
}

// passwordHint always answers the same: no mail is sent, and nobody learns who
// has an account.
func passwordHint(*call) (any, error) { return empty{}, nil }

func publicKey(c *call) (any, error) {
	a, err := c.People.Account(c.ctx(), account.UserID(lower(c.r.PathValue("id"))))
	if errors.Is(err, account.ErrNotFound) {
		return nil, problem.New(problem.NotFound, "person.gone", "There is no such person here.", "")
	}
	return map[string]any{"userId": a.ID, "publicKey": a.PublicKey, "object": "userKey"}, err
}

func listDevices(c *call) (any, error) {
	devices, err := c.People.Devices(c.ctx(), c.session.Owner)
	shapes := []any{}
	for _, d := range devices {
		shapes = append(shapes, deviceShape(d))
	}
	return listOf(shapes), err
}

func getDevice(c *call) (any, error) {
	d, err := c.People.Device(c.ctx(), c.session.Owner, c.r.PathValue("id"))
	return deviceShape(d), err
}

// knownDevice answers anybody, from memory and as quickly for a name that
// nobody has; the e-mail comes in base64url, padded or not.
func knownDevice(c *call) (any, error) {
	raw := strings.TrimRight(c.r.Header.Get("X-Request-Email"), "=")
	email, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil {
		return false, nil
	}
	return c.Guard.Recognises(account.NormalEmail(string(email)), c.r.Header.Get("X-Device-Identifier")), nil
}

func pushToken(c *call) (any, error) {
	var body struct{ PushToken string }
	if len(c.body) > 0 {
		if err := c.json(&body); err != nil {
			return nil, err
		}
	}
	return empty{}, c.People.SetPushToken(c.ctx(), c.session.Owner, c.r.PathValue("id"), body.PushToken)
}

func clearPushToken(c *call) (any, error) {
	return empty{}, c.People.SetPushToken(c.ctx(), c.session.Owner, c.r.PathValue("id"), "")
}

func getDomains(c *call) (any, error) {
	me, err := c.me()
	return domainsShape(me), err
}

func putDomains(c *call) (any, error) {
	var body struct {
		EquivalentDomains               [][]string
		ExcludedGlobalEquivalentDomains []int
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.EquivalentDomains == nil {
		body.EquivalentDomains = [][]string{}
	}
	raw, err := json.Marshal(body.EquivalentDomains)
	if err != nil {
		return nil, err
	}
	a, err := c.People.SetDomains(c.ctx(), c.session.Owner, raw, body.ExcludedGlobalEquivalentDomains)
	return domainsShape(a), err
}
