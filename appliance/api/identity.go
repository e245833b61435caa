package api

import (
	"encoding/json"
	"errors"
	"strconv"

	"latchkey/appliance/account"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
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
	c.record(kind, "ok")
	return map[string]string{"object": "registerFinish"}, nil
}

// claimsToken names whose password the token endpoint is asked to check; a
// refresh is no attempt.
func claimsToken(c *call) (string, bool) {
	form, err := c.form()
	if err != nil || form["granttype"] != "password" {
		return "", false
	}
	return account.NormalEmail(form["username"]), true
}

// claimsInvitation names the e-mail that an invitation's token is tried for.
func claimsInvitation(c *call) (string, bool) {
	var body struct{ Email string }
	if err := c.json(&body); err != nil {
		return "", true
	}
	return account.NormalEmail(body.Email), true
}

// token is the OAuth 2 token endpoint (RFC 6749) as Bitwarden clients use it.
func token(c *call) (any, error) {
	form, err := c.form()
	if err != nil {
		return nil, err
	}
	switch form["granttype"] {
	case "password":
		return c.passwordGrant(form)
	case "refresh_token":
		g, err := c.People.Refresh(c.ctx(), form["refreshtoken"])
		if errors.Is(err, account.ErrSession) {
			// 400 and nothing else, or clients do not sign out cleanly.
			ended := *account.ErrSession
			ended.Kind = problem.Refused
			return nil, &grantError{&ended, "invalid_grant", "invalid_grant"}
		}
		return grantShape(g), err
	}
	return nil, &grantError{
		problem.New(problem.Refused, "grant.unsupported", "This way of signing in is not offered here.", "Sign in with your master password."),
		"unsupported_grant_type", "unsupported_grant_type",
	}
}

func (c *call) passwordGrant(form map[string]string) (any, error) {
	kind, err := strconv.Atoi(form["devicetype"])
	if err != nil {
		kind = unknownDevice
	}
	c.device = account.Device{
		Identifier: form["deviceidentifier"], Name: form["devicename"], Type: kind, PushToken: form["devicepushtoken"],
	}
	g, err := c.People.SignIn(c.ctx(), account.Credentials{
		Email: form["username"], MasterPasswordHash: form["password"], Client: form["clientid"], Device: c.device,
	})
	if errors.Is(err, account.ErrSignIn) {
		return nil, &grantError{account.ErrSignIn, "invalid_grant", "invalid_username_or_password"}
	}
	if err != nil {
		return nil, err
	}
	c.session.Owner = g.Account.ID
	c.record(journal.SignIn, "ok")
	return signInShape(g), nil
}

// unknownDevice is the wire's number for a device that does not say its kind.
const unknownDevice = 14

// grant is the part of the answer that every grant has.
type grant struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	TokenType    string `json:"token_type"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

func grantShape(g account.Grant) grant {
	return grant{g.AccessToken, int(g.ExpiresIn.Seconds()), "Bearer", g.RefreshToken, "api offline_access"}
}

type unlockUpper struct {
	KDF struct {
		KdfType, Iterations int
		Memory, Parallelism *int
	} `json:"Kdf"`
	MasterKeyEncryptedUserKey string
	MasterKeyWrappedUserKey   string
	Salt                      string
}

// signInShape is the answer to a password: the keys in the names, capitals
// included, that clients want literally.
func signInShape(g account.Grant) any {
	a := g.Account
	nested := kdfShape(a.KDF)
	u := unlockUpper{MasterKeyEncryptedUserKey: a.UserKey, MasterKeyWrappedUserKey: a.UserKey, Salt: a.Salt}
	u.KDF.KdfType, u.KDF.Iterations, u.KDF.Memory, u.KDF.Parallelism = nested.KDFType, nested.Iterations, nested.Memory, nested.Parallelism
	keys := accountKeys(a)
	if keys != nil {
		keys["Object"] = "privateKeys"
	}
	return struct {
		grant
		Key, PrivateKey                                             string
		Kdf, KdfIterations                                          int
		KdfMemory, KdfParallelism                                   *int
		ResetMasterPassword, ForcePasswordReset, ApiUseKeyConnector bool
		MasterPasswordPolicy                                        any
		AccountKeys                                                 map[string]any
		UserDecryptionOptions                                       any
	}{
		grant: grantShape(g), Key: a.UserKey, PrivateKey: a.PrivateKey,
		Kdf: nested.KDFType, KdfIterations: nested.Iterations, KdfMemory: nested.Memory, KdfParallelism: nested.Parallelism,
		MasterPasswordPolicy: map[string]string{"Object": "masterPasswordPolicy"},
		AccountKeys:          keys,
		UserDecryptionOptions: map[string]any{
			"HasMasterPassword": true, "Object": "userDecryptionOptions", "MasterPasswordUnlock": u,
		},
	}
}

// accountKeys is the account's key set in the newer shape; what a client once
// sent beside the pair goes back as it came. nil while there is no pair.
func accountKeys(a account.Account) map[string]any {
	if a.PrivateKey == "" {
		return nil
	}
	keys := map[string]any{"signatureKeyPair": nil, "securityState": nil}
	var sent struct {
		SignatureKeyPair, SecurityState json.RawMessage
		PublicKeyEncryptionKeyPair      struct{ SignedPublicKey *string }
	}
	if len(a.AccountKeys) > 0 && json.Unmarshal(a.AccountKeys, &sent) == nil && len(sent.SignatureKeyPair) > 0 {
		keys["signatureKeyPair"], keys["securityState"] = sent.SignatureKeyPair, sent.SecurityState
	}
	keys["publicKeyEncryptionKeyPair"] = map[string]any{
		"wrappedPrivateKey": a.PrivateKey, "publicKey": a.PublicKey,
		"signedPublicKey": sent.PublicKeyEncryptionKeyPair.SignedPublicKey,
		"Object":          "publicKeyEncryptionKeyPair", "object": "publicKeyEncryptionKeyPair",
	}
	keys["object"] = "privateKeys"
	return keys
}
