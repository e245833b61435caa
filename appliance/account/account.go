// Package account owns the people of a house: accounts, their devices and
// sessions, invitations, and the verifier that proves a master password
// without knowing it. It leaves items to vault, throttling to guard, and the
// wire's shapes to api.
package account

import (
	"encoding/json"
	"time"
)

// UserID names an account: a UUID in lower case, 36 characters.
type UserID string

// DeviceID names a device of one person: a UUID in lower case, 36 characters.
// It is ours; what the client calls itself is Device.Identifier.
type DeviceID string

// SessionID names a session: a UUID in lower case, 36 characters.
type SessionID string

// InvitationID is the lower-case hexadecimal SHA-256 of the invitation's 32
// random bytes, 64 characters: the token itself is kept nowhere.
type InvitationID string

// Role says what a person may do besides keeping passwords.
type Role string

// The roles: an owner looks after the house, a member only keeps passwords.
const (
	Owner  Role = "owner"
	Member Role = "member"
)

// Account is one person's account as it is kept, sealed, in the file.
type Account struct {
	ID    UserID `json:"id"`
	Email string `json:"email"` // trimmed, lower case
	Name  string `json:"name"`
	Role  Role   `json:"role"`

	KDF      KDF      `json:"kdf"`
	Salt     string   `json:"salt"`     // the KDF's salt as the clients name it; the e-mail today
	Verifier Verifier `json:"verifier"` // proves the master password hash that clients send
	Hint     string   `json:"hint,omitempty"`

	UserKey     string          `json:"userKey"`   // EncString: the user key under the stretched master key
	UserKeyID   string          `json:"userKeyId"` // 32 hexadecimal digits (RFC 9679), or empty while unknown
	PublicKey   string          `json:"publicKey"` // base64 of the SPKI DER
	PrivateKey  string          `json:"privateKey"`
	AccountKeys json.RawMessage `json:"accountKeys,omitempty"` // the newer key set, opaque, echoed as it came

	Stamp           string          `json:"stamp"` // security stamp, a UUID; changes when every device must sign in again
	Culture         string          `json:"culture,omitempty"`
	AvatarColor     string          `json:"avatarColor,omitempty"`
	EquivDomains    json.RawMessage `json:"equivalentDomains,omitempty"`
	ExcludedDomains []int           `json:"excludedGlobalEquivalentDomains,omitempty"`

	Disabled       bool `json:"disabled,omitempty"`       // an owner shut it: it signs in to nothing and acts on nothing
	SecondRequired bool `json:"secondRequired,omitempty"` // an owner wants a second factor of this person

	TOTP         *TOTP         `json:"totp,omitempty"`
	Keys         []SecurityKey `json:"keys,omitempty"`     // second factors, the oldest first
	Passkeys     []Passkey     `json:"passkeys,omitempty"` // each signs in alone; no second factors
	Recovery     string        `json:"recovery,omitempty"` // the code that turns second factors off; empty while there never was one
	RecoveryTold bool          `json:"recoveryTold,omitempty"`
	Remembered   []Remembered  `json:"remembered,omitempty"` // devices that need no second factor for a while
	APIKey       string        `json:"apiKey,omitempty"`     // client_secret of the client_credentials grant; empty while there is none
	APIKeyMade   time.Time     `json:"apiKeyMade,omitzero"`

	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"` // the last complete sign-in or refresh, to the hour
}

// Device is one program on one machine from which a person signed in.
type Device struct {
	ID         DeviceID  `json:"id"`
	Owner      UserID    `json:"owner"`
	Identifier string    `json:"identifier"` // the client's own name for itself, usually a UUID
	Name       string    `json:"name"`
	Named      bool      `json:"named,omitempty"` // Name was given by the person: a sign-in leaves it alone
	Type       int       `json:"type"`            // Bitwarden's device type number; unknown numbers are kept
	PushToken  string    `json:"pushToken,omitempty"`
	Created    time.Time `json:"created"`
	Seen       time.Time `json:"seen"`
}

// Session is one signed-in run of a client: what a refresh token stands for.
type Session struct {
	ID      SessionID `json:"id"`
	Owner   UserID    `json:"owner"`
	Device  DeviceID  `json:"device"`
	Hash    []byte    `json:"hash"`   // SHA-256 of the refresh token's secret half
	Client  string    `json:"client"` // client_id of the sign-in: web, browser, cli, ...
	Stamp   string    `json:"stamp"`  // the account's stamp when it was made; another one now ends it
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`    // last refresh, to the hour
	Expires time.Time `json:"expires"` // moves on with each refresh

	Proved    time.Time `json:"proved"`    // the last time that the person proved to be there: at sign-in, or by Prove; zero for an API key
	Method    Method    `json:"method"`    // how it was signed in; empty in sessions older than this field
	NoRefresh bool      `json:"noRefresh"` // of an API key: it ends with its access token

	standing standing // of its person; filled by Directory.Session, kept nowhere
}

// Invitation lets one person, named by e-mail, make an account once.
type Invitation struct {
	ID      InvitationID `json:"id"`
	Email   string       `json:"email"`
	Name    string       `json:"name,omitempty"`
	Role    Role         `json:"role"`
	By      UserID       `json:"by"` // empty when made on the machine itself
	Created time.Time    `json:"created"`
	Expires time.Time    `json:"expires"`
}
