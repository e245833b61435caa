package account

import (
	"bytes"
	"slices"
	"time"

	"latchkey/appliance/passkey"
)

// Provider is the number that the Bitwarden wire gives a second factor.
type Provider int

// The providers that this house knows. Remember and Recovery are offered to
// whoever has one of the others.
const (
	Authenticator Provider = 0 // a code of an authenticator app
	Remember      Provider = 5 // a device that was remembered
	WebAuthn      Provider = 7 // a security key
	Recovery      Provider = 8 // the recovery code, which turns the others off
)

// Method says how a session was signed in, or a person proved.
type Method string

// The methods.
const (
	ByPassword Method = "password" // and no second factor was on
	ByTOTP     Method = "totp"
	ByKey      Method = "webauthn"
	ByRecovery Method = "recovery"
	ByRemember Method = "remember"
	ByPasskey  Method = "passkey"
	ByAPIKey   Method = "apikey"
)

// TOTP is an authenticator app as a second factor.
type TOTP struct {
	Secret   string    `json:"secret"` // base32, as totp.New makes it
	Since    time.Time `json:"since"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Step     int64     `json:"step"` // the last step that was used; none up to it counts again
}

// SecurityKey is a WebAuthn credential as a second factor.
type SecurityKey struct {
	ID         int                `json:"id"` // the wire's small number, from 1
	Name       string             `json:"name"`
	Credential passkey.Credential `json:"credential"`
	Created    time.Time          `json:"created"`
	LastUsed   time.Time          `json:"lastUsed,omitzero"`
}

// Passkey is a WebAuthn credential that signs in alone. One that also unlocks
// has all three EncStrings: a private key under a secret that only the
// authenticator can derive (PRF), and the user key under its public key.
type Passkey struct {
	ID         string             `json:"id"` // UUID
	Name       string             `json:"name"`
	Credential passkey.Credential `json:"credential"`
	Created    time.Time          `json:"created"`
	LastUsed   time.Time          `json:"lastUsed,omitzero"`
	PRF        bool               `json:"prf,omitempty"` // it can derive a secret, so it could unlock

	UserKey    string `json:"userKey,omitempty"`    // type 4: the user key under the public key
	PublicKey  string `json:"publicKey,omitempty"`  // type 2: SPKI under the user key, by which a rotation rewraps
	PrivateKey string `json:"privateKey,omitempty"` // type 2: PKCS8 under the PRF's secret
}

// PasskeyUnlock is a passkey's way to the user key: its three EncStrings, or
// none.
type PasskeyUnlock struct{ UserKey, PublicKey, PrivateKey string }

// Unlocks reports whether the passkey opens the vault, too.
func (p Passkey) Unlocks() bool { return p.UserKey != "" }

func (p *Passkey) setUnlock(u PasskeyUnlock) {
	p.UserKey, p.PublicKey, p.PrivateKey = u.UserKey, u.PublicKey, u.PrivateKey
}

// Remembered is a device that needs no second factor until Expires.
type Remembered struct {
	Hash    []byte    `json:"hash"`   // SHA-256 of the token that the client keeps
	Device  string    `json:"device"` // Device.Identifier; the token is good from nowhere else
	Expires time.Time `json:"expires"`
}

// HasSecond reports whether a second factor is on.
func (a Account) HasSecond() bool { return a.TOTP != nil || len(a.Keys) > 0 }

// Providers lists the second factors that are on; Recovery and Remember are
// not among them.
func (a Account) Providers() []Provider {
	var on []Provider
	if a.TOTP != nil {
		on = append(on, Authenticator)
	}
	if len(a.Keys) > 0 {
		on = append(on, WebAuthn)
	}
	return on
}

// KeyCredentials lists the credentials of the security keys.
func (a Account) KeyCredentials() []passkey.Credential {
	all := make([]passkey.Credential, len(a.Keys))
	for i, k := range a.Keys {
		all[i] = k.Credential
	}
	return all
}

// PasskeyCredentials lists the credentials of the passkeys.
func (a Account) PasskeyCredentials() []passkey.Credential {
	all := make([]passkey.Credential, len(a.Passkeys))
	for i, p := range a.Passkeys {
		all[i] = p.Credential
	}
	return all
}

// key finds the security key with a credential's id, -1 where there is none.
func (a Account) key(credential []byte) int {
	return slices.IndexFunc(a.Keys, func(k SecurityKey) bool { return bytes.Equal(k.Credential.ID, credential) })
}

// passkey finds the passkey with a credential's id, -1 where there is none.
func (a Account) passkey(credential []byte) int {
	return slices.IndexFunc(a.Passkeys, func(p Passkey) bool { return bytes.Equal(p.Credential.ID, credential) })
}

// Clone gives a copy that shares no memory with a.
func (a Account) Clone() Account {
	a.Verifier.Salt = slices.Clone(a.Verifier.Salt)
	a.Verifier.Hash = slices.Clone(a.Verifier.Hash)
	a.AccountKeys = slices.Clone(a.AccountKeys)
	a.EquivDomains = slices.Clone(a.EquivDomains)
	a.ExcludedDomains = slices.Clone(a.ExcludedDomains)
	if a.TOTP != nil {
		t := *a.TOTP
		a.TOTP = &t
	}
	a.Keys = slices.Clone(a.Keys)
	for i := range a.Keys {
		a.Keys[i].Credential = cloneCredential(a.Keys[i].Credential)
	}
	a.Passkeys = slices.Clone(a.Passkeys)
	for i := range a.Passkeys {
		a.Passkeys[i].Credential = cloneCredential(a.Passkeys[i].Credential)
	}
	a.Remembered = slices.Clone(a.Remembered)
	for i := range a.Remembered {
		a.Remembered[i].Hash = slices.Clone(a.Remembered[i].Hash)
	}
	return a
}

func cloneCredential(c passkey.Credential) passkey.Credential {
	c.ID = slices.Clone(c.ID)
	c.PublicKey = slices.Clone(c.PublicKey)
	c.AAGUID = slices.Clone(c.AAGUID)
	c.Transports = slices.Clone(c.Transports)
	return c
}
