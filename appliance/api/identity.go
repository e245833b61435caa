package api

import (
	"encoding/json"

	"latchkey/appliance/account"
	"latchkey/appliance/journal"
)

func prelogin(c *call) (any, error) {
	var body struct{ Email string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	kdf, salt, err := c.People.Prelogin(c.ctx(), body.Email)
	return struct {
		flatKDF
		KDFSettings kdfBody `json:"kdfSettings"`
		Salt        string  `json:"salt"`
	}{flatShape(kdf), kdfShape(kdf), salt}, err
}

// sendVerification promises nothing and sends nothing: tokens come only in an
// invitation's link.
func sendVerification(*call) (any, error) { return noContent{}, nil }

func verificationClicked(c *call) (any, error) {
	var body struct{ Email, EmailVerificationToken string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	return empty{}, c.People.CheckInvitation(c.ctx(), body.Email, body.EmailVerificationToken)
}

// registerBody is register/finish in its three dialects: the older names
// alone, both, or the nested ones alone (bitwarden-wire: Android, web, SDK).
type registerBody struct {
	flatKDF
	Email                  string
	EmailVerificationToken string
	Name                   string
	MasterPasswordHash     string
	MasterPasswordHint     string
	UserSymmetricKey       string
	Key                    string
	UserAsymmetricKeys     keyPairBody
	Keys                   keyPairBody

	MasterPasswordAuthentication *authentication
	MasterPasswordUnlock         *unlock
	AccountKeys                  json.RawMessage
}

func (b registerBody) registration() (account.Registration, error) {
	older := b.UserAsymmetricKeys
	if older.PublicKey == "" {
		older = b.Keys
	}
	keys, err := readKeys(older, b.AccountKeys)
	if err != nil {
		return account.Registration{}, err
	}
	r := account.Registration{
		Email: b.Email, Name: b.Name, Hint: b.MasterPasswordHint, Token: b.EmailVerificationToken,
		KDF: b.kdf(), Salt: account.NormalEmail(b.Email), MasterPasswordHash: b.MasterPasswordHash,
		UserKey: b.UserSymmetricKey, PublicKey: keys.PublicKey, PrivateKey: keys.PrivateKey, AccountKeys: keys.AccountKeys,
	}
	if r.UserKey == "" {
		r.UserKey = b.Key
	}
	if b.MasterPasswordAuthentication == nil && b.MasterPasswordUnlock == nil {
		return r, nil
	}
	if err := agree(b.MasterPasswordAuthentication, b.MasterPasswordUnlock); err != nil {
		return r, err
	}
	r.KDF, r.Salt = b.MasterPasswordUnlock.KDF.kdf(), b.MasterPasswordUnlock.Salt
	r.MasterPasswordHash = b.MasterPasswordAuthentication.Hash
	r.UserKey, r.UserKeyID = b.MasterPasswordUnlock.UserKey, b.MasterPasswordUnlock.ContainedKeyID
	return r, nil
}

// registerFinish makes the owner for the browser that runs the wizard, and an
// account for whoever brings an invitation's token.
func registerFinish(c *call) (any, error) {
	var body registerBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	r, err := body.registration()
	if err != nil {
		return nil, err
	}
	has, err := c.People.HasOwner(c.ctx())
	if err != nil {
		return nil, err
	}
	var made account.Account
	kind := journal.Joined
	switch {
	case has:
		made, err = c.People.RegisterInvited(c.ctx(), r)
	case c.holdsWizard():
		kind = journal.Setup
		if err = c.Kits.Forget(c.ctx()); err == nil { // first: a kill in between loses only a kit of nobody's
			made, err = c.People.RegisterOwner(c.ctx(), r)
		}
	default:
		return nil, account.ErrInvitation
	}
	if err != nil {
		return nil, err
	}
	if err := c.Setup.Review(c.ctx()); err != nil {
		return nil, err
	}
	c.session.Owner = made.ID
	c.record(journal.Event{Kind: kind})
	return map[string]string{"object": "registerFinish"}, nil
}

// claimedEmail is the e-mail that a body names: whose invitation is tried, who is
// about to sign in.
func claimedEmail(c *call) string {
	var body struct{ Email string }
	if err := c.json(&body); err != nil {
		return ""
	}
	return account.NormalEmail(body.Email)
}

// unknownDevice is the wire's number for a device that does not say its kind.
const unknownDevice = 14
