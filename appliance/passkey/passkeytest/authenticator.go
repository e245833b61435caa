// Package passkeytest is a browser with a key in software, for tests: it reads
// the options that a server gives and answers as navigator.credentials would.
// It can be told to misbehave as real ones do and as thieves would.
package passkeytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Page is where the browser stands when it asks the key.
type Page struct {
	Origin string // of the page or frame that asks: "https://keys.example.org"
	Framed bool   // a page of another origin is at the top
	Top    string // that page's origin, where the browser tells it
	RPID   string // asked for instead of the one in the options; "" none
	// Bitwarden's clients send extensions for clientExtensionResults, and
	// clientDataJson.
	Bitwarden bool
}

// Authenticator is a key. Its zero value counts nothing, verifies nobody and
// knows no PRF. It is not for several goroutines.
type Authenticator struct {
	Verifies bool // its user is verified (PIN, finger, face)
	Counts   bool // it counts its signatures
	PRF      bool // it knows the PRF extension
	Leaks    bool // the page around it sends the PRF's secret, too
	Absent   bool // nobody touches it
	Backup   bool // its credentials may be copied, and are
	Maker    bool // it says who made it, though nobody asked

	keys    map[string]*key // by credential id
	counter uint32
}

type key struct {
	private *ecdsa.PrivateKey
	rpID    string
	user    []byte // nil where it does not keep the user (not discoverable)
}

// Clone is a copy as a thief makes it: the same keys, and a counter that goes
// its own way from here.
func (a *Authenticator) Clone() *Authenticator {
	copied := *a
	copied.keys = maps.Clone(a.keys)
	return &copied
}

// Forget loses all keys.
func (a *Authenticator) Forget() { a.keys = nil }

type options struct {
	Challenge string `json:"challenge"`
	RP        struct{ ID string }
	RPID      string `json:"rpId"`
	User      struct{ ID string }
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
	Allow     []struct{ ID string } `json:"allowCredentials"`
	Selection struct {
		ResidentKey string
	} `json:"authenticatorSelection"`
	Extensions struct {
		PRF *struct{} `json:"prf"`
	} `json:"extensions"`
}

// ErrExcluded is what a browser says of a key that is registered already.
var ErrExcluded = errors.New("the key is registered already")

// ErrNoKey is what a browser says when no key fits.
var ErrNoKey = errors.New("no key fits")

// Create answers navigator.credentials.create.
func (a *Authenticator) Create(at Page, raw json.RawMessage) ([]byte, error) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, fmt.Errorf("reading the options: %w", err)
	}
	for _, e := range o.Exclude {
		if _, mine := a.keys[e.ID]; mine {
			return nil, ErrExcluded
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	k := &key{private: private, rpID: o.RP.ID}
	if at.RPID != "" {
		k.rpID = at.RPID
	}
	if o.Selection.ResidentKey == "required" {
		if k.user, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
			return nil, fmt.Errorf("reading the user handle: %w", err)
		}
	}
	id := make([]byte, 20)
	_, _ = rand.Read(id)
	if a.keys == nil {
		a.keys = make(map[string]*key)
	}
	a.keys[encode(id)] = k

	attested := make([]byte, 16, 256) // AAGUID: zeros
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(id)))
	attested = append(append(attested, id...), public(&private.PublicKey)...)
	format, statement := "none", mapOf(0)
	if a.Maker {
		format, statement = "packed", slices.Concat(mapOf(1), textOf("sig"), bytesOf([]byte("signed by the maker")))
	}
	object := slices.Concat(mapOf(3),
		textOf("fmt"), textOf(format), textOf("attStmt"), statement,
		textOf("authData"), bytesOf(a.authData(k.rpID, attested)))
	prf := a.PRF && o.Extensions.PRF != nil
	return at.answer(id, a.results(o.Extensions.PRF != nil, prf, true), map[string]any{
		"attestationObject": encode(object), "transports": []string{"usb", "nfc"},
	}, at.clientData("webauthn.create", o.Challenge)), nil
}

// Get answers navigator.credentials.get.
func (a *Authenticator) Get(at Page, raw json.RawMessage) ([]byte, error) {
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, fmt.Errorf("reading the options: %w", err)
	}
	rpID := o.RPID
	if at.RPID != "" {
		rpID = at.RPID
	}
	id := a.pick(o, rpID)
	if id == "" {
		return nil, ErrNoKey
	}
	return a.Sign(at, id, rpID, o.Challenge), nil
}

// Sign answers with one key whatever was asked for. id is in base64url.
func (a *Authenticator) Sign(at Page, id, rpID, challenge string) []byte {
	k := a.keys[id]
	data, auth := at.clientData("webauthn.get", challenge), a.authData(rpID, nil)
	hash := sha256.Sum256(data)
	digest := sha256.Sum256(slices.Concat(auth, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		panic("passkeytest: " + err.Error())
	}
	inner := map[string]any{"authenticatorData": encode(auth), "signature": encode(signature)}
	if k.user != nil {
		inner["userHandle"] = encode(k.user)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(id)
	return at.answer(raw, a.results(a.Leaks, a.PRF, false), inner, data)
}

// IDs are the credentials that it holds, in base64url.
func (a *Authenticator) IDs() []string { return slices.Sorted(maps.Keys(a.keys)) }

func (a *Authenticator) pick(o options, rpID string) string {
	for _, id := range a.IDs() {
		k := a.keys[id]
		allowed := len(o.Allow) == 0 && k.user != nil
		for _, one := range o.Allow {
			allowed = allowed || one.ID == id
		}
		if allowed && k.rpID == rpID {
			return id
		}
	}
	return ""
}

// authData is WebAuthn's authenticator data (Level 3, 6.1).
func (a *Authenticator) authData(rpID string, attested []byte) []byte {
	const present, verified, eligible, backedUp, hasAttested = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 6
	flags := byte(present)
	if a.Absent {
		flags = 0
	}
	if a.Verifies {
		flags |= verified
	}
	if a.Backup {
		flags |= eligible | backedUp
	}
	if attested != nil {
		flags |= hasAttested
	}
	if a.Counts {
		a.counter++
	}
	hash := sha256.Sum256([]byte(rpID))
	out := append(bytes.Clone(hash[:]), flags)
	out = binary.BigEndian.AppendUint32(out, a.counter)
	return append(out, attested...)
}

// results are the extensions' results; those of PRF only where it was asked for.
func (a *Authenticator) results(asked, knows, creating bool) map[string]any {
	if !asked {
		return map[string]any{}
	}
	prf := map[string]any{}
	if creating {
		prf["enabled"] = knows
	}
	if a.Leaks {
		prf["results"] = map[string]any{"first": encode(make([]byte, 32))}
	}
	return map[string]any{"prf": prf}
}
