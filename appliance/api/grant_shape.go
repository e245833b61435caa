package api

import (
	"encoding/base64"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
)

// grant is the part of the answer that every grant has.
type grant struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	TokenType    string `json:"token_type"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
}

func grantShape(g account.Grant) grant {
	scope := "api offline_access"
	if g.RefreshToken == "" {
		scope = "api" // an API key, which stands in for it
	}
	return grant{g.AccessToken, int(g.ExpiresIn.Seconds()), "Bearer", g.RefreshToken, scope}
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
func signInShape(g account.Grant, p account.Proven) any {
	a := g.Account
	nested := kdfShape(a.KDF)
	u := unlockUpper{MasterKeyEncryptedUserKey: a.UserKey, MasterKeyWrappedUserKey: a.UserKey, Salt: a.Salt}
	u.KDF.KdfType, u.KDF.Iterations, u.KDF.Memory, u.KDF.Parallelism = nested.KDFType, nested.Iterations, nested.Memory, nested.Parallelism
	keys := accountKeys(a)
	if keys != nil {
		keys["Object"] = "privateKeys"
	}
	decryption := map[string]any{
		"HasMasterPassword": true, "Object": "userDecryptionOptions", "MasterPasswordUnlock": u,
	}
	if unlock, ok := prfOption(p); ok {
		decryption["WebAuthnPrfOption"] = unlock
	}
	missing := ""
	if g.Missing {
		missing = "missing"
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
		TwoFactorToken                                              string `json:",omitempty"`
		LatchkeySecond                                              string `json:",omitempty"` // ours: a second factor must be added first
	}{
		grant: grantShape(g), Key: a.UserKey, PrivateKey: a.PrivateKey,
		Kdf: nested.KDFType, KdfIterations: nested.Iterations, KdfMemory: nested.Memory, KdfParallelism: nested.Parallelism,
		MasterPasswordPolicy:  map[string]string{"Object": "masterPasswordPolicy"},
		AccountKeys:           keys,
		UserDecryptionOptions: decryption, TwoFactorToken: g.RememberToken, LatchkeySecond: missing,
	}
}

// prfOption is how the passkey that signed in unlocks, where it does.
func prfOption(p account.Proven) (any, bool) {
	key, ok := p.Passkey()
	if !ok || !key.Unlocks() {
		return nil, false
	}
	return struct {
		EncryptedPrivateKey, EncryptedUserKey, CredentialId string //nolint:revive,staticcheck // the wire's names
		Transports                                          []string
	}{key.PrivateKey, key.UserKey, credentialID(key.Credential), transports(key.Credential)}, true
}

func credentialID(c passkey.Credential) string { return base64.RawURLEncoding.EncodeToString(c.ID) }

func transports(c passkey.Credential) []string { return append([]string{}, c.Transports...) }
