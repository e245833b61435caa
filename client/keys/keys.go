// Package keys is the page's cryptography once more, in Go: from a master
// password to the keys of an account, and the EncStrings that those keys seal.
// It is pure (bytes and strings in, bytes and strings out), keeps nothing, and
// leaves requests, files and prompts to its callers. No server code may call
// DeriveMaster: the server never sees a password.
//
// The wire is Bitwarden's; test/vectors holds known answers that this package
// and webui/static/crypto are both held to.
package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// KeySize is the length of a Key in bytes: 32 to encrypt, 32 to authenticate.
const KeySize = 64

// Key is a symmetric key of the wire: an account's user key, an item's key, or
// the stretched master key. The first half encrypts, the second authenticates.
type Key [KeySize]byte

// NewKey makes a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:]) // never fails: crypto/rand ends the program rather than return an error
	return k
}

// KeyFrom takes the 64 bytes of a key; another length is ErrShape.
func KeyFrom(raw []byte) (Key, error) {
	if len(raw) != KeySize {
		return Key{}, ErrShape
	}
	return Key(raw), nil
}

func (k *Key) encryption() []byte     { return k[:32] }
func (k *Key) authentication() []byte { return k[32:] }

// coseSymmetric is CBOR of {1: 4, -1: bytes(64)}, a symmetric COSE_Key, up to
// where the key's own bytes follow.
const coseSymmetric = "\xa2\x01\x04\x20\x58\x40"

// ID tells keys apart: 32 hexadecimal digits, the first half of the COSE key
// thumbprint with SHA-256 (RFC 9679). It says nothing about the key.
func (k *Key) ID() string {
	h := sha256.New()
	h.Write([]byte(coseSymmetric))
	h.Write(k[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// NormalEmail is the wire's form of an e-mail address, in which it salts the
// master key: without surrounding space, in lower case.
func NormalEmail(email string) string {
	return strings.ToLower(strings.TrimSpace(email))
}
