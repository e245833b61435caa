// Package passkey runs WebAuthn's ceremonies: it makes the options that a
// browser hands to a key, and judges what the key signed. Security keys as a
// second factor and passkeys that sign in alone are the same to it but for
// their purpose, to which each challenge is bound.
//
// It keeps nothing but the challenges that are out, in memory; the credentials
// are kept by account. What it can't see (who may ask for which purpose, how
// often) belongs to the door. The only importer of go-webauthn.
package passkey

import "time"

// Credential is a key's public half as it is kept, in JSON.
// The names are WebAuthn's (https://www.w3.org/TR/webauthn-3/).
type Credential struct {
	ID             []byte   `json:"id"`                   // chosen by the authenticator, at most 1023 bytes
	PublicKey      []byte   `json:"publicKey"`            // COSE_Key (RFC 9052)
	AAGUID         []byte   `json:"aaguid,omitempty"`     // 16 bytes: the authenticator's model; zeros where it does not say
	Counter        uint32   `json:"counter"`              // signatures made, as last seen; 0 where the authenticator does not count
	Transports     []string `json:"transports,omitempty"` // hints for the browser: "usb", "nfc", "ble", "hybrid", "internal", "smart-card"
	RPID           string   `json:"rpId"`                 // the name under which it works, and the only one
	Verified       bool     `json:"verified"`             // its user was verified (PIN, finger, face) when it was added
	BackupEligible bool     `json:"backupEligible"`       // may be copied to other devices; never changes
	BackedUp       bool     `json:"backedUp"`             // was copied, when last seen
	Attestation    string   `json:"attestation"`          // always "none": we ask for no certificate of the maker
}

// Party is the relying party of one request: who we are under the name by which
// we were called.
type Party struct {
	ID         string   // the name without port: "keys.example.org"; never an address (ErrName)
	Name       string   // for the browser's dialog: "Latchkey"
	Origins    []string // where our page may stand: "https://keys.example.org:8443"
	TopOrigins []string // who may frame our connector pages, for UseKey only; nil: Official()
}

// Person is whom a credential belongs to.
type Person struct {
	ID      string // the account's id: becomes the user handle, at most 64 bytes
	Name    string // shown by the authenticator: the e-mail address
	Display string // shown by the authenticator: the name they go by
}

// Purpose is what a challenge was made for. An answer to one purpose is no
// answer to another.
type Purpose string

// The purposes.
const (
	AddKey     Purpose = "add-key"     // a new second factor
	UseKey     Purpose = "use-key"     // the second factor at sign-in; the only one that may run in a frame of an official client
	AddPasskey Purpose = "add-passkey" // a new passkey: discoverable, its user verified
	SignIn     Purpose = "sign-in"     // by a passkey alone: the person is known only from the answer
	Prove      Purpose = "prove"       // somebody signed in proves afresh that it is they
)

// Made tells about a new credential what is said only once.
type Made struct {
	PRF      bool // it can derive a secret (the PRF extension), so it can also unlock
	Verified bool // its user was verified
}

// Lifetime is how long a challenge can be answered: longer than a person looks
// for the key, shorter than a lunch.
const Lifetime = 5 * time.Minute
